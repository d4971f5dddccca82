//! What a call is about: whose journey, and what the step runs with.

use std::fmt;

use sha2::{Digest, Sha256};

/// One time that one journey comes to one step. Scopes the attempts; at most one outcome is applied for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Visit {
    /// Whose connector and cache.
    pub tenant: String,
    /// Unique over all tenants.
    pub journey: String,
    /// The step's name within the journey.
    pub step: String,
    /// How often this journey has come to this step, this time included: 1 for the first.
    pub round: u32,
}

impl Visit {
    /// The first visit.
    pub fn first(tenant: &str, journey: &str, step: &str) -> Self {
        Self { tenant: tenant.into(), journey: journey.into(), step: step.into(), round: 1 }
    }

    /// The visit after this one: the journey has come back to the step.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { round: self.round.saturating_add(1), ..self.clone() }
    }
}

/// Bytes that bind an attempt to the user agent that began it: a hash of its session cookie with this host.
#[derive(Clone, PartialEq, Eq)]
pub struct Browser(pub(crate) Vec<u8>);

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
    /// Which connector that is, in the operator's own terms: a callback URL belongs to one (see [`Callbacks`](crate::Callbacks)).
    pub connector_id: String,
    /// The user agent that the attempt is bound to.
    pub browser: Browser,
}

/// Settings may hold a login hint, so neither document is shown.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("connector_id", &self.connector_id).finish_non_exhaustive()
    }
}

/// The client secret, as the host's vault gave it. Passed to `complete`, and to a test of the connection
/// ([`StoredSecret`](crate::StoredSecret)).
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
