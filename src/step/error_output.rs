//! The error variable. It always has every member: reading a missing one is an error in a journey.

use serde::Serialize;

#[cfg(test)]
use super::error::Code;
use super::error::{Category, Failure};
use crate::json;

/// What the error variable holds after the step. Every member is always there.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Error"))]
pub struct ErrorOutput {
    /// Version of this shape.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    version: u32,
    /// The failure's name; empty after a success. A later version may know further ones.
    #[cfg_attr(test, schemars(extend("examples" = Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>())))]
    code: String,
    /// Who has to act; null after a success.
    category: Option<Category>,
    /// Whether retrying unchanged may succeed.
    retryable: bool,
    /// For the journey's author and the operator; empty after a success.
    message: String,
    /// JSON Pointer to the setting at fault, under `/settings` or `/connector`.
    path: Option<String>,
    /// What the provider said.
    provider: ProviderOutput,
}

/// What the provider said, without control characters.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProviderOutput {
    /// `error`, as the provider named it.
    error: Option<String>,
    /// `error_description`. A third party may have chosen it.
    error_description: Option<String>,
    /// HTTP status of the response.
    status: Option<u16>,
    /// The provider's own name for the request: its support asks for it.
    request_id: Option<String>,
}

impl ErrorOutput {
    /// After a success, as JSON text.
    pub const NONE: &str = concat!(
        r#"{"category":null,"code":"","message":"","path":null,"#,
        r#""provider":{"error":null,"error_description":null,"request_id":null,"status":null},"#,
        r#""retryable":false,"version":1}"#,
    );

    /// After a failure in that round.
    #[must_use]
    pub fn new(failure: &Failure, round: u32) -> Self {
        let (provider, trace) = (failure.provider.as_ref(), failure.trace.as_ref());
        Self {
            version: 1,
            code: failure.code.as_str().to_owned(),
            category: Some(failure.code.category()),
            retryable: failure.is_retryable(round),
            message: failure.message(),
            path: failure.path.clone(),
            provider: ProviderOutput {
                error: provider.map(|provider| provider.error.clone()).filter(|error| !error.is_empty()),
                error_description: provider.and_then(|provider| provider.description.clone()),
                status: trace.map(|trace| trace.status),
                request_id: trace.and_then(|trace| trace.request_id.clone()),
            },
        }
    }

    /// As JSON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        json::text(&self.to_json())
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Strings and numbers always serialize.
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::exchange::Trace;
    use crate::oidc::response::ProviderError;
    use serde_json::json;

    #[test]
    fn every_member_is_there_after_a_success() {
        let none = ErrorOutput {
            version: 1,
            code: String::new(),
            category: None,
            retryable: false,
            message: String::new(),
            path: None,
            provider: ProviderOutput { error: None, error_description: None, status: None, request_id: None },
        };
        assert_eq!(ErrorOutput::NONE, none.to_text());
    }

    #[test]
    fn every_member_is_there_after_a_failure() {
        let failure = Failure {
            provider: Some(Box::new(ProviderError::new("invalid_grant", Some("why")))),
            trace: Some(Trace { status: 400, request_id: Some("r".into()), words: None }),
            path: Some("/settings/scope".into()),
            ..Failure::from(Code::LoginExpired)
        };
        assert_eq!(
            ErrorOutput::new(&failure, 1).to_json(),
            json!({
                "version": 1, "code": "login_expired", "category": "flow", "retryable": true,
                "message": "the response came too late: /settings/scope", "path": "/settings/scope",
                "provider": {"error": "invalid_grant", "error_description": "why", "status": 400, "request_id": "r"},
            })
        );
    }
}
