//! What `complete` makes of a response, before and when it uses the code.

use host_test::cognito::{CannedResponse, Config, Endpoint, Fault, LocalCognito, Times};
use journey_host::{AuthorizationResponse, Completed};
use serde_json::json;

use crate::stage::{Stage, query, verdict};

/// A response with parameters more, encoded as they are.
fn with(response: &AuthorizationResponse, more: &str) -> AuthorizationResponse {
    let AuthorizationResponse::Query(arrival) = response else { panic!("not a query") };
    query(&format!("{}&{more}", arrival.parameters))
}

#[tokio::test]
async fn c04_c06_an_issuer_is_compared_as_text_though_nobody_promised_it() {
    for (issuer, expected) in [
        ("https%3A%2F%2Fcognito-idp.eu-west-1.amazonaws.com%2Feu-west-1_AbCdEf123", "authenticated"),
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", "authenticated"),
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/", "failed: response_issuer_mismatch"),
        ("https://COGNITO-IDP.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", "failed: response_issuer_mismatch"),
        ("https://cognito-idp.eu-west-1.amazonaws.com:443/eu-west-1_AbCdEf123", "failed: response_issuer_mismatch"),
        ("https%253A%2F%2Fcognito-idp.eu-west-1.amazonaws.com%2Feu-west-1_AbCdEf123", "failed: response_issuer_mismatch"),
        ("", "failed: response_issuer_mismatch"),
    ] {
        let stage = Stage::new().await;
        let request = stage.begin().await;
        let response = stage.sign_in(&request).await;
        let called = stage.complete(&with(&response, &format!("iss={issuer}"))).await;
        assert_eq!(verdict(&called), expected, "{issuer}");
        let exchanges = usize::from(expected == "authenticated");
        assert_eq!(stage.cognito.requests().count(Endpoint::Token), exchanges, "{issuer}");
    }
}

#[tokio::test]
async fn c05_an_error_without_the_issuer_that_was_promised_is_refused_as_well() {
    let mut stage = Stage::new().await;
    stage.connector = stage.cognito.connector_by_discovery();
    stage.cognito.faults().alter_json(Endpoint::Discovery, Times::Always, |metadata| {
        metadata["authorization_response_iss_parameter_supported"] = json!(true);
    });
    let request = stage.begin().await;
    let error = query(&format!("error=access_denied&state={}", request.state));
    assert_eq!(verdict(&stage.complete(&error).await), "failed: response_issuer_missing");
}

#[tokio::test]
async fn c16_a_code_is_sent_once_whatever_comes_of_it() {
    for fault in [
        Fault::Disconnect,
        Fault::Respond(CannedResponse::empty(500)),
        Fault::Respond(CannedResponse::empty(429)),
        Fault::Respond(CannedResponse::firewall()),
        Fault::Respond(CannedResponse::json(400, &json!({"error": "invalid_request"}))),
        Fault::Respond(CannedResponse::json(200, &json!([]))),
    ] {
        let stage = Stage::new().await;
        // The first time only: a second try would succeed.
        stage.cognito.faults().set(Endpoint::Token, Times::First(1), fault.clone());
        let request = stage.begin().await;
        let response = stage.sign_in(&request).await;
        let called = stage.complete(&response).await;
        assert!(matches!(called.outcome, Completed::Failed(_)), "{fault:?}: {}", verdict(&called));
        assert_eq!(verdict(&stage.complete(&response).await), "too late: duplicate", "{fault:?}");
        assert_eq!(stage.cognito.requests().count(Endpoint::Token), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn c18_a_response_after_the_end_of_the_attempt_is_told_apart_and_may_be_tried_again() {
    for (seconds, expected) in [(60, "authenticated"), (61, "failed: login_expired")] {
        let mut stage = Stage::new().await;
        stage.settings["login_lifetime"] = json!(60);
        let request = stage.begin().await;
        let response = stage.sign_in(&request).await;
        stage.advance(seconds);
        let called = stage.complete(&response).await;
        assert_eq!(verdict(&called), expected, "after {seconds} s");
        if let Completed::Failed(failed) = called.outcome {
            assert!(failed.failure.retryable);
            assert_eq!(stage.cognito.requests().count(Endpoint::Token), 0);
        }
    }
}

/// The attacker has the user begin at one provider and answers with the code of another (RFC 9700 4.4).
#[tokio::test]
async fn h04_a_code_goes_to_no_other_provider_than_the_one_that_was_asked() {
    let mut config = Config { user_pool_id: "eu-west-1_Attacker1".to_owned(), ..Config::default() };
    config.client.id = "another-client".to_owned();
    let attacker = LocalCognito::start(config).await.expect("a free port");

    let mut stage = Stage::new().await;
    let request = stage.begin().await;
    let response = stage.sign_in(&request).await;
    let honest = stage.connector.clone();
    stage.connector = attacker.connector();
    assert_eq!(verdict(&stage.complete(&response).await), "failed: integration_changed");

    stage.visit.round += 1;
    stage.connector = honest;
    let request = stage.begin().await;
    let response = with(&stage.sign_in(&request).await, &format!("iss={}", attacker.issuer()));
    assert_eq!(verdict(&stage.complete(&response).await), "failed: response_issuer_mismatch");

    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 0);
    assert!(attacker.requests().all().is_empty());
}
