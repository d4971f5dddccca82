//! From the contract's types to the host's own, and back.

use super::bindings::exports::journey::step::{connection, redirect as wit, settings};
use crate::connection::{Finding, FindingStatus, SecretUse, Target};
use crate::description::{Description, Problem};
use crate::outcome::{Authentication, AuthorizationRequest, Category, Failure, FailureBehavior, ProviderAnswer, ResponseMode};
use crate::response::{Abandonment, AbandonmentReason, Arrival, AuthorizationResponse};
use crate::visit::{Invocation, Visit};

/// The invocation as the step gets it: the round is the visit's.
pub(crate) fn invocation(visit: &Visit, invocation: &Invocation) -> wit::Invocation {
    wit::Invocation {
        settings: invocation.settings.clone(),
        connector: invocation.connector.clone(),
        browser: invocation.browser.0.clone(),
        round: visit.round,
    }
}

impl From<&AuthorizationResponse> for wit::AuthorizationResponse {
    fn from(response: &AuthorizationResponse) -> Self {
        match response {
            AuthorizationResponse::Query(arrival) => Self::Query(arrival.into()),
            AuthorizationResponse::FormPost(arrival) => Self::FormPost(arrival.into()),
            AuthorizationResponse::Abandoned(abandonment) => Self::Abandoned(abandonment.into()),
        }
    }
}

impl From<&Arrival> for wit::Arrival {
    fn from(arrival: &Arrival) -> Self {
        Self { url: arrival.url.clone(), parameters: arrival.parameters.clone() }
    }
}

impl From<&Abandonment> for wit::Abandonment {
    fn from(abandonment: &Abandonment) -> Self {
        Self {
            state: abandonment.state.clone(),
            reason: match abandonment.reason {
                AbandonmentReason::TimedOut => wit::AbandonmentReason::TimedOut,
                AbandonmentReason::Cancelled => wit::AbandonmentReason::Cancelled,
            },
        }
    }
}

impl From<wit::AuthorizationRequest> for AuthorizationRequest {
    fn from(request: wit::AuthorizationRequest) -> Self {
        let wit::AuthorizationRequest { url, state, response_mode, expires_in } = request;
        let response_mode = match response_mode {
            wit::ResponseMode::Query => ResponseMode::Query,
            wit::ResponseMode::FormPost => ResponseMode::FormPost,
        };
        Self { url, state, response_mode, expires_in }
    }
}

impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        Self {
            code: failure.code,
            category: match failure.category {
                wit::Category::Configuration => Category::Configuration,
                wit::Category::Flow => Category::Flow,
                wit::Category::Provider => Category::Provider,
                wit::Category::Security => Category::Security,
                wit::Category::System => Category::System,
            },
            message: failure.message,
            retryable: failure.retryable,
            path: failure.path,
            provider: failure.provider.into(),
        }
    }
}

impl From<wit::ProviderAnswer> for ProviderAnswer {
    fn from(provider: wit::ProviderAnswer) -> Self {
        let wit::ProviderAnswer { error, error_description, status, request_id } = provider;
        Self { error, error_description, status, request_id }
    }
}

impl From<connection::Target> for Target {
    fn from(target: connection::Target) -> Self {
        Self { directory: target.directory, secret_use: SecretUse::stored(target.secret_use) }
    }
}

impl From<connection::Finding> for Finding {
    fn from(finding: connection::Finding) -> Self {
        let connection::Finding { check, status, code, message, path, remedy, provider } = finding;
        let status = match status {
            connection::Status::Passed => FindingStatus::Passed,
            connection::Status::Failed => FindingStatus::Failed,
            connection::Status::Unknown => FindingStatus::Unknown,
            connection::Status::Skipped => FindingStatus::Skipped,
        };
        Self { check, status, code, message, path, remedy, provider: provider.into() }
    }
}

impl From<wit::Authentication> for Authentication {
    fn from(who: wit::Authentication) -> Self {
        Self { user_pool_id: who.user_pool_id, subject: who.subject, issuer: who.issuer }
    }
}

impl From<settings::Problem> for Problem {
    fn from(problem: settings::Problem) -> Self {
        Self { path: problem.path, message: problem.message }
    }
}

impl From<settings::Description> for Description {
    fn from(description: settings::Description) -> Self {
        Self {
            origins: description.origins,
            origins_complete: description.origins_complete,
            test_origins: description.test_origins,
            callback_url: description.callback_url,
            output_variable: description.output_variable,
            error_variable: description.error_variable,
            failure_behavior: match description.failure_behavior {
                settings::FailureBehavior::FailureBranch => FailureBehavior::FailureBranch,
                settings::FailureBehavior::Abort => FailureBehavior::Abort,
            },
            problems: description.problems.into_iter().map(Problem::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_all_that_the_component_said() {
        let provider = |text: &str| wit::ProviderAnswer {
            error: Some(format!("error {text}")),
            error_description: Some(format!("description {text}")),
            status: Some(400),
            request_id: Some(format!("request {text}")),
        };
        let failure = Failure::from(wit::Failure {
            code: "code".to_owned(),
            category: wit::Category::Provider,
            message: "message".to_owned(),
            retryable: true,
            path: Some("/path".to_owned()),
            provider: provider("1"),
        });
        let expected = ProviderAnswer {
            error: Some("error 1".to_owned()),
            error_description: Some("description 1".to_owned()),
            status: Some(400),
            request_id: Some("request 1".to_owned()),
        };
        assert_eq!(
            failure,
            Failure {
                code: "code".to_owned(),
                category: Category::Provider,
                message: "message".to_owned(),
                retryable: true,
                path: Some("/path".to_owned()),
                provider: expected,
            }
        );
    }
}
