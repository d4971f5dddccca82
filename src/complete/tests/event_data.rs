//! What the journey's analytics record.

use serde_json::{Value, json};

use crate::host::FetchError;
use crate::step::outcome::AbandonmentReason;
use crate::step::outcome::Completed;
use crate::testing::login::{Act, Ended, Login};
use crate::testing::provider::{CLIENT, ISSUER, KEYS, POOL, SUBJECT, TOKEN, USERINFO};
use crate::testing::{keys, response};

fn login(event_data: Value) -> Login {
    let mut login = Login::new();
    login.set("event_data", event_data);
    login
}

fn recorded(completed: &Completed) -> Value {
    serde_json::from_str(completed.event_data.as_deref().unwrap()).unwrap()
}

fn exchange(method: &str, url: &str, status: u16) -> Value {
    json!({"method": method, "url": url, "status": status, "error": null, "milliseconds": 0, "request_id": null})
}

#[test]
fn a_success_is_recorded_without_its_secrets() {
    let mut login = login(json!("input_output"));
    login.set("tokens", json!("output"));
    login.claim("at_hash", Value::Null);
    let completed = login.run();
    let mut output = login.output().unwrap();
    for member in ["id_token", "tokens"] {
        output[member] = json!("[redacted]");
    }
    output["id_token_claims"]["nonce"] = json!("[redacted]");
    assert_eq!(
        recorded(&completed),
        json!({
            "version": 1, "phase": "complete", "outcome": "authenticated",
            "input": {"settings": login.journey.settings, "connector": login.journey.connector},
            "response_mode": "query", "requested_response_mode": "query", "signing_key": "fetched", "refresh_token_revoked": null,
            "exchanges": [exchange("POST", TOKEN, 200), exchange("GET", KEYS, 200), exchange("GET", USERINFO, 200)],
            "output": output, "error": null,
        })
    );
    assert_eq!(output["user"]["email"], json!("ada@example.com"), "the user isn't a secret");
}

#[test]
fn hashes_of_secrets_are_redacted_wherever_they_stand() {
    let mut login = login(json!("input_output"));
    for name in ["c_hash", "s_hash"] {
        login.claim(name, json!("the hash"));
        login.provider.borrow_mut().change_user_info = Box::new(move |claims| {
            for hash in ["nonce", "at_hash", "c_hash", "s_hash"] {
                claims[hash] = json!("x");
            }
        });
        let completed = login.run();
        let output = recorded(&completed)["output"].clone();
        assert_eq!(output["id_token_claims"][name], json!("[redacted]"));
        for hash in ["nonce", "at_hash", "c_hash", "s_hash"] {
            assert_eq!(output["user_info"][hash], json!("[redacted]"));
        }
        assert_eq!(login.output().unwrap()["id_token_claims"][name], json!("the hash"), "only in the event data");
    }
}

#[test]
fn a_failure_is_recorded_with_its_error_and_exchanges() {
    let mut login = login(json!("input_output"));
    login.set("response_mode", json!("form_post"));
    login.answer(TOKEN, Err(FetchError::Timeout));
    let completed = login.run();
    let error = login.error().unwrap();
    assert_eq!(
        recorded(&completed),
        json!({
            "version": 1, "phase": "complete", "outcome": "failed",
            "input": {"settings": login.journey.settings, "connector": login.journey.connector},
            "response_mode": "query", "requested_response_mode": "form_post", "signing_key": null, "refresh_token_revoked": null,
            "exchanges": [{
                "method": "POST", "url": TOKEN, "status": null, "error": "timeout", "milliseconds": 0, "request_id": null,
            }],
            "output": null, "error": error,
        })
    );
}

#[test]
fn a_login_that_the_host_ended_has_no_response_mode() {
    let mut login = login(json!("input_output"));
    let state = login.begin().state.expose().to_owned();
    let Ended::Completed(completed) = login.act(&Act::Abandon(state, AbandonmentReason::Cancelled)) else { panic!() };
    let recorded = recorded(&completed);
    assert_eq!((&recorded["response_mode"], &recorded["requested_response_mode"]), (&Value::Null, &json!("query")));
    assert_eq!(recorded["error"]["code"], json!("login_cancelled"));
}

#[test]
fn custom_fields_are_picked_from_the_redacted_document() {
    let fields =
        ["/output/user/email", "/output/login/subject", "/output/id_token", "/error/code", "/exchanges/0/status", "/no/such"];
    let mut login = login(json!({ "custom": fields }));
    assert_eq!(
        recorded(&login.run()),
        json!({
            "/output/user/email": "ada@example.com", "/output/login/subject": SUBJECT, "/output/id_token": "[redacted]",
            "/error/code": null, "/exchanges/0/status": 200, "/no/such": null,
        })
    );
    login.answer(TOKEN, Ok(response(429, "", "")));
    assert_eq!(
        recorded(&login.run()),
        json!({
            "/output/user/email": null, "/output/login/subject": null, "/output/id_token": null,
            "/error/code": "rate_limited", "/exchanges/0/status": 429, "/no/such": null,
        })
    );
}

#[test]
fn where_the_signing_key_came_from_is_recorded() {
    let mut login = login(json!({"custom": ["/signing_key"]}));
    let source = |login: &mut Login| recorded(&login.run())["/signing_key"].clone();
    assert_eq!(source(&mut login), json!("fetched"));
    assert_eq!(source(&mut login), json!("cached"));
    login.provider.borrow_mut().keys = vec![keys::signing(0).jwk("new")];
    login.provider.borrow_mut().change_header = Box::new(|header| header["kid"] = json!("new"));
    assert_eq!(source(&mut login), json!("refetched"));
    login.advance(3600);
    login.answer(KEYS, Err(FetchError::Timeout));
    assert_eq!(source(&mut login), json!("stale"));
}

#[test]
fn a_document_that_was_refused_is_not_recorded() {
    let mut login = login(json!("input_output"));
    let query = login.authorized();
    login.connect("client_secret", json!("1q2w3e4r5t6y7u8i9o0p"));
    let recorded = recorded(&login.complete(&query));
    assert_eq!(recorded["input"], json!({"settings": null, "connector": null}));
    assert_eq!(recorded["error"]["path"], json!("/connector/client_secret"));
}

#[test]
fn nothing_is_recorded_unless_the_settings_ask() {
    assert_eq!(login(json!("none")).run().event_data, None);
    let mut login = login(json!(null));
    assert_eq!(login.run().event_data, None);
    login.answer(TOKEN, Err(FetchError::Timeout));
    assert_eq!(login.run().event_data, None);
}

#[test]
fn how_long_an_exchange_took_is_recorded() {
    let mut login = login(json!({"custom": ["/exchanges"]}));
    login.host.latency = std::time::Duration::from_millis(1250);
    let exchanges = recorded(&login.run())["/exchanges"].clone();
    assert_eq!(exchanges[0]["milliseconds"], json!(1250));
    let names = [ISSUER, POOL, CLIENT];
    assert!(names.iter().all(|name| !exchanges[2].to_string().contains(name)), "{exchanges}");
}
