//! Who may take an attempt, and what the others are told.
//!
//! | the attempt's entry | so |
//! |---|---|
//! | none | unknown; to the host itself: interrupted, for the store has lost it |
//! | another user agent's, response mode's or redirect URI's, taken or not | that mismatch; nothing is changed |
//! | pending, too late, and another was begun since | duplicate: the newer one's login goes on |
//! | pending, and replaced by this call | it is taken |
//! | pending, and not replaced | duplicate |
//! | taken at most 90 s ago | duplicate: that call may still be at work |
//! | taken longer ago, and the newest of its visit, or the host itself asks | interrupted: the visit isn't settled, so that call was lost |
//! | taken longer ago, and another was begun since | duplicate: that one will end the visit |
//!
//! Whether the visit is settled is the host's to know: a visit that is settled gets no call (`wit/redirect.wit`).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::attempt::{self, Attempt, Entry, Taken};
use super::authorization::ResponseMode;
use super::callback;
use crate::host::{self, Host, RandomUnavailable, StoreError};
use crate::limit::limit;
use crate::secret::{self, Secret};

limit! {
    /// Seconds after which a call that took an attempt is given up for lost: it is over after 45, its outcome applied after 75,
    /// and the clocks of a fleet agree within 15.
    pub(crate) LOST_AFTER: u64 = 90;
    pub AT_WORK = "another call took the attempt at most ", " s ago, and may be at work on it";
}

/// Random bytes in the name of a call: enough that no two calls share one. It opens nothing, and isn't secret.
const CALL_BYTES: usize = 16;

/// How often one call asks for the attempt. The store can be asked again: after a lost answer, the entry shows whose it is.
const TRIES: u32 = 3;

/// Who comes with a response. Holds the host's binding, and the URL holds code and state: there is no `Debug`.
#[derive(Clone, Copy)]
pub enum Claimant<'a> {
    /// A user agent, and how the response reached the host.
    UserAgent {
        /// The host's binding of the user agent.
        browser: &'a [u8],
        /// By query or by form post.
        response_mode: ResponseMode,
        /// The URL at which the response arrived.
        arrived_at: &'a str,
    },
    /// The host, on its own behalf.
    Host,
}

/// An attempt that nobody else gets.
#[derive(Debug)]
pub struct Claimed {
    /// The attempt.
    pub attempt: Attempt,
    /// When it was claimed, by the host's clock: what comes later than its end is too late.
    pub at: u64,
}

/// Why an attempt isn't handed over. But for [`Rejection::Interrupted`] and [`Rejection::Unreadable`], the journey waits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No attempt has, or had, this state.
    StateUnknown,
    /// Another user agent began it.
    BrowserMismatch,
    /// A form post answers a request that asked for a query.
    ResponseModeMismatch,
    /// The response arrived at a different URL than the redirect URI.
    CallbackMismatch,
    /// What the host calls the URL of arrival is none.
    ArrivalMalformed,
    /// Somebody else has it.
    Duplicate(Duplicate),
    /// Whoever took it was lost.
    Interrupted,
    /// It is in no form of ours, and the host itself wants to end it.
    Unreadable,
    /// The host's random numbers failed.
    Random(RandomUnavailable),
    /// The host's store failed.
    Store(StoreError),
}

/// Why a response is a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// Another call took the attempt a moment before.
    Raced,
    /// Another call took it, and may still be at work on it.
    AtWork,
    /// Another call took it longer ago, and another attempt was begun since.
    Superseded,
    /// It came too late, and another attempt was begun since.
    Expired,
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<callback::Rejection> for Rejection {
    fn from(rejection: callback::Rejection) -> Self {
        match rejection {
            callback::Rejection::Elsewhere => Self::CallbackMismatch,
            callback::Rejection::Malformed => Self::ArrivalMalformed,
        }
    }
}

/// Hands the attempt over to the one who may have it, once.
///
/// # Errors
/// See [`Rejection`].
pub fn claim(host: &mut dyn Host, state: &Secret, claimant: Claimant<'_>) -> Result<Claimed, Rejection> {
    let is_host = matches!(claimant, Claimant::Host);
    let key = attempt::key(state);
    let Some(stored) = host.attempt(&key)? else {
        // The host names what its own `begin` returned: the store has dropped or lost it, and the journey must not wait for ever.
        return Err(if is_host { Rejection::Interrupted } else { Rejection::StateUnknown });
    };
    let Some(entry) = attempt::read::<Entry>(&stored.value) else {
        // The host may end what nobody can judge any more; a user agent's response can't even be told from another's.
        return Err(if is_host { Rejection::Unreadable } else { Rejection::Store(StoreError::Unavailable) });
    };
    let now = host.now().as_secs();
    match entry {
        Entry::Pending(pending) => {
            judge(&claimant, &pending.browser, pending.response_mode, &pending.redirect_uri)?;
            if !is_host && now > pending.expires_at && !attempt::is_newest(host, &key)? {
                return Err(Rejection::Duplicate(Duplicate::Expired));
            }
            take(host, &key, &stored, &pending, now)?;
            Ok(Claimed { attempt: *pending, at: now })
        }
        Entry::Taken(taken) => {
            judge(&claimant, &taken.browser, taken.response_mode, &taken.redirect_uri)?;
            // In the future, too: clocks that agree don't write such a time, and nobody can wait for it.
            let is_lost = now.abs_diff(taken.at) > LOST_AFTER;
            Err(match is_lost {
                false => Rejection::Duplicate(Duplicate::AtWork),
                true if is_host || attempt::is_newest(host, &key)? => Rejection::Interrupted,
                true => Rejection::Duplicate(Duplicate::Superseded),
            })
        }
    }
}

/// Whether this is a response to that attempt at all. What isn't changes nothing, whatever state the attempt is in.
fn judge(claimant: &Claimant<'_>, browser: &str, asked_for: ResponseMode, redirect_uri: &str) -> Result<(), Rejection> {
    let Claimant::UserAgent { browser: present, response_mode, arrived_at } = *claimant else { return Ok(()) };
    if present.is_empty() || browser != secret::digest(present) {
        return Err(Rejection::BrowserMismatch);
    }
    // The other way round is accepted: Cognito documents responses by query only.
    if (asked_for, response_mode) == (ResponseMode::Query, ResponseMode::FormPost) {
        return Err(Rejection::ResponseModeMismatch);
    }
    Ok(callback::judge(redirect_uri, arrived_at)?)
}

/// Replaces the pending entry, if nobody else has.
fn take(host: &mut dyn Host, key: &str, stored: &host::Entry, pending: &Attempt, now: u64) -> Result<(), Rejection> {
    let mut call = [0; CALL_BYTES];
    host.fill_random(&mut call).map_err(Rejection::Random)?;
    let call = URL_SAFE_NO_PAD.encode(call);
    let taken = attempt::write(&Entry::Taken(Taken {
        at: now,
        call: call.clone(),
        browser: pending.browser.clone(),
        response_mode: pending.response_mode,
        redirect_uri: pending.redirect_uri.clone(),
    }));
    let lifetime = attempt::lifetime(pending.expires_at, now);
    let mut failure = StoreError::Unavailable;
    for _ in 0..TRIES {
        match host.replace_attempt(key, &stored.revision, &taken, lifetime) {
            Ok(true) => return Ok(()),
            // Another call's, or this one's own from a try whose answer was lost, here or on the host's way to its store.
            Ok(false) if is_taken_by(host, key, &call)? => return Ok(()),
            Ok(false) => return Err(Rejection::Duplicate(Duplicate::Raced)),
            Err(StoreError::Unavailable) => {}
            // Nothing happened, and nothing will.
            Err(error) => {
                failure = error;
                break;
            }
        }
    }
    // The last answer may have been lost, too.
    if failure == StoreError::Unavailable && is_taken_by(host, key, &call)? { Ok(()) } else { Err(Rejection::Store(failure)) }
}

fn is_taken_by(host: &mut dyn Host, key: &str, call: &str) -> Result<bool, StoreError> {
    let present = host.attempt(key)?.and_then(|entry| attempt::read::<Entry>(&entry.value));
    Ok(matches!(present, Some(Entry::Taken(taken)) if taken.call == call))
}

#[cfg(test)]
mod tests;
