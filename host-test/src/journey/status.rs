//! Where a journey stands, as its user agent is told.

use serde_json::{Value, json};

use super::create_user::create_user;
use super::sessions::Session;
use journey_host::{Failed, FailureBehavior, Journeys, Settlement, StoreError};

/// Where a journey stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// At the step: a response may still come.
    Waiting,
    /// At the next step, "Create user", with the record that it would create.
    CreateUser(Value),
    /// In the failure branch, with the error variable's code to branch on.
    FailureBranch(String),
    /// Ended. The code is what the client may see.
    Aborted(String),
}

impl Status {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Waiting => json!({ "status": "waiting" }),
            Self::CreateUser(user) => json!({ "status": "create_user", "user": user }),
            Self::FailureBranch(code) => json!({ "status": "failure_branch", "code": code }),
            Self::Aborted(code) => json!({ "status": "aborted", "error": code }),
        }
    }
}

/// Reads it from the store, as any server of a fleet could.
///
/// # Errors
///
/// Where the store fails.
pub(super) async fn of(journeys: &dyn Journeys, session: &Session, has_failure_branch: bool) -> Result<Status, StoreError> {
    let visit = &session.visit;
    let name_in = |setting: &str, otherwise: &str| {
        let settings: Value = serde_json::from_str(&session.invocation.settings).unwrap_or_default();
        settings[setting].as_str().unwrap_or(otherwise).to_owned()
    };
    Ok(match journeys.settlement(visit).await? {
        None => Status::Waiting,
        Some(Settlement::Authenticated(_)) => {
            let name = name_in("output_variable", "cognito_oidc_output");
            let output = journeys.variable(&visit.tenant, &visit.journey, &name).await?;
            let output: Value = output.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
            match create_user(&output) {
                Ok(user) => Status::CreateUser(user),
                Err(_) => Status::Aborted("authentication_failed".to_owned()),
            }
        }
        Some(Settlement::Failed(Failed { failure, behavior: FailureBehavior::FailureBranch })) if has_failure_branch => {
            Status::FailureBranch(failure.code)
        }
        Some(Settlement::Failed(failed)) => Status::Aborted(failed.failure.client_code().to_owned()),
    })
}
