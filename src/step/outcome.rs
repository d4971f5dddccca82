//! What the two calls return, in the contract's terms.

use super::error::Failure;
use super::settings::FailureBehavior;
use crate::oidc::authorization::ResponseMode;
use crate::secret::Secret;

/// What the step runs with.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// The author's settings, as JSON.
    pub settings: &'a str,
    /// The connector, as JSON.
    pub connector: &'a str,
    /// The host's binding of the user agent.
    pub browser: &'a [u8],
}

/// A failure, and what the journey does with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What failed.
    pub failure: Failure,
    /// What it does to the journey.
    pub behavior: FailureBehavior,
}

/// What `begin` returns.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the user agent, or why not.
    pub outcome: Result<Redirect, Failed>,
    /// For the analytics.
    pub event_data: Option<String>,
}

/// Where to send the user agent.
#[derive(Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The authorization request.
    pub url: Secret,
    /// Its state.
    pub state: Secret,
    /// How the response is asked to come back.
    pub response_mode: ResponseMode,
    /// In seconds.
    pub expires_in: u32,
}

/// What `complete` returns.
#[derive(Debug)]
pub struct Completed {
    /// What became of the response.
    pub outcome: CompleteOutcome,
    /// For the analytics.
    pub event_data: Option<String>,
}

/// What became of a response.
#[derive(Debug, PartialEq, Eq)]
pub enum CompleteOutcome {
    /// The user is who the output variable says.
    Authenticated {
        /// `iss`.
        issuer: String,
        /// `sub`.
        subject: String,
    },
    /// The login failed.
    Failed(Failed),
    /// Nothing was changed.
    Ignored(Failed),
}
