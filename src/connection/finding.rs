//! What a check found.

use std::borrow::Cow;

use crate::oidc::exchange::Trace;
use crate::oidc::response::ProviderError;
use crate::step::error::{Code, Failure};
use crate::step::redaction::Redaction;

/// The checks, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Settings and connector.
    Documents,
    /// The provider metadata.
    Metadata,
    /// A key set.
    Keys,
    /// The callback URL, at the authorization endpoint.
    Callback,
    /// The scope, there too.
    Scope,
    /// Client id, secret and method, at the token endpoint.
    Credentials,
    /// The userinfo endpoint.
    Userinfo,
    /// The host's clock.
    Clock,
    /// What no test without a user reaches.
    Untested,
}

impl Check {
    /// Its name in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Metadata => "metadata",
            Self::Keys => "keys",
            Self::Callback => "callback",
            Self::Scope => "scope",
            Self::Credentials => "credentials",
            Self::Userinfo => "userinfo",
            Self::Clock => "clock",
            Self::Untested => "untested",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As a login needs it.
    Passed,
    /// A login fails by it.
    Failed,
    /// It can't be told.
    Unknown,
    /// It wasn't asked.
    Skipped,
}

/// What a check found. Holds no secret, and no text of the provider's but in `provider` and `trace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// How it ended.
    pub status: Status,
    /// The code that a login would fail with.
    pub code: Option<Code>,
    /// What was found.
    pub message: Cow<'static, str>,
    /// JSON Pointer to the setting at fault.
    pub path: Option<Cow<'static, str>>,
    /// What to do, and where.
    pub remedy: Option<&'static str>,
    /// What the provider said.
    pub provider: Option<Box<ProviderError>>,
    /// The response that it is about.
    pub trace: Option<Trace>,
}

impl Finding {
    /// Of this status, in words of the check's own.
    #[must_use]
    pub fn new(check: Check, status: Status, message: impl Into<Cow<'static, str>>) -> Self {
        Self { check, status, code: None, message: message.into(), path: None, remedy: None, provider: None, trace: None }
    }

    /// Of this status, in the words that a login would fail with. The path stands beside the message.
    #[must_use]
    pub fn of(check: Check, status: Status, failure: Failure) -> Self {
        let Failure { code, expected, path, provider, trace } = failure;
        let message: Cow<'static, str> = match expected {
            Some(expected) => format!("{}: {expected}", code.message()).into(),
            None => code.message().into(),
        };
        Self { code: Some(code), path: path.map(Cow::Owned), provider, trace, ..Self::new(check, status, message) }
    }

    /// With the setting at fault.
    #[must_use]
    pub fn at(self, path: Option<&'static str>) -> Self {
        Self { path: path.map(Cow::Borrowed).or(self.path), ..self }
    }

    /// With what is to be done.
    #[must_use]
    pub fn remedied(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// With the response that it is about.
    #[must_use]
    pub fn answered(self, provider: Option<ProviderError>, trace: Option<Trace>) -> Self {
        Self { provider: provider.map(Box::new), trace, ..self }
    }

    /// Without anything of a secret in what the provider said: it may repeat what it was sent.
    #[must_use]
    pub fn redacted(mut self, redaction: &Redaction) -> Self {
        if let Some(provider) = &mut self.provider {
            provider.error = redaction.text(std::mem::take(&mut provider.error));
            provider.description = provider.description.take().map(|description| redaction.text(description));
        }
        if let Some(trace) = &mut self.trace {
            trace.request_id = trace.request_id.take().map(|request_id| redaction.text(request_id));
        }
        self
    }
}

/// Why a check that has nothing to ask was skipped.
pub const NO_CONNECTOR: &str = "not asked: the connector has to be valid first";
/// The same, of one that needs settings.
pub const NO_SETTINGS: &str = "not asked: no settings were given";
/// The same, of one whose settings have problems.
pub const INVALID_SETTINGS: &str = "not asked: the settings have to be valid first";
/// The same, of one whose endpoint only metadata would have told.
pub const NO_ENDPOINTS: &str = "not asked: the endpoint is to be discovered, and the provider metadata don't tell it";
/// The same, of one beyond the most that a test may ask.
pub const NO_REQUEST_LEFT: &str = "not asked: a test makes at most six requests";
