//! An attempt to log in: what `complete` must know of its `begin`, and who may take it.
//!
//! Three kinds of entries in the host's private store:
//!
//! | key | holds | gone when |
//! |---|---|---|
//! | `attempt.<hash of state>` | the attempt, with its secrets | a response took it |
//! | `marker.<hash of state>` | what a response is judged by before it may take the attempt, and when it was taken | an hour after the attempt would be |
//! | `open` | that no attempt of this visit has moved the journey yet, and which one was begun last | the first that may move it took it |
//!
//! The states that a response can find:
//!
//! | marker | attempt | `open` | so |
//! |---|---|---|---|
//! | none | - | - | unknown |
//! | another browser's, or another response mode's | - | - | mismatch, nothing taken |
//! | there | there | - | it is taken |
//! | there | taken | gone | duplicate: an attempt has won |
//! | taken over a minute ago | taken | as it was then | interrupted: whoever took it is dead |
//! | taken just now | taken | as it was then | duplicate: it is being handled |
//! | taken at any time | taken | of an attempt begun since | duplicate: this may be the journey's next visit, and that attempt moves it |
//! | not taken | taken | there | somebody stopped in between: noted now, duplicate |

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::authorization::ResponseMode;
use super::id_token::AcrRequirement;
use super::pkce::CodeVerifier;
use crate::host::{Host, StoreError};
use crate::secret::{self, Secret};

/// An entry of another version is unreadable: the component was replaced while the login was under way.
const VERSION: u32 = 1;
/// Seconds after which a call that took an attempt is given up for lost; hosts end one after 45.
const LOST_AFTER: u64 = 60;
/// The store keeps an attempt longer than the attempt counts, and its marker longer still: lifetimes in the store only collect
/// garbage, so no two clocks need agree. In seconds.
const GRACE: u32 = 60 * 60;
const OPEN: &str = "open";

/// Everything that `complete` must not read anew, since settings, metadata and connector may have changed by then.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The issuers that an ID token may come from.
    pub issuers: Vec<Issuer>,
    /// A response without `iss` is refused (RFC 9207 2.4).
    pub names_issuer_in_responses: bool,
    /// `client_id`.
    pub client_id: String,
    /// Where the code goes.
    pub token_endpoint: String,
    /// Where claims come from.
    pub userinfo_endpoint: String,
    /// Where an unused refresh token ends.
    pub revocation_endpoint: Option<String>,
    /// Where the provider's own session ends.
    #[serde(default)]
    pub logout_endpoint: Option<String>,
    /// As it was sent, to the byte.
    pub redirect_uri: String,
    /// As it was sent.
    pub scope: String,
    /// As it was asked for.
    pub response_mode: ResponseMode,
    /// `nonce`.
    #[serde(with = "secret::stored")]
    pub nonce: Secret,
    /// `code_verifier`.
    pub verifier: CodeVerifier,
    /// What `acr` must be.
    pub acr: AcrRequirement,
    /// What must be in `amr`.
    #[serde(default)]
    pub amr: Vec<String>,
    /// `auth_time` must not be earlier.
    pub auth_time_not_before: Option<u64>,
    /// When the authorization request was made.
    pub begun_at: u64,
    /// From then on a response is too late.
    pub expires_at: u64,
}

/// An issuer and where its keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// `iss`, compared exactly.
    pub issuer: String,
    /// Its key set.
    pub jwks_uri: String,
}

/// What a response is judged by before it may take an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marker {
    /// Hash of the user agent's binding.
    browser: String,
    response_mode: ResponseMode,
    expires_at: u64,
    taken: Option<Taken>,
}

/// When an attempt was taken, and what was in `open` then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    at: u64,
    open: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<T> {
    version: u32,
    value: T,
}

/// Who comes with a response.
#[derive(Clone, Copy, Debug)]
pub enum Claimant<'a> {
    /// A user agent, and how the response reached it.
    UserAgent {
        /// The host's binding of the user agent.
        browser: &'a [u8],
        /// By query or by form post.
        response_mode: ResponseMode,
    },
    /// The host, on its own behalf.
    Host,
}

/// Why an attempt isn't handed over. But for [`Rejection::Interrupted`] and [`Rejection::Unreadable`] it wasn't taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No attempt has, or had, this state.
    StateUnknown,
    /// Another user agent began it.
    BrowserMismatch,
    /// A form post answers a request that asked for a query.
    ResponseModeMismatch,
    /// It was handled, or is being handled, or another attempt has won.
    Duplicate,
    /// Whoever took it died.
    Interrupted,
    /// It was taken, and is in no format of ours.
    Unreadable,
    /// The host's store failed.
    Store(StoreError),
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Stores an attempt under its state, bound to a user agent, beside those that are pending already.
///
/// # Errors
/// The host's store failed.
pub fn store(host: &mut dyn Host, state: &Secret, browser: &[u8], attempt: &Attempt) -> Result<(), StoreError> {
    let now = host.now().as_secs();
    let lifetime = remaining(attempt.expires_at, now).saturating_add(GRACE);
    let marker = Marker {
        browser: secret::digest(browser),
        response_mode: attempt.response_mode,
        expires_at: attempt.expires_at,
        taken: None,
    };
    put_marker(host, state, &marker, now)?;
    host.put_attempt(&attempt_key(state), &write(attempt), lifetime)?;
    host.put_attempt(OPEN, &attempt_key(state), lifetime.saturating_add(GRACE))
}

/// Hands the attempt over to the one who may have it, once.
///
/// # Errors
/// See [`Rejection`].
pub fn claim(host: &mut dyn Host, state: &Secret, claimant: Claimant<'_>) -> Result<Attempt, Rejection> {
    let stored = host.attempt(&marker_key(state))?.ok_or(Rejection::StateUnknown)?;
    let mut marker: Marker = match read(&stored) {
        Some(marker) => marker,
        // The host may end what nobody can judge any more; a user agent's response can't even be told from another's.
        None if matches!(claimant, Claimant::Host) => return Err(Rejection::Unreadable),
        None => return Err(Rejection::Store(StoreError::Unavailable)),
    };
    if let Claimant::UserAgent { browser, response_mode } = claimant {
        if browser.is_empty() || marker.browser != secret::digest(browser) {
            return Err(Rejection::BrowserMismatch);
        }
        // The other way round is accepted: Cognito documents responses by query only.
        if (marker.response_mode, response_mode) == (ResponseMode::Query, ResponseMode::FormPost) {
            return Err(Rejection::ResponseModeMismatch);
        }
    }
    let taken = host.take_attempt(&attempt_key(state))?;
    let open = match taken {
        // The attempt is out of the store: its login goes on, whatever the store says now.
        Some(_) => host.attempt(OPEN).ok().flatten(),
        None => host.attempt(OPEN)?,
    };
    let now = host.now().as_secs();
    match &marker.taken {
        Some(earlier) if taken.is_none() => {
            let is_lost = now > earlier.at.saturating_add(LOST_AFTER);
            if is_lost && open.is_some() && open == earlier.open {
                return Err(Rejection::Interrupted);
            }
        }
        Some(_) => {}
        None => {
            marker.taken = Some(Taken { at: now, open });
            // Only the explanation of a later duplicate depends on it; this login doesn't.
            let _ = put_marker(host, state, &marker, now);
        }
    }
    match taken {
        Some(stored) => read(&stored).ok_or(Rejection::Unreadable),
        None => Err(Rejection::Duplicate),
    }
}

/// Whether this attempt is the first of the visit that may move the journey. Asked once, right before anything is written.
///
/// # Errors
/// The host's store failed: whether another attempt may still win is unknown.
pub fn win(host: &mut dyn Host) -> Result<bool, StoreError> {
    Ok(host.take_attempt(OPEN)?.is_some())
}

fn put_marker(host: &mut dyn Host, state: &Secret, marker: &Marker, now: u64) -> Result<(), StoreError> {
    let lifetime = remaining(marker.expires_at, now).saturating_add(GRACE).saturating_add(GRACE);
    host.put_attempt(&marker_key(state), &write(marker), lifetime)
}

fn remaining(expires_at: u64, now: u64) -> u32 {
    u32::try_from(expires_at.saturating_sub(now)).unwrap_or(u32::MAX)
}

/// The state comes from outside: a hash bounds its length and characters, and keeps it out of the host's logs.
fn attempt_key(state: &Secret) -> String {
    format!("attempt.{}", secret::digest(state.expose().as_bytes()))
}

fn marker_key(state: &Secret) -> String {
    format!("marker.{}", secret::digest(state.expose().as_bytes()))
}

fn write<T: Serialize>(value: &T) -> String {
    // Structures of strings and numbers always serialize; an empty text would be refused when it's read.
    serde_json::to_string(&Stored { version: VERSION, value }).unwrap_or_default()
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok().filter(|stored: &Stored<T>| stored.version == VERSION).map(|stored| stored.value)
}

#[cfg(test)]
mod tests;
