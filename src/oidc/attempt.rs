//! An attempt to log in: what `complete` must know of its `begin`, and how it lies in the host's private store.
//!
//! The store belongs to one visit of the step. It holds
//!
//! | key | holds |
//! |---|---|
//! | `attempt.<hash of state>` | one attempt: pending, with its secrets; or taken, with what a response is judged by |
//! | `newest` | the key of the attempt begun last |
//!
//! Who may take an attempt: [`super::claim`].

use serde::Serialize;
use serde_json::Value;

use super::authorization::ResponseMode;
use super::id_token::AcrRequirement;
use super::issuer::Issuer;
use super::pkce::CodeVerifier;
use crate::host::{Host, StoreError};
use crate::json::{self, FromJson, Object, take};
use crate::secret::{self, Secret};

/// An entry of another version is unreadable: the component was replaced while the login was under way.
const VERSION: u32 = 1;
/// The store keeps an attempt longer than the attempt counts: lifetimes in the store only collect garbage, so no two clocks need
/// agree. In seconds.
const GRACE: u32 = 60 * 60;
/// The key of what was begun last.
const NEWEST: &str = "newest";

/// Everything that `complete` must not read anew, since settings, metadata and connector may have changed by then.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// Hash of the host's binding of the user agent.
    pub browser: String,
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
    pub logout_endpoint: Option<String>,
    /// As it was sent, to the byte. A response is judged by it before it may take the attempt.
    pub redirect_uri: String,
    /// As it was sent.
    pub scope: String,
    /// As it was asked for. A response is judged by it, too.
    pub response_mode: ResponseMode,
    /// `nonce`.
    #[serde(serialize_with = "secret::store")]
    pub nonce: Secret,
    /// `code_verifier`.
    pub verifier: CodeVerifier,
    /// What `acr` must be.
    pub acr: AcrRequirement,
    /// What must be in `amr`.
    pub amr: Vec<String>,
    /// `auth_time` must not be earlier.
    pub auth_time_not_before: Option<u64>,
    /// When the authorization request was made.
    pub begun_at: u64,
    /// The last second in which a response is in time.
    pub expires_at: u64,
}

/// An attempt as it lies in the store: one entry, which is replaced as a whole.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// No response has taken it.
    Pending(Box<Attempt>),
    /// A response has, or the host itself. Its secrets are gone.
    Taken(Taken),
}

/// What stays of an attempt that was taken.
#[derive(Serialize)]
pub(super) struct Taken {
    /// When.
    pub(super) at: u64,
    /// A random name of the call that took it.
    pub(super) call: String,
    /// [`Attempt::browser`]
    pub(super) browser: String,
    /// [`Attempt::response_mode`]
    pub(super) response_mode: ResponseMode,
    /// [`Attempt::redirect_uri`]
    pub(super) redirect_uri: String,
}

impl Attempt {
    /// Stores it under its state, beside those that are pending already, as the one begun last, which is now.
    ///
    /// # Errors
    /// The host's store failed.
    pub fn store(self, host: &mut dyn Host, state: &Secret) -> Result<(), StoreError> {
        let key = key(state);
        let lifetime = lifetime(self.expires_at, self.begun_at);
        host.put_attempt(&key, &write(&Entry::Pending(Box::new(self))), lifetime)?;
        host.put_attempt(NEWEST, &write(&key), lifetime)
    }
}

/// Whether no attempt was begun since this one.
///
/// # Errors
/// The host's store failed.
pub(super) fn is_newest(host: &mut dyn Host, key: &str) -> Result<bool, StoreError> {
    let newest = host.attempt(NEWEST)?.and_then(|entry| read::<String>(&entry.value));
    Ok(newest.as_deref() == Some(key))
}

/// How long the store has to keep an attempt, in seconds.
pub(super) fn lifetime(expires_at: u64, now: u64) -> u32 {
    u32::try_from(expires_at.saturating_sub(now)).unwrap_or(u32::MAX).saturating_add(GRACE)
}

/// The state comes from outside: a hash bounds its length and characters, and keeps it out of the host's logs.
pub(super) fn key(state: &Secret) -> String {
    ["attempt.", &secret::digest(state.expose().as_bytes())].concat()
}

/// As it is stored.
pub(super) fn write<T: Serialize>(value: &T) -> String {
    json::text(&Stored { version: VERSION, value })
}

/// What was stored, where it is in this version's form.
pub(super) fn read<T: FromJson>(text: &str) -> Option<T> {
    let mut stored = json::stored(text.as_bytes()).ok()?;
    let (version, value) = (take::<u32>(&mut stored, "version")?, take(&mut stored, "value")?);
    (version == VERSION && stored.is_empty()).then_some(value)
}

impl FromJson for Entry {
    fn from_json(value: Value) -> Option<Self> {
        let mut members = Object::from_json(value)?;
        let entry = match members.remove("pending") {
            Some(attempt) => Self::Pending(Box::new(Attempt::from_json(attempt)?)),
            None => Self::Taken(take(&mut members, "taken")?),
        };
        members.is_empty().then_some(entry)
    }
}

/// A member that nobody knows may say what this version wouldn't heed.
impl FromJson for Attempt {
    fn from_json(value: Value) -> Option<Self> {
        let mut members = Object::from_json(value)?;
        let from = &mut members;
        let attempt = Self {
            browser: take(from, "browser")?,
            issuers: take(from, "issuers")?,
            names_issuer_in_responses: take(from, "names_issuer_in_responses")?,
            client_id: take(from, "client_id")?,
            token_endpoint: take(from, "token_endpoint")?,
            userinfo_endpoint: take(from, "userinfo_endpoint")?,
            revocation_endpoint: take(from, "revocation_endpoint")?,
            logout_endpoint: take(from, "logout_endpoint")?,
            redirect_uri: take(from, "redirect_uri")?,
            scope: take(from, "scope")?,
            response_mode: take(from, "response_mode")?,
            nonce: take(from, "nonce")?,
            verifier: take(from, "verifier")?,
            acr: take(from, "acr")?,
            amr: take::<Option<_>>(from, "amr")?.unwrap_or_default(),
            auth_time_not_before: take(from, "auth_time_not_before")?,
            begun_at: take(from, "begun_at")?,
            expires_at: take(from, "expires_at")?,
        };
        members.is_empty().then_some(attempt)
    }
}

impl FromJson for Taken {
    fn from_json(value: Value) -> Option<Self> {
        let mut members = Object::from_json(value)?;
        let taken = Self {
            at: take(&mut members, "at")?,
            call: take(&mut members, "call")?,
            browser: take(&mut members, "browser")?,
            response_mode: take(&mut members, "response_mode")?,
            redirect_uri: take(&mut members, "redirect_uri")?,
        };
        members.is_empty().then_some(taken)
    }
}

#[derive(Serialize)]
struct Stored<T> {
    version: u32,
    value: T,
}

#[cfg(test)]
mod tests;
