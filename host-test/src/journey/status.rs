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
    Ok(match journeys.settlement(visit).await? {
        None => Status::Waiting,
        Some(Settlement::Authenticated(_)) => match create_user(&output(journeys, session).await?) {
            Ok(user) => Status::CreateUser(user),
            Err(_) => Status::Aborted("authentication_failed".to_owned()),
        },
        Some(Settlement::Failed(Failed { failure, behavior: FailureBehavior::FailureBranch })) if has_failure_branch => {
            Status::FailureBranch(failure.code)
        }
        Some(Settlement::Failed(failed)) => Status::Aborted(failed.failure.client_code().to_owned()),
    })
}

/// The output variable; null where there is none.
///
/// # Errors
///
/// Where the store fails.
pub(super) async fn output(journeys: &dyn Journeys, session: &Session) -> Result<Value, StoreError> {
    variable(journeys, session, "output_variable", "cognito_oidc_output").await
}

/// The error variable; null where there is none.
///
/// # Errors
///
/// Where the store fails.
pub(super) async fn error(journeys: &dyn Journeys, session: &Session) -> Result<Value, StoreError> {
    variable(journeys, session, "error_output_variable", "error_output").await
}

async fn variable(journeys: &dyn Journeys, session: &Session, setting: &str, otherwise: &str) -> Result<Value, StoreError> {
    let settings: Value = serde_json::from_str(&session.invocation.settings).unwrap_or_default();
    let name = settings[setting].as_str().unwrap_or(otherwise);
    let json = journeys.variable(&session.visit.tenant, &session.visit.journey, name).await?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
}
