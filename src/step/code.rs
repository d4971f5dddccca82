//! Every way in which the step can fail: one table, a row for each code. The operator's table in `docs/operator.md` is written
//! from it.

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

/// Whose doing the likely cause is. For the documents: the step itself decides nothing by it.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Whoever drew the journey and wrote the step's settings.
    Author,
    /// Whoever set up the connector, its client secret included.
    ConnectorOwner,
    /// Whoever runs the host: its clock, its stores, its network.
    HostOperator,
    /// The identity provider that the user pool federates with.
    IdentityProvider,
    /// The logic around the step.
    Journey,
    /// Whoever runs the user pool, its app client and its Lambda triggers.
    PoolOperator,
    /// Amazon Cognito, or whatever answers in its place.
    Provider,
    /// Whoever sent the response: a stranger, or a user with an old link.
    Sender,
    /// The user.
    User,
}

#[cfg(test)]
impl Whose {
    /// As the operator's table has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Author => "the journey's author",
            Self::ConnectorOwner => "the connector's owner",
            Self::HostOperator => "the host's operator",
            Self::IdentityProvider => "the identity provider behind the pool",
            Self::Journey => "the journey",
            Self::PoolOperator => "the pool's operator",
            Self::Provider => "the provider",
            Self::Sender => "whoever sent the response",
            Self::User => "the user",
        }
    }
}

macro_rules! codes {
    ($($variant:ident {
        code: $code:literal,
        category: $category:ident,
        retryable: $retryable:literal,
        message: $message:literal,
        cause: $cause:literal,
        whose: $whose:ident,
    })*) => {
        /// A failure's name. Journeys branch on it: a published code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(
                #[doc = concat!($message, ".\n\nLikely cause: ", $cause, ".")]
                $variant,
            )*
        }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// In snake_case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// Who has to act.
            #[must_use]
            pub fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category),* }
            }

            /// Whether retrying unchanged may succeed, in the first rounds.
            #[must_use]
            pub fn is_retryable(self) -> bool {
                match self { $(Self::$variant => $retryable),* }
            }

            /// What happened, for the journey's author and the operator.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),* }
            }

            /// What most probably led to it, and whose doing that is.
            #[cfg(test)]
            pub(crate) fn likely_cause(self) -> (&'static str, Whose) {
                match self { $(Self::$variant => ($cause, Whose::$whose)),* }
            }
        }
    };
}

codes! {
    InvalidSettings {
        code: "invalid_settings",
        category: Configuration,
        retryable: false,
        message: "the step's settings are not valid",
        cause: "a setting is missing, misspelt or of another type: the path names it",
        whose: Author,
    }
    InvalidIntegration {
        code: "invalid_integration",
        category: Configuration,
        retryable: false,
        message: "the connector is not valid",
        cause: "a member of the connector is missing, misspelt or of another type, or the vault holds no client secret, or one with a line break: the path names it",
        whose: ConnectorOwner,
    }
    IntegrationDisabled {
        code: "integration_disabled",
        category: Configuration,
        retryable: false,
        message: "the connector is disabled",
        cause: "somebody switched the connector off",
        whose: ConnectorOwner,
    }
    OidcNotEnabled {
        code: "oidc_not_enabled",
        category: Configuration,
        retryable: false,
        message: "the connector's authentication method `oidc` is not enabled",
        cause: "`authentication_methods` was set for another step that shares the connector",
        whose: ConnectorOwner,
    }
    UserPoolWithoutDomain {
        code: "user_pool_without_domain",
        category: Configuration,
        retryable: false,
        message: "the user pool has no domain, so nobody can log in at it: give it one, or name its custom endpoints",
        cause: "the pool is new, or its domain was deleted",
        whose: PoolOperator,
    }
    MetadataIssuerMismatch {
        code: "metadata_issuer_mismatch",
        category: Configuration,
        retryable: false,
        message: "the provider metadata is another issuer's: check user pool id and issuer",
        cause: "`issuer` names one kind of issuer, and the pool uses the other",
        whose: ConnectorOwner,
    }
    DestinationDenied {
        code: "destination_denied",
        category: Configuration,
        retryable: false,
        message: "the host does not let the step contact this endpoint: allow its origin",
        cause: "the egress list lacks an origin: compare it with what `settings.describe` says",
        whose: HostOperator,
    }
    ClientRejected {
        code: "client_rejected",
        category: Configuration,
        retryable: false,
        message: "the provider does not accept the client's credentials: check client id, secret and client authentication",
        cause: "the client secret was rotated, or the app client has none",
        whose: ConnectorOwner,
    }
    ClientNotAllowed {
        code: "client_not_allowed",
        category: Configuration,
        retryable: false,
        message: "the app client may not do this: allow it the authorization code grant, and register the callback URL",
        cause: "the app client lacks the authorization code grant, or the callback URL isn't registered with it",
        whose: PoolOperator,
    }
    ScopeRejected {
        code: "scope_rejected",
        category: Configuration,
        retryable: false,
        message: "the app client may not ask for this scope",
        cause: "a scope isn't allowed to the app client, or belongs to another API than `resource` names",
        whose: PoolOperator,
    }
    IdTokenMissing {
        code: "id_token_missing",
        category: Configuration,
        retryable: false,
        message: "the provider issued no ID token: allow the scope `openid` to the app client",
        cause: "the app client may not ask for the scope `openid`",
        whose: PoolOperator,
    }
    IntegrationChanged {
        code: "integration_changed",
        category: Configuration,
        retryable: true,
        message: "issuer or client differ from those that the pending login was begun with",
        cause: "the connector was edited while a login was under way",
        whose: ConnectorOwner,
    }
    AccessDenied {
        code: "access_denied",
        category: Flow,
        retryable: false,
        message: "the user or the identity provider refused",
        cause: "the user cancelled at the login page, or has no access",
        whose: User,
    }
    LoginRequired {
        code: "login_required",
        category: Flow,
        retryable: false,
        message: "the user would have to interact with the login page, which must not be shown",
        cause: "`prompt` is `none`, and the user has no session at the provider",
        whose: Author,
    }
    TriggerRefused {
        code: "trigger_refused",
        category: Flow,
        retryable: false,
        message: "a Lambda trigger of the user pool refused, or failed",
        cause: "a Lambda function ended the login on purpose, or has a bug: its words are the provider's description",
        whose: PoolOperator,
    }
    LoginCancelled {
        code: "login_cancelled",
        category: Flow,
        retryable: false,
        message: "the login was cancelled",
        cause: "the user left by the journey's own way out",
        whose: Journey,
    }
    AccountJustLinked {
        code: "account_just_linked",
        category: Flow,
        retryable: true,
        message: "the user's accounts were just linked: another attempt logs the user in",
        cause: "a Lambda trigger links accounts at a user's first federated login, which Cognito ends with an error",
        whose: PoolOperator,
    }
    LoginExpired {
        code: "login_expired",
        category: Flow,
        retryable: true,
        message: "the response came too late",
        cause: "the user took longer than `login_lifetime`",
        whose: User,
    }
    LoginTimedOut {
        code: "login_timed_out",
        category: Flow,
        retryable: true,
        message: "no response came",
        cause: "the user went away. In numbers: Cognito shows its own error page, for a wrong client id or callback URL",
        whose: User,
    }
    AcrNotMet {
        code: "acr_not_met",
        category: Flow,
        retryable: false,
        message: "the login's authentication context is missing or not one of those accepted",
        cause: "the pool's plan ignores `acr_values`, or the level isn't in a federated user's attribute mapping",
        whose: PoolOperator,
    }
    AmrNotMet {
        code: "amr_not_met",
        category: Flow,
        retryable: false,
        message: "the login lacks an authentication method that the settings require",
        cause: "the user has no such factor, or the identity provider's mapping leaves `amr` out",
        whose: PoolOperator,
    }
    AuthenticationTooOld {
        code: "authentication_too_old",
        category: Flow,
        retryable: false,
        message: "the time of the user's authentication is missing or too long ago",
        cause: "the classic hosted UI ignores `prompt`, and lets an older session through",
        whose: PoolOperator,
    }
    Duplicate {
        code: "duplicate",
        category: Flow,
        retryable: false,
        message: "the response was handled, is being handled, or another attempt has won",
        cause: "a reload, the back button, or a second tab",
        whose: User,
    }
    ResponseMalformed {
        code: "response_malformed",
        category: Security,
        retryable: false,
        message: "the request is not an authorization response",
        cause: "somebody edited the URL, or a proxy did",
        whose: Sender,
    }
    StateMissing {
        code: "state_missing",
        category: Security,
        retryable: false,
        message: "the response has no state",
        cause: "somebody opened the callback URL by hand",
        whose: Sender,
    }
    StateUnknown {
        code: "state_unknown",
        category: Security,
        retryable: false,
        message: "no pending login has this state",
        cause: "an old link, or a session that got lost between the two requests",
        whose: Sender,
    }
    CallbackMismatch {
        code: "callback_mismatch",
        category: Security,
        retryable: false,
        message: "the response arrived at a different URL than the redirect URI of its login",
        cause: "a proxy rewrites paths, or the public origin is configured wrongly. One alone: somebody tried",
        whose: HostOperator,
    }
    ResponseModeMismatch {
        code: "response_mode_mismatch",
        category: Security,
        retryable: false,
        message: "the response came as a form post, and a query was asked for",
        cause: "something turns redirects into posts, or somebody tried",
        whose: Sender,
    }
    BrowserMismatch {
        code: "browser_mismatch",
        category: Security,
        retryable: false,
        message: "the response came from a different user agent than the one that began the login",
        cause: "the link was opened in another browser, or the session got lost between the two requests",
        whose: Sender,
    }
    UnexpectedToken {
        code: "unexpected_token",
        category: Security,
        retryable: false,
        message: "the response holds a token, which never passes through the user agent in this flow",
        cause: "somebody edited the URL, or the provider answers another flow than the one asked for",
        whose: Sender,
    }
    ResponseIssuerMismatch {
        code: "response_issuer_mismatch",
        category: Security,
        retryable: false,
        message: "the response names another issuer (RFC 9207)",
        cause: "a mix-up attack, or a custom authorization endpoint of another issuer",
        whose: Sender,
    }
    ResponseIssuerMissing {
        code: "response_issuer_missing",
        category: Security,
        retryable: false,
        message: "the response names no issuer, and the provider's metadata promises one (RFC 9207)",
        cause: "a response made up by somebody who doesn't know the issuer",
        whose: Sender,
    }
    IdTokenMalformed {
        code: "id_token_malformed",
        category: Security,
        retryable: false,
        message: "the ID token is not a signed token in compact form",
        cause: "a custom token endpoint that isn't Cognito's, or encrypts its tokens",
        whose: Provider,
    }
    IdTokenAlgorithm {
        code: "id_token_algorithm",
        category: Security,
        retryable: false,
        message: "the ID token's algorithm is not RS256",
        cause: "a custom token endpoint that isn't Cognito's: Cognito signs with RS256 alone",
        whose: Provider,
    }
    IdTokenCritical {
        code: "id_token_critical",
        category: Security,
        retryable: false,
        message: "the ID token demands an extension",
        cause: "a custom token endpoint that isn't Cognito's",
        whose: Provider,
    }
    IdTokenSignature {
        code: "id_token_signature",
        category: Security,
        retryable: false,
        message: "the ID token's signature is wrong",
        cause: "a custom key set of another issuer, or somebody between host and provider alters answers",
        whose: Provider,
    }
    IdTokenIssuer {
        code: "id_token_issuer",
        category: Security,
        retryable: false,
        message: "the ID token's issuer is not the user pool's: check user pool id, issuer and additional regions",
        cause: "the pool was switched to its other issuer, or another region answers",
        whose: ConnectorOwner,
    }
    IdTokenAudience {
        code: "id_token_audience",
        category: Security,
        retryable: false,
        message: "the ID token is for another client",
        cause: "a custom token endpoint that serves another client",
        whose: Provider,
    }
    IdTokenAuthorizedParty {
        code: "id_token_authorized_party",
        category: Security,
        retryable: false,
        message: "the ID token was issued to another client",
        cause: "a custom token endpoint that serves another client",
        whose: Provider,
    }
    IdTokenExpired {
        code: "id_token_expired",
        category: Security,
        retryable: false,
        message: "the ID token is expired, or does not say when it expires",
        cause: "the host's clock is ahead",
        whose: HostOperator,
    }
    IdTokenNotYetValid {
        code: "id_token_not_yet_valid",
        category: Security,
        retryable: false,
        message: "the ID token is not valid yet",
        cause: "the host's clock is behind",
        whose: HostOperator,
    }
    IdTokenIssuedAt {
        code: "id_token_issued_at",
        category: Security,
        retryable: false,
        message: "the ID token was issued in the future, before the login, or does not say when",
        cause: "the host's clock is wrong. Otherwise the token of another login was injected",
        whose: HostOperator,
    }
    IdTokenSubject {
        code: "id_token_subject",
        category: Security,
        retryable: false,
        message: "the ID token names no subject",
        cause: "a custom token endpoint that isn't Cognito's",
        whose: Provider,
    }
    IdTokenNonce {
        code: "id_token_nonce",
        category: Security,
        retryable: false,
        message: "the ID token's nonce is not the login's",
        cause: "the code or the token of another login was injected",
        whose: Sender,
    }
    IdTokenUse {
        code: "id_token_use",
        category: Security,
        retryable: false,
        message: "the token's use is not `id`",
        cause: "an access token stood where the ID token belongs",
        whose: Sender,
    }
    IdTokenAtHash {
        code: "id_token_at_hash",
        category: Security,
        retryable: false,
        message: "the ID token belongs to another access token",
        cause: "the access token was replaced on its way",
        whose: Sender,
    }
    UserinfoSubjectMismatch {
        code: "userinfo_subject_mismatch",
        category: Security,
        retryable: false,
        message: "userinfo is about another subject than the ID token",
        cause: "a userinfo endpoint of another pool, or answers are replaced on their way",
        whose: Sender,
    }
    IdTokenTooLarge {
        code: "id_token_too_large",
        category: Provider,
        retryable: false,
        message: "the ID token is longer than 256 KiB, or has more than 163840 values, an object with members counting as eight",
        cause: "a Lambda trigger puts very much into the ID token",
        whose: PoolOperator,
    }
    SigningKeyUnnamed {
        code: "signing_key_unnamed",
        category: Provider,
        retryable: false,
        message: "the ID token names no key, and the issuer does not have exactly one",
        cause: "a custom token endpoint that isn't Cognito's: Cognito names a key in each token",
        whose: Provider,
    }
    SigningKeyUnknown {
        code: "signing_key_unknown",
        category: Provider,
        retryable: true,
        message: "the issuer has no key with the ID token's key id",
        cause: "a custom key set of another issuer, or keys that were rotated and aren't published yet",
        whose: Provider,
    }
    KeysUnavailable {
        code: "keys_unavailable",
        category: Provider,
        retryable: true,
        message: "the issuer's keys are unavailable",
        cause: "Cognito or the network is down; known keys serve on for a day",
        whose: Provider,
    }
    MetadataUnavailable {
        code: "metadata_unavailable",
        category: Provider,
        retryable: true,
        message: "the provider metadata is unavailable",
        cause: "Cognito or the network is down. A connector with a domain needs no metadata",
        whose: Provider,
    }
    TokenUnavailable {
        code: "token_unavailable",
        category: Provider,
        retryable: true,
        message: "the token endpoint is unavailable",
        cause: "Cognito or the network is down, or a Lambda trigger takes too long",
        whose: Provider,
    }
    UserinfoUnavailable {
        code: "userinfo_unavailable",
        category: Provider,
        retryable: true,
        message: "the userinfo endpoint is unavailable",
        cause: "Cognito or the network is down",
        whose: Provider,
    }
    RateLimited {
        code: "rate_limited",
        category: Provider,
        retryable: true,
        message: "the provider is rate-limiting requests",
        cause: "the account's quota for the region is used up",
        whose: PoolOperator,
    }
    IdentityProviderUnavailable {
        code: "identity_provider_unavailable",
        category: Provider,
        retryable: true,
        message: "the identity provider behind the user pool is unavailable, or too slow",
        cause: "the identity provider that the pool federates with is down or slow",
        whose: IdentityProvider,
    }
    ProviderUnavailable {
        code: "provider_unavailable",
        category: Provider,
        retryable: true,
        message: "the provider reports that it is unavailable",
        cause: "Cognito is down or overloaded",
        whose: Provider,
    }
    UnexpectedStatus {
        code: "unexpected_status",
        category: Provider,
        retryable: false,
        message: "the endpoint never answers with this status: something in front of it did, such as a firewall, or the address is wrong",
        cause: "a firewall answers with a challenge or a block page, or a custom endpoint is wrong",
        whose: PoolOperator,
    }
    IdentityProviderRejected {
        code: "identity_provider_rejected",
        category: Provider,
        retryable: false,
        message: "the identity provider behind the user pool refuses, or it or its attribute mapping is misconfigured",
        cause: "a SAML assertion, an attribute mapping, or the pool's own client at the identity provider is wrong",
        whose: PoolOperator,
    }
    GrantRefused {
        code: "grant_refused",
        category: Provider,
        retryable: false,
        message: "the provider refuses the code: it expired or was used before, or the app client may not read every attribute of the scope",
        cause: "the response took over five minutes, or the app client may not read every attribute of the scope",
        whose: PoolOperator,
    }
    TokenResponseInvalid {
        code: "token_response_invalid",
        category: Provider,
        retryable: false,
        message: "the token response is malformed",
        cause: "a proxy answers, or a custom endpoint that isn't a token endpoint",
        whose: Provider,
    }
    KeysInvalid {
        code: "keys_invalid",
        category: Provider,
        retryable: false,
        message: "the issuer's key set is malformed",
        cause: "a custom key set that isn't one",
        whose: Provider,
    }
    MetadataInvalid {
        code: "metadata_invalid",
        category: Provider,
        retryable: false,
        message: "the provider metadata is malformed",
        cause: "a proxy answers, or the pool's metadata lack an endpoint",
        whose: Provider,
    }
    UserinfoInvalid {
        code: "userinfo_invalid",
        category: Provider,
        retryable: false,
        message: "the userinfo response is malformed",
        cause: "a proxy answers, or userinfo is set to signed responses",
        whose: Provider,
    }
    UserinfoRefused {
        code: "userinfo_refused",
        category: Provider,
        retryable: false,
        message: "the userinfo endpoint refuses the access token",
        cause: "the user was disabled or signed out meanwhile, or a custom endpoint is another pool's",
        whose: PoolOperator,
    }
    ProviderError {
        code: "provider_error",
        category: Provider,
        retryable: false,
        message: "the provider answered with an error",
        cause: "an error that no standard names: the provider's own words say more",
        whose: Provider,
    }
    StorageFailed {
        code: "storage_failed",
        category: System,
        retryable: true,
        message: "the host's store failed",
        cause: "a store is down, full, or refuses to write",
        whose: HostOperator,
    }
    LoginInterrupted {
        code: "login_interrupted",
        category: System,
        retryable: true,
        message: "the call that handled the response was lost",
        cause: "a host died within a call, or the store lost the pending login",
        whose: HostOperator,
    }
    Internal {
        code: "internal",
        category: System,
        retryable: true,
        message: "the step or its host is faulty",
        cause: "a bug in the host: the message says what it left out",
        whose: HostOperator,
    }
    OutputTooLarge {
        code: "output_too_large",
        category: System,
        retryable: false,
        message: "the result is longer than a variable may be, which is 512 KiB or what the host allows",
        cause: "a user with very many groups or claims",
        whose: PoolOperator,
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
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
            for said in [code.message(), code.likely_cause().0] {
                assert!(!said.ends_with('.') && !said.is_empty() && !said.contains('|'), "{text}: {said}");
            }
        }
    }
}
