//! Signing keys on the way of a whole login: the cache is the tenant's, and the issuer has the last word.

use serde_json::{Value, json};

use crate::host::FetchError;
use crate::testing::keys;
use crate::testing::login::{Login, verdict};
use crate::testing::provider::{KEY_ID, KEYS, TOKEN, USERINFO};

/// A journey whose tenant has the issuer's keys in its cache.
fn with_cached_keys() -> Login {
    let mut login = Login::new();
    login.set("event_data", json!({"custom": ["/signing_key"]}));
    assert_eq!(verdict(&login.run()), "authenticated");
    login.host.requests.clear();
    login
}

/// Somebody else's key under the issuer's key id: what another component of the tenant may have written.
fn poison(login: &mut Login) {
    let now = 1_800_000_000;
    let forged = json!({"stored_at": now, "document": {"keys": [keys::signing(1).jwk(KEY_ID)]}}).to_string();
    let entry = login.host.cache.iter_mut().find(|(key, _)| key.starts_with("keys.")).unwrap();
    *entry.1 = forged;
}

/// How the next login ends, where its key came from, and what was fetched.
fn next(login: &mut Login) -> (String, Value, Vec<String>) {
    login.host.requests.clear();
    let completed = login.run();
    let event_data: Value = serde_json::from_str(completed.event_data.as_deref().unwrap()).unwrap();
    let fetches = login.fetches().into_iter().map(str::to_owned).collect();
    (verdict(&completed), event_data["/signing_key"].clone(), fetches)
}

#[test]
fn k05_a_cached_key_of_somebody_else_costs_a_fetch_and_no_login() {
    let mut login = with_cached_keys();
    poison(&mut login);
    assert_eq!(next(&mut login), ("authenticated".into(), json!("refetched"), [TOKEN, KEYS, USERINFO].map(String::from).into()));
    assert_eq!(next(&mut login), ("authenticated".into(), json!("cached"), [TOKEN, USERINFO].map(String::from).into()));
}

#[test]
fn k06_a_cache_that_is_forged_again_and_again_costs_one_fetch_in_ten_seconds() {
    let mut login = with_cached_keys();
    for (seconds, verdict, fetches) in [
        (0, "authenticated", &[TOKEN, KEYS, USERINFO][..]),
        (0, "failed: id_token_signature", &[TOKEN]),
        (9, "failed: id_token_signature", &[TOKEN]),
        (1, "authenticated", &[TOKEN, KEYS, USERINFO]),
    ] {
        login.advance(seconds);
        poison(&mut login);
        let (ended, _, fetched) = next(&mut login);
        assert_eq!((ended.as_str(), fetched), (verdict, fetches.iter().map(|url| (*url).to_owned()).collect()));
    }
}

#[test]
fn i03_a_signature_that_the_issuers_own_key_does_not_verify_is_refused() {
    let mut login = with_cached_keys();
    login.provider.borrow_mut().key = keys::signing(1);
    let refused = "failed: id_token_signature";
    assert_eq!(next(&mut login), (refused.into(), json!("refetched"), [TOKEN, KEYS].map(String::from).into()));
    assert_eq!(next(&mut login), (refused.into(), json!("cached"), [TOKEN].map(String::from).into()));
}

#[test]
fn i03_a_key_that_was_fetched_for_this_very_token_is_not_asked_for_twice() {
    let mut login = Login::new();
    login.provider.borrow_mut().key = keys::signing(1);
    assert_eq!(verdict(&login.run()), "failed: id_token_signature");
    assert_eq!(login.fetches(), [TOKEN, KEYS]);
}

#[test]
fn k07_a_wrong_signature_is_not_told_while_the_issuer_can_not_say_whose_key_it_was() {
    let mut login = with_cached_keys();
    poison(&mut login);
    login.answer(KEYS, Err(FetchError::Timeout));
    let expected = ("failed: keys_unavailable".into(), json!("cached"), [TOKEN, KEYS].map(String::from).into());
    assert_eq!(next(&mut login), expected);
}
