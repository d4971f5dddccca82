//! An issuer's signing keys: from the tenant's cache, from the issuer, or in need once more from the issuer.

use super::cache::{self, Fruitless, Lifetime, Source};
use super::exchange::{self, JsonResponse};
use super::keys::KeySet;
use super::signature::PublicKey;
use crate::host::{FetchError, Host, Response};

/// An hour, since rotation is noticed by an unknown key id at once; a day, since an outage of the key set must not end all
/// logins.
pub(crate) const LIFETIME: Lifetime = Lifetime { fresh: 60 * 60, stale: 24 * 60 * 60 };
/// Seconds between two fetches that are forced, by unknown key ids or by signatures that a cached key doesn't verify: anybody can
/// make those up.
const BACK_OFF: u32 = 10;

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

impl Fruitless for Rejection {
    fn is_outage(&self) -> bool {
        match self {
            Self::Exchange(rejection) => rejection.is_outage(),
            Self::UnknownKey | Self::Unnamed => false,
        }
    }
}

/// Finds the key with that id among those of `issuer`, published at `jwks_uri` (OpenID Connect Core 10.1.1). A fresh set that
/// lacks it is fetched anew, unless that was done a moment ago.
///
/// # Errors
/// See [`Rejection`].
pub fn find(host: &mut dyn Host, issuer: &str, jwks_uri: &str, key_id: Option<&str>) -> Result<(PublicKey, Source), Rejection> {
    cache::find(
        host,
        (&cache_key(issuer, jwks_uri), LIFETIME),
        |document| pick(&KeySet::parse(document).ok()?, key_id).ok(),
        |host| if backs_off(host, issuer, jwks_uri) { Err(not_found(key_id)) } else { Ok(()) },
        |host| pick(&fetch(host, issuer, jwks_uri)?, key_id),
    )
}

/// The key anew from the issuer, after one from `source` didn't verify a token. The cache is the tenant's, and whoever shares it
/// may have written there; the issuer has the last word. None where the key came from the issuer just now, or a fetch was forced
/// just now.
///
/// # Errors
/// See [`Rejection`].
pub fn find_anew(
    host: &mut dyn Host,
    issuer: &str,
    jwks_uri: &str,
    key_id: Option<&str>,
    source: Source,
) -> Result<Option<PublicKey>, Rejection> {
    if source != Source::Cached || backs_off(host, issuer, jwks_uri) {
        return Ok(None);
    }
    pick(&fetch(host, issuer, jwks_uri)?, key_id).map(Some)
}

/// Judges the response.
///
/// # Errors
/// It couldn't be had, or isn't a key set.
pub fn judge(result: Result<Response, FetchError>) -> Result<KeySet, exchange::Rejection> {
    let JsonResponse { object, trace } = exchange::document(result)?;
    KeySet::parse(&object).map_err(|rejection| exchange::Rejection::Invalid(rejection.0, Some(trace)))
}

fn pick(set: &KeySet, key_id: Option<&str>) -> Result<PublicKey, Rejection> {
    set.find(key_id).cloned().ok_or_else(|| not_found(key_id))
}

/// Another set may have the key that a token names; none can tell which key a token means that names none.
fn not_found(key_id: Option<&str>) -> Rejection {
    if key_id.is_some() { Rejection::UnknownKey } else { Rejection::Unnamed }
}

/// The issuer's own set, kept for the next call.
fn fetch(host: &mut dyn Host, issuer: &str, jwks_uri: &str) -> Result<KeySet, exchange::Rejection> {
    let set = judge(host.fetch(&exchange::document_request(jwks_uri)))?;
    cache::write(host, (&cache_key(issuer, jwks_uri), LIFETIME), &set.to_json());
    Ok(set)
}

fn cache_key(issuer: &str, jwks_uri: &str) -> String {
    cache::key("keys", issuer, jwks_uri)
}

/// Whether no fetch may be forced now, since one was a moment ago. Stamped before the fetch, so that an issuer that is down isn't
/// asked again by each login; where the stamp can't be read or written, nothing is forced. Two calls at once may both pass: the
/// limit is approximate.
fn backs_off(host: &mut dyn Host, issuer: &str, jwks_uri: &str) -> bool {
    let key = cache::key("forced", issuer, jwks_uri);
    let now = host.now().as_secs();
    let is_recent = |stamp: &str| stamp.parse::<u64>().is_ok_and(|stamp| now.abs_diff(stamp) < u64::from(BACK_OFF));
    match host.cached(&key) {
        Ok(stamp) if !stamp.as_deref().is_some_and(is_recent) => host.put_cached(&key, &now.to_string(), BACK_OFF).is_err(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::exchange::Trace;
    use crate::oidc::signature::verify;
    use crate::testing::{FakeHost, keys, response};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

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

    /// Another component's entry, or a forged one: a set of the right form, with a key of somebody else's under the issuer's key
    /// id.
    fn poison(host: &mut FakeHost) {
        let document = json!({ "keys": [keys::signing(1).jwk("a")] });
        let entry = json!({"stored_at": host.now().as_secs(), "document": document}).to_string();
        host.cache.insert(cache::key("keys", ISSUER, URI), entry);
    }

    fn is_the_issuers(key: &PublicKey) -> bool {
        let signature = URL_SAFE_NO_PAD.encode(keys::signing(0).sign(b"m"));
        verify(&signature, b"m", key)
    }

    #[test]
    fn k05_a_cached_key_that_verifies_nothing_is_fetched_anew() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        poison(&mut host);
        let (key, source) = find(&mut host, ISSUER, URI, Some("a")).unwrap();
        assert!(!is_the_issuers(&key));
        let key = find_anew(&mut host, ISSUER, URI, Some("a"), source).unwrap().unwrap();
        assert!(is_the_issuers(&key));
        let (key, source) = find(&mut host, ISSUER, URI, Some("a")).unwrap();
        assert!(is_the_issuers(&key), "the cache has the issuer's again");
        assert_eq!((source, host.fetched(URI)), (Source::Cached, 1));
    }

    #[test]
    fn k05_what_came_from_the_issuer_just_now_is_not_fetched_anew() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        for source in [Source::Fetched, Source::Refetched, Source::Stale] {
            assert!(matches!(find_anew(&mut host, ISSUER, URI, Some("a"), source), Ok(None)), "{source:?}");
        }
        assert_eq!(host.fetched(URI), 0);
        assert!(host.cache.is_empty(), "nothing of the throttle is used up");
    }

    #[test]
    fn k06_unknown_key_ids_and_wrong_signatures_share_one_throttle() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        let anew = |host: &mut FakeHost| find_anew(host, ISSUER, URI, Some("a"), Source::Cached).map(|key| key.is_some());
        for (seconds, expected, fetches) in [(0, true, 2), (0, false, 2), (9, false, 2), (1, true, 3)] {
            host.advance(seconds);
            assert_eq!(anew(&mut host), Ok(expected));
            assert_eq!(host.fetched(URI), fetches);
        }
        assert_eq!(source(&mut host, "made-up"), Err(Rejection::UnknownKey));
        assert_eq!(host.fetched(URI), 3);
        host.advance(10);
        assert_eq!(source(&mut host, "made-up"), Err(Rejection::UnknownKey));
        assert_eq!((anew(&mut host), host.fetched(URI)), (Ok(false), 4));
        host.advance(10);
        host.put_cached_fails = true;
        assert_eq!((anew(&mut host), host.fetched(URI)), (Ok(false), 4), "nothing is forced without a stamp");
    }

    #[test]
    fn k06_a_stamp_from_the_future_throttles_nobody() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        let stamp = json!(host.now().as_secs() + 1000).to_string();
        host.cache.insert(cache::key("forced", ISSUER, URI), stamp);
        serve(&mut host, &["a", "b"]);
        assert_eq!(source(&mut host, "b"), Ok(Source::Refetched));
    }

    #[test]
    fn k07_an_issuer_that_does_not_give_the_key_anew_is_told_as_it_is() {
        for (answer, expected) in [
            (Err(FetchError::Timeout), Rejection::Exchange(exchange::Rejection::Unavailable(None))),
            (Err(FetchError::Denied), Rejection::Exchange(exchange::Rejection::Denied)),
            (Ok(response(200, "application/json", r#"{"keys":[]}"#)), Rejection::UnknownKey),
        ] {
            let mut host = FakeHost::new();
            poison(&mut host);
            host.respond(URI, answer);
            assert_eq!(find_anew(&mut host, ISSUER, URI, Some("a"), Source::Cached).err(), Some(expected));
        }
    }

    #[test]
    fn k07_a_withdrawn_key_is_gone_once_its_hour_is_over() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        serve(&mut host, &["b"]);
        host.advance(3599);
        assert_eq!(source(&mut host, "a"), Ok(Source::Cached));
        host.advance(1);
        assert_eq!(source(&mut host, "a"), Err(Rejection::UnknownKey));
        assert_eq!(source(&mut host, "b"), Ok(Source::Cached));
    }

    #[test]
    fn k07_only_an_outage_lets_a_key_past_its_hour_serve() {
        let trace = Some(Trace { status: 200, request_id: None, words: None });
        for (answer, expected) in [
            (Err(FetchError::Denied), exchange::Rejection::Denied),
            (Err(FetchError::TooLarge), exchange::Rejection::Invalid("expected a body of at most 512 KiB", None)),
            (Ok(response(200, "application/json", "[]")), exchange::Rejection::Invalid("expected a JSON object", trace)),
        ] {
            let mut host = FakeHost::new();
            serve(&mut host, &["a"]);
            source(&mut host, "a").unwrap();
            host.advance(3600);
            host.respond(URI, answer);
            assert_eq!(source(&mut host, "a"), Err(Rejection::Exchange(expected)));
        }
    }

    #[test]
    fn a_key_set_is_cached_for_its_own_address_alone() {
        let mut host = FakeHost::new();
        serve(&mut host, &["a"]);
        source(&mut host, "a").unwrap();
        let other = "https://idp.example.com/other.json";
        host.respond(other, Ok(response(200, "application/json", r#"{"keys":[]}"#)));
        assert_eq!(find(&mut host, ISSUER, other, Some("a")).err(), Some(Rejection::UnknownKey));
        assert_eq!(host.fetched(other), 1);
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
