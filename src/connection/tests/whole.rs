//! What is asked, of whom, and what is told of all answers together.

use proptest::prelude::*;
use serde_json::json;
use url::form_urlencoded;

use super::*;
use crate::host::{FetchError, Method, Response};
use crate::testing::provider::{KEYS, METADATA, TOKEN, refusal};

#[test]
fn a_connection_in_order_passes_every_check() {
    let mut connection = Connection::new();
    let findings = connection.test();
    let told: Vec<_> = findings.iter().map(|finding| (finding.check.as_str(), finding.status)).collect();
    let passed = ["documents", "metadata", "keys", "callback", "scope", "credentials", "userinfo", "clock"];
    let expected: Vec<_> =
        passed.map(|check| (check, Status::Passed)).into_iter().chain([("untested", Status::Skipped)]).collect();
    assert_eq!(told, expected);
    for finding in &findings {
        assert!(!finding.message.is_empty() && finding.code.is_none() && finding.path.is_none() && finding.remedy.is_none());
    }
}

#[test]
fn the_endpoints_are_asked_once_each_in_order_and_told_that_it_is_a_test() {
    let mut connection = Connection::new();
    connection.test();
    let requests = &connection.host.requests;
    let urls: Vec<&str> = requests.iter().map(|request| request.url.split('?').next().unwrap()).collect();
    assert_eq!(urls, [METADATA, KEYS, AUTHORIZE, TOKEN, USERINFO]);
    for request in requests {
        let agents: Vec<&str> =
            request.headers.iter().filter(|(name, _)| *name == "user-agent").map(|(_, value)| value.as_str()).collect();
        assert_eq!(agents, [concat!("cognito-oidc/", env!("CARGO_PKG_VERSION"), " (connection-test)")], "{}", request.url);
    }
    let page = &requests[2];
    assert_eq!(page.method, Method::Get);
    assert!(page.headers.contains(&("accept", "text/html".to_owned())));
    let query: Vec<(String, String)> =
        form_urlencoded::parse(page.url.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let parameter = |name: &str| query.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str());
    assert_eq!((parameter("client_id"), parameter("redirect_uri")), (Some(CLIENT), Some(CALLBACK_URL)));
    assert_eq!(parameter("code_challenge_method"), Some("S256"));
    let form: Vec<(String, String)> = form_urlencoded::parse(&requests[3].body).into_owned().collect();
    let code = ("code".to_owned(), "00000000-0000-4000-8000-000000000000".to_owned());
    assert!(form.contains(&code) && form.contains(&("redirect_uri".to_owned(), CALLBACK_URL.to_owned())));
    assert!(requests[4].headers.iter().all(|(name, _)| *name != "authorization"));
}

#[test]
fn nothing_is_read_or_written_but_the_network_the_time_and_random_bytes() {
    let mut connection = Connection::new();
    for settings in [connection.settings.clone(), None, Some(json!({}))] {
        connection.settings = settings;
        connection.test();
    }
    connection.connect("domain", json!(null)).test();
    let host = &connection.host;
    assert!(host.calls.iter().all(|call| call.starts_with("fetch ")), "{:?}", host.calls);
    assert!(host.variables.is_empty() && host.attempts.is_empty() && host.cache.is_empty());
}

#[test]
fn a_connection_is_tested_without_settings() {
    let mut connection = Connection::new();
    connection.settings = None;
    assert_eq!(connection.wrong(), [skipped(Check::Callback), skipped(Check::Scope)]);
    connection.answer(TOKEN, refusal(400, "unauthorized_client", None));
    let wrong = connection.wrong();
    assert_eq!(wrong[2], unknown(Check::Credentials, "client_not_allowed"), "that callback URL is nobody's");
}

#[test]
fn broken_documents_are_told_and_what_needs_them_is_not_asked() {
    let mut connection = Connection::new();
    connection.set("scpe", json!("openid"));
    let path = "/settings/scpe";
    let expected = [failed(Check::Documents, "invalid_settings", path), skipped(Check::Callback), skipped(Check::Scope)];
    assert_eq!(connection.wrong(), expected);

    let mut connection = Connection::new();
    connection.connect("user_pool_id", json!("nonsense"));
    let checks: Vec<_> = connection.wrong().into_iter().map(|(check, status, ..)| (check, status)).collect();
    assert_eq!(checks[0], (Check::Documents, Status::Failed));
    assert!(checks[1..].iter().all(|(_, status)| *status == Status::Skipped) && checks.len() == 8, "{checks:?}");
    assert!(connection.host.requests.is_empty());

    // Both documents are valid, and only together they are not.
    let mut connection = Connection::new();
    connection.set("tokens", json!("revoke"));
    let endpoints = json!({"authorization_endpoint": AUTHORIZE, "token_endpoint": TOKEN, "userinfo_endpoint": USERINFO});
    connection.connect("domain", json!(null)).connect("custom_endpoints", endpoints);
    let path = "/connector/custom_endpoints/revocation_endpoint";
    assert_eq!(connection.wrong(), [failed(Check::Documents, "invalid_integration", path)]);
}

#[test]
fn a_connector_is_tested_before_it_is_enabled() {
    let mut connection = Connection::new();
    connection.connect("enabled", json!(false));
    assert_eq!(connection.wrong(), [failed(Check::Documents, "integration_disabled", "/connector/enabled")]);
    connection.settings = None;
    connection.connect("authentication_methods", json!([]));
    assert_eq!(
        connection.wrong()[..2],
        [
            failed(Check::Documents, "integration_disabled", "/connector/enabled"),
            failed(Check::Documents, "oidc_not_enabled", "/connector/authentication_methods"),
        ]
    );
}

#[test]
fn the_words_are_those_of_a_login() {
    let failures = |change: &dyn Fn(&mut Connection)| {
        let mut connection = Connection::new();
        change(&mut connection);
        connection.test().into_iter().filter(|finding| finding.code.is_some()).collect::<Vec<_>>()
    };
    let found = failures(&|connection| {
        connection.answer(TOKEN, refusal(400, "invalid_client", Some("who are you"))).answer(KEYS, Ok(response(503, "", "")));
        connection.answer(AUTHORIZE, kept("redirect_mismatch")).set("scope", json!(1));
    });
    for finding in &found {
        let code = finding.code.unwrap();
        assert!(finding.message.starts_with(code.message()), "{finding:?}");
        assert!(finding.status != Status::Failed || finding.remedy.is_some(), "{finding:?}");
    }
    let credentials = found.iter().find(|finding| finding.check == Check::Credentials).unwrap();
    let (provider, trace) = (credentials.provider.as_ref().unwrap(), credentials.trace.as_ref().unwrap());
    assert_eq!((provider.error.as_str(), provider.description.as_deref()), ("invalid_client", Some("who are you")));
    assert_eq!((trace.status, trace.request_id.as_deref()), (400, Some("8f5c1d0e")));
}

/// Status, location and body of a response, or why there is none.
type Sketch = Result<(u16, &'static str, String), FetchError>;

fn any_answer() -> impl Strategy<Value = Sketch> {
    let location = prop::sample::select(vec![
        "/login",
        "/error?error=redirect_mismatch",
        "/error?error=invalid_request",
        "/error",
        "https://app.example.com/callback?error=x",
        "https://app.example.com/callback?error=invalid_scope",
        "https://app.example.com/callback",
        "https://x.example/",
        "::",
        "",
    ]);
    let body = prop_oneof![
        Just(String::new()),
        Just(r#"{"error":"invalid_grant"}"#.to_owned()),
        Just(r#"{"error":"invalid_client"}"#.to_owned()),
        Just(r#"{"error":"unauthorized_client"}"#.to_owned()),
        Just(r#"{"keys":[]}"#.to_owned()),
        "\\PC{0,20}",
    ];
    let status = prop::sample::select(vec![200_u16, 202, 302, 303, 400, 401, 403, 404, 405, 429, 500]);
    let errors = [FetchError::Denied, FetchError::Timeout, FetchError::Unreachable, FetchError::TooLarge];
    prop_oneof![(status, location, body).prop_map(Ok), prop::sample::select(errors.to_vec()).prop_map(Err)]
}

fn answer_of(sketch: Sketch) -> Fetched {
    let (status, location, body) = sketch?;
    let mut answer: Response = response(status, "application/json", &body);
    answer.headers.push(("location".into(), location.into()));
    Ok(answer)
}

proptest! {
    #[test]
    fn any_answers_come_to_findings_of_which_each_failure_says_what_to_do(
        metadata in any_answer(), keys in any_answer(), authorize in any_answer(), token in any_answer(), userinfo in any_answer(),
        is_discovered in any::<bool>(), goes_to_google in any::<bool>(), has_settings in any::<bool>(),
    ) {
        let mut connection = Connection::new();
        if is_discovered {
            connection.connect("domain", json!(null));
        }
        if goes_to_google {
            connection.set("advanced", json!({"identity_provider": "Google"}));
        }
        for (url, answer) in [(METADATA, metadata), (KEYS, keys), (AUTHORIZE, authorize), (TOKEN, token), (USERINFO, userinfo)] {
            connection.answer(url, answer_of(answer));
        }
        if !has_settings {
            connection.settings = None;
        }
        let findings = connection.test();
        prop_assert!(connection.host.requests.len() <= 6);
        prop_assert_eq!(findings.last().map(|finding| finding.check), Some(Check::Untested));
        for finding in findings {
            prop_assert!(!finding.message.is_empty());
            prop_assert!(finding.status != Status::Failed || finding.remedy.is_some(), "{:?}", finding);
            prop_assert!(finding.status != Status::Passed || (finding.code.is_none() && finding.path.is_none()), "{:?}", finding);
        }
    }
}
