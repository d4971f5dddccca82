//! What a login came to, in the contract's terms: where to send the user agent, who logged in, or what failed.

use std::fmt;

use crate::callbacks::CallbackRefused;

/// How the authorization response was asked to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// By GET, in the query.
    Query,
    /// By a cross-site POST, in a form body.
    FormPost,
}

/// Where to send the user agent. Holds `state` and `nonce`, so its `Debug` shows neither URL nor state.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Absolute.
    pub url: String,
    /// Names the attempt, for [`Abandonment`](crate::Abandonment). Must not find a journey.
    pub state: String,
    /// As asked for.
    pub response_mode: ResponseMode,
    /// Seconds from now until a response is no longer accepted.
    pub expires_in: u32,
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("response_mode", &self.response_mode)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Who has to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// The journey's author or the connector's owner.
    Configuration,
    /// The user, or the journey's logic.
    Flow,
    /// The identity provider's operator, or time.
    Provider,
    /// Nobody, unless it repeats.
    Security,
    /// The journey host's operator.
    System,
}

impl Category {
    /// As the error variable has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Flow => "flow",
            Self::Provider => "provider",
            Self::Security => "security",
            Self::System => "system",
        }
    }
}

/// What the journey does with a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureBehavior {
    /// Goes on to its failure branch; where it has none, it ends.
    FailureBranch,
    /// Ends.
    Abort,
}

/// What the provider answered. Without control characters and secrets; a third party may have chosen the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAnswer {
    /// `error`, as the provider named it.
    pub error: Option<String>,
    /// `error_description`.
    pub error_description: Option<String>,
    /// HTTP status of the response.
    pub status: Option<u16>,
    /// The provider's own name for the request: its support asks for it.
    pub request_id: Option<String>,
}

/// A login that failed, or a response that was ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Journeys branch on it.
    pub code: String,
    /// Who has to act.
    pub category: Category,
    /// For the journey's author and the operator, never for the end user.
    pub message: String,
    /// A new `begin` may succeed by itself.
    pub retryable: bool,
    /// JSON Pointer to the setting at fault, under `/settings` or `/connector`.
    pub path: Option<String>,
    /// What the provider answered, where it did.
    pub provider: ProviderAnswer,
}

/// The last round in which a failure may be retryable (`invocation.round` of the contract).
const LAST_RETRYABLE_ROUND: u32 = 2;

impl Failure {
    /// What the client may see where the journey ends here: the code of a `flow` error, and nothing of any other.
    pub fn client_code(&self) -> &str {
        match self.category {
            Category::Flow => &self.code,
            Category::Configuration | Category::Provider | Category::Security | Category::System => "authentication_failed",
        }
    }

    /// What the host itself says where it had to end a call.
    pub(crate) fn step_trapped(round: u32) -> Self {
        let message = "the step was ended by its host before it had an outcome";
        Self::of_the_host("step_trapped", Category::System, message, round <= LAST_RETRYABLE_ROUND)
    }

    /// What the host itself says of a callback URL that it must not begin a login with.
    pub(crate) fn callback_refused(refused: CallbackRefused) -> Self {
        let message = format!("the host does not begin a login with this callback URL: {refused}");
        let path = Some("/settings/callback_url".to_owned());
        Self { path, ..Self::of_the_host("callback_refused", Category::Configuration, &message, false) }
    }

    /// What the host itself says where the step's outcome came too late.
    pub(crate) fn too_late() -> Self {
        let message = "the response was handled, is being handled, or another attempt has won: the visit is settled";
        Self::of_the_host("duplicate", Category::Flow, message, false)
    }

    /// What the host itself says of a response at a URL that is not this connector's.
    pub(crate) fn callback_mismatch() -> Self {
        let message = "the response arrived at a different URL than the redirect URI of its login: expected one that this host serves for this connector";
        Self::of_the_host("callback_mismatch", Category::Security, message, false)
    }

    /// What the host itself says where the store of the journeys takes the step's outcome or its writes for no answer to keep.
    pub(crate) fn not_stored(is_too_large: bool, round: u32) -> Self {
        match is_too_large {
            true => Self::of_the_host("output_too_large", Category::System, "the result is longer than a variable may be", false),
            false => {
                let message = "the host's store failed: expected it to take the variables of the outcome";
                Self::of_the_host("storage_failed", Category::System, message, round <= LAST_RETRYABLE_ROUND)
            }
        }
    }

    fn of_the_host(code: &str, category: Category, message: &str, retryable: bool) -> Self {
        let (code, message) = (code.to_owned(), message.to_owned());
        Self { code, category, message, retryable, path: None, provider: ProviderAnswer::default() }
    }

    /// The error variable in its full shape, as the step itself would write it: a journey reads each of its properties.
    pub(crate) fn to_error_variable(&self) -> String {
        let ProviderAnswer { error, error_description, status, request_id } = &self.provider;
        let provider = serde_json::json!({
            "error": error, "error_description": error_description, "status": status, "request_id": request_id,
        });
        let error = serde_json::json!({
            "version": 1,
            "code": self.code,
            "category": self.category.name(),
            "retryable": self.retryable,
            "message": self.message,
            "path": self.path,
            "provider": provider,
        });
        error.to_string()
    }
}

/// Who logged in. Pool and subject are the key to find a user by: one user's issuer changes with the region that answers and with
/// the kind of issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The directory that the user is in: for Cognito, the user pool.
    pub user_pool_id: String,
    /// The ID token's `sub`: unique and stable within the directory.
    pub subject: String,
    /// The ID token's `iss`.
    pub issuer: String,
}

/// A login that failed, and what its journey does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub failure: Failure,
    /// As the author's settings say.
    pub behavior: FailureBehavior,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_the_code_of_what_is_the_users_alone() {
        for (category, told) in [
            (Category::Flow, "some_code"),
            (Category::Configuration, "authentication_failed"),
            (Category::Provider, "authentication_failed"),
            (Category::Security, "authentication_failed"),
            (Category::System, "authentication_failed"),
        ] {
            assert_eq!(Failure::of_the_host("some_code", category, "", false).client_code(), told, "{category:?}");
        }
    }

    #[test]
    fn what_a_store_does_not_take_is_retryable_where_another_try_may_fit() {
        for (is_too_large, round, code, retryable) in [
            (false, 1, "storage_failed", true),
            (false, 2, "storage_failed", true),
            (false, 3, "storage_failed", false),
            (true, 1, "output_too_large", false),
        ] {
            let failure = Failure::not_stored(is_too_large, round);
            assert_eq!((failure.code.as_str(), failure.retryable), (code, retryable), "round {round}");
        }
    }
}
