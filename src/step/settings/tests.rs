//! Settings as authors write them, right and wrong.

use super::*;
use crate::testing::json::object as json_object;
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(settings: &Value) -> Result<Settings, Vec<(String, &'static str)>> {
    let (_, parsed) = Settings::parse(&settings.to_string());
    parsed
        .map_err(|problems| problems.into_iter().map(|problem| (problem.path, &*problem.expected.into_owned().leak())).collect())
}

fn with(name: &str, value: Value) -> Value {
    let mut settings = json!({"callback_url": "https://app.example.com/callback"});
    settings[name] = value;
    settings
}

fn problem(settings: &Value) -> (String, &'static str) {
    let mut problems = parse(settings).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn the_callback_url_is_enough() {
    let (destinations, settings) = Settings::parse(r#"{"callback_url":"https://app.example.com/callback"}"#);
    let settings = settings.unwrap();
    assert_eq!(settings.callback_url, "https://app.example.com/callback");
    assert_eq!(settings.scope.as_str(), "openid profile email");
    assert_eq!(settings.response_mode, ResponseMode::Query);
    assert_eq!(settings.tokens, Tokens::Discard);
    assert_eq!(settings.login_lifetime, 900);
    let expected = Destinations {
        callback_url: Some("https://app.example.com/callback".into()),
        output_variable: Some("cognito_oidc_output".into()),
        error_output_variable: "error_output".into(),
        failure_behavior: FailureBehavior::FailureBranch,
        event_data: EventData::None,
    };
    assert_eq!(destinations, expected);
}

#[test]
fn every_setting_is_taken_over() {
    let (destinations, settings) = Settings::parse(
        &json!({
            "callback_url": "myapp://callback", "scope": ["email", "aws.cognito.signin.user.admin"], "response_mode": "form_post",
            "output_variable": "out", "error_output_variable": "err", "failure_behavior": "abort",
            "event_data": {"custom": ["/output/user/email", "/a~1b~0"]}, "tokens": "output", "login_lifetime": 60, "advanced": null,
        })
        .to_string(),
    );
    let settings = settings.unwrap();
    assert_eq!(settings.scope.as_str(), "openid email aws.cognito.signin.user.admin");
    assert_eq!(settings.response_mode, ResponseMode::FormPost);
    assert_eq!(settings.tokens, Tokens::Output);
    assert_eq!(settings.login_lifetime, 60);
    assert_eq!(destinations.output_variable.as_deref(), Some("out"));
    assert_eq!(destinations.error_output_variable, "err");
    assert_eq!(destinations.failure_behavior, FailureBehavior::Abort);
    assert_eq!(destinations.event_data, EventData::Custom(vec!["/output/user/email".into(), "/a~1b~0".into()]));
}

#[test]
fn each_wrong_value_has_its_problem() {
    let a_string = "expected a URL as a string";
    for (name, value, expected) in [
        ("callback_url", json!(null), a_string),
        ("callback_url", json!(7), a_string),
        ("scope", json!(7), "expected scopes as a list, or separated by spaces"),
        ("scope", json!(["a b"]), "expected scopes of visible ASCII characters without `\"` and `\\`"),
        ("response_mode", json!("fragment"), "expected `query` or `form_post`"),
        ("advanced", json!([]), "expected an object"),
        ("output_variable", json!("1a"), A_VARIABLE_NAME),
        ("output_variable", json!(""), A_VARIABLE_NAME),
        ("output_variable", json!("a.b"), A_VARIABLE_NAME),
        ("output_variable", json!("ä"), A_VARIABLE_NAME),
        ("output_variable", json!("a".repeat(129)), A_VARIABLE_NAME),
        ("error_output_variable", json!([]), A_VARIABLE_NAME),
        ("error_output_variable", json!("cognito_oidc_output"), "expected another variable than `output_variable`"),
        ("failure_behavior", json!("retry"), "expected `failure_branch` or `abort`"),
        ("event_data", json!("all"), "expected `none`, `input_output`, or an object `custom` with a list of JSON Pointers"),
        ("event_data", json!({"custom": ["a"]}), "expected JSON Pointers, such as `/output/user/email`"),
        ("event_data", json!({"custom": ["/a~2"]}), "expected JSON Pointers, such as `/output/user/email`"),
        ("event_data", json!({"custom": vec!["/a"; 65]}), "expected at most 64 JSON Pointers"),
        ("tokens", json!(true), "expected `discard`, `revoke` or `output`"),
        ("login_lifetime", json!(59), A_LOGIN_LIFETIME),
        ("login_lifetime", json!(86_401), A_LOGIN_LIFETIME),
        ("login_lifetime", json!("900"), A_LOGIN_LIFETIME),
        ("login_lifetime", json!(60.5), A_LOGIN_LIFETIME),
        ("login_lifetime", json!(-1), A_LOGIN_LIFETIME),
        ("client_secret", json!("hunter2"), "unknown setting"),
        ("callbackUrl", json!("https://a/"), "unknown setting: perhaps `callback_url` is meant"),
        ("redirect_uri", json!("https://a/"), "unknown setting"),
        ("max_age", json!(1), "unknown setting: perhaps `advanced.max_age` is meant"),
    ] {
        assert_eq!(problem(&with(name, value.clone())), (format!("/settings/{name}"), expected), "{value}");
    }
    assert!(parse(&with("login_lifetime", json!(86_400))).is_ok());
    assert!(parse(&with("output_variable", json!("_".repeat(128)))).is_ok());
    assert!(parse(&with("event_data", json!({"custom": vec!["/a"; 64]}))).is_ok());
}

#[test]
fn b03_b17_a_callback_url_is_one_that_cognito_would_register() {
    for url in [
        "https://a/cb?x=y",
        "https://A:443/x/../cb?State=1",
        "http://127.0.0.1:1/cb",
        "http://localhost/cb",
        "http://[::1]/",
        "myapp://",
        "com.example.app:/cb",
    ] {
        assert!(parse(&with("callback_url", json!(url))).is_ok(), "{url}");
    }
    for url in [
        "",
        "/cb",
        "app.example.com/cb",
        "http://app.example.com/",
        "http://127.0.0.1.example.com/",
        "https://a/#f",
        "https://a/ b",
        "https://a/\u{e4}",
        "https://u:p@a/",
        "https://u@a/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///a",
        "https://a\\b",
        "vbscript:x",
        "blob:https://a/b",
        "ws://a/",
        "https://",
        // Browsers go to another place than is written.
        "https://a:0443/cb",
        "http://127.1/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "https://a/{cb}",
        // The response's own parameters, however they are written.
        "https://a/cb?code=1",
        "https://a/cb?x=1&state",
        "https://a/cb?st%61te=1",
        "https://a/cb?iss=1",
        "https://a/cb?error=1",
        "https://a/cb?error_description=1",
        "https://a/cb?error_uri=1",
        "https://a/cb?response=1",
        "https://a/cb?session_state=1",
        "https://a/cb?scope=1",
        "https://a/cb?id_token=1",
        "https://a/cb?access_token=1",
        "https://a/cb?refresh_token=1",
    ] {
        assert_eq!(problem(&with("callback_url", json!(url))).0, "/settings/callback_url", "{url}");
    }
    assert!(parse(&with("callback_url", json!(format!("https://a/{}", "x".repeat(2038))))).is_ok());
    assert!(parse(&with("callback_url", json!(format!("https://a/{}", "x".repeat(2039))))).is_err());
}

#[test]
fn every_problem_is_found_at_once() {
    let problems = parse(&json!({"scope": 1, "tokens": 2, "x": 3, "advanced": {"max_age": -1, "y": 4}})).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/settings/x",
            "/settings/callback_url",
            "/settings/scope",
            "/settings/advanced/y",
            "/settings/advanced/max_age",
            "/settings/tokens"
        ]
    );
}

#[test]
fn broken_settings_still_tell_where_results_go() {
    let destinations = |text: &str| Settings::parse(text).0;
    let default = destinations("{}");
    assert_eq!(destinations("not JSON"), default);
    assert_eq!(destinations(r#"{"failure_behavior":"abort","scope":1}"#).failure_behavior, FailureBehavior::Abort);
    assert_eq!(destinations(r#"{"error_output_variable":"err","scope":1}"#).error_output_variable, "err");
    assert_eq!(destinations(r#"{"error_output_variable":"1"}"#).error_output_variable, "error_output");
    assert_eq!(destinations(r#"{"output_variable":"1"}"#).output_variable, None);
    assert_eq!(destinations(r#"{"output_variable":"error_output"}"#).output_variable, None, "the error needs its variable");
}

proptest! {

    #[test]
    fn any_settings_are_read_or_refused_with_problems_under_their_path(settings in json_object(&[
        "callback_url", "scope", "response_mode", "advanced", "output_variable", "error_output_variable", "failure_behavior",
        "event_data", "tokens", "login_lifetime", "custom", "claims", "acr_values", "max_age", "prompt",
    ])) {
        let text = Value::Object(settings).to_string();
        let (destinations, parsed) = Settings::parse(&text);
        prop_assert!(check_variable_name(&destinations.error_output_variable).is_ok());
        prop_assert_ne!(destinations.output_variable.as_deref(), Some(destinations.error_output_variable.as_str()));
        match parsed {
            Ok(settings) => {
                prop_assert!(settings.scope.as_str().split(' ').any(|scope| scope == "openid"));
                prop_assert!(LOGIN_LIFETIMES.contains(&settings.login_lifetime));
                prop_assert!(destinations.output_variable.is_some());
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.iter().all(|problem| problem.path.starts_with("/settings")));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let (destinations, parsed) = Settings::parse(&text);
        prop_assert!(parsed.is_ok() || !destinations.error_output_variable.is_empty());
    }

    #[test]
    fn a_callback_url_that_is_accepted_goes_nowhere_but_home(url in "(https|http|myapp|ftp|data)?:?/{0,2}[a-z@:.\\[\\]0-9\\\\]{0,12}[/?#]?[ -~]{0,8}") {
        if check_callback_url(&url).is_ok() {
            let parsed = url::Url::parse(&url).unwrap();
            prop_assert!(parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none());
            prop_assert!(parsed.scheme() != "http" || matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")));
        }
    }
}
