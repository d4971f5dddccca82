//! A login that succeeds.

use serde_json::{Value, json};

use crate::host::{FetchError, Method};
use crate::step::outcome::{Authentication, CompleteOutcome};
use crate::testing::login::{Act, Ended, Login, OUTPUT, verdict};
use crate::testing::provider::{CLIENT, ISSUER, KEY_ID, KEYS, METADATA, POOL, SUBJECT, TOKEN, USERINFO};
use crate::testing::{keys, response};

#[test]
fn a_login_writes_its_whole_output_and_an_empty_error() {
    let mut login = Login::new();
    login.provider.borrow_mut().change_claims = Box::new(|claims| {
        claims["acr"] = json!("gold");
        claims["amr"] = json!(["pwd", 7, "otp"]);
        claims["cognito:groups"] = json!(["admins", format!("{POOL}_Google")]);
        claims["custom:tier"] = json!("1");
        claims["identities"] = json!([{
            "userId": "1", "providerName": "Google", "providerType": "Google", "issuer": null, "primary": "true",
            "dateCreated": "1642699117273",
        }]);
    });
    let completed = login.run();
    let [user_pool_id, subject, issuer] = [POOL, SUBJECT, ISSUER].map(str::to_owned);
    assert_eq!(completed.outcome, CompleteOutcome::Authenticated(Authentication { user_pool_id, subject, issuer }));
    assert_eq!(completed.event_data, None);

    let output = login.output().unwrap();
    let provider = login.provider.borrow();
    let issued = |name: &str| provider.issued.iter().find(|(issued, _)| *issued == name).unwrap().1.clone();
    let now = 1_800_000_000;
    let claims = json!({
        "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "nonce": issued("nonce"), "token_use": "id",
        "auth_time": now, "iat": now, "exp": now + 3600,
        "cognito:username": "ada", "email": "ada@example.com", "email_verified": true,
        "acr": "gold", "amr": ["pwd", 7, "otp"], "cognito:groups": ["admins", "eu-west-1_Ab_Google"], "custom:tier": "1",
        "identities": [{
            "userId": "1", "providerName": "Google", "providerType": "Google", "issuer": null, "primary": "true",
            "dateCreated": "1642699117273",
        }],
    });
    assert_eq!(
        output,
        json!({
            "version": 1,
            "id_token": issued("ID token"),
            "id_token_claims": claims,
            "user_info": {"sub": SUBJECT, "username": "ada", "email": "ada@example.com", "email_verified": "true"},
            "user": {
                "external_user_id": SUBJECT, "username": "ada", "preferred_username": null,
                "email": "ada@example.com", "email_verified": true, "phone_number": null, "phone_number_verified": false,
                "name": null, "given_name": null, "family_name": null, "middle_name": null, "nickname": null, "picture": null,
                "locale": null, "zoneinfo": null, "birthdate": null, "gender": null, "address": null,
                "groups": ["admins"], "provider_groups": ["eu-west-1_Ab_Google"], "custom": {"tier": "1"},
                "federated_identities": [{
                    "provider_name": "Google", "provider_type": "Google", "user_id": "1", "issuer": null, "primary": true,
                    "linked_at": 1_642_699_117,
                }],
            },
            "login": {
                "issuer": ISSUER, "user_pool_id": POOL, "client_id": CLIENT, "subject": SUBJECT, "auth_time": now,
                "completed_at": now, "acr": "gold", "amr": ["pwd", "otp"], "requested_scope": "openid profile email",
                "granted_scope": null, "response_mode": "query",
            },
            "tokens": null,
        })
    );
    assert_eq!(
        login.error().unwrap(),
        json!({
            "version": 1, "code": "", "category": null, "retryable": false, "message": "", "path": null,
            "provider": {"error": null, "error_description": null, "status": null, "request_id": null},
        })
    );
    assert_eq!(login.host.variables.len(), 2);
}

#[test]
fn an_output_may_be_as_long_as_a_variable() {
    let padded = |length: usize| {
        let mut login = Login::new();
        login.provider.borrow_mut().change_user_info = Box::new(move |claims| claims["x"] = json!("x".repeat(length)));
        let verdict = verdict(&login.run());
        (verdict, login.host.variables.get(OUTPUT).map_or(0, String::len))
    };
    let (_, without) = padded(0);
    let longest = 256 * 1024 - without;
    assert_eq!(padded(longest), ("authenticated".to_owned(), 256 * 1024));
    assert_eq!(padded(longest + 1), ("failed: output_too_large".to_owned(), 0));
}

#[test]
fn what_is_unknown_is_null_and_not_missing() {
    let mut login = Login::new();
    login.claim("auth_time", Value::Null);
    login.run();
    let output = login.output().unwrap();
    assert_eq!(output["login"]["auth_time"], Value::Null);
    assert_eq!(output["login"].as_object().unwrap().len(), 11);
    assert_eq!((&output["login"]["acr"], &output["login"]["amr"]), (&Value::Null, &json!([])));
}

#[test]
fn t01_u01_a_login_takes_three_requests_and_the_code_goes_once() {
    let mut login = Login::new();
    assert_eq!(verdict(&login.run()), "authenticated");
    let requests = &login.host.requests;
    let sent: Vec<_> = requests.iter().map(|request| (request.method, request.url.as_str())).collect();
    assert_eq!(sent, [(Method::Post, TOKEN), (Method::Get, KEYS), (Method::Get, USERINFO)]);
    let provider = login.provider.borrow();
    let code = &provider.exchanged[0];
    assert_eq!(provider.exchanged.len(), 1);
    for request in &requests[1..] {
        assert!(request.body.is_empty() && !request.url.contains(code));
    }
}

#[test]
fn b03_the_redirect_uri_is_the_same_to_the_byte_at_both_endpoints() {
    let mut login = Login::new();
    // `url` would add a slash and lower the host's case.
    login.set("callback_url", json!("https://App.example.com?a=%7e"));
    assert_eq!(verdict(&login.run()), "authenticated");
}

#[test]
fn granted_scope_and_lifetimes_are_told() {
    let mut login = Login::new();
    login.set("scope", json!("email"));
    login.provider.borrow_mut().change_tokens = Box::new(|tokens| tokens["scope"] = json!("openid"));
    login.run();
    let output = login.output().unwrap();
    assert_eq!(output["login"]["requested_scope"], json!("openid email"));
    assert_eq!(output["login"]["granted_scope"], json!("openid"));
}

#[test]
fn c13_a_form_post_answers_a_request_for_one_and_so_does_a_query() {
    for (as_form_post, response_mode) in [(true, "form_post"), (false, "query")] {
        let mut login = Login::new();
        login.set("response_mode", json!("form_post"));
        let response = login.authorized();
        let act = if as_form_post { Act::FormPost(response) } else { Act::Query(response) };
        let Ended::Completed(completed) = login.act(&act) else { panic!() };
        assert_eq!(verdict(&completed), "authenticated");
        assert_eq!(login.output().unwrap()["login"]["response_mode"], json!(response_mode));
    }
}

#[test]
fn c06_a_response_may_name_its_issuer_and_the_token_is_then_that_issuers() {
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
    for (named, expected) in [(ISSUER, "authenticated"), (updated, "failed: id_token_issuer")] {
        let mut login = Login::new();
        let issuer: String = url::form_urlencoded::byte_serialize(named.as_bytes()).collect();
        let query = format!("{}&iss={issuer}", login.authorized());
        assert_eq!(verdict(&login.complete(&query)), expected);
    }
}

#[test]
fn k03_each_issuer_is_verified_with_its_own_keys() {
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
    let mut login = Login::new();
    login.claim("iss", json!(updated));
    let keys = json!({"keys": [keys::signing(0).jwk(KEY_ID)]}).to_string();
    login.host.respond(&format!("{updated}/.well-known/jwks.json"), Ok(response(200, "application/json", &keys)));
    // Signed by the right key, but published by the other issuer alone.
    login.provider.borrow_mut().keys.clear();
    assert_eq!(verdict(&login.run()), "authenticated");
    assert_eq!(login.output().unwrap()["login"]["issuer"], json!(updated));
    assert_eq!(login.host.fetched(KEYS), 0);
}

#[test]
fn endpoints_are_discovered_once_for_the_tenant() {
    let mut login = Login::discovering();
    assert_eq!(verdict(&login.run()), "authenticated");
    assert_eq!(verdict(&login.run()), "authenticated");
    assert_eq!(login.fetches(), [METADATA, TOKEN, KEYS, USERINFO, TOKEN, USERINFO]);
}

#[test]
fn k05_keys_that_rotate_between_and_during_logins_are_found() {
    let mut login = Login::new();
    assert_eq!(verdict(&login.run()), "authenticated");
    let query = login.authorized();
    {
        let mut provider = login.provider.borrow_mut();
        provider.key = keys::signing(1);
        provider.keys = vec![keys::signing(1).jwk("rotated")];
        provider.change_header = Box::new(|header| header["kid"] = json!("rotated"));
    }
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
    assert_eq!(login.host.fetched(KEYS), 2);
}

#[test]
fn k07_known_keys_serve_while_the_issuer_is_down() {
    let mut login = Login::new();
    assert_eq!(verdict(&login.run()), "authenticated");
    login.advance(7200);
    login.answer(KEYS, Err(FetchError::Unreachable));
    assert_eq!(verdict(&login.run()), "authenticated");
}
