//! What a provider's error means, for a journey to branch on: the standards' codes, and what Cognito hides in descriptions.

use crate::oidc::response::ProviderError;

/// The meaning of an error in an authorization response or of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The user, or the identity provider behind Cognito, said no.
    AccessDenied,
    /// Only a login in front of the user would do (`login_required` and its kin, OpenID Connect Core 3.1.2.6).
    LoginRequired,
    /// A Lambda trigger of the pool's owner refused.
    TriggerRefused,
    /// Cognito has just linked two accounts: once more, and the user is in.
    AccountJustLinked,
    /// The scope isn't allowed to this client.
    ScopeRejected,
    /// The client may not use this flow.
    ClientNotAllowed,
    /// The client's credentials are wrong.
    ClientRejected,
    /// The code isn't good (any more).
    GrantRefused,
    /// The provider is in trouble.
    Unavailable,
    /// Anything else.
    Other,
}

/// A Lambda's message stands behind these words, whatever its language; before them, the trigger's name.
const TRIGGER_FAILED: &str = " failed with error ";
const ACCOUNT_LINKED: &str = "Already found an entry for username";

/// Tells what an error means.
#[must_use]
pub fn classify(error: &ProviderError) -> Refusal {
    let description = error.description.as_deref().unwrap_or_default();
    if description.starts_with(ACCOUNT_LINKED) {
        return Refusal::AccountJustLinked;
    }
    if names_a_trigger(description) {
        return Refusal::TriggerRefused;
    }
    match error.error.as_str() {
        "access_denied" => Refusal::AccessDenied,
        "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => Refusal::LoginRequired,
        "invalid_scope" => Refusal::ScopeRejected,
        // Cognito says which request was invalid in the description.
        "invalid_request" if description == "invalid_scope" => Refusal::ScopeRejected,
        "unauthorized_client" => Refusal::ClientNotAllowed,
        "invalid_client" => Refusal::ClientRejected,
        "invalid_grant" => Refusal::GrantRefused,
        "server_error" | "temporarily_unavailable" => Refusal::Unavailable,
        _ => Refusal::Other,
    }
}

/// One word, as triggers are named (`PreSignUp`, `PostConfirmation`), in front of what Cognito writes.
fn names_a_trigger(description: &str) -> bool {
    description.split_once(TRIGGER_FAILED).is_some_and(|(trigger, _)| {
        trigger.starts_with(|first: char| first.is_ascii_uppercase()) && trigger.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c09_each_error_has_its_meaning() {
        for (error, description, refusal) in [
            ("access_denied", None, Refusal::AccessDenied),
            ("access_denied", Some("User denied access"), Refusal::AccessDenied),
            ("login_required", None, Refusal::LoginRequired),
            ("interaction_required", None, Refusal::LoginRequired),
            ("account_selection_required", None, Refusal::LoginRequired),
            ("consent_required", None, Refusal::LoginRequired),
            ("invalid_scope", None, Refusal::ScopeRejected),
            ("invalid_request", Some("invalid_scope"), Refusal::ScopeRejected),
            ("invalid_request", Some("not invalid_scope"), Refusal::Other),
            ("invalid_request", None, Refusal::Other),
            ("unauthorized_client", None, Refusal::ClientNotAllowed),
            ("invalid_client", None, Refusal::ClientRejected),
            ("invalid_grant", None, Refusal::GrantRefused),
            ("server_error", None, Refusal::Unavailable),
            ("temporarily_unavailable", None, Refusal::Unavailable),
            ("unsupported_response_type", None, Refusal::Other),
            ("invalid_request_uri", None, Refusal::Other),
            ("invalid_request_object", None, Refusal::Other),
            ("request_not_supported", None, Refusal::Other),
            ("request_uri_not_supported", None, Refusal::Other),
            ("registration_not_supported", None, Refusal::Other),
            ("Access_Denied", None, Refusal::Other),
            ("anything", None, Refusal::Other),
            ("invalid_request", Some("PreSignUp failed with error Zugang gesperrt für Käufer."), Refusal::TriggerRefused),
            ("invalid_request", Some("PostConfirmation failed with error 登録できません。."), Refusal::TriggerRefused),
            ("invalid_request", Some("something failed with error x"), Refusal::Other),
            ("invalid_request", Some("It all failed with error x"), Refusal::Other),
            ("invalid_request", Some(" failed with error x"), Refusal::Other),
            ("invalid_request", Some("Already found an entry for username google_123"), Refusal::AccountJustLinked),
            ("server_error", Some("Already found an entry for username google_123"), Refusal::AccountJustLinked),
            ("server_error", Some("He said: Already found an entry for username x"), Refusal::Unavailable),
            ("access_denied", Some("already found an entry for username x"), Refusal::AccessDenied),
        ] {
            assert_eq!(classify(&ProviderError::new(error, description)), refusal, "{error} {description:?}");
        }
    }
}
