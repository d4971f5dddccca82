//! An issuer's signing keys: from the tenant's cache, from the issuer, or in need once more from the issuer.

use std::time::Duration;

use serde_json::json;

use super::cache::{self, Entry};
use super::exchange::{self, Answer};
use super::keys::KeySet;
use super::signature::PublicKey;
use crate::host::{Host, Method, Request};

const TIMEOUT: Duration = Duration::from_secs(3);
/// At most one fetch in that many seconds is forced by unknown key ids: anybody can make those up.
const FORCED_FETCH_INTERVAL: u32 = 10;

/// Where a key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The cache.
    Cached,
    /// A fetch, since the cache had nothing fresh.
    Fetched,
    /// A fetch that an unknown key id forced.
    Refetched,
    /// The cache, past its time, since the issuer couldn't be reached.
    Stale,
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The key set couldn't be had, or isn't one.
    Exchange(exchange::Rejection),
    /// The issuer has no such key.
    UnknownKey,
    /// The token names no key, and the issuer has not exactly one.
    Unnamed,
}

impl From<exchange::Rejection> for Rejection {
    fn from(rejection: exchange::Rejection) -> Self {
        Self::Exchange(rejection)
    }
}

/// Finds the key with that id among those of `issuer`, published at `jwks_uri` (OpenID Connect Core 10.1.1).
///
/// # Errors
/// See [`Rejection`].
pub fn find(host: &mut dyn Host, issuer: &str, jwks_uri: &str, key_id: Option<&str>) -> Result<(PublicKey, Source), Rejection> {
    let cache_key = cache::key("keys", issuer, jwks_uri);
    let cached = cache::read(host, &cache_key);
    let is_fresh = cached.as_ref().is_some_and(|entry| entry.is_fresh);
    let known = cached.and_then(|Entry { document, .. }| KeySet::parse(&document).ok()?.find(key_id).cloned());

    match known {
        Some(key) if is_fresh => return Ok((key, Source::Cached)),
        None if is_fresh && !may_force_fetch(host, issuer, jwks_uri) => return Err(not_found(key_id)),
        _ => {}
    }
    match (fetch(host, jwks_uri), known) {
        (Ok(set), _) => {
            cache::write(host, &cache_key, &set.to_json());
            let source = if is_fresh { Source::Refetched } else { Source::Fetched };
            set.find(key_id).map(|key| (key.clone(), source)).ok_or_else(|| not_found(key_id))
        }
        (Err(rejection), Some(key)) if rejection.is_outage() => Ok((key, Source::Stale)),
        (Err(rejection), _) => Err(rejection.into()),
    }
}

/// Another set may have the key that a token names; none can tell which key a token means that names none.
fn not_found(key_id: Option<&str>) -> Rejection {
    if key_id.is_some() { Rejection::UnknownKey } else { Rejection::Unnamed }
}

/// Whether an unknown key id may force a fetch now. Stamped before the fetch, so that an issuer that is down isn't asked again by each
/// login; where the stamp can't be read or written, nothing is forced. Two calls at once may both pass: the limit is approximate.
fn may_force_fetch(host: &mut dyn Host, issuer: &str, jwks_uri: &str) -> bool {
    let key = cache::key("forced", issuer, jwks_uri);
    let now = host.now().as_secs();
    let recent = |stamp: &str| stamp.parse::<u64>().is_ok_and(|stamp| now.abs_diff(stamp) < u64::from(FORCED_FETCH_INTERVAL));
    match host.cached(&key) {
        Ok(stamp) if !stamp.as_deref().is_some_and(recent) => {
            host.put_cached(&key, &json!(now).to_string(), FORCED_FETCH_INTERVAL).is_ok()
        }
        _ => false,
    }
}

fn fetch(host: &mut dyn Host, jwks_uri: &str) -> Result<KeySet, exchange::Rejection> {
    let request = Request {
        method: Method::Get,
        url: jwks_uri.to_owned(),
        headers: vec![("accept", "application/json".to_owned())],
        body: Vec::new(),
        timeout: TIMEOUT,
    };
    let Answer { object, trace } = exchange::document(host.fetch(&request))?;
    KeySet::parse(&object).map_err(|rejection| exchange::Rejection::Invalid(rejection.0, Some(trace)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FetchError;
    use crate::testing::{FakeHost, keys, response};

    const ISSUER: &str = "https://idp.example.com";
    const URI: &str = "https://idp.example.com/jwks.json";

    fn serve(host: &mut FakeHost, kids: &[&str]) {
        let keys: Vec<_> = kids.iter().map(|kid| keys::signing(0).jwk(kid)).collect();
        host.respond(URI, Ok(response(200, "application/json", &json!({ "keys": keys }).to_string())));
    }

    fn source(host: &mut FakeHost, kid: &str) -> Result<Source, Rejection> {
        find(host, ISSUER, URI, Some(kid)).map(|(_, source)| source)
    }

    #[test]
    fn keys_are_fetched_once_and_then_cached() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a", "b"]);
        assert_eq!(source(&mut host, "a"), Ok(Source::Fetched));
        assert_eq!(source(&mut host, "b"), Ok(Source::Cached));
        assert_eq!(host.fetched(URI), 1);
        host.advance(3600);
        assert_eq!(source(&mut host, "a"), Ok(Source::Fetched));
    }

    #[test]
    fn k05_an_unknown_key_id_forces_one_fetch() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        assert_eq!(source(&mut host, "a"), Ok(Source::Fetched));
        serve(&mut host, &["a", "b"]);
        assert_eq!(source(&mut host, "b"), Ok(Source::Refetched));
        assert_eq!(source(&mut host, "b"), Ok(Source::Cached));
    }

    #[test]
    fn k06_forced_fetches_are_ten_seconds_apart() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        assert_eq!(source(&mut host, "a"), Ok(Source::Fetched));
        for (seconds, fetches) in [(0, 2), (0, 2), (9, 2), (1, 3), (9, 3), (1, 4)] {
            host.advance(seconds);
            assert_eq!(source(&mut host, "made-up"), Err(Rejection::UnknownKey));
            assert_eq!(host.fetched(URI), fetches);
        }
    }

    #[test]
    fn k06_a_normal_fetch_is_not_throttled_and_not_repeated() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        assert_eq!(source(&mut host, "made-up"), Err(Rejection::UnknownKey));
        assert_eq!(host.fetched(URI), 1, "just fetched: nothing to gain by another");
        serve(&mut host, &["b"]);
        assert_eq!(source(&mut host, "b"), Ok(Source::Refetched));
    }

    #[test]
    fn k06_without_a_stamp_nothing_is_forced() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        host.put_cached_fails = true;
        assert_eq!(source(&mut host, "b"), Err(Rejection::UnknownKey));
        assert_eq!(host.fetched(URI), 1);
    }

    #[test]
    fn k06_a_provider_that_is_down_is_not_asked_again_by_each_login() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        host.respond(URI, Err(FetchError::Timeout));
        let unavailable = Rejection::Exchange(exchange::Rejection::Unavailable(None));
        assert_eq!(source(&mut host, "b"), Err(unavailable));
        assert_eq!(source(&mut host, "b"), Err(Rejection::UnknownKey));
        assert_eq!(host.fetched(URI), 2);
    }

    #[test]
    fn k07_a_known_key_serves_for_a_day_while_the_issuer_is_down() {
        for error in [
            Err(FetchError::Unreachable),
            Ok(response(503, "", "")),
            Ok(response(429, "", "")),
            Ok(response(403, "text/html", "<html>")),
            Ok(response(200, "text/html", "<html>")),
        ] {
            let mut host = FakeHost::new();
            serve(&mut host, &["a"]);
            source(&mut host, "a").unwrap();
            host.respond(URI, error);
            host.advance(3600);
            assert_eq!(source(&mut host, "a"), Ok(Source::Stale));
            assert!(matches!(source(&mut host, "b"), Err(Rejection::Exchange(_))));
            host.advance(82_800);
            assert_eq!(source(&mut host, "a"), Ok(Source::Stale));
            host.advance(1);
            assert!(matches!(source(&mut host, "a"), Err(Rejection::Exchange(_))));
        }
    }

    #[test]
    fn k07_a_key_set_that_is_none_is_not_an_outage() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        host.advance(3600);
        host.respond(URI, Ok(response(200, "application/json", "{}")));
        assert!(matches!(
            source(&mut host, "a"),
            Err(Rejection::Exchange(exchange::Rejection::Invalid("expected `keys` as a list", _)))
        ));
    }

    #[test]
    fn k05_a_token_that_names_no_key_is_told_from_one_whose_key_is_unknown() {
        let mut host = FakeHost::new();
        for kids in [&["a", "b"][..], &[]] {
            let keys: Vec<_> = kids.iter().enumerate().map(|(index, kid)| keys::signing(index).jwk(kid)).collect();
            host.respond(URI, Ok(response(200, "application/json", &json!({ "keys": keys }).to_string())));
            host.advance(3600);
            for _ in 0..2 {
                assert_eq!(find(&mut host, ISSUER, URI, None).map(drop), Err(Rejection::Unnamed));
            }
        }
    }

    #[test]
    fn k03_a_key_of_another_issuer_is_not_found() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        host.respond(URI, Err(FetchError::Timeout));
        assert!(find(&mut host, "https://other.example.com", URI, Some("a")).is_err());
    }

    #[test]
    fn a_poisoned_cache_entry_is_a_miss() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        let entry = json!({"stored_at": host.now().as_secs(), "document": {"keys": "x"}}).to_string();
        host.cache.insert(cache::key("keys", ISSUER, URI), entry);
        assert_eq!(source(&mut host, "a"), Ok(Source::Refetched));
    }
}
