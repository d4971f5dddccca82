//! What has to be equal is compared whole: no prefix, no other case, nothing beside it will do.

use serde_json::json;

use crate::testing::login::{Login, verdict};
use crate::testing::provider::{CLIENT, ISSUER, SUBJECT};

/// A text that a sloppy comparison takes for `text`.
fn alike(text: &str) -> Vec<String> {
    let shorter = text.get(..text.len() - 1).unwrap().to_owned();
    let mut texts = vec![format!("{text}1"), format!("{text} "), format!(" {text}"), format!("{text}/"), shorter];
    texts.extend([text.to_uppercase(), text.to_lowercase()].into_iter().filter(|other| other != text));
    texts
}

#[test]
fn i07_i08_i09_i13_a_claim_that_is_only_alike_is_refused() {
    for (claim, value, code) in [
        ("iss", ISSUER, "id_token_issuer"),
        ("aud", CLIENT, "id_token_audience"),
        ("azp", CLIENT, "id_token_authorized_party"),
        ("token_use", "id", "id_token_use"),
        ("sub", SUBJECT, "userinfo_subject_mismatch"),
    ] {
        let accepted = Login::new();
        accepted.claim(claim, json!(value));
        assert_eq!(verdict(&{ accepted }.run()), "authenticated", "{claim}");
        for text in alike(value) {
            let mut login = Login::new();
            login.claim(claim, json!(text));
            assert_eq!(verdict(&login.run()), format!("failed: {code}"), "{claim} {text}");
        }
    }
}

#[test]
fn i14_a_nonce_that_is_only_alike_is_refused() {
    let mut login = Login::new();
    let query = login.authorized();
    let nonce = login.host.drawn[1].clone();
    for text in alike(&nonce) {
        let mut login = Login::new();
        login.claim("nonce", json!(text));
        assert_eq!(verdict(&login.run()), "failed: id_token_nonce", "{text}");
    }
    login.claim("nonce", json!(nonce));
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
}

#[test]
fn i15_a_context_that_is_only_alike_is_not_the_one_asked_for() {
    for (acr, expected) in
        alike("golden").iter().map(|acr| (acr.as_str(), "failed: acr_not_met")).chain([("golden", "authenticated")])
    {
        let mut login = Login::new();
        login.set("advanced", json!({"acr_values": "golden"}));
        login.claim("acr", json!(acr));
        assert_eq!(verdict(&login.run()), expected, "{acr}");
    }
}

#[test]
fn c04_an_issuer_that_is_only_alike_is_another_one() {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for (issuer, expected) in alike(ISSUER)
        .iter()
        .map(|issuer| (issuer.as_str(), "failed: response_issuer_mismatch"))
        .chain([(ISSUER, "authenticated")])
    {
        let mut login = Login::new();
        let query = format!("{}&iss={}", login.authorized(), encode(issuer));
        assert_eq!(verdict(&login.complete(&query)), expected, "{issuer}");
    }
}

#[test]
fn c02_a_user_agent_is_told_from_another_by_every_byte_of_its_binding() {
    const BINDING: [u8; 80] = [7; 80];
    for index in [0, 15, 16, 31, 32, 63, 79] {
        let mut login = Login::new();
        login.journey.browser = &BINDING;
        let query = login.authorized();
        let mut other = BINDING;
        other[index] ^= 1;
        login.journey.browser = Box::leak(Box::new(other));
        assert_eq!(verdict(&login.complete(&query)), "ignored: browser_mismatch", "byte {index}");
        login.journey.browser = &BINDING[..79];
        assert_eq!(verdict(&login.complete(&query)), "ignored: browser_mismatch", "a byte fewer");
        login.journey.browser = &BINDING;
        assert_eq!(verdict(&login.complete(&query)), "authenticated");
    }
}

#[test]
fn a_provider_that_talks_at_length_is_cut_short() {
    let mut login = Login::new();
    let query = login.responded(&format!("error={}&error_description={}", "e".repeat(600), "d".repeat(600)));
    assert_eq!(verdict(&login.complete(&query)), "failed: provider_error");
    let provider = login.error().unwrap()["provider"].clone();
    for member in ["error", "error_description"] {
        assert_eq!(provider[member].as_str().unwrap().chars().count(), 513, "512, and an ellipsis");
    }
}
