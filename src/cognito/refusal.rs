//! What a provider's error means, for a journey to branch on: the standards' codes, and what Cognito hides in descriptions.
//!
//! Read in this order:
//!
//! | what | decides |
//! |---|---|
//! | the channel | a redirect, which its user can edit, never tells what only an endpoint knows: the client's credentials, the code |
//! | `error` | everything, but for the two codes that Cognito uses for whatever else went wrong |
//! | the description of `invalid_request` and `server_error` | its beginning tells who wrote it; nothing behind that is searched |
//!
//! AWS says that descriptions aren't fixed texts: one that isn't recognised leaves the meaning of its code, and no check depends
//! on any.

use crate::oidc::response::ProviderError;

/// Where an error came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// An authorization response: it came through the user agent.
    Redirect,
    /// The token endpoint's own answer.
    TokenEndpoint,
}

/// The meaning of an error in an authorization response or of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The user, or the identity provider behind Cognito, refused.
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
    /// The provider is unavailable.
    Unavailable,
    /// The identity provider behind Cognito is unavailable, or slow.
    IdentityProviderUnavailable,
    /// The identity provider behind Cognito, or the mapping of its attributes, is misconfigured.
    IdentityProviderRejected,
    /// Anything else.
    Other,
}

/// A Lambda's message stands behind these words, whatever its language; before them, the trigger's name.
const TRIGGER_FAILED: &[&str] = &[" failed with error ", " invocation failed due to "];
const ACCOUNT_LINKED: &str = "Already found an entry for username";
/// What Cognito writes in front of whatever went wrong with a SAML assertion.
const SAML: &[&str] = &["Invalid SAML response received", "Error in SAML response processing", "Invalid samlResponse"];
/// Between an identity provider's name in the pool and the status that it answered with.
const RELAY: &str = " Error - ";
/// How identity providers say that the user said no: the standard's word, and those of Apple, LinkedIn and others.
const NO: &[&str] = &[
    "access_denied",
    "authorization_denied",
    "consent_denied",
    "user_canceled",
    "user_canceled_authorize",
    "user_canceled_login",
    "user_cancelled",
    "user_cancelled_authorize",
    "user_cancelled_login",
    "user_denied",
];
/// What is likely to pass, in lower case.
const TRANSIENT: &[&str] = &[
    "bad gateway",
    "connection aborted",
    "connection closed",
    "connection failed",
    "connection refused",
    "connection reset",
    "connection was",
    "could not connect",
    "failed to connect",
    "internal server error",
    "rate exceeded",
    "service unavailable",
    "socket",
    "temporarily unavailable",
    "throttl",
    "time-out",
    "time out",
    "timed out",
    "timeout",
    "too many requests",
    "try again",
    "unable to connect",
    "unreachable",
];

/// Tells what an error means.
#[must_use]
pub fn classify(channel: Channel, error: &ProviderError) -> Refusal {
    let description = error.description.as_deref().unwrap_or_default();
    match error.error.as_str() {
        no if NO.contains(&no) => Refusal::AccessDenied,
        "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => Refusal::LoginRequired,
        "invalid_scope" => Refusal::ScopeRejected,
        "unauthorized_client" => Refusal::ClientNotAllowed,
        "invalid_client" if channel == Channel::TokenEndpoint => Refusal::ClientRejected,
        "invalid_grant" if channel == Channel::TokenEndpoint => Refusal::GrantRefused,
        // Cognito says which request was invalid in the description.
        "invalid_request" if first_word(description) == "invalid_scope" => Refusal::ScopeRejected,
        "invalid_request" => described(description).unwrap_or(Refusal::Other),
        "server_error" => described(description).unwrap_or(Refusal::Unavailable),
        "temporarily_unavailable" => Refusal::Unavailable,
        _ => Refusal::Other,
    }
}

/// What a description tells, where it is recognised. The first match decides: what follows it is somebody else's text.
fn described(description: &str) -> Option<Refusal> {
    if description.starts_with(ACCOUNT_LINKED) {
        return Some(Refusal::AccountJustLinked);
    }
    if names_a_trigger(description) {
        return Some(Refusal::TriggerRefused);
    }
    if let Some(rest) = SAML.iter().find_map(|prefix| strip_prefix(description, prefix)) {
        let rest = rest.trim_start_matches([':', ' ']);
        return Some(if names_a_trigger(rest) { Refusal::TriggerRefused } else { Refusal::IdentityProviderRejected });
    }
    relayed(description).or_else(|| {
        let description = description.to_ascii_lowercase();
        TRANSIENT.iter().any(|words| description.contains(words)).then_some(Refusal::IdentityProviderUnavailable)
    })
}

/// One word, as triggers are named (`PreSignUp`, `PostConfirmation`), in front of what Cognito writes.
fn names_a_trigger(description: &str) -> bool {
    TRIGGER_FAILED.iter().filter_map(|failed| description.split_once(failed)).any(|(trigger, _)| {
        trigger.starts_with(|first: char| first.is_ascii_uppercase()) && trigger.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// `<provider> Error - <status> <error> <text>`: an identity provider's own error, passed on. Its status decides, whatever the
/// text says.
fn relayed(description: &str) -> Option<Refusal> {
    let (provider, rest) = description.split_once(RELAY)?;
    // A provider's name in a pool is one word.
    if provider.is_empty() || provider.contains(' ') {
        return None;
    }
    let status = first_word(rest);
    let status: u16 = status.parse().ok().filter(|_| status.len() == 3)?;
    let error = first_word(rest.get(3..).unwrap_or_default().trim_start());
    match status {
        408 | 429 | 500..=599 => Some(Refusal::IdentityProviderUnavailable),
        100..=499 if NO.contains(&error) => Some(Refusal::AccessDenied),
        100..=499 => Some(Refusal::IdentityProviderRejected),
        _ => None,
    }
}

fn first_word(text: &str) -> &str {
    text.split(|character: char| character.is_whitespace() || matches!(character, ':' | ',' | ';' | '.'))
        .next()
        .unwrap_or_default()
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn c09_each_error_has_its_meaning() {
        use Channel::{Redirect, TokenEndpoint};
        for (error, redirect, token_endpoint) in [
            ("access_denied", Refusal::AccessDenied, Refusal::AccessDenied),
            ("user_cancelled_authorize", Refusal::AccessDenied, Refusal::AccessDenied),
            ("user_cancelled_login", Refusal::AccessDenied, Refusal::AccessDenied),
            ("user_denied", Refusal::AccessDenied, Refusal::AccessDenied),
            ("login_required", Refusal::LoginRequired, Refusal::LoginRequired),
            ("interaction_required", Refusal::LoginRequired, Refusal::LoginRequired),
            ("account_selection_required", Refusal::LoginRequired, Refusal::LoginRequired),
            ("consent_required", Refusal::LoginRequired, Refusal::LoginRequired),
            ("invalid_scope", Refusal::ScopeRejected, Refusal::ScopeRejected),
            ("invalid_request", Refusal::Other, Refusal::Other),
            ("unauthorized_client", Refusal::ClientNotAllowed, Refusal::ClientNotAllowed),
            ("invalid_client", Refusal::Other, Refusal::ClientRejected),
            ("invalid_grant", Refusal::Other, Refusal::GrantRefused),
            ("server_error", Refusal::Unavailable, Refusal::Unavailable),
            ("temporarily_unavailable", Refusal::Unavailable, Refusal::Unavailable),
            ("unsupported_response_type", Refusal::Other, Refusal::Other),
            ("invalid_request_uri", Refusal::Other, Refusal::Other),
            ("invalid_request_object", Refusal::Other, Refusal::Other),
            ("request_not_supported", Refusal::Other, Refusal::Other),
            ("request_uri_not_supported", Refusal::Other, Refusal::Other),
            ("registration_not_supported", Refusal::Other, Refusal::Other),
            ("TooManyRequestsException", Refusal::Other, Refusal::Other),
            ("Access_Denied", Refusal::Other, Refusal::Other),
            ("anything", Refusal::Other, Refusal::Other),
        ] {
            // Text changes the meaning of no other code.
            let refined = ["invalid_request", "server_error"].contains(&error);
            for description in [None, Some("Timeout occurred"), Some("PreSignUp failed with error x")] {
                if description.is_none() || !refined {
                    let error = ProviderError::new(error, description);
                    assert_eq!(classify(Redirect, &error), redirect, "{error:?}");
                    assert_eq!(classify(TokenEndpoint, &error), token_endpoint, "{error:?}");
                }
            }
        }
    }

    #[test]
    fn c09_a_description_tells_what_two_codes_mean() {
        use Refusal::{
            AccessDenied, AccountJustLinked, IdentityProviderRejected as Rejected, IdentityProviderUnavailable as Unavailable,
            TriggerRefused,
        };
        for (description, refusal) in [
            ("PreSignUp failed with error Zugang gesperrt für Käufer.", Some(TriggerRefused)),
            ("PostConfirmation failed with error 登録できません。.", Some(TriggerRefused)),
            ("PreSignUp failed with error Google Error - 503 timed out", Some(TriggerRefused)),
            ("PreTokenGeneration invocation failed due to configuration.", Some(TriggerRefused)),
            ("Invalid SAML response received: PreSignUp failed with error Invalid email domain.", Some(TriggerRefused)),
            ("Error in SAML response processing: PreSignUp failed with error timed out.", Some(TriggerRefused)),
            ("Already found an entry for username google_123", Some(AccountJustLinked)),
            ("Invalid SAML response received: Audience restriction was not met.", Some(Rejected)),
            ("Error in SAML response processing: Connection timed out", Some(Rejected)),
            ("invalid saml response received", Some(Rejected)),
            ("Invalid samlResponse or relayState from identity provider", Some(Rejected)),
            ("Google Error - 503 Service Unavailable", Some(Unavailable)),
            ("Okta Error - 502", Some(Unavailable)),
            ("Okta Error - 429 slow_down", Some(Unavailable)),
            ("Okta Error - 400 invalid_grant The code timed out", Some(Rejected)),
            ("Okta Error - 401 invalid_client", Some(Rejected)),
            ("Okta Error - 400 error getting token", Some(Rejected)),
            ("SignInWithApple Error - 400 user_cancelled_authorize", Some(AccessDenied)),
            ("Corp Error - 403 access_denied: not today", Some(AccessDenied)),
            ("Corp Error - 500 access_denied", Some(Unavailable)),
            ("Timeout occurred in calling IdP token endpoint", Some(Unavailable)),
            ("Read timed out", Some(Unavailable)),
            ("Connection reset by peer", Some(Unavailable)),
            ("I/O error: connect to idp.example.com failed: Connection refused", Some(Unavailable)),
            ("something failed with error x", None),
            ("It all failed with error x", None),
            (" failed with error x", None),
            ("An unknown Error - 4000 occurred", None),
            ("Okta Error - 999 x", None),
            ("Okta Error - 40", None),
            (" Error - 500", None),
            ("whatever", None),
            ("", None),
        ] {
            for channel in [Channel::Redirect, Channel::TokenEndpoint] {
                let error = |error| ProviderError::new(error, Some(description));
                let (other, server) = (refusal.unwrap_or(Refusal::Other), refusal.unwrap_or(Refusal::Unavailable));
                assert_eq!(classify(channel, &error("invalid_request")), other, "{description}");
                assert_eq!(classify(channel, &error("server_error")), server, "{description}");
                assert_eq!(classify(channel, &error("access_denied")), AccessDenied, "{description}");
            }
        }
    }

    #[test]
    fn c09_a_scope_is_refused_in_the_description() {
        let refusal = |description| classify(Channel::Redirect, &ProviderError::new("invalid_request", Some(description)));
        for description in ["invalid_scope", "invalid_scope: orders/read", "invalid_scope. "] {
            assert_eq!(refusal(description), Refusal::ScopeRejected, "{description}");
        }
        assert_eq!(refusal("not invalid_scope"), Refusal::Other);
    }

    proptest! {
        #[test]
        fn no_redirect_tells_what_only_an_endpoint_knows(
            error in "invalid_client|invalid_grant|invalid_request|server_error|TooManyRequestsException|[a-z_]{0,12}|\\PC{0,9}",
            description in "invalid_client|invalid_grant|(Invalid SAML response received: )?(PreSignUp failed with error )?(Okta Error - [0-9]{3} )?(invalid_client|\\PC{0,20})",
        ) {
            let refusal = classify(Channel::Redirect, &ProviderError::new(&error, Some(&description)));
            prop_assert!(!matches!(refusal, Refusal::ClientRejected | Refusal::GrantRefused));
        }

        #[test]
        fn any_description_is_read(description in "\\PC{0,5}( Error - )?\\PC{0,20}") {
            let _ = described(&description);
        }
    }
}
