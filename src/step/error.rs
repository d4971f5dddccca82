//! Every way in which the step can fail: one table.

use std::borrow::Cow;

use crate::oidc::exchange::Trace;
use crate::oidc::response::ProviderError;

/// Who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The journey's author or the connector's owner.
    Configuration,
    /// The user, or the journey's logic.
    Flow,
    /// The provider's operator, or time.
    Provider,
    /// Nobody, unless it repeats.
    Security,
    /// The host's operator.
    System,
}

macro_rules! codes {
    ($($variant:ident $text:literal $category:ident $retry:ident $message:literal;)*) => {
        /// A failure's name. Journeys branch on it: a published code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $message] $variant,)*
        }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// In snake_case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Who has to act.
            #[must_use]
            pub fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category),* }
            }

            /// Whether starting the step again by itself makes sense, in the first rounds.
            #[must_use]
            pub fn is_retryable(self) -> bool {
                match self { $(Self::$variant => codes!(@ $retry)),* }
            }

            /// What happened, for the journey's author and the operator.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),* }
            }
        }
    };
    (@ retry) => { true };
    (@ final) => { false };
}

codes! {
    InvalidSettings "invalid_settings" Configuration final "the step's settings are not valid";
    InvalidIntegration "invalid_integration" Configuration final "the connector is not valid";
    IntegrationDisabled "integration_disabled" Configuration final "the connector is disabled";
    OidcNotEnabled "oidc_not_enabled" Configuration final "the connector's authentication method `oidc` is not enabled";
    UserPoolWithoutDomain "user_pool_without_domain" Configuration final "the user pool has no domain, so nobody can log in at it: give it one, or name its custom endpoints";
    MetadataIssuerMismatch "metadata_issuer_mismatch" Configuration final "the provider metadata is another issuer's: check user pool id and issuer";
    DestinationDenied "destination_denied" Configuration final "the host does not let the step contact this endpoint: allow its origin";
    ClientRejected "client_rejected" Configuration final "the provider does not accept the client's credentials: check client id, secret and client authentication";
    ClientNotAllowed "client_not_allowed" Configuration final "the app client may not do this: allow it the authorization code grant, and register the callback URL";
    ScopeRejected "scope_rejected" Configuration final "the app client may not ask for this scope";
    IdTokenMissing "id_token_missing" Configuration final "the provider issued no ID token: allow the scope `openid` to the app client";
    IntegrationChanged "integration_changed" Configuration retry "issuer or client differ from those that the pending login was begun with";
    AccessDenied "access_denied" Flow final "the user or the identity provider said no";
    LoginRequired "login_required" Flow final "the user would have to interact with the login page, and must not be shown it";
    TriggerRefused "trigger_refused" Flow final "a Lambda trigger of the user pool refused, or failed";
    LoginCancelled "login_cancelled" Flow final "the login was cancelled";
    AccountJustLinked "account_just_linked" Flow retry "the user's accounts were just linked: another attempt logs the user in";
    LoginExpired "login_expired" Flow retry "the response came too late";
    LoginTimedOut "login_timed_out" Flow retry "no response came";
    AcrNotMet "acr_not_met" Flow final "the login's authentication context is missing or not one of those accepted";
    AmrNotMet "amr_not_met" Flow final "the login lacks an authentication method that the settings require";
    AuthenticationTooOld "authentication_too_old" Flow final "the time of the user's authentication is missing or too long ago";
    Duplicate "duplicate" Flow final "the response was handled, is being handled, or another attempt has won";
    ResponseMalformed "response_malformed" Security final "the request is not an authorization response";
    StateMissing "state_missing" Security final "the response has no state";
    StateUnknown "state_unknown" Security final "no pending login has this state";
    CallbackMismatch "callback_mismatch" Security final "the response arrived at another URL than the redirect URI of its login";
    ResponseModeMismatch "response_mode_mismatch" Security final "the response came as a form post, and a query was asked for";
    BrowserMismatch "browser_mismatch" Security final "the response came with another user agent than the one that began the login";
    UnexpectedToken "unexpected_token" Security final "the response holds a token, which never comes through the user agent in this flow";
    ResponseIssuerMismatch "response_issuer_mismatch" Security final "the response names another issuer (RFC 9207)";
    ResponseIssuerMissing "response_issuer_missing" Security final "the response names no issuer, and the provider's metadata promises one (RFC 9207)";
    IdTokenMalformed "id_token_malformed" Security final "the ID token is not a signed token in compact form";
    IdTokenAlgorithm "id_token_algorithm" Security final "the ID token's algorithm is not RS256";
    IdTokenCritical "id_token_critical" Security final "the ID token demands an extension";
    IdTokenSignature "id_token_signature" Security final "the ID token's signature is wrong";
    IdTokenIssuer "id_token_issuer" Security final "the ID token's issuer is not the user pool's: check user pool id, issuer and additional regions";
    IdTokenAudience "id_token_audience" Security final "the ID token is for another client";
    IdTokenAuthorizedParty "id_token_authorized_party" Security final "the ID token was issued to another client";
    IdTokenExpired "id_token_expired" Security final "the ID token is expired, or does not say when it expires";
    IdTokenNotYetValid "id_token_not_yet_valid" Security final "the ID token is not valid yet";
    IdTokenIssuedAt "id_token_issued_at" Security final "the ID token was issued in the future, before the login, or does not say when";
    IdTokenSubject "id_token_subject" Security final "the ID token names no subject";
    IdTokenNonce "id_token_nonce" Security final "the ID token's nonce is not the login's";
    IdTokenUse "id_token_use" Security final "the token's use is not `id`";
    IdTokenAtHash "id_token_at_hash" Security final "the ID token belongs to another access token";
    UserinfoSubjectMismatch "userinfo_subject_mismatch" Security final "userinfo is about another subject than the ID token";
    IdTokenTooLarge "id_token_too_large" Provider final "the ID token is longer than 256 KiB, or has more than 163840 values, an object with members counting as eight";
    SigningKeyUnnamed "signing_key_unnamed" Provider final "the ID token names no key, and the issuer does not have exactly one";
    SigningKeyUnknown "signing_key_unknown" Provider retry "the issuer has no key with the ID token's key id";
    KeysUnavailable "keys_unavailable" Provider retry "the issuer's keys are unavailable";
    MetadataUnavailable "metadata_unavailable" Provider retry "the provider metadata is unavailable";
    TokenUnavailable "token_unavailable" Provider retry "the token endpoint is unavailable";
    UserinfoUnavailable "userinfo_unavailable" Provider retry "the userinfo endpoint is unavailable";
    RateLimited "rate_limited" Provider retry "the provider has too many requests";
    IdentityProviderUnavailable "identity_provider_unavailable" Provider retry "the identity provider behind the user pool is in trouble, or too slow";
    ProviderUnavailable "provider_unavailable" Provider retry "the provider says that it is in trouble";
    UnexpectedStatus "unexpected_status" Provider final "a status came that the provider's endpoint never gives: something in front of it answered, such as a firewall, or the address is wrong";
    IdentityProviderRejected "identity_provider_rejected" Provider final "the identity provider behind the user pool refuses, or it or its attribute mapping is set up wrongly";
    GrantRefused "grant_refused" Provider final "the provider refuses the code: it was too old or used before, or the app client may not read every attribute of the scope";
    TokenResponseInvalid "token_response_invalid" Provider final "the token response is not of the right form";
    KeysInvalid "keys_invalid" Provider final "the issuer's keys are not of the right form";
    MetadataInvalid "metadata_invalid" Provider final "the provider metadata is not of the right form";
    UserinfoInvalid "userinfo_invalid" Provider final "the userinfo response is not of the right form";
    UserinfoRefused "userinfo_refused" Provider final "the userinfo endpoint refuses the access token";
    ProviderError "provider_error" Provider final "the provider answered with an error";
    StorageFailed "storage_failed" System retry "the host's store failed";
    LoginInterrupted "login_interrupted" System retry "the call that handled the response was lost";
    Internal "internal" System retry "the step or its host doesn't work as it should";
    OutputTooLarge "output_too_large" System final "the result is longer than a variable may be, which is 512 KiB or what the host allows";
}

/// The last round of a journey's step in which a failure may be retryable: whoever has gone round twice has not been helped by it.
const LAST_RETRYABLE_ROUND: u32 = 2;

/// A failure, with what is known about it. Holds no secret and no input but the provider's own cleaned words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub code: Code,
    /// What was expected, where there's more to say than the code does.
    pub expected: Option<Cow<'static, str>>,
    /// JSON Pointer to the setting at fault.
    pub path: Option<String>,
    /// What the provider said.
    pub provider: Option<Box<ProviderError>>,
    /// The response that it is about.
    pub trace: Option<Trace>,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, expected: None, path: None, provider: None, trace: None }
    }
}

impl Failure {
    /// Says more.
    #[must_use]
    pub fn expecting(mut self, expected: impl Into<Cow<'static, str>>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Whether going back to the step may help. Bounded: no provider, trigger or identity provider can make a journey go round for ever.
    #[must_use]
    pub fn is_retryable(&self, round: u32) -> bool {
        self.code.is_retryable() && round <= LAST_RETRYABLE_ROUND
    }

    /// Adds which response it is about, and what that one says of itself, where nothing is known that says more.
    #[must_use]
    pub fn traced(mut self, trace: impl Into<Option<Trace>>) -> Self {
        self.trace = trace.into();
        self.provider = self.provider.take().or_else(|| self.trace.as_mut()?.words.take());
        self
    }

    /// For the journey's author and the operator.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.code.message().to_owned();
        for part in [self.path.as_deref(), self.expected.as_deref()].into_iter().flatten() {
            message.push_str(": ");
            message.push_str(part);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_snake_case_and_differ() {
        for (index, code) in Code::ALL.iter().enumerate() {
            let text = code.as_str();
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{text}");
            assert!(Code::ALL[..index].iter().all(|other| other.as_str() != text), "{text}");
            assert!(!code.message().ends_with('.') && !code.message().is_empty());
        }
    }

    #[test]
    fn from_the_third_round_on_nothing_is_retryable() {
        for code in Code::ALL {
            let retryable: Vec<bool> = (0..5).map(|round| Failure::from(*code).is_retryable(round)).collect();
            let expected = code.is_retryable();
            assert_eq!(retryable, [expected, expected, expected, false, false], "{}", code.as_str());
        }
    }

    #[test]
    fn a_message_says_where_and_what_was_expected() {
        assert_eq!(Failure::from(Code::AccessDenied).message(), "the user or the identity provider said no");
        let failure = Failure { path: Some("/settings/scope".into()), ..Code::InvalidSettings.into() };
        let failure = failure.expecting("expected a string");
        assert_eq!(failure.message(), "the step's settings are not valid: /settings/scope: expected a string");
    }
}
