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
mod tests {
    use super::*;
    use crate::testing::{FakeHost, attempt};

    const BROWSER: &[u8] = b"browser";

    fn by(browser: &'static [u8], response_mode: ResponseMode) -> Claimant<'static> {
        Claimant::UserAgent { browser, response_mode }
    }

    fn begun(state: &str) -> (FakeHost, Secret) {
        let mut host = FakeHost::new();
        let state = Secret::new(state);
        let attempt = attempt(&mut host);
        store(&mut host, &state, BROWSER, &attempt).unwrap();
        (host, state)
    }

    fn claim_rejection(host: &mut FakeHost, state: &Secret, claimant: Claimant<'_>) -> Option<Rejection> {
        claim(host, state, claimant).err()
    }

    #[test]
    fn c03_an_attempt_is_handed_over_once() {
        let (mut host, state) = begun("s");
        let claimant = by(BROWSER, ResponseMode::Query);
        let taken = claim(&mut host, &state, claimant).unwrap();
        assert_eq!(taken.client_id, "client");
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate));
    }

    #[test]
    fn c02_an_unknown_state_finds_nothing() {
        let (mut host, _) = begun("s");
        let other = Secret::new("S");
        assert_eq!(claim_rejection(&mut host, &other, by(BROWSER, ResponseMode::Query)), Some(Rejection::StateUnknown));
    }

    #[test]
    fn c02_another_browser_takes_nothing() {
        let (mut host, state) = begun("s");
        for browser in [&b"other"[..], b""] {
            let claimant = by(browser, ResponseMode::Query);
            assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::BrowserMismatch));
        }
        assert!(claim(&mut host, &state, by(BROWSER, ResponseMode::Query)).is_ok());
    }

    #[test]
    fn c13_a_form_post_does_not_answer_a_query_but_a_query_answers_a_form_post() {
        let (mut host, state) = begun("s");
        let claimant = by(BROWSER, ResponseMode::FormPost);
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::ResponseModeMismatch));
        assert!(claim(&mut host, &state, by(BROWSER, ResponseMode::Query)).is_ok());

        for response_mode in [ResponseMode::Query, ResponseMode::FormPost] {
            let mut host = FakeHost::new();
            let attempt = Attempt { response_mode: ResponseMode::FormPost, ..attempt(&mut host) };
            store(&mut host, &state, BROWSER, &attempt).unwrap();
            assert!(claim(&mut host, &state, by(BROWSER, response_mode)).is_ok());
        }
    }

    #[test]
    fn the_host_needs_no_browser_to_end_an_attempt() {
        let (mut host, state) = begun("s");
        assert!(claim(&mut host, &state, Claimant::Host).is_ok());
        assert_eq!(claim_rejection(&mut host, &state, Claimant::Host), Some(Rejection::Duplicate));
    }

    #[test]
    fn several_attempts_live_side_by_side_and_one_wins() {
        let (mut host, first) = begun("first");
        let second = Secret::new("second");
        let attempt = attempt(&mut host);
        store(&mut host, &second, BROWSER, &attempt).unwrap();
        let claimant = by(BROWSER, ResponseMode::Query);
        assert!(claim(&mut host, &second, claimant).is_ok());
        assert!(claim(&mut host, &first, claimant).is_ok());
        assert_eq!(win(&mut host), Ok(true));
        assert_eq!(win(&mut host), Ok(false));
    }

    #[test]
    fn a_duplicate_is_told_from_a_call_that_was_lost() {
        let claimant = by(BROWSER, ResponseMode::Query);
        let (mut host, state) = begun("s");
        claim(&mut host, &state, claimant).unwrap();
        host.advance(60);
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate), "may still be at work");
        host.advance(1);
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Interrupted));
        assert_eq!(win(&mut host), Ok(true));
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate), "an attempt has won");
    }

    #[test]
    fn a_crash_before_the_marker_was_written_is_found_out_a_minute_later() {
        let claimant = by(BROWSER, ResponseMode::Query);
        let (mut host, state) = begun("s");
        host.take_attempt(&attempt_key(&state)).unwrap();
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate));
        host.advance(61);
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Interrupted));
    }

    #[test]
    fn a_crash_before_the_marker_of_an_attempt_that_lost_is_a_duplicate() {
        let claimant = by(BROWSER, ResponseMode::Query);
        let (mut host, state) = begun("s");
        host.take_attempt(&attempt_key(&state)).unwrap();
        win(&mut host).unwrap();
        for _ in 0..2 {
            assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Duplicate));
            host.advance(61);
        }
    }

    #[test]
    fn what_was_handled_in_an_earlier_visit_does_not_interrupt_the_next_one() {
        let claimant = by(BROWSER, ResponseMode::Query);
        let (mut host, handled) = begun("handled");
        claim(&mut host, &handled, claimant).unwrap();
        win(&mut host).unwrap();
        let attempt = attempt(&mut host);
        store(&mut host, &Secret::new("next"), BROWSER, &attempt).unwrap();
        host.advance(61);
        assert_eq!(claim_rejection(&mut host, &handled, claimant), Some(Rejection::Duplicate));
        assert_eq!(win(&mut host), Ok(true));
    }

    #[test]
    fn a_take_that_the_store_has_undone_is_made_again() {
        let claimant = by(BROWSER, ResponseMode::Query);
        let (mut host, state) = begun("s");
        let stored = host.attempts[&attempt_key(&state)].clone();
        claim(&mut host, &state, claimant).unwrap();
        host.attempts.insert(attempt_key(&state), stored);
        host.advance(61);
        assert!(claim(&mut host, &state, claimant).is_ok());
    }

    #[test]
    fn an_attempt_that_was_taken_goes_on_while_the_store_fails() {
        let (mut host, state) = begun("s");
        host.failing.insert("attempt open".into(), StoreError::Unavailable);
        host.failing.insert("put_attempt".into(), StoreError::Unavailable);
        assert!(claim(&mut host, &state, by(BROWSER, ResponseMode::Query)).is_ok());
    }

    #[test]
    fn what_the_store_holds_instead_is_not_believed() {
        let claimant = by(BROWSER, ResponseMode::Query);
        let (mut host, state) = begun("s");
        let good = host.attempts[&attempt_key(&state)].clone();
        for text in ["", "{}", "null", &good.replace(r#""version":1"#, r#""version":2"#), &good.replace("client_id", "x")] {
            host.attempts.insert(attempt_key(&state), text.to_owned());
            assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Unreadable), "{text}");
        }
        host.attempts.insert(marker_key(&state), "{}".into());
        assert_eq!(claim_rejection(&mut host, &state, claimant), Some(Rejection::Store(StoreError::Unavailable)));
    }

    #[test]
    fn the_store_keeps_an_attempt_an_hour_longer_than_it_counts_and_the_rest_longer_still() {
        let (host, state) = begun("s");
        assert_eq!(host.lifetimes[&attempt_key(&state)], 900 + 3600);
        assert_eq!(host.lifetimes[&marker_key(&state)], 900 + 7200);
        assert_eq!(host.lifetimes[OPEN], 900 + 7200);
    }

    #[test]
    fn no_key_of_the_store_shows_the_state() {
        let (host, _) = begun("the-state");
        assert!(host.attempts.keys().all(|key| !key.contains("the-state")));
    }

    #[test]
    fn h01_an_attempt_prints_neither_nonce_nor_verifier() {
        let mut host = FakeHost::new();
        let attempt = attempt(&mut host);
        let printed = format!("{attempt:?}");
        assert!(!printed.contains(attempt.nonce.expose()));
        assert!(!printed.contains(attempt.verifier.secret().expose()));
    }
}
