//! Documents of a provider, kept in the tenant's cache: best effort, and read back as warily as from the network.

use serde_json::json;

use crate::host::Host;
use crate::json::{self, Object};
use crate::secret;

/// Part of each key: an entry of another format is a miss.
const FORMAT: &str = "1";

/// For how long a document is kept, in seconds from when it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Used without asking the provider.
    pub fresh: u64,
    /// Serves while the provider can't be reached.
    pub stale: u32,
}

/// Where something came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The cache.
    Cached,
    /// A fetch, since the cache had nothing fresh.
    Fetched,
    /// A fetch though the cache had something fresh, which lacked what was sought, or wasn't the provider's.
    Refetched,
    /// The cache, past its time, since the provider couldn't be reached.
    Stale,
}

/// Why a fetch brought nothing.
pub trait Fruitless {
    /// Whether the provider itself didn't get to speak: what was known of it before still holds.
    fn is_outage(&self) -> bool;
}

/// The one policy for documents of a provider: from the cache while it is fresh; otherwise, or where `pick` doesn't find in it
/// what is sought, from the provider; and from a cache past its time while the provider has an outage.
///
/// # Errors
/// That of `may_force`, which is asked before a fresh document is fetched anew, or that of `fetch`.
pub fn find<T, E: Fruitless>(
    host: &mut dyn Host,
    (key, lifetime): (&str, Lifetime),
    pick: impl FnOnce(&Object) -> Option<T>,
    may_force: impl FnOnce(&mut dyn Host) -> Result<(), E>,
    fetch: impl FnOnce(&mut dyn Host) -> Result<T, E>,
) -> Result<(T, Source), E> {
    let cached = read(host, key, lifetime);
    let is_fresh = cached.as_ref().is_some_and(|entry| entry.is_fresh);
    let known = cached.and_then(|entry| pick(&entry.document));
    match known {
        Some(known) if is_fresh => return Ok((known, Source::Cached)),
        None if is_fresh => may_force(host)?,
        _ => {}
    }
    match (fetch(host), known) {
        (Ok(found), _) => Ok((found, if is_fresh { Source::Refetched } else { Source::Fetched })),
        (Err(rejection), Some(known)) if rejection.is_outage() => Ok((known, Source::Stale)),
        (Err(rejection), _) => Err(rejection),
    }
}

/// A cached document.
#[derive(Debug)]
pub struct Entry {
    /// As it was stored; its content is unchecked.
    pub document: Object,
    /// Recent enough to be used without asking the provider. Otherwise it is for an emergency.
    pub is_fresh: bool,
}

/// The key of a document: a hash, so that neither length nor characters of a URL matter to the host's store.
#[must_use]
pub fn key(kind: &str, issuer: &str, uri: &str) -> String {
    // No part can hold a line feed, so no two triples have one text.
    [kind, ".", &secret::digest([FORMAT, "\n", issuer, "\n", uri].concat().as_bytes())].concat()
}

/// An entry that isn't past its lifetime. A cache that fails, or holds something else, is a miss.
pub fn read(host: &mut dyn Host, key: &str, lifetime: Lifetime) -> Option<Entry> {
    let text = host.cached(key).ok().flatten()?;
    let mut entry = json::object(text.as_bytes()).ok()?;
    let stored_at = entry.get("stored_at")?.as_u64()?;
    // One from the future is a miss: it would stay fresh for ever.
    let age = host.now().as_secs().checked_sub(stored_at)?;
    match entry.remove("document")? {
        serde_json::Value::Object(document) if age <= u64::from(lifetime.stale) => {
            Some(Entry { document, is_fresh: age < lifetime.fresh })
        }
        _ => None,
    }
}

/// Stores a document, where the cache takes it.
pub fn write(host: &mut dyn Host, (key, lifetime): (&str, Lifetime), document: &serde_json::Value) {
    let entry = json!({ "stored_at": host.now().as_secs(), "document": document });
    // A cache that fails costs time, not logins.
    let _ = host.put_cached(key, &json::text(&entry), lifetime.stale);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;
    use crate::testing::json::object as json_object;
    use proptest::prelude::*;

    const LIFETIME: Lifetime = Lifetime { fresh: 60 * 60, stale: 24 * 60 * 60 };

    fn stored(host: &mut FakeHost) -> Option<bool> {
        read(host, "k", LIFETIME).map(|entry| {
            assert_eq!(entry.document, *json!({"a": 1}).as_object().unwrap());
            entry.is_fresh
        })
    }

    #[test]
    fn an_entry_is_fresh_for_an_hour_and_serves_for_a_day() {
        let mut host = FakeHost::new();
        write(&mut host, ("k", LIFETIME), &json!({"a": 1}));
        for (seconds, expected) in [(0, Some(true)), (3599, Some(true)), (1, Some(false)), (82_800, Some(false)), (1, None)] {
            host.advance(seconds);
            assert_eq!(stored(&mut host), expected);
        }
    }

    #[test]
    fn what_is_not_an_entry_is_a_miss() {
        let mut host = FakeHost::new();
        let now = host.now().as_secs();
        for text in [
            String::new(),
            "[]".into(),
            "{}".into(),
            format!(r#"{{"stored_at":{now}}}"#),
            format!(r#"{{"stored_at":{now},"document":[]}}"#),
            r#"{"stored_at":"x","document":{}}"#.into(),
            r#"{"stored_at":-1,"document":{}}"#.into(),
            format!(r#"{{"stored_at":{},"document":{{}}}}"#, now + 1),
            format!(r#"{{"stored_at":{now},"stored_at":{now},"document":{{}}}}"#),
        ] {
            host.cache.insert("k".into(), text.clone());
            assert!(read(&mut host, "k", LIFETIME).is_none(), "{text}");
        }
    }

    #[test]
    fn a_failing_cache_is_a_miss() {
        let mut host = FakeHost::new();
        host.cache_fails = true;
        write(&mut host, ("k", LIFETIME), &json!({"a": 1}));
        assert!(read(&mut host, "k", LIFETIME).is_none());
    }

    #[test]
    fn keys_differ_by_every_part() {
        let keys = [key("a", "i", "u"), key("b", "i", "u"), key("a", "j", "u"), key("a", "i", "v"), key("a", "iu", "")];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
    }

    proptest! {

        #[test]
        fn any_entry_is_an_entry_of_at_most_a_day_or_a_miss(
            entry in json_object(&["stored_at", "document"]), age in -10..200_000_i64, is_dated in any::<bool>()
        ) {
            let mut host = FakeHost::new();
            let mut entry = entry;
            if is_dated {
                entry.insert("stored_at".to_owned(), json!(host.now().as_secs().checked_add_signed(-age).unwrap()));
            }
            host.cache.insert("k".into(), serde_json::Value::Object(entry.clone()).to_string());
            let read = read(&mut host, "k", LIFETIME);
            if is_dated {
                let is_entry = (0..=86_400).contains(&age) && entry.get("document").is_some_and(serde_json::Value::is_object);
                prop_assert_eq!(read.as_ref().map(|entry| entry.is_fresh), is_entry.then_some(age < 3600));
            }
        }

        #[test]
        fn any_text_is_a_miss(text in "\\PC*") {
            let mut host = FakeHost::new();
            host.cache.insert("k".into(), text);
            prop_assert!(read(&mut host, "k", LIFETIME).is_none());
        }
    }
}
