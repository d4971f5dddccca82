//! Requests that are refused, and where the refusal ends up.

use host_test::browser::Navigation;
use host_test::cognito::{AuthorizationError, CannedResponse, Endpoint, SteppedClock, Times};

use super::relying_party::{Bench, CALLBACK, STATE};

/// Changes to a sound request, then `error` and `error_description`.
type Refusal = (&'static [(&'static str, &'static str)], &'static str, Option<&'static str>);

#[tokio::test]
async fn an_unknown_client_or_redirect_uri_never_comes_back() {
    let bench = Bench::start().await;
    let changes = [
        ("client_id", "unknown", "invalid_request"),
        ("client_id", "", "Required+parameters+missing"),
        ("redirect_uri", "http://127.0.0.1:9/callback/", "redirect_mismatch"),
        ("redirect_uri", "", "Required+parameters+missing"),
        ("response_type", "", "Required+parameters+missing"),
        ("identity_provider", "Unknown", "invalid_request"),
        ("idp_identifier", "example.net", "invalid_request"),
    ];
    for (name, value, error) in changes {
        let url = bench.authorization_url(&[(name, value)]);
        let page = bench.browser.open_until(&url, CALLBACK).await.unwrap().page().unwrap();
        assert_eq!(page.url.path(), "/error", "{name}={value}");
        let query = page.url.query().unwrap_or_default();
        assert!(query.starts_with(&format!("error={error}&client_id=")), "{query}");
    }
}

#[tokio::test]
async fn a_client_for_machines_has_no_use_for_a_callback_url_or_a_code() {
    let bench = Bench::with(|config| config.client.code_grant = false).await;
    let page = bench.browser.open_until(&bench.authorization_url(&[]), CALLBACK).await.unwrap().page().unwrap();
    let query = page.url.query().unwrap_or_default();
    assert!(page.url.path() == "/error" && query.starts_with("error=redirect_mismatch&"), "{query}");
    let response = bench.exchange("a-code", &[]).await;
    assert_eq!((response.status, response.json().unwrap()["error"].as_str()), (400, Some("unauthorized_client")));
}

#[tokio::test]
async fn every_response_tells_the_providers_own_time() {
    let clock = SteppedClock::at(784_111_777);
    let bench = Bench::with(|config| config.clock = clock.clock()).await;
    bench.cognito.faults().answer(Endpoint::Jwks, Times::First(1), CannedResponse::empty(503));
    for url in [bench.cognito.openid_configuration(), bench.cognito.jwks_uri(), bench.cognito.userinfo_endpoint()] {
        let response = bench.browser.request(Navigation::get(&url).unwrap()).await.unwrap();
        assert_eq!(response.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"), "{url}");
    }
}

#[tokio::test]
async fn an_unsound_request_is_refused_by_redirect_with_the_description_first() {
    let bench = Bench::start().await;
    let table: [Refusal; 6] = [
        (&[("scope", "openid unknown")], "invalid_request", Some("invalid_scope")),
        (&[("scope", "email")], "invalid_request", Some("invalid_scope")),
        (&[("response_type", "token")], "unauthorized_client", None),
        (&[("response_type", "id_token")], "invalid_request", Some("invalid response_type")),
        (&[("code_challenge_method", "plain")], "invalid_request", Some("code_challenge_method must be S256")),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request", Some("code_challenge_method must be S256")),
    ];
    for (changes, error, description) in table {
        let parameters = bench.callback(changes).await.parameters();
        let description = description.map(|text| ("error_description", text));
        let expected: Vec<(String, String)> = description
            .into_iter()
            .chain([("error", error), ("state", STATE)])
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(parameters, expected, "{changes:?}");
    }
}

#[tokio::test]
async fn a_triggers_refusal_is_written_as_cognito_writes_it() {
    let bench = Bench::start().await;
    bench.cognito.faults().refuse_login(Times::First(1), AuthorizationError::pre_sign_up("Not today"));
    let callback = bench.sign_in(&[]).await;
    let query = format!("error_description=PreSignUp+failed+with+error+Not+today.+&error=invalid_request&state={STATE}");
    assert_eq!(callback.url.query(), Some(query.as_str()));
}

#[tokio::test]
async fn a_just_linked_account_signs_in_at_the_second_try() {
    let bench = Bench::start().await;
    bench.cognito.faults().refuse_login(Times::First(1), AuthorizationError::account_just_linked("google_123"));
    let google = [("identity_provider", "Google")];
    let description = bench.callback(&google).await.parameter("error_description").unwrap();
    assert_eq!(description, "Already found an entry for username google_123. ");
    assert!(bench.callback(&google).await.parameter("code").is_some());
}

#[tokio::test]
async fn an_error_can_come_without_state() {
    let bench = Bench::start().await;
    bench.cognito.faults().refuse_login(Times::Always, AuthorizationError::server_error().without_state());
    let callback = bench.sign_in(&[]).await;
    assert_eq!(callback.parameters(), [("error".to_owned(), "server_error".to_owned())]);
}

#[tokio::test]
async fn a_code_works_once() {
    let bench = Bench::start().await;
    let code = bench.sign_in(&[]).await.parameter("code").unwrap();
    assert_eq!(bench.exchange(&code, &[]).await.status, 200);
    let again = bench.exchange(&code, &[]).await;
    assert_eq!((again.status, again.text().as_str()), (400, r#"{"error":"invalid_grant"}"#));
}

#[tokio::test]
async fn a_code_dies_after_five_minutes() {
    let bench = Bench::start().await;
    let code = bench.sign_in(&[]).await.parameter("code").unwrap();
    bench.clock.advance(300);
    assert_eq!(bench.exchange(&code, &[]).await.json().unwrap()["error"], "invalid_grant");
}

#[tokio::test]
async fn an_unsound_token_request_is_refused_and_spends_the_code() {
    let bench = Bench::start().await;
    let table = [
        ("code_verifier", "another-verifier-of-at-least-forty-three-chars", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:9/other", "invalid_grant"),
        ("redirect_uri", "", "invalid_request"),
    ];
    for (name, value, error) in table {
        bench.browser.clear_cookies();
        let code = bench.sign_in(&[]).await.parameter("code").unwrap();
        let page = bench.exchange(&code, &[(name, value)]).await;
        assert_eq!((page.status, page.json().unwrap()["error"].as_str()), (400, Some(error)), "{name}={value}");
        assert_eq!(bench.exchange(&code, &[]).await.json().unwrap()["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn an_unsound_token_request_without_a_known_code_is_refused() {
    let bench = Bench::start().await;
    let table = [
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "", "invalid_request"),
        ("code", "", "invalid_request"),
        ("code", "unknown", "invalid_grant"),
        ("client_secret", "beside Basic", "invalid_request"),
        ("client_id", "another", "invalid_request"),
    ];
    for (name, value, error) in table {
        let page = bench.exchange("unknown", &[(name, value)]).await;
        assert_eq!(page.json().unwrap()["error"], error, "{name}={value}");
    }
}

#[tokio::test]
async fn the_client_authenticates_by_basic_or_by_post() {
    let bench = Bench::start().await;
    let secret = bench.cognito.client_secret().unwrap();
    for (sent, status) in [(secret.as_str(), 200), ("wrong", 400), ("", 400)] {
        bench.browser.clear_cookies();
        let code = bench.sign_in(&[]).await.parameter("code").unwrap();
        let request = bench.code_request(&code, &[("client_secret", sent)]);
        assert_eq!(bench.browser.request(request).await.unwrap().status, status, "{sent}");
    }
    bench.cognito.configure(|config| config.invalid_client_status = 401);
    let page = bench.browser.request(bench.code_request("any", &[])).await.unwrap();
    assert_eq!((page.status, page.text().as_str()), (401, r#"{"error":"invalid_client"}"#));
}

#[tokio::test]
async fn a_public_client_sends_its_id_alone() {
    let bench = Bench::with(|config| config.client.secret = None).await;
    let code = bench.sign_in(&[]).await.parameter("code").unwrap();
    assert_eq!(bench.browser.request(bench.code_request(&code, &[])).await.unwrap().status, 200);
    assert_eq!(bench.cognito.connector()["client_authentication"], "none");
}

#[tokio::test]
async fn a_scope_over_an_unreadable_attribute_is_invalid_grant() {
    let bench = Bench::with(|config| config.client.unreadable_attributes = ["email_verified".to_owned()].into()).await;
    let code = bench.sign_in(&[("scope", "openid email")]).await.parameter("code").unwrap();
    assert_eq!(bench.exchange(&code, &[]).await.json().unwrap()["error"], "invalid_grant");
}

#[tokio::test]
async fn userinfo_refuses_without_naming_the_bearer_scheme() {
    let bench = Bench::start().await;
    let page = bench.userinfo("unknown").await;
    assert_eq!(page.status, 401);
    assert!(
        page.header("www-authenticate").is_some_and(|value| value.starts_with(r#"error="invalid_token", error_description=""#))
    );

    let without = bench.browser.request(Navigation::get(&bench.cognito.userinfo_endpoint()).unwrap()).await.unwrap();
    assert_eq!(without.status, 401);

    let tokens = bench.tokens(&[("scope", "aws.cognito.signin.user.admin")]).await;
    assert!(tokens.get("id_token").is_none(), "no ID token without `openid`");
    assert_eq!(bench.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
}
