//! What a call is about: whose journey, what the step runs with, what came back from the identity provider.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::sandbox::bindings::exports::journey::step::redirect as wit;

/// One visit of one step by one journey. Scopes every store: see the fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Visit {
    /// Whose connector and cache.
    pub tenant: String,
    /// Unique over all tenants.
    pub journey: String,
    /// The step's name within the journey. With tenant and journey it scopes the attempts.
    pub step: String,
    /// How many times this journey has reached this step before. At most one outcome is applied for each visit.
    pub round: u32,
}

impl Visit {
    /// The first visit.
    pub fn first(tenant: &str, journey: &str, step: &str) -> Self {
        Self { tenant: tenant.into(), journey: journey.into(), step: step.into(), round: 0 }
    }
}

/// Bytes that bind an attempt to the user agent that began it: a hash of its session cookie with this host.
#[derive(Clone, PartialEq, Eq)]
pub struct Browser(Vec<u8>);

impl Browser {
    /// SHA-256 of the session cookie's value, which must hold 128 random bits at least.
    pub fn from_session(cookie: &str) -> Self {
        Self(Sha256::digest(cookie).to_vec())
    }

    /// Any bytes, for tests of what the step does with them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the step runs with: settled once, when the journey reaches the step.
#[derive(Clone)]
pub struct Invocation {
    /// The author's settings of the step: a JSON object.
    pub settings: String,
    /// The connector: a JSON object, without the client secret.
    pub connector: String,
    /// The user agent that the attempt is bound to.
    pub browser: Browser,
}

impl Invocation {
    /// The variable that the host writes `step_trapped` to: `error_output_variable` of the settings, or its default.
    pub(crate) fn error_variable(&self) -> String {
        let settings: serde_json::Value = serde_json::from_str(&self.settings).unwrap_or_default();
        settings["error_output_variable"].as_str().unwrap_or("error_output").to_owned()
    }

    pub(crate) fn to_wit(&self) -> wit::Invocation {
        wit::Invocation { settings: self.settings.clone(), connector: self.connector.clone(), browser: self.browser.0.clone() }
    }
}

/// Settings may hold a login hint, so neither document is shown.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").finish_non_exhaustive()
    }
}

/// The client secret, as the host's vault gave it. Passed to `complete` alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// As registered with the identity provider.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why no response will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing came in time.
    TimedOut,
    /// The user, or the host for the user, gave up.
    Cancelled,
}

/// What arrived at the callback URL, undecoded.
#[derive(Clone, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// The query of a GET, without its `?`.
    Query(String),
    /// The body of a POST with `application/x-www-form-urlencoded`.
    FormPost(String),
    /// Nothing will arrive, says the host.
    Abandoned {
        /// Of any attempt that is open: [`AuthorizationRequest::state`](crate::outcome::AuthorizationRequest::state).
        state: String,
        /// Why.
        ending: Ending,
    },
}

impl AuthorizationResponse {
    pub(crate) fn to_wit(&self) -> wit::AuthorizationResponse {
        match self {
            Self::Query(query) => wit::AuthorizationResponse::Query(query.clone()),
            Self::FormPost(body) => wit::AuthorizationResponse::FormPost(body.clone()),
            Self::Abandoned { state, ending } => wit::AuthorizationResponse::Abandoned(wit::Abandonment {
                state: state.clone(),
                ending: match ending {
                    Ending::TimedOut => wit::Ending::TimedOut,
                    Ending::Cancelled => wit::Ending::Cancelled,
                },
            }),
        }
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(_) => f.write_str("Query([redacted])"),
            Self::FormPost(_) => f.write_str("FormPost([redacted])"),
            Self::Abandoned { ending, .. } => write!(f, "Abandoned({ending:?})"),
        }
    }
}
