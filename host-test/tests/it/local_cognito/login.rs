//! From the authorization request to the callback.

use host_test::browser::{Arrival, Browser};
use host_test::cognito::{DEFAULT_PASSWORD, DEFAULT_USERNAME, Endpoint, IdentityProvider, IdpAnswer, ResponseModes};

use super::relying_party::{Bench, CALLBACK, NONCE, STATE, decode, signature_holds};

#[tokio::test]
async fn a_login_walks_from_authorize_to_userinfo() {
    let bench = Bench::start().await;

    let callback = bench.sign_in(&[]).await;
    assert_eq!((callback.method.as_str(), callback.parameter("state").as_deref()), ("GET", Some(STATE)));
    let code = callback.parameter("code").unwrap();
    assert_eq!(code.len(), 36, "a UUID");

    let page = bench.exchange(&code, &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.header("x-amz-cognito-request-id").is_some_and(|id| id.len() == 36));
    let tokens = page.json().unwrap();
    let mut members: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["access_token", "expires_in", "id_token", "refresh_token", "token_type"]);

    let jwks = bench.jwks().await;
    let (id_token, access_token) = (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
    assert!(signature_holds(id_token, &jwks) && signature_holds(access_token, &jwks));
    let (_, claims) = decode(id_token);
    assert_eq!((claims["iss"].clone(), claims["nonce"].clone()), (bench.cognito.issuer().into(), NONCE.into()));

    let userinfo = bench.userinfo(access_token).await.json().unwrap();
    assert_eq!(userinfo["sub"], claims["sub"]);
    assert_eq!(userinfo["email_verified"], "true");
    assert_eq!(bench.cognito.requests().count(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_second_login_is_silent_until_the_session_ends() {
    let bench = Bench::start().await;
    bench.sign_in(&[]).await;
    assert!(bench.callback(&[]).await.parameter("code").is_some());
    bench.clock.advance(3600);
    assert!(bench.browser.open(&bench.authorization_url(&[])).await.unwrap().form().is_some());
}

#[tokio::test]
async fn the_session_stays_in_its_browser() {
    let bench = Bench::start().await;
    bench.sign_in(&[]).await;
    assert!(Browser::new().open(&bench.authorization_url(&[])).await.unwrap().form().is_some());
}

#[tokio::test]
async fn prompt_none_without_a_session_is_login_required() {
    let bench = Bench::start().await;
    let callback = bench.callback(&[("prompt", "none")]).await;
    assert_eq!(callback.parameter("error").as_deref(), Some("login_required"));
    bench.sign_in(&[]).await;
    assert!(bench.callback(&[("prompt", "none")]).await.parameter("code").is_some());
}

#[tokio::test]
async fn prompt_login_and_a_passed_max_age_force_the_form() {
    let bench = Bench::start().await;
    bench.sign_in(&[]).await;
    bench.clock.advance(100);
    for (name, value, forced) in
        [("prompt", "login", true), ("max_age", "100", true), ("max_age", "0", true), ("max_age", "101", false)]
    {
        let arrival = bench.browser.open_until(&bench.authorization_url(&[(name, value)]), CALLBACK).await.unwrap();
        assert_eq!(matches!(arrival, Arrival::Page(_)), forced, "{name}={value}");
    }
}

#[tokio::test]
async fn auth_time_is_that_of_the_session() {
    let bench = Bench::start().await;
    bench.sign_in(&[]).await;
    bench.clock.advance(100);
    let code = bench.callback(&[]).await.parameter("code").unwrap();
    let tokens = bench.exchange(&code, &[]).await.json().unwrap();
    let (_, claims) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["auth_time"], &claims["iat"]), (&1_800_000_000_u64.into(), &1_800_000_100_u64.into()));
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again() {
    let bench = Bench::start().await;
    let url = bench.authorization_url(&[("login_hint", "\"<ada>\""), ("lang", "de")]);
    let page = bench.browser.open(&url).await.unwrap();
    assert!(page.text().contains("<html lang=\"de\" dir=\"ltr\">") && page.text().contains("Anmelden"));
    // For whoever tries it.
    assert!(page.text().contains(DEFAULT_USERNAME) && page.text().contains(DEFAULT_PASSWORD));
    let form = page.form().unwrap();
    assert_eq!(form.field("username"), Some("\"<ada>\""));

    let again = bench.browser.submit(&form, &[("username", DEFAULT_USERNAME), ("password", "wrong")]).await.unwrap();
    assert!(again.text().contains("Benutzername oder Passwort ist falsch."));
    let fields = [("password", DEFAULT_PASSWORD)];
    let callback = bench.browser.submit_until(&again.form().unwrap(), &fields, CALLBACK).await.unwrap().stopped().unwrap();
    assert_eq!(callback.parameter("state").as_deref(), Some(STATE));
}

#[tokio::test]
async fn a_login_form_from_elsewhere_is_refused() {
    let bench = Bench::start().await;
    let form = bench.browser.open(&bench.authorization_url(&[])).await.unwrap().form().unwrap();
    let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
    let page = Browser::new().submit(&form, &fields).await.unwrap();
    assert_eq!(page.status, 403);
}

#[tokio::test]
async fn form_post_is_answered_by_query_unless_the_provider_supports_it() {
    let bench = Bench::start().await;
    assert_eq!(bench.sign_in(&[("response_mode", "form_post")]).await.method, "GET");

    bench.cognito.configure(|config| config.response_modes = ResponseModes::FormPost);
    let callback = bench.callback(&[("response_mode", "form_post")]).await;
    assert_eq!((callback.method.as_str(), callback.url.as_str()), ("POST", CALLBACK));
    assert_eq!(callback.parameter("state").as_deref(), Some(STATE));
    assert_eq!(
        callback.initiator.map(|page| page.origin().ascii_serialization()).as_deref(),
        Some(bench.cognito.domain_origin())
    );
}

#[tokio::test]
async fn an_identity_provider_signs_its_user_in() {
    let bench = Bench::start().await;
    let callback = bench.callback(&[("identity_provider", "Google"), ("nonce", "")]).await;
    assert_eq!(callback.parameter("state").as_deref(), Some(STATE));
    let tokens = bench.exchange(&callback.parameter("code").unwrap(), &[]).await.json().unwrap();
    let (_, claims) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["email_verified"], false);
    assert_eq!(claims["cognito:groups"][0], "eu-west-1_AbCdEf123_Google");
    assert_eq!(
        (&claims["identities"][0]["primary"], &claims["identities"][0]["dateCreated"]),
        (&"true".into(), &"1700000000000".into())
    );
    assert!(claims["nonce"].is_string(), "a nonce of Cognito's own");
}

#[tokio::test]
async fn where_accounts_are_chosen_the_user_says_which_or_none() {
    let bench = Bench::with(|config| config.accounts_are_chosen = true).await;
    let url = bench.authorization_url(&[("identity_provider", "Google"), ("lang", "he")]);
    let page = bench.browser.open(&url).await.unwrap();
    // A language without words here: the page says what it speaks.
    assert!(page.text().contains("<html lang=\"en\" dir=\"ltr\">") && page.text().contains("Grace Hopper"), "{}", page.text());
    let back = |choice: &str| {
        let state = page.url.query().unwrap_or_default().to_owned();
        format!("{}/oauth2/idpresponse?{state}{choice}", bench.cognito.domain_origin())
    };
    let account = back("&account=google_114259");
    let callback = bench.browser.open_until(&account, CALLBACK).await.unwrap().stopped().unwrap();
    assert!(callback.parameter("code").is_some());

    // One that isn't offered is none.
    for choice in ["&account=62b5e414-00d1-70e5-b6f1-8a1c2d3e4f50", "&cancelled=true", ""] {
        let bench = Bench::with(|config| config.accounts_are_chosen = true).await;
        let page = bench.browser.open(&bench.authorization_url(&[("identity_provider", "Google")])).await.unwrap();
        let state = page.url.query().unwrap_or_default();
        let url = format!("{}/oauth2/idpresponse?{state}{choice}", bench.cognito.domain_origin());
        let callback = bench.browser.open_until(&url, CALLBACK).await.unwrap().stopped().unwrap();
        assert_eq!(callback.parameter("error").as_deref(), Some("access_denied"), "{choice}");
    }
}

#[tokio::test]
async fn each_page_allows_its_own_style_and_the_way_back_alone() {
    let bench = Bench::with(|config| config.way_back = Some("http://127.0.0.1:9/journey".to_owned())).await;
    let page = bench.browser.open(&bench.authorization_url(&[])).await.unwrap();
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self' http://127.0.0.1:9;"), "{policy}");
    let page = bench.browser.open(&bench.authorization_url(&[("client_id", "unknown")])).await.unwrap();
    assert!(page.text().contains("href=\"http://127.0.0.1:9/journey\""), "{}", page.text());
}

#[tokio::test]
async fn an_identity_provider_is_found_by_its_identifier() {
    let bench = Bench::with(|config| config.identity_providers[0].identifiers.push("example.org".to_owned())).await;
    assert!(bench.callback(&[("idp_identifier", "example.org")]).await.parameter("code").is_some());
}

#[tokio::test]
async fn an_identity_providers_refusal_reaches_the_relying_party() {
    let refusal = IdpAnswer::Refuse("access_denied".to_owned(), Some("The user said no".to_owned()));
    let bench = Bench::with(|config| config.identity_providers = vec![IdentityProvider::new("Okta", refusal)]).await;
    let callback = bench.callback(&[("identity_provider", "Okta")]).await;
    let expected = [("error_description", "The user said no"), ("error", "access_denied"), ("state", STATE)];
    assert_eq!(callback.parameters(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_federated_login_of_over_five_minutes_never_comes_back() {
    let bench = Bench::start().await;
    let url = bench.authorization_url(&[("identity_provider", "Google")]);
    let back = format!("{}/oauth2/idpresponse", bench.cognito.domain_origin());
    let waiting = bench.browser.open_until(&url, &back).await.unwrap().stopped().unwrap();
    bench.clock.advance(301);
    let page = bench.browser.follow_until(waiting, CALLBACK).await.unwrap().page().unwrap();
    assert_eq!(page.url.path(), "/error");
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let bench = Bench::with(|config| config.client.logout_uris.push("http://127.0.0.1:9/bye".to_owned())).await;
    bench.sign_in(&[]).await;
    let client_id = bench.cognito.config().client.id.clone();
    let url = format!("{}/logout?client_id={client_id}&logout_uri=http://127.0.0.1:9/bye", bench.cognito.domain_origin());
    bench.browser.open_until(&url, "http://127.0.0.1:9/bye").await.unwrap().stopped().unwrap();
    assert!(bench.browser.open(&bench.authorization_url(&[])).await.unwrap().form().is_some());
}

#[tokio::test]
async fn an_odd_or_long_state_does_not_survive_an_identity_provider() {
    let bench = Bench::start().await;
    let google = ("identity_provider", "Google");
    let odd = bench.callback(&[google, ("state", "a%2Bb")]).await;
    assert_eq!(odd.parameter("state").as_deref(), Some("a+b"));
    let url = bench.authorization_url(&[google, ("state", &"s".repeat(2001)), ("prompt", "login")]);
    let page = bench.browser.open_until(&url, CALLBACK).await.unwrap().page().unwrap();
    assert_eq!(page.status, 400);
}
