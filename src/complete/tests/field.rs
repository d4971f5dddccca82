//! What other clients' users and operators reported, one row an input: how the login ends, whose error it is, whether going round
//! helps, and what the operator reads.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::host::FetchError;
use crate::step::error::Category::{self, Configuration, Flow, Provider};
use crate::step::error::Code::{self, *};
use crate::step::outcome::{CompleteOutcome, Failed};
use crate::testing::Fetched;
use crate::testing::login::{Act, Ended, Login};
use crate::testing::provider::{KEYS, TOKEN, USERINFO};
use crate::testing::response;

/// An input, and what becomes of it.
struct Row {
    input: &'static str,
    /// Everything up to the last call, which it returns.
    prepare: Box<dyn Fn(&mut Login) -> Act>,
    /// The code, its category, and whether it is retryable; none where the user is logged in.
    failure: Option<(Code, Category, bool)>,
    /// Among what the error variable holds; of a login, among what the output does.
    told: &'static str,
}

const FINAL: bool = false;
const RETRYABLE: bool = true;

fn row(
    input: &'static str,
    failure: impl Into<Option<(Code, Category, bool)>>,
    told: &'static str,
    prepare: impl Fn(&mut Login) -> Act + 'static,
) -> Row {
    Row { input, prepare: Box::new(prepare), failure: failure.into(), told }
}

/// A redirect with an error; the description stands in it as the operator reads it.
fn redirected(error: &'static str, description: &'static str, failure: (Code, Category, bool)) -> Row {
    let told = if description.is_empty() { error } else { description };
    row(told, failure, told, move |login| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("error", error).append_pair("error_description", description);
        Act::Query(login.responded(&query.finish()))
    })
}

/// Something else answers for an endpoint.
fn answered(
    input: &'static str,
    url: &'static str,
    answer: impl Fn() -> Fetched + 'static,
    failure: (Code, Category, bool),
    told: &'static str,
) -> Row {
    row(input, failure, told, move |login| {
        login.answer(url, answer());
        Act::Query(login.authorized())
    })
}

fn page(status: u16, content_type: &'static str, body: &'static str) -> impl Fn() -> Fetched {
    move || Ok(response(status, content_type, body))
}

/// A claim of the ID token, with these advanced settings.
fn claimed(
    input: &'static str,
    advanced: Value,
    claims: Value,
    failure: impl Into<Option<(Code, Category, bool)>>,
    told: &'static str,
) -> Row {
    row(input, failure, told, move |login| {
        login.set("advanced", advanced.clone());
        let claims = claims.as_object().unwrap().clone();
        login.provider.borrow_mut().change_claims = Box::new(move |token| token.as_object_mut().unwrap().extend(claims.clone()));
        Act::Query(login.authorized())
    })
}

fn check(rows: Vec<Row>) {
    for Row { input, prepare, failure, told } in rows {
        let mut login = Login::new();
        let act = prepare(&mut login);
        let ended = match login.act(&act) {
            Ended::Begun(begun) => begun.outcome.map(|_| ()).map_err(|failed| failed.failure),
            Ended::Completed(completed) => match completed.outcome {
                CompleteOutcome::Authenticated { .. } => Ok(()),
                CompleteOutcome::Failed(Failed { failure, .. }) => Err(failure),
                CompleteOutcome::Ignored(Failed { failure, .. }) => panic!("{input}: ignored, {failure:?}"),
            },
        };
        let found = ended.as_ref().err().map(|failure| (failure.code, failure.code.category(), failure.code.is_retryable()));
        assert_eq!(found, failure, "{input}: {ended:?}");
        let variable = if failure.is_some() { login.error() } else { login.output() }.unwrap();
        assert!(variable.to_string().contains(told), "{input}: {told} isn't in {variable}");
    }
}

#[test]
fn levels_and_methods() {
    let asked = || json!({"acr_values": "urn:cognito:loa:3"});
    let of = |level: &str| json!({ "acr": format!("urn:cognito:loa:{level}") });
    let (acr, amr) = ((AcrNotMet, Flow, FINAL), (AmrNotMet, Flow, FINAL));
    let exactly = || json!({"acr_values": "urn:cognito:loa:3", "accepted_acr_values": ["urn:cognito:loa:3"]});
    let essential = || json!({"claims": {"id_token": {"acr": {"essential": true, "value": "urn:cognito:loa:3"}}}});
    check(vec![
        claimed("the level asked for", asked(), of("3"), None, "urn:cognito:loa:3"),
        claimed("a higher level", asked(), of("4"), None, "urn:cognito:loa:4"),
        claimed("a lower level", asked(), of("2"), acr, "authentication context"),
        claimed("no such level", asked(), of("5"), acr, "authentication context"),
        claimed("nearly a level", asked(), of("4 "), acr, "authentication context"),
        claimed("no text", asked(), json!({"acr": 4}), acr, "authentication context"),
        claimed("no acr", asked(), json!({}), acr, "authentication context"),
        claimed("a renamed level", asked(), json!({"acr": "gold"}), acr, "authentication context"),
        claimed("accepted levels compare exactly", exactly(), of("4"), acr, "authentication context"),
        claimed("an essential level compares exactly", essential(), of("4"), acr, "authentication context"),
        claimed("any level", json!({"acr_values": "urn:cognito:loa:3", "accept_any_acr": true}), json!({}), None, "\"acr\":null"),
        claimed("a method", json!({"required_amr": ["mfa"]}), json!({"amr": ["pwd", "mfa"]}), None, "\"mfa\""),
        claimed("a method that is missing", json!({"required_amr": ["mfa"]}), json!({"amr": ["pwd"]}), amr, "method"),
        claimed("no methods", json!({"required_amr": ["mfa"]}), json!({}), amr, "method"),
    ]);
}

#[test]
fn tokens_that_are_large() {
    let large = (IdTokenTooLarge, Provider, FINAL);
    check(vec![
        claimed("4,096 numbers", json!({}), json!({"x": vec![0; 4096]}), None, "[0,0,"),
        claimed("5,000 claims", json!({}), (0..5000).map(|n| (format!("c{n}"), json!(n))).collect(), None, "\"c4999\":4999"),
        claimed("120 KB", json!({}), json!({"x": vec![1; 60_000]}), None, "[1,1,"),
        claimed("too many values", json!({}), json!({"x": vec![json!({"": 0}); 20_000]}), large, "163840"),
        claimed("too long", json!({}), json!({"x": "x".repeat(256 * 1024)}), large, "256 KiB"),
    ]);
}

#[test]
fn redirects() {
    let unavailable = (IdentityProviderUnavailable, Provider, RETRYABLE);
    let rejected = (IdentityProviderRejected, Provider, FINAL);
    let trigger = (TriggerRefused, Flow, FINAL);
    let other = (ProviderError, Provider, FINAL);
    let denied = (AccessDenied, Flow, FINAL);
    check(vec![
        redirected("server_error", "Invalid SAML response received: PreSignUp failed with error Invalid email domain.", trigger),
        redirected("server_error", "Error in SAML response processing: PreSignUp failed with error Read timed out.", trigger),
        redirected("invalid_request", "PreSignUp failed with error The request timed out.", trigger),
        redirected("server_error", "Invalid SAML response received: Audience restriction was not met.", rejected),
        redirected("server_error", "Error in SAML response processing: Connection timed out", rejected),
        redirected("invalid_request", "Timeout occurred in calling IdP token endpoint", unavailable),
        redirected("invalid_request", "Read timed out", unavailable),
        redirected("server_error", "Connection reset", unavailable),
        redirected("invalid_request", "Okta Error - 503 Service Unavailable", unavailable),
        redirected("invalid_request", "Okta Error - 400 error getting token, it timed out", rejected),
        redirected("access_denied", "The request timed out", denied),
        redirected("access_denied", "PreSignUp failed with error x", denied),
        redirected("user_cancelled_authorize", "", denied),
        redirected("user_cancelled_login", "The user cancelled the login", denied),
        redirected("invalid_request", "SignInWithApple Error - 400 user_cancelled_authorize", denied),
        redirected("server_error", "", (ProviderUnavailable, Provider, RETRYABLE)),
        redirected("invalid_client", "", other),
        redirected("invalid_grant", "", other),
        redirected("TooManyRequestsException", "", other),
        redirected("invalid_request", "something nobody has seen before", other),
        redirected("never_seen", "The request timed out", other),
    ]);
}

#[test]
fn endpoints() {
    let firewall = (UnexpectedStatus, Provider, FINAL);
    let front = "something in front of it did";
    check(vec![
        answered("a challenge", TOKEN, page(202, "text/html", "<html>"), firewall, "status 202"),
        answered("a block", TOKEN, page(403, "text/html", "<html>"), firewall, front),
        answered("another path", TOKEN, page(404, "text/html", ""), firewall, "the token endpoint: status 404"),
        answered("a riddle", USERINFO, page(405, "text/html", "<html>"), firewall, "the userinfo endpoint: status 405"),
        answered("a redirect", USERINFO, page(302, "", ""), firewall, front),
        answered("keys behind a block", KEYS, page(403, "application/json", r#"{"message":"Forbidden"}"#), firewall, "Forbidden"),
        answered(
            "no grant",
            TOKEN,
            page(403, "application/json", r#"{"error":"unauthorized_client"}"#),
            (ClientNotAllowed, Configuration, FINAL),
            "authorization code grant, and register the callback URL",
        ),
        answered(
            "throttled",
            TOKEN,
            page(400, "application/x-amz-json-1.1", r#"{"__type":"TooManyRequestsException","message":"Rate exceeded"}"#),
            (RateLimited, Provider, RETRYABLE),
            "Rate exceeded",
        ),
        answered(
            "another JSON",
            TOKEN,
            page(200, "application/x-amz-json-1.0", "{}"),
            (TokenResponseInvalid, Provider, FINAL),
            "expected the content type `application/json`, but another one came",
        ),
        answered(
            "signed userinfo",
            USERINFO,
            page(200, "application/jwt", "e30.e30.e30"),
            (UserinfoInvalid, Provider, FINAL),
            "expected the content type `application/json`, but another one came",
        ),
        answered(
            "an error in the body",
            USERINFO,
            page(401, "application/json", r#"{"error":"invalid_token","error_description":"It is revoked"}"#),
            (UserinfoRefused, Provider, FINAL),
            "It is revoked",
        ),
        answered(
            "a server error with words",
            TOKEN,
            page(500, "application/json", r#"{"error":"server_error","error_description":"A part is missing"}"#),
            (TokenUnavailable, Provider, RETRYABLE),
            "A part is missing",
        ),
        answered("nobody", TOKEN, || Err(FetchError::Unreachable), (TokenUnavailable, Provider, RETRYABLE), "no response came"),
        row("no key id", (SigningKeyUnnamed, Provider, FINAL), "names no key", |login: &mut Login| {
            login.provider.borrow_mut().change_header = Box::new(|header| drop(header.as_object_mut().unwrap().remove("kid")));
            Act::Query(login.authorized())
        }),
        row("a lifetime as text", None, "\"expires_at\":1800003600", |login: &mut Login| {
            login.set("tokens", json!("output"));
            login.provider.borrow_mut().change_tokens = Box::new(|tokens| tokens["expires_in"] = json!("3600"));
            Act::Query(login.authorized())
        }),
        row("a fragment", None, "\"version\":1", |login: &mut Login| Act::Query(format!("{}#_=_", login.authorized()))),
        row("a pasted secret", (InvalidIntegration, Configuration, FINAL), "without a line break", |login: &mut Login| {
            login.journey.client_secret = Some("a secret\n".to_owned());
            Act::Query(login.authorized())
        }),
    ]);
}

#[test]
fn a_secret_with_a_line_break_is_told_before_anything_is_sent() {
    for secret in ["secret\n", "secret\r\n", " secret", "secret "] {
        let mut login = Login::new();
        login.journey.client_secret = Some(secret.to_owned());
        login.run();
        assert_eq!(login.fetches(), [""; 0], "{secret:?}");
    }
}

#[test]
fn profiles() {
    let profile = |claims: Value, told: &'static str| claimed(told, json!({}), claims, None, told);
    check(vec![
        profile(json!({"picture": r#"{"data":{"url":"https://a.example/p.jpg"}}"#}), r#""picture":"https://a.example/p.jpg""#),
        profile(json!({"picture": "javascript:alert(1)"}), r#""picture":null"#),
        profile(json!({"birthdate": "12/10/1815"}), r#""birthdate":null"#),
        profile(json!({"birthdate": "0000-12-10"}), r#""birthdate":"0000-12-10""#),
        profile(json!({"website": "https://ada.example", "updated_at": "1700000000"}), r#""updated_at":1700000000"#),
        profile(json!({"address": {"formatted": r#"{"country":"GB"}"#}}), r#""country":"GB""#),
        profile(json!({"email_verified": false}), r#""email_verified":false"#),
        profile(json!({}), r#""logout_endpoint":"https://login.example.com/logout""#),
    ]);
}

#[test]
fn documents() {
    let callback = r#""callback_url":"https://app.example.com/callback""#;
    for (text, path, told) in [
        (format!("{{{callback},\n oops}}"), "/settings", "line 2, column 2"),
        (format!("{{{callback},\"scope\":\"a\",\"scope\":\"b\"}}"), "/settings/scope", "once"),
        (
            r#"{"callbackUrl":"https://app.example.com/callback"}"#.to_owned(),
            "/settings/callbackUrl",
            "perhaps `callback_url` is meant",
        ),
        (format!("{{{callback},\"advanced\":{{\"acr_values\":\"\"}}}}"), "/settings/advanced/acr_values", "one word"),
        (
            format!("{{{callback},\"advanced\":{{\"accepted_acr_values\":[]}}}}"),
            "/settings/advanced/accepted_acr_values",
            "one word",
        ),
    ] {
        let connector = Login::new().journey.connector.to_string();
        let problems = crate::step::configuration::Configuration::read(&text, &connector).1.err().unwrap_or_default();
        assert!(problems[0].path == path && problems[0].expected.contains(told), "{text}: {problems:?}");
    }
}

proptest! {
    #[test]
    fn no_redirect_yields_a_code_of_the_back_channel(
        error in "invalid_client|invalid_grant|invalid_request|server_error|unauthorized_client|TooManyRequestsException|[a-z_]{1,12}",
        description in "(Invalid SAML response received: )?(PreSignUp failed with error )?(Okta Error - [0-9]{3} )?(invalid_client|429|\\PC{0,20})",
        is_coded in any::<bool>(),
    ) {
        let mut login = Login::new();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("error", &error).append_pair("error_description", &description);
        if is_coded {
            query.append_pair("x-amzn-errortype", "TooManyRequestsException").append_pair("__type", "TooManyRequestsException");
        }
        let query = login.responded(&query.finish());
        let CompleteOutcome::Failed(Failed { failure, .. }) = login.complete(&query).outcome else { panic!("{query}") };
        let of_redirects = [
            AccessDenied, LoginRequired, TriggerRefused, AccountJustLinked, ScopeRejected, ClientNotAllowed, ProviderUnavailable,
            IdentityProviderUnavailable, IdentityProviderRejected, ProviderError,
        ];
        prop_assert!(of_redirects.contains(&failure.code), "{:?}", failure.code);
        prop_assert!(login.fetches().is_empty());
    }
}
