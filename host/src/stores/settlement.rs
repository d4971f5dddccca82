//! Settlements as JSON text, for stores that keep bytes. What one version wrote, a later one reads.

use serde::{Deserialize, Serialize};

use super::{Settlement, StoreError};
use crate::outcome::{Authentication, Category, Failed, Failure, FailureBehavior, ProviderAnswer};

/// The version of this form. A member may be added; a change of meaning is another version.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    #[serde(flatten)]
    settlement: Form,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Authenticated {
        user_pool_id: String,
        subject: String,
        issuer: String,
    },
    Failed {
        behavior: Behavior,
        code: String,
        category: Whose,
        message: String,
        retryable: bool,
        path: Option<String>,
        error: Option<String>,
        error_description: Option<String>,
        status: Option<u16>,
        request_id: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Behavior {
    FailureBranch,
    Abort,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whose {
    Configuration,
    Flow,
    Provider,
    Security,
    System,
}

/// As it is kept.
pub(super) fn encode(settlement: &Settlement) -> Result<String, StoreError> {
    let settlement = match settlement.clone() {
        Settlement::Authenticated(Authentication { user_pool_id, subject, issuer }) => {
            Form::Authenticated { user_pool_id, subject, issuer }
        }
        Settlement::Failed(Failed { failure, behavior }) => {
            let Failure { code, category, message, retryable, path, provider } = failure;
            let ProviderAnswer { error, error_description, status, request_id } = provider;
            let behavior = match behavior {
                FailureBehavior::FailureBranch => Behavior::FailureBranch,
                FailureBehavior::Abort => Behavior::Abort,
            };
            let category = match category {
                Category::Configuration => Whose::Configuration,
                Category::Flow => Whose::Flow,
                Category::Provider => Whose::Provider,
                Category::Security => Whose::Security,
                Category::System => Whose::System,
            };
            Form::Failed { behavior, code, category, message, retryable, path, error, error_description, status, request_id }
        }
    };
    serde_json::to_string(&Document { version: VERSION, settlement })
        .map_err(|_| StoreError::Refused("the settlement can't be written as JSON".to_owned()))
}

/// As it was settled. What can't be read is an error and not an open visit: the visit would be settled twice.
pub(super) fn decode(text: &str) -> Result<Settlement, StoreError> {
    let unreadable = || StoreError::Refused("the stored settlement is not of a form that this version reads".to_owned());
    let document: Document = serde_json::from_str(text).map_err(|_| unreadable())?;
    if document.version != VERSION {
        return Err(unreadable());
    }
    Ok(match document.settlement {
        Form::Authenticated { user_pool_id, subject, issuer } => {
            Settlement::Authenticated(Authentication { user_pool_id, subject, issuer })
        }
        Form::Failed { behavior, code, category, message, retryable, path, error, error_description, status, request_id } => {
            let behavior = match behavior {
                Behavior::FailureBranch => FailureBehavior::FailureBranch,
                Behavior::Abort => FailureBehavior::Abort,
            };
            let category = match category {
                Whose::Configuration => Category::Configuration,
                Whose::Flow => Category::Flow,
                Whose::Provider => Category::Provider,
                Whose::Security => Category::Security,
                Whose::System => Category::System,
            };
            let provider = ProviderAnswer { error, error_description, status, request_id };
            Settlement::Failed(Failed { failure: Failure { code, category, message, retryable, path, provider }, behavior })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What version 0.1.0 wrote. A later version must go on reading it.
    const STORED: [&str; 2] = [
        r#"{"version":1,"authenticated":{"user_pool_id":"eu-west-1_AbC","subject":"4f9c","issuer":"https://issuer.example"}}"#,
        r#"{"version":1,"failed":{"behavior":"abort","code":"trigger_refused","category":"flow","message":"refused","retryable":false,"path":"/settings/scope","error":"invalid_request","error_description":"no","status":400,"request_id":"8f5c"}}"#,
    ];

    fn settlements() -> [Settlement; 2] {
        let provider = ProviderAnswer {
            error: Some("invalid_request".into()),
            error_description: Some("no".into()),
            status: Some(400),
            request_id: Some("8f5c".into()),
        };
        let failure = Failure {
            code: "trigger_refused".into(),
            category: Category::Flow,
            message: "refused".into(),
            retryable: false,
            path: Some("/settings/scope".into()),
            provider,
        };
        [
            Settlement::Authenticated(Authentication {
                user_pool_id: "eu-west-1_AbC".into(),
                subject: "4f9c".into(),
                issuer: "https://issuer.example".into(),
            }),
            Settlement::Failed(Failed { failure, behavior: FailureBehavior::Abort }),
        ]
    }

    #[test]
    fn what_was_stored_is_read_and_written_alike() {
        for (settlement, stored) in settlements().iter().zip(STORED) {
            assert_eq!(encode(settlement).unwrap(), stored);
            assert_eq!(decode(stored).as_ref(), Ok(settlement));
        }
    }

    #[test]
    fn a_member_of_a_later_version_is_tolerated() {
        let later = STORED[0].replace(r#""subject""#, r#""new":1,"subject""#);
        assert_eq!(decode(&later).as_ref(), Ok(&settlements()[0]));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_open_visit() {
        let another = STORED[0].replace(r#""version":1"#, r#""version":2"#);
        for text in ["", "{}", r#"{"version":1}"#, r#"{"version":1,"other":{}}"#, &another] {
            assert!(matches!(decode(text), Err(StoreError::Refused(_))), "{text}");
        }
    }
}
