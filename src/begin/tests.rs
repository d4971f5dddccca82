//! Authorization requests, and what is stored with them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::host::StoreError;
use crate::oidc::authorization::ResponseMode;
use crate::step::error::Code;
use crate::step::outcome::Redirect;
use crate::testing::login::{ERROR, Login, OUTPUT};
use crate::testing::provider::{AUTHORIZE, CLIENT, METADATA};

fn parameters(redirect: &Redirect) -> BTreeMap<String, String> {
    let url = url::Url::parse(redirect.url.expose()).unwrap();
    url.query_pairs().into_owned().collect()
}

fn stored(login: &Login) -> Vec<Value> {
    let attempts = login.host.attempts.iter().filter(|(key, _)| key.starts_with("attempt."));
    attempts.map(|(_, text)| serde_json::from_str::<Value>(text).unwrap()["value"]["pending"].clone()).collect()
}

#[test]
fn b01_b02_b03_b08_b14_a_redirect_asks_for_a_code() {
    let mut login = Login::new();
    let redirect = login.begin();
    assert!(redirect.url.expose().starts_with(&format!("{AUTHORIZE}?response_type=code&")));
    assert_eq!((redirect.response_mode, redirect.expires_in), (ResponseMode::Query, 900));
    let parameters = parameters(&redirect);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", "https://app.example.com/callback"),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
        ("state", redirect.state.expose()),
    ] {
        assert_eq!(parameters[name], value);
    }
    assert!(!parameters.contains_key("response_mode"));
    assert!(login.host.requests.is_empty(), "no network");
}

#[test]
fn b04_b05_b06_b07_state_nonce_and_verifier_are_fresh_and_differ() {
    let mut login = Login::new();
    let (first, second) = (parameters(&login.begin()), parameters(&login.begin()));
    let mut values: Vec<&str> = [&first, &second]
        .into_iter()
        .flat_map(|parameters| ["state", "nonce", "code_challenge"].map(|name| parameters[name].as_str()))
        .collect();
    assert!(values.iter().all(|value| value.len() == 43));
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 6);
}

#[test]
fn b10_b19_the_attempt_holds_what_its_response_is_judged_by() {
    let mut login = Login::new();
    login.set("response_mode", json!("form_post"));
    login.set("login_lifetime", json!(120));
    login.set("advanced", json!({"acr_values": "gold", "max_age": 60}));
    let redirect = login.begin();
    assert_eq!((redirect.response_mode, redirect.expires_in), (ResponseMode::FormPost, 120));
    let [attempt] = &stored(&login)[..] else { panic!() };
    let now = 1_800_000_000;
    let issuer = |host: &str| {
        let issuer = format!("https://{host}.eu-west-1.amazonaws.com/eu-west-1_Ab");
        json!({"jwks_uri": format!("{issuer}/.well-known/jwks.json"), "issuer": issuer})
    };
    assert_eq!(
        *attempt,
        json!({
            "browser": crate::secret::digest(b"the browser"), "issuers": [issuer("cognito-idp"), issuer("issuer-cognito-idp")], "names_issuer_in_responses": false,
            "client_id": CLIENT, "token_endpoint": "https://login.example.com/oauth2/token",
            "userinfo_endpoint": "https://login.example.com/oauth2/userInfo",
            "revocation_endpoint": "https://login.example.com/oauth2/revoke",
            "redirect_uri": "https://app.example.com/callback", "scope": "openid profile email", "response_mode": "form_post",
            "nonce": login.host.drawn[1], "verifier": login.host.drawn[2], "acr": {"one_of": ["gold"]},
            "auth_time_not_before": now - 60, "begun_at": now, "expires_at": now + 120,
        })
    );
    assert!(!attempt.to_string().contains("the browser"), "its hash alone");
}

#[test]
fn what_an_earlier_round_left_is_cleared() {
    let mut login = Login::new();
    for name in [OUTPUT, ERROR, "other"] {
        login.host.variables.insert(name.into(), "1".into());
    }
    login.begin();
    assert_eq!(login.host.variables.keys().collect::<Vec<_>>(), ["other"]);
}

#[test]
fn without_a_name_for_the_output_the_error_is_told_all_the_same() {
    let mut login = Login::new();
    login.set("output_variable", json!("1"));
    let failed = login.journey.begin(&mut login.host).outcome.unwrap_err();
    assert_eq!(failed.failure.code, Code::InvalidSettings);
    assert_eq!(login.host.variables.keys().collect::<Vec<_>>(), [ERROR]);
    assert_eq!(login.error().unwrap()["path"], json!("/settings/output_variable"));
}

#[test]
fn a_store_that_refuses_is_told_apart_from_an_output_that_is_too_large() {
    for (call, error, expected) in [
        ("put_attempt", StoreError::TooLarge, None),
        ("put_attempt", StoreError::Refused, None),
        ("set_variable", StoreError::Refused, Some("expected the host to accept name and value")),
        ("set_variable", StoreError::Unavailable, None),
    ] {
        let mut login = Login::new();
        login.host.failing.insert(call.into(), error);
        let failed = login.journey.begin(&mut login.host).outcome.unwrap_err();
        assert_eq!((failed.failure.code, failed.failure.expected), (Code::StorageFailed, expected), "{call} {error:?}");
    }
}

#[test]
fn endpoints_are_discovered_before_anything_is_drawn_or_stored() {
    let mut login = Login::discovering();
    login.begin();
    assert_eq!(login.fetches(), [METADATA]);
    let mut login = Login::discovering();
    login.answer(METADATA, Err(crate::host::FetchError::Timeout));
    assert!(login.journey.begin(&mut login.host).outcome.is_err());
    assert!(login.host.drawn.is_empty() && login.host.attempts.is_empty());
}

#[test]
fn b11_additional_parameters_go_along() {
    let mut login = Login::new();
    login.set("advanced", json!({"lang": "de", "authorize_parameters": {"ui": "a b"}}));
    let parameters = parameters(&login.begin());
    assert_eq!((parameters["lang"].as_str(), parameters["ui"].as_str()), ("de", "a b"));
}

#[test]
fn event_data_tells_of_the_request() {
    let mut login = Login::discovering();
    login.set("event_data", json!("input_output"));
    login.set("response_mode", json!("form_post"));
    let begun = login.journey.begin(&mut login.host);
    let event_data: Value = serde_json::from_str(&begun.event_data.unwrap()).unwrap();
    assert_eq!(
        event_data,
        json!({
            "version": 1, "phase": "begin", "outcome": "redirect",
            "input": {"settings": login.journey.settings, "connector": login.journey.connector},
            "response_mode": null, "requested_response_mode": "form_post", "signing_key": null, "refresh_token_revoked": null,
            "exchanges": [
                {"method": "GET", "url": METADATA, "status": 200, "error": null, "milliseconds": 0, "request_id": null},
            ],
            "output": null, "error": null,
        })
    );
}

#[test]
fn event_data_of_a_failure_holds_the_error_and_no_document_that_was_refused() {
    let mut login = Login::new();
    login.set("event_data", json!("input_output"));
    login.set("client_secret", json!("1q2w3e4r5t6y7u8i9o0p"));
    let begun = login.journey.begin(&mut login.host);
    let event_data: Value = serde_json::from_str(&begun.event_data.unwrap()).unwrap();
    assert_eq!((&event_data["phase"], &event_data["outcome"]), (&json!("begin"), &json!("failed")));
    assert_eq!(event_data["input"], json!({"settings": null, "connector": null}));
    assert_eq!(event_data["error"]["path"], json!("/settings/client_secret"));
    assert_eq!(event_data["requested_response_mode"], Value::Null);
}

#[test]
fn without_settings_for_it_there_is_no_event_data() {
    let mut login = Login::new();
    assert_eq!(login.journey.begin(&mut login.host).event_data, None);
    login.set("event_data", json!("none"));
    assert_eq!(login.journey.begin(&mut login.host).event_data, None);
}
