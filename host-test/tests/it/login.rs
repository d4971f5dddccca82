//! Whole logins through the sandbox, over HTTP.

use host_test::cognito::{Config, Endpoint, Issuer, ResponseModes};
use journey_host::{AuthorizationResponse, ResponseMode};
use serde_json::json;

use crate::stage::{Stage, form_post, verdict};

#[tokio::test]
async fn a_login_writes_the_user_to_the_output_variable() {
    let stage = Stage::new().await;
    let called = stage.login().await;
    assert_eq!(verdict(&called), "authenticated");

    let output = stage.output().await.expect("an output");
    assert_eq!(output["version"], 1);
    assert_eq!(output["user"]["email"], "ada@example.com");
    assert_eq!(output["user"]["email_verified"], true);
    assert_eq!(output["login"]["issuer"], stage.cognito.issuer());
    assert_eq!(output["login"]["response_mode"], "query");
    assert_eq!(output["user"]["external_user_id"], output["id_token_claims"]["sub"]);
    assert_eq!(output["tokens"], json!(null));
    assert_eq!(stage.error_code().await.as_deref(), Some(""));
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 1);
    assert_eq!(stage.cognito.requests().count(Endpoint::UserInfo), 1);
}

#[tokio::test]
async fn t02_t03_the_code_is_exchanged_by_the_method_of_the_connector() {
    for (method, secret) in [("client_secret_basic", true), ("client_secret_post", true), ("none", false)] {
        let mut config = Config::default();
        if !secret {
            config.client.secret = None;
        }
        let mut stage = Stage::with(config).await;
        stage.connector["client_authentication"] = json!(method);
        assert_eq!(verdict(&stage.login().await), "authenticated", "{method}");
        let requests = stage.cognito.requests().to(Endpoint::Token);
        let request = requests.first().expect("a token request");
        assert_eq!(request.header("authorization").is_some(), method == "client_secret_basic");
        assert_eq!(request.field("client_secret").is_some(), method == "client_secret_post");
        assert!(request.query.is_empty());
    }
}

#[tokio::test]
async fn c13_a_form_post_is_accepted_where_it_was_asked_for() {
    let mut stage = Stage::with(Config { response_modes: ResponseModes::FormPost, ..Config::default() }).await;
    stage.settings["response_mode"] = json!("form_post");
    let request = stage.begin().await;
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    let response = stage.sign_in(&request).await;
    assert!(matches!(response, AuthorizationResponse::FormPost(_)));
    assert_eq!(verdict(&stage.complete(&response).await), "authenticated");
    assert_eq!(stage.output().await.expect("an output")["login"]["response_mode"], "form_post");
}

#[tokio::test]
async fn c13_a_query_answers_a_request_for_a_form_post_and_never_the_other_way_round() {
    let mut stage = Stage::new().await;
    stage.settings["response_mode"] = json!("form_post");
    assert_eq!(verdict(&stage.login().await), "authenticated");

    let stage = Stage::new().await;
    let request = stage.begin().await;
    let response = stage.sign_in(&request).await;
    let AuthorizationResponse::Query(arrival) = &response else { panic!("not a query") };
    assert_eq!(verdict(&stage.complete(&form_post(&arrival.parameters)).await), "ignored: response_mode_mismatch");
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 0);
    assert_eq!(verdict(&stage.complete(&response).await), "authenticated");
}

#[tokio::test]
async fn without_a_domain_the_endpoints_are_discovered() {
    let mut stage = Stage::new().await;
    stage.connector = stage.cognito.connector_by_discovery();
    assert_eq!(verdict(&stage.login().await), "authenticated");
    assert_eq!(stage.cognito.requests().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn either_issuer_of_the_pool_and_a_replicas_are_accepted() {
    for (issuer, setting, regions, expected) in [
        (Issuer::Updated, "either", json!([]), "authenticated"),
        (Issuer::Updated, "original", json!([]), "failed: id_token_issuer"),
        (Issuer::Original, "updated", json!([]), "failed: id_token_issuer"),
        (Issuer::OtherRegion("us-east-1".to_owned()), "original", json!(["us-east-1"]), "authenticated"),
        (Issuer::OtherRegion("us-east-1".to_owned()), "original", json!([]), "failed: id_token_issuer"),
    ] {
        let mut stage = Stage::with(Config { issuer, ..Config::default() }).await;
        stage.connector["issuer"] = json!(setting);
        stage.connector["additional_regions"] = regions;
        assert_eq!(verdict(&stage.login().await), expected, "{setting}");
    }
}

#[tokio::test]
async fn the_unused_refresh_token_is_revoked_where_the_settings_say_so() {
    for (tokens, revoked, in_output) in [("discard", 0, false), ("revoke", 1, false), ("output", 0, true)] {
        let mut stage = Stage::new().await;
        stage.settings["tokens"] = json!(tokens);
        assert_eq!(verdict(&stage.login().await), "authenticated");
        assert_eq!(stage.cognito.revoked_tokens().len(), revoked, "{tokens}");
        let output = stage.output().await.expect("an output");
        assert_eq!(output["tokens"]["refresh_token"].is_string(), in_output);
    }
}
