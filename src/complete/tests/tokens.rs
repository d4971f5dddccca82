//! What becomes of access token and refresh token.

use serde_json::{Value, json};

use crate::host::FetchError;
use crate::testing::Fetched;
use crate::testing::login::{Login, verdict};
use crate::testing::provider::{KEYS, REVOKE, TOKEN, USERINFO};
use crate::testing::response;

fn login(tokens: &str) -> Login {
    let mut login = Login::new();
    login.set("tokens", json!(tokens));
    login.set("event_data", json!("input_output"));
    login
}

fn issued(login: &Login, wanted: &str) -> String {
    login.provider.borrow().issued.iter().find(|(name, _)| *name == wanted).unwrap().1.clone()
}

fn revoked(completed: &crate::step::outcome::Completed) -> Value {
    let event_data: Value = serde_json::from_str(completed.event_data.as_deref().unwrap()).unwrap();
    event_data["refresh_token_revoked"].clone()
}

#[test]
fn discarded_tokens_are_in_no_variable_and_are_not_revoked() {
    let mut login = login("discard");
    let completed = login.run();
    assert_eq!(login.output().unwrap()["tokens"], Value::Null);
    assert_eq!(login.fetches(), [TOKEN, KEYS, USERINFO]);
    assert_eq!(revoked(&completed), Value::Null);
    for name in ["access token", "refresh token"] {
        let token = issued(&login, name);
        assert!(login.host.variables.values().all(|json| !json.contains(&token)), "{name}");
    }
}

#[test]
fn tokens_asked_for_are_part_of_the_output() {
    let mut login = login("output");
    login.run();
    assert_eq!(
        login.output().unwrap()["tokens"],
        json!({
            "access_token": issued(&login, "access token"), "refresh_token": issued(&login, "refresh token"),
            "token_type": "Bearer", "expires_at": 1_800_003_600,
        })
    );
}

#[test]
fn t09_tokens_without_optional_members_have_them_as_null() {
    let mut login = login("output");
    login.provider.borrow_mut().change_tokens = Box::new(|tokens| {
        tokens["refresh_token"] = json!(null);
        tokens["expires_in"] = json!(null);
    });
    login.run();
    let tokens = login.output().unwrap()["tokens"].clone();
    assert_eq!((&tokens["refresh_token"], &tokens["expires_at"]), (&Value::Null, &Value::Null));
    assert_eq!(tokens.as_object().unwrap().len(), 4);
}

#[test]
fn an_unused_refresh_token_is_revoked_best_effort() {
    for (answer, is_revoked) in [
        (Ok(response(200, "", "")), true),
        (Ok(response(400, "application/json", r#"{"error":"unsupported_token_type"}"#)), false),
        (Err(FetchError::Timeout), false),
        (Err(FetchError::Denied), false),
    ] as [(Fetched, bool); 4]
    {
        let mut login = login("revoke");
        login.answer(REVOKE, answer);
        let completed = login.run();
        assert_eq!(verdict(&completed), "authenticated");
        assert_eq!(login.fetches(), [TOKEN, KEYS, USERINFO, REVOKE]);
        let body = String::from_utf8(login.host.requests[3].body.clone()).unwrap();
        assert!(body.contains(&format!("token={}", issued(&login, "refresh token"))), "{body}");
        assert_eq!(revoked(&completed), json!(is_revoked));
        assert_eq!(login.output().unwrap()["tokens"], Value::Null);
    }
}

#[test]
fn without_a_refresh_token_there_is_nothing_to_revoke() {
    let mut login = login("revoke");
    login.provider.borrow_mut().change_tokens = Box::new(|tokens| tokens["refresh_token"] = json!(null));
    let completed = login.run();
    assert_eq!(login.fetches(), [TOKEN, KEYS, USERINFO]);
    assert_eq!(revoked(&completed), Value::Null);
}
