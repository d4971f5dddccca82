//! What the two calls take and return, in the contract's terms.

use std::fmt;

use super::error::Failure;
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
    /// How often the journey has come to the step, from 1.
    pub round: u32,
}

/// What arrived at the callback URL; or that nothing will.
#[derive(Clone, Copy)]
pub enum AuthorizationResponse<'a> {
    /// By GET.
    Query(Arrival<'a>),
    /// By POST.
    FormPost(Arrival<'a>),
    /// The host ends the login by itself.
    Abandoned(Abandonment<'a>),
}

/// Where a response arrived, and what came with it.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The URL, as the host knows it.
    pub url: &'a str,
    /// The parameters, undecoded.
    pub parameters: &'a str,
}

/// An attempt that no response will answer.
#[derive(Clone, Copy)]
pub struct Abandonment<'a> {
    /// Names the attempt.
    pub state: &'a str,
    /// Why.
    pub reason: AbandonmentReason,
}

/// Why no response will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonmentReason {
    /// None came in time.
    TimedOut,
    /// The user gave up.
    Cancelled,
}

/// A failure, and whether going round can help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What failed.
    pub failure: Failure,
    /// [`Failure::is_retryable`] in this round.
    pub retryable: bool,
}

impl Failed {
    /// In that round.
    #[must_use]
    pub fn new(failure: Failure, round: u32) -> Self {
        Self { retryable: failure.is_retryable(round), failure }
    }
}

/// In a few words: `failed: access_denied`.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}", self.failure.code)
    }
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
    Authenticated(Authentication),
    /// The login failed.
    Failed(Failed),
    /// Nothing was changed.
    Ignored(Failed),
}

/// In a few words: `authenticated`, `ignored: state_unknown`.
impl fmt::Display for CompleteOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticated(_) => f.write_str("authenticated"),
            Self::Failed(failed) => failed.fmt(f),
            Self::Ignored(failed) => write!(f, "ignored: {}", failed.failure.code),
        }
    }
}

/// Who logged in. Pool and subject are the key: one user's issuer changes with the region that answers and with the kind of
/// issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The user pool's id.
    pub user_pool_id: String,
    /// `sub`
    pub subject: String,
    /// `iss`
    pub issuer: String,
}
