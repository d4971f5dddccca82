//! Settings and connector, through the sandbox: what `settings.check` and `settings.origins` say, and what `begin` makes of a
//! document that isn't right.

use journey_host::{Begun, Egress, Limits, Network, Services, Step};
use serde_json::{Value, json};

use crate::stage::{Stage, compiled, verdict};

/// The step of a host that gives it nothing: its pure functions need no more.
fn pure() -> Step {
    Step::new(compiled(), Services::in_memory(Network::new(Egress::deny_all()).expect("an HTTP client")), Limits::default())
}

fn settings() -> Value {
    json!({ "callback_url": "https://login.example.com/callback" })
}

fn connector() -> Value {
    json!({ "user_pool_id": "eu-west-1_AbCdEf123", "domain": "shop", "client_id": "1example23456789" })
}

/// The paths of everything that is wrong.
async fn paths(step: &Step, settings: &Value, connector: &Value) -> Vec<String> {
    let problems = step.check("tenant", &settings.to_string(), &connector.to_string()).await.expect("a pure function");
    problems.into_iter().map(|problem| problem.path).collect()
}

/// A value that no message may repeat.
const GIVEN: &str = "Sup3rf1c1al-Value";

/// One wrong member each: its document, its path there, and what is put there.
fn wrong() -> Vec<(&'static str, &'static str, Value)> {
    let given = || json!(GIVEN);
    let mut rows = vec![
        ("settings", "/callback_url", json!(null)),
        ("settings", "/callback_url", json!("http://login.example.com/callback")),
        ("settings", "/callback_url", given()),
        ("settings", "/scope", json!(7)),
        ("settings", "/scope", json!([GIVEN, "a\"b"])),
        ("settings", "/output_variable", json!("1st")),
        ("settings", "/error_output_variable", json!("cognito_oidc_output")),
        ("settings", "/event_data", json!({ "custom": [GIVEN] })),
        ("settings", "/login_lifetime", json!(59)),
        ("settings", "/advanced/claims", json!("{")),
        ("settings", "/advanced/max_age", json!(-1)),
        ("settings", "/advanced/prompt", json!("none login")),
        ("settings", "/advanced/accepted_acr_values", json!(7)),
        ("connector", "/user_pool_id", given()),
        ("connector", "/domain", json!("not a host")),
        ("connector", "/client_id", json!("")),
        ("connector", "/client_secret", given()),
        ("connector", "/additional_regions", json!([GIVEN])),
        ("connector", "/enabled", given()),
        ("connector", "/enabled", json!(false)),
        ("connector", "/authentication_methods", json!([GIVEN])),
        ("connector", "/custom_endpoints/token_endpoint", json!("http://idp.example.com/token")),
        ("connector", "/custom_endpoints/jwks_uri", given()),
    ];
    rows.extend(
        ["/response_mode", "/failure_behavior", "/tokens", "/event_data", "/advanced"].map(|path| ("settings", path, given())),
    );
    rows.extend(["/issuer", "/client_authentication", "/custom_endpoints"].map(|path| ("connector", path, given())));
    // A member that nobody knows, wherever one can stand.
    rows.extend(["/unknown", "/advanced/unknown"].map(|path| ("settings", path, given())));
    rows.extend(["/unknown", "/custom_endpoints/unknown"].map(|path| ("connector", path, given())));
    // What the protocol owns, and what has a setting of its own.
    let owned = [
        "/advanced/authorize_parameters/state",
        "/advanced/authorize_parameters/nonce",
        "/advanced/authorize_parameters/redirect_uri",
        "/advanced/authorize_parameters/code_challenge",
        "/advanced/authorize_parameters/request",
        "/advanced/authorize_parameters/request_uri",
        "/advanced/authorize_parameters/id_token_hint",
        "/advanced/authorize_parameters/acr_values",
        "/advanced/authorize_parameters/max_age",
    ];
    rows.extend(owned.map(|path| ("settings", path, given())));
    rows
}

/// Puts a value at a path, making objects on the way.
fn put(document: &mut Value, path: &str, value: Value) {
    let place = path.trim_start_matches('/').split('/').fold(document, |place, name| &mut place[name]);
    *place = value;
}

#[tokio::test]
async fn each_wrong_member_is_named_by_its_path_and_its_value_repeated_nowhere() {
    let step = pure();
    for (document, path, value) in wrong() {
        let (mut settings, mut connector) = (settings(), connector());
        put(if document == "settings" { &mut settings } else { &mut connector }, path, value);
        let problems = step.check("tenant", &settings.to_string(), &connector.to_string()).await.expect("a pure function");
        let found: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(found, [format!("/{document}{path}")]);
        assert!(!problems[0].message.is_empty() && !problems[0].message.contains(GIVEN), "{problems:?}");

        // What is refused here is refused by `begin`, for the same reason.
        let mut stage = Stage::new().await;
        (stage.settings, stage.connector) = (settings, connector);
        let begun = stage.call_begin().await;
        assert!(matches!(begun.outcome, Begun::Failed(_)), "{path}: {}", verdict(&begun));
        let name = if path == "/error_output_variable" { "cognito_oidc_output" } else { "error_output" };
        let error = stage.variable(name).await.unwrap_or_else(|| panic!("{path}: no error variable"));
        assert_eq!(error["category"], "configuration", "{path}");
        assert_eq!(error["path"], problems[0].path, "{path}");
        assert_eq!(error["message"].as_str().map(|message| message.contains(GIVEN)), Some(false), "{path}");
    }
}

#[tokio::test]
async fn every_problem_of_both_documents_is_told_at_once() {
    let (mut settings, mut connector) = (json!({}), json!({}));
    let mut expected = vec!["/settings/callback_url".to_owned()];
    for (document, path, value) in [
        ("settings", "/scope", json!(1)),
        ("settings", "/advanced/prompt", json!("nobody")),
        ("settings", "/tokens", json!("keep")),
        ("connector", "/enabled", json!(false)),
        ("connector", "/authentication_methods", json!([])),
        ("connector", "/custom_endpoints/token_endpoint", json!("ftp://x")),
    ] {
        put(if document == "settings" { &mut settings } else { &mut connector }, path, value);
        expected.push(format!("/{document}{path}"));
    }
    expected.extend(["/connector/user_pool_id", "/connector/client_id"].map(str::to_owned));
    expected.sort();
    let mut found = paths(&pure(), &settings, &connector).await;
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_is_no_object_is_one_problem() {
    let step = pure();
    for text in ["", "null", "[]", "{", &"[".repeat(60_000), &" ".repeat(70_000)] {
        let problems = step.check("tenant", text, &connector().to_string()).await.expect("a pure function");
        assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["/settings"], "{problems:?}");
        let problems = step.check("tenant", &settings().to_string(), text).await.expect("a pure function");
        assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["/connector"], "{problems:?}");
        let description = step.describe("tenant", text, &connector().to_string()).await.expect("a pure function");
        assert!(description.origins.is_empty() && !description.problems.is_empty());
    }
}

#[tokio::test]
async fn origins_are_those_that_the_step_contacts_and_no_others() {
    let step = pure();
    let (original, updated) =
        ("https://cognito-idp.eu-west-1.amazonaws.com", "https://issuer-cognito-idp.eu-west-1.amazonaws.com");
    for (change, expected) in [
        (json!({}), vec!["https://shop.auth.eu-west-1.amazoncognito.com", original, updated]),
        (json!({ "domain": "auth.example.com", "issuer": "original" }), vec!["https://auth.example.com", original]),
        (json!({ "domain": null, "issuer": "updated" }), vec![updated]),
        (
            json!({ "issuer": "original", "additional_regions": ["us-east-1"] }),
            vec!["https://shop.auth.eu-west-1.amazoncognito.com", original, "https://cognito-idp.us-east-1.amazonaws.com"],
        ),
        (
            json!({ "custom_endpoints": { "token_endpoint": "https://proxy.example.com:8443/token", "jwks_uri": "https://keys.example.com/" } }),
            vec!["https://proxy.example.com:8443", "https://shop.auth.eu-west-1.amazoncognito.com", "https://keys.example.com"],
        ),
    ] {
        let mut connector = connector();
        for (name, value) in change.as_object().expect("an object") {
            connector[name] = value.clone();
        }
        let description =
            step.describe("tenant", &settings().to_string(), &connector.to_string()).await.expect("a pure function");
        assert_eq!(description.origins, expected, "{change}");
        assert_eq!(description.origins_complete, connector["domain"].is_string(), "{change}");
    }
}
