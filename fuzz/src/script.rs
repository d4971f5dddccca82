//! A script of what happens: lines of `name: value`. What no line says is right, so an empty script is a login that succeeds.
//!
//! | line | says |
//! |---|---|
//! | `settings`, `connector`, `browser` | what `begin` gets |
//! | `settings_later`, `connector_later`, `browser_later`, `client_secret` | what `complete` gets instead (`none`: no secret) |
//! | `begun_at`, `completed_at`, `tick` | the clock in seconds, and how many milliseconds each look at it takes |
//! | `round`, `arrived_at` | how often the journey has come to the step; the URL at which responses arrive |
//! | `unbegun`, `again` | `begin` wasn't called, or twice (`{state}` and `{other_state}`) |
//! | `attempt`, `newest` | what the store holds instead (`none`: nothing) |
//! | `attempt_patch`, `newest_patch` | a JSON merge patch (RFC 7396) of what `begin` stored |
//! | `query`, `form`, `timed_out`, `cancelled` | calls of `complete`, in order; the last two with the state |
//! | `metadata`, `token`, `userinfo`, `keys`, `revocation` | answers: status, content type and body, or an error's name |
//! | `metadata_patch`, `token_patch`, `userinfo_patch`, `keys_patch` | a merge patch of the right answer's body |
//! | `response_header` | a header of every answer, `name=value` |
//! | `header`, `claims` | merge patches of the ID token's header and claims |
//! | `signed_by` | `b`: a key that the key set doesn't hold |
//! | `id_token` | the text that stands for it |
//! | `cached_keys`, `cached_metadata`, `cached_forced` | what the cache holds |
//! | `fail` | the n-th call of one of the host's functions fails: `set_variable 1 refused` |
//!
//! Where a value says `{state}`, `{nonce}`, `{verifier}`, `{code}`, `{client_secret}`, `{access_token}`, `{refresh_token}`,
//! `{id_token}`, `{key_a}` or `{key_b}`, the run's own is put in: a provider knows most of them, and may repeat them where it
//! shouldn't.

use std::collections::BTreeMap;

use cognito_oidc::host::{FetchError, StoreError};
use serde_json::Value;

/// The lines of an input.
pub struct Script {
    lines: Vec<(String, String)>,
}

impl Script {
    /// Reads an input; what isn't a line of a script is passed over.
    pub fn parse(input: &[u8]) -> Self {
        let text = String::from_utf8_lossy(input);
        let line = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()))
        };
        Self { lines: text.split('\n').filter_map(line).collect() }
    }

    /// Whether everything is right.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The first line of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every line of that name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter(move |(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    /// Lines of any of these names, in order.
    pub fn any_of<'a>(&'a self, names: &[&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.lines
            .iter()
            .filter(move |(name, _)| names.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is a line of that name.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.parse().ok()
    }

    /// Which calls of the host fail.
    pub fn failures(&self) -> BTreeMap<(String, usize), StoreError> {
        let failure = |line: &str| {
            let mut words = line.split(' ');
            let (function, count) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
            let error = match words.next() {
                Some("refused") => StoreError::Refused,
                Some("too-large") => StoreError::TooLarge,
                _ => StoreError::Unavailable,
            };
            Some(((function, count), error))
        };
        self.all("fail").filter_map(failure).collect()
    }

    /// The error that an answer's line names.
    pub fn error(&self, name: &str) -> Option<FetchError> {
        super::http::error(self.value(name)?)
    }
}

/// A JSON merge patch (RFC 7396), where both are JSON.
pub fn patched(text: &str, patch: &str) -> String {
    match (serde_json::from_str(text), serde_json::from_str(patch)) {
        (Ok(mut target), Ok(patch)) => {
            merge(&mut target, patch);
            target.to_string()
        }
        _ => text.to_owned(),
    }
}

/// Applies a merge patch.
pub fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                if value.is_null() {
                    target.remove(&name);
                } else {
                    merge(target.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}
