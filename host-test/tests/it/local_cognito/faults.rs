//! The provider misbehaving on demand, and the log of what was asked.

use std::time::Duration;

use host_test::browser::Navigation;
use host_test::cognito::{Body, CannedResponse, Endpoint, Fault, LocalCognito, Origin, Times};

use super::relying_party::{Bench, decode};

async fn keys(bench: &Bench) -> anyhow::Result<host_test::browser::Page> {
    bench.browser.request(Navigation::get(&bench.cognito.jwks_uri())?).await
}

#[tokio::test]
async fn faults_apply_in_order_and_run_out() {
    let bench = Bench::start().await;
    let faults = bench.cognito.faults();
    faults.set(Endpoint::Jwks, Times::First(1), Fault::Pass);
    faults.answer(Endpoint::Jwks, Times::First(2), CannedResponse::firewall());
    faults.answer(Endpoint::Jwks, Times::First(1), CannedResponse::empty(429).header("retry-after", "1"));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(keys(&bench).await.unwrap().status);
    }
    assert_eq!(statuses, [200, 403, 403, 429, 200]);
}

#[tokio::test]
async fn a_connection_closes_without_an_answer() {
    let bench = Bench::start().await;
    bench.cognito.faults().set(Endpoint::Jwks, Times::First(1), Fault::Disconnect);
    assert!(keys(&bench).await.is_err());
    assert_eq!(keys(&bench).await.unwrap().status, 200);
    assert_eq!(bench.cognito.requests().count(Endpoint::Jwks), 2);
}

#[tokio::test]
async fn an_answer_never_comes_or_comes_late() {
    let bench = Bench::start().await;
    bench.cognito.faults().set(Endpoint::Jwks, Times::First(1), Fault::Hang);
    bench.cognito.faults().set(Endpoint::Jwks, Times::First(1), Fault::Delay(Duration::from_millis(50)));
    assert!(tokio::time::timeout(Duration::from_millis(200), keys(&bench)).await.is_err());
    let begun = std::time::Instant::now();
    assert_eq!(keys(&bench).await.unwrap().status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn bodies_are_huge_endless_slow_or_cut_off() {
    let bench = Bench::start().await;
    let answer = |body| {
        bench.cognito.faults().answer(
            Endpoint::Jwks,
            Times::First(1),
            CannedResponse::new(200, "application/json", "").body(body),
        )
    };

    answer(Body::Huge(b"{}".to_vec(), 100_000));
    let page = keys(&bench).await.unwrap();
    assert_eq!((page.body.len(), page.json().unwrap()), (100_000, serde_json::json!({})));
    assert_eq!(page.header("content-length"), None);

    answer(Body::Endless(b"{".to_vec()));
    assert!(keys(&bench).await.is_err(), "the browser's own limit");

    answer(Body::Drip(b"{}".to_vec(), Duration::from_millis(20)));
    let begun = std::time::Instant::now();
    assert_eq!(keys(&bench).await.unwrap().text(), "{}");
    assert!(begun.elapsed() >= Duration::from_millis(40));

    answer(Body::Truncated(b"{\"keys\":[]}".to_vec()));
    assert!(keys(&bench).await.is_err());
}

#[tokio::test]
async fn tokens_and_documents_change_before_they_go_out() {
    let bench = Bench::start().await;
    let faults = bench.cognito.faults();
    faults.alter_id_token(Times::First(1), |header, claims| {
        header["crit"] = serde_json::json!(["exp"]);
        claims["aud"] = "someone-else".into();
    });
    faults.alter_json(Endpoint::Token, Times::First(1), |response| response["token_type"] = "DPoP".into());
    faults.alter_json(Endpoint::UserInfo, Times::First(1), |userinfo| userinfo["sub"] = "someone-else".into());
    faults.alter_json(Endpoint::Discovery, Times::First(1), |document| document["issuer"] = "https://elsewhere.example".into());

    let tokens = bench.tokens(&[]).await;
    let (header, claims) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        (&header["crit"][0], &claims["aud"], &tokens["token_type"]),
        (&"exp".into(), &"someone-else".into(), &"DPoP".into())
    );
    let userinfo = bench.userinfo(tokens["access_token"].as_str().unwrap()).await.json().unwrap();
    assert_eq!(userinfo["sub"], "someone-else");
    let document = bench.browser.open(&bench.cognito.openid_configuration()).await.unwrap().json().unwrap();
    assert_eq!(document["issuer"], "https://elsewhere.example");

    bench.browser.clear_cookies();
    faults.replace_id_token(Times::First(1), "not.a.jwt");
    assert_eq!(bench.tokens(&[]).await["id_token"], "not.a.jwt");
}

#[tokio::test]
async fn an_authorization_response_gains_an_issuer() {
    let bench = Bench::start().await;
    bench.cognito.faults().alter_authorization_response(Times::First(1), |parameters| {
        parameters.push(("iss".to_owned(), "https://elsewhere.example".to_owned()));
    });
    assert_eq!(bench.sign_in(&[]).await.parameter("iss").as_deref(), Some("https://elsewhere.example"));
    assert_eq!(bench.callback(&[]).await.parameter("iss"), None);
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_how_without_printing_it() {
    let bench = Bench::start().await;
    let code = bench.sign_in(&[]).await.parameter("code").unwrap();
    let mark = bench.cognito.requests().mark();
    assert!(bench.cognito.requests().back_channel_since(0).is_empty());
    bench.exchange(&code, &[]).await;

    let asked = bench.cognito.requests().back_channel_since(mark);
    assert_eq!(asked.len(), 1);
    let request = &asked[0];
    assert_eq!((request.origin, request.method.as_str(), request.sequence), (Origin::Domain, "POST", mark));
    assert!(request.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    assert_eq!(request.field("code").as_deref(), Some(code.as_str()));
    let printed = format!("{:?} {:?} {:?}", bench.cognito.requests(), bench.cognito.config(), bench.cognito);
    assert!(!printed.contains(&code) && !printed.contains(&bench.cognito.client_secret().unwrap()));
}

#[tokio::test]
async fn a_stopped_provider_answers_nothing() {
    let cognito = LocalCognito::start_with_redirect_uris(&[]).await.unwrap();
    let url = cognito.jwks_uri();
    let browser = host_test::browser::Browser::new();
    assert_eq!(browser.open(&url).await.unwrap().status, 200);
    drop(cognito);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(browser.open(&url).await.is_err());
}

/// What a test says of a fault would hold without it.
#[tokio::test]
#[should_panic(expected = "these faults never took effect: JSON of UserInfo")]
async fn a_fault_that_never_took_effect_fails_its_test() {
    let bench = Bench::start().await;
    bench.cognito.faults().answer(Endpoint::Jwks, Times::Always, CannedResponse::firewall());
    bench.cognito.faults().alter_json(Endpoint::UserInfo, Times::First(1), |_| {});
    assert_eq!(keys(&bench).await.unwrap().status, 403);
}

#[tokio::test]
async fn a_fault_that_was_not_meant_to_take_effect_is_forgotten() {
    let bench = Bench::start().await;
    bench.cognito.faults().answer(Endpoint::Jwks, Times::Always, CannedResponse::firewall());
    bench.cognito.faults().forget();
    assert_eq!(keys(&bench).await.unwrap().status, 200);
}
