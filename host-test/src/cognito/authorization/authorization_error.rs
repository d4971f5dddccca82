//! Errors that the relying party is told in an authorization response.

/// An error that goes back to the relying party (RFC 6749, 4.1.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationError {
    /// `error`.
    pub error: String,
    /// `error_description`, which comes before `error` in the response.
    pub error_description: Option<String>,
    /// Whether `state` comes back too.
    pub with_state: bool,
}

impl AuthorizationError {
    /// An error with `state`.
    #[must_use]
    pub fn new(error: &str, error_description: Option<&str>) -> Self {
        Self { error: error.to_owned(), error_description: error_description.map(str::to_owned), with_state: true }
    }

    /// A pre sign-up trigger's refusal with this message.
    #[must_use]
    pub fn pre_sign_up(message: &str) -> Self {
        Self::new("invalid_request", Some(&format!("PreSignUp failed with error {message}. ")))
    }

    /// What a user sees right after an account was linked: a second try signs in. Set it for
    /// [`crate::cognito::Times::First`]`(1)`.
    #[must_use]
    pub fn account_just_linked(username: &str) -> Self {
        Self::new("invalid_request", Some(&format!("Already found an entry for username {username}. ")))
    }

    /// The user said no at an identity provider.
    #[must_use]
    pub fn access_denied() -> Self {
        Self::new("access_denied", Some("user denied access"))
    }

    /// A SAML identity provider's assertion failed with this text.
    #[must_use]
    pub fn saml(text: &str) -> Self {
        Self::new("server_error", Some(&format!("Invalid SAML response received: {text} ")))
    }

    /// The user said no at an identity provider that has a word of its own for it, as Apple does.
    #[must_use]
    pub fn user_cancelled() -> Self {
        Self::new("user_cancelled_authorize", None)
    }

    /// The identity provider didn't answer in time.
    #[must_use]
    pub fn identity_provider_timeout() -> Self {
        Self::new("invalid_request", Some("Timeout occurred in calling IdP token endpoint"))
    }

    /// An identity provider's own error, passed on.
    #[must_use]
    pub fn relayed(identity_provider: &str, status: u16, text: &str) -> Self {
        Self::new("invalid_request", Some(&format!("{identity_provider} Error - {status} {text}")))
    }

    /// The provider failed.
    #[must_use]
    pub fn server_error() -> Self {
        Self::new("server_error", None)
    }

    /// The same error, but `state` doesn't come back.
    #[must_use]
    pub fn without_state(mut self) -> Self {
        self.with_state = false;
        self
    }
}
