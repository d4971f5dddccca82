//! What is believed before what.

use serde_json::json;

use crate::host::FetchError;
use crate::step::outcome::{AbandonmentReason, CompleteOutcome};
use crate::testing::login::{Act, Ended, Login, verdict};
use crate::testing::provider::{KEYS, METADATA, TOKEN, USERINFO, refusal};

fn ended(login: &mut Login, act: &Act) -> String {
    match login.act(act) {
        Ended::Completed(completed) => verdict(&completed),
        Ended::Begun(_) => panic!("begin"),
    }
}

#[test]
fn c04_the_issuer_is_compared_before_an_error_is_believed() {
    let mut login = Login::new();
    let query = login.responded("error=access_denied&iss=https%3A%2F%2Fevil.example");
    assert_eq!(verdict(&login.complete(&query)), "failed: response_issuer_mismatch");
    assert_eq!(login.error().unwrap()["provider"]["error"], json!(null), "nothing of it is repeated");
}

#[test]
fn c05_a_promised_issuer_is_asked_for_before_an_error_is_believed() {
    let mut login = Login::discovering();
    login.provider.borrow_mut().change_metadata =
        Box::new(|metadata| metadata["authorization_response_iss_parameter_supported"] = json!(true));
    let query = login.responded("error=access_denied");
    assert_eq!(verdict(&login.complete(&query)), "failed: response_issuer_missing");
    assert_eq!(login.fetches(), [METADATA]);
}

#[test]
fn c02_another_browser_learns_nothing_of_the_login() {
    let mut login = Login::new();
    let expired = login.authorized();
    login.advance(10_000);
    login.journey.browser = b"another browser";
    login.set("scope", json!(1));
    assert_eq!(verdict(&login.complete(&expired)), "ignored: browser_mismatch");
    assert!(login.host.calls.iter().all(|call| !call.starts_with("replace_attempt")), "not taken");
}

#[test]
fn c18_too_late_goes_before_whatever_else_is_wrong() {
    let mut login = Login::new();
    let query = login.responded("error=access_denied&iss=https%3A%2F%2Fevil.example");
    login.advance(901);
    login.set("scope", json!(1));
    assert_eq!(verdict(&login.complete(&query)), "failed: login_expired");
}

#[test]
fn c18_a_response_is_in_time_up_to_the_last_second() {
    let mut login = Login::new();
    login.set("login_lifetime", json!(60));
    let query = login.authorized();
    login.advance(60);
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
}

#[test]
fn a_broken_configuration_goes_before_the_response() {
    let mut login = Login::new();
    let query = login.responded("error=access_denied");
    login.connect("enabled", json!(false));
    assert_eq!(verdict(&login.complete(&query)), "failed: integration_disabled");
}

#[test]
fn a_login_that_the_host_ends_needs_no_configuration() {
    let mut login = Login::new();
    let state = login.begin().state.expose().to_owned();
    login.set("scope", json!(1));
    login.advance(10_000);
    assert_eq!(ended(&mut login, &Act::Abandon(state, AbandonmentReason::Cancelled)), "failed: login_cancelled");
}

#[test]
fn a_client_without_its_secret_asks_for_nothing() {
    let mut login = Login::new();
    login.connect("client_authentication", json!("none"));
    assert_eq!(verdict(&login.run()), "failed: invalid_integration", "a secret for a public client");
    assert!(login.fetches().is_empty());
}

#[test]
fn t10_userinfo_is_not_asked_before_the_id_token_is_verified() {
    for (claim, value) in [("nonce", json!("another")), ("token_use", json!("access")), ("aud", json!("another"))] {
        let mut login = Login::new();
        login.claim(claim, value);
        login.run();
        assert_eq!(login.fetches(), [TOKEN, KEYS]);
    }
}

#[test]
fn t10_no_token_is_revoked_for_a_login_that_failed() {
    let mut login = Login::new();
    login.set("tokens", json!("revoke"));
    login.answer(USERINFO, Err(FetchError::Timeout));
    login.run();
    assert_eq!(login.fetches(), [TOKEN, KEYS, USERINFO]);
}

#[test]
fn c16_a_token_request_that_went_wrong_is_not_repeated() {
    for answer in [
        Err(FetchError::Timeout),
        Err(FetchError::Unreachable),
        Err(FetchError::Other),
        Err(FetchError::TooLarge),
        refusal(400, "invalid_request", None),
        refusal(429, "slow_down", None),
        refusal(500, "server_error", None),
        refusal(302, "moved", None),
    ] {
        let mut login = Login::new();
        login.answer(TOKEN, answer);
        let query = login.authorized();
        assert!(matches!(login.complete(&query).outcome, CompleteOutcome::Failed(_)));
        for seconds in [0, 91] {
            login.advance(seconds);
            login.complete(&query);
        }
        assert_eq!(login.fetches(), [TOKEN]);
    }
}

#[test]
fn a_response_that_arrived_elsewhere_is_judged_no_further() {
    let mut login = Login::new();
    let query = login.authorized();
    for elsewhere in ["https://app.example.com/callback/", "https://evil.example/callback", "myapp://callback"] {
        login.journey.arrives_at = Some(elsewhere.into());
        assert_eq!(verdict(&login.complete(&query)), "ignored: callback_mismatch", "{elsewhere}");
    }
    login.journey.arrives_at = Some("not a URL".into());
    assert_eq!(verdict(&login.complete(&query)), "ignored: internal", "the host's fault");
    assert!(login.fetches().is_empty());
    assert!(login.host.calls.iter().all(|call| !call.starts_with("replace_attempt")), "nothing taken");
    login.journey.arrives_at = None;
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
}

#[test]
fn a_callback_urls_own_query_comes_back_by_query_and_by_form_post() {
    for (response_mode, arrives_at, expected) in [
        ("query", "https://app.example.com/callback?c=1", "authenticated"),
        ("query", "https://app.example.com/callback?c=2", "ignored: callback_mismatch"),
        ("query", "https://app.example.com/callback", "ignored: callback_mismatch"),
        ("form_post", "https://app.example.com/callback?c=1", "authenticated"),
        ("form_post", "https://app.example.com/callback", "ignored: callback_mismatch"),
        ("form_post", "https://app.example.com/callback?c=1&c=1", "ignored: callback_mismatch"),
    ] {
        let mut login = Login::new();
        login.set("callback_url", json!("https://app.example.com/callback?c=1"));
        login.set("response_mode", json!(response_mode));
        login.journey.arrives_at = Some(arrives_at.into());
        let response = login.authorized();
        let act = if response_mode == "query" { Act::Query(response) } else { Act::FormPost(response) };
        assert_eq!(ended(&mut login, &act), expected, "{response_mode} {arrives_at}");
    }
}
