//! What `complete` does, and doesn't do, with the tokens that a code was exchanged for.

use host_test::cognito::{Algorithm, CannedResponse, Endpoint, Signing, TestKey, Times};
use serde_json::json;

use crate::leaks::leak;
use crate::stage::{Stage, verdict};

#[tokio::test]
async fn t10_tokens_of_another_nonce_are_used_for_nothing_and_told_to_nobody() {
    let mut stage = Stage::new().await;
    for (setting, value) in [("tokens", "output"), ("event_data", "input_output")] {
        stage.settings[setting] = json!(value);
    }
    stage.cognito.faults().alter_id_token(Times::Always, |_, claims| claims["nonce"] = json!("another login's"));
    let called = stage.login().await;
    assert_eq!(verdict(&called), "failed: id_token_nonce");
    assert_eq!(stage.output().await, None);
    for endpoint in [Endpoint::UserInfo, Endpoint::Revoke] {
        assert_eq!(stage.cognito.requests().count(endpoint), 0, "{endpoint:?}");
    }

    let error = stage.variable("error_output").await.expect("an error").to_string();
    let event_data = called.event_data.expect("event data");
    let tokens = stage.cognito.issued_tokens();
    assert_eq!(tokens.len(), 3);
    for text in [error, event_data] {
        assert_eq!(leak(&text, &tokens), None, "{text}");
    }
}

#[tokio::test]
async fn i05_keys_that_a_header_names_or_brings_are_neither_fetched_nor_used() {
    let stage = Stage::new().await;
    let elsewhere = format!("{}?of=the-header", stage.cognito.jwks_uri());
    stage.cognito.faults().sign_id_token(Times::Always, Signing::Key(TestKey::Rsa2048E, Algorithm::Rs256));
    stage.cognito.faults().alter_id_token(Times::Always, move |header, _| {
        header["jku"] = json!(elsewhere);
        header["x5u"] = json!(elsewhere);
        header["jwk"] = TestKey::Rsa2048E.jwk("own");
    });
    assert_eq!(verdict(&stage.login().await), "failed: id_token_signature");
    let fetched = stage.cognito.requests().to(Endpoint::Jwks);
    assert_eq!(fetched.len(), 1);
    assert!(fetched.iter().all(|request| request.query.is_empty()));
}

#[tokio::test]
async fn u04_userinfo_as_a_token_is_not_read() {
    let stage = Stage::new().await;
    let token = CannedResponse::new(200, "application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.");
    stage.cognito.faults().answer(Endpoint::UserInfo, Times::Always, token);
    assert_eq!(verdict(&stage.login().await), "failed: userinfo_invalid");
    assert_eq!(stage.output().await, None);
}
