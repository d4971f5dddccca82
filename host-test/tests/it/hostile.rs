//! A hostile provider, or whatever answers in its place. Whatever it does, the login ends with the code that says so: soon, with
//! the code sent at most once, no redirect followed, and nothing written but the error variable.

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use host_test::cognito::{Body, CannedResponse, Endpoint, Fault, TestKey, Times};
use journey_host::{Begun, Called, Limits, Outcome, Usage};
use serde_json::{Map, Value, json};

use crate::stage::{Stage, verdict, verdict_of};

const JSON: &str = "application/json";
/// The longest body that the step takes.
const LIMIT: usize = 512 << 10;
/// No step of a login asks the provider for longer than this, where the host gives a call less than two seconds.
const SOON: Duration = Duration::from_secs(5);

/// What follows from behaviour that isn't peculiar to one endpoint.
#[derive(Clone, Copy, Debug)]
enum Follows {
    /// Nobody spoke, or it said that it is in trouble.
    Unavailable,
    /// It wasn't the endpoint that spoke.
    Unexpected,
    /// It spoke, and said something that can't be read.
    Invalid,
    /// It is overrun.
    RateLimited,
}

/// Something that any endpoint can do.
struct Behaviour {
    name: String,
    fault: Fault,
    follows: Follows,
    /// It takes as long as a fetch may, so the call gets little time.
    is_slow: bool,
}

/// Behaviour that any endpoint can show.
fn behaviours(stage: &Stage) -> Vec<Behaviour> {
    let elsewhere = format!("{}/elsewhere", stage.cognito.domain_origin());
    let mut rows = Vec::new();
    let mut row = |name: String, fault: Fault, follows| rows.push(Behaviour { name, fault, follows, is_slow: false });

    for status in [500, 502, 503, 504, 599] {
        row(format!("status {status}"), Fault::Respond(CannedResponse::json(status, &json!({}))), Follows::Unavailable);
    }
    for status in [201, 202, 206, 403, 404, 405, 410, 418, 999] {
        row(format!("status {status}"), Fault::Respond(CannedResponse::json(status, &json!({}))), Follows::Unexpected);
    }
    for status in [204, 205, 304] {
        row(format!("status {status}"), Fault::Respond(CannedResponse::empty(status)), Follows::Unexpected);
    }
    for status in [301, 302, 303, 307, 308] {
        row(format!("redirect {status}"), Fault::Respond(CannedResponse::redirect(status, &elsewhere)), Follows::Unexpected);
    }
    row("status 429".into(), Fault::Respond(CannedResponse::json(429, &json!({}))), Follows::RateLimited);
    row("throttled".into(), Fault::Respond(CannedResponse::throttled()), Follows::RateLimited);
    for (name, answer) in [
        ("a firewall", CannedResponse::firewall()),
        ("a firewall's challenge", CannedResponse::firewall_challenge()),
        ("a firewall's riddle", CannedResponse::firewall_captcha()),
    ] {
        row(name.into(), Fault::Respond(answer), Follows::Unexpected);
    }

    for content_type in [
        "text/html",
        "text/plain",
        "application/jwt",
        "application/javascript",
        "application/x-amz-json-1.0",
        "json",
        "",
        "text/json+xml",
    ] {
        row(format!("type {content_type:?}"), Fault::Respond(CannedResponse::new(200, content_type, "{}")), Follows::Invalid);
    }
    row("no type and no body".into(), Fault::Respond(CannedResponse::empty(200)), Follows::Invalid);
    row("disconnect".into(), Fault::Disconnect, Follows::Unavailable);

    let answer = |body: Vec<u8>| CannedResponse::new(200, JSON, body);
    let flood = (0..200).fold(answer(b"{}".to_vec()), |answer, number| answer.header(&format!("x-{number}"), &"x".repeat(4000)));
    for (name, answer, follows) in [
        ("a body that breaks off", answer(Vec::new()).body(Body::Truncated(b"{".to_vec())), Follows::Unavailable),
        ("a byte too long", answer(Vec::new()).body(Body::Huge(b"{}".to_vec(), LIMIT + 1)), Follows::Invalid),
        ("endless", answer(Vec::new()).body(Body::Endless(b"{}".to_vec())), Follows::Invalid),
        ("a compressed bomb", answer(gzip(&vec![b' '; 16 << 20])).header("content-encoding", "gzip"), Follows::Invalid),
        ("broken compression", answer(b"{}".to_vec()).header("content-encoding", "gzip"), Follows::Unavailable),
        ("a flood of headers", flood, Follows::Unavailable),
    ] {
        row(name.into(), Fault::Respond(answer), follows);
    }

    for (name, body) in unreadable() {
        row(name.into(), Fault::Respond(answer(body)), Follows::Invalid);
    }
    let drip = answer(Vec::new()).body(Body::Drip(vec![b' '; 1000], Duration::from_millis(50)));
    for (name, fault) in [("hang", Fault::Hang), ("drip", Fault::Respond(drip))] {
        rows.push(Behaviour { name: name.into(), fault, follows: Follows::Unavailable, is_slow: true });
    }
    rows
}

/// Bodies that aren't one JSON object with one meaning.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    let dense = |value: &str| format!("{{\"keys\":[{}0]}}", value.repeat((LIMIT - 20) / value.len())).into_bytes();
    vec![
        ("no body", Vec::new()),
        ("null", b"null".to_vec()),
        ("a list", b"[]".to_vec()),
        ("a string", b"\"{}\"".to_vec()),
        ("a number", b"1".to_vec()),
        ("HTML by the name of JSON", b"<html></html>".to_vec()),
        ("half an object", b"{\"a\":".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("a comment", b"{/**/}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
        ("invalid UTF-8", b"{\"a\":\"\xff\"}".to_vec()),
        ("half a surrogate", br#"{"a":"\ud800"}"#.to_vec()),
        ("a zero byte", b"{\"a\":\"\0\"}".to_vec()),
        ("not a number", b"{\"a\":NaN}".to_vec()),
        ("a number beyond all", b"{\"a\":1e999}".to_vec()),
        ("a member twice", br#"{"sub":"a","keys":[],"sub":"a"}"#.to_vec()),
        ("a member twice, written differently", br#"{"sub":"a","\u0073ub":"b"}"#.to_vec()),
        ("a member twice, deep down", br#"{"a":[{"b":{"c":1,"c":1}}]}"#.to_vec()),
        ("nested too deeply", nested(128)),
        ("nested beyond any stack", nested(200_000)),
        ("as many numbers as fit", dense("0,")),
        ("as many lists as fit", dense("[0],")),
        ("as many objects as fit", dense("{\"\":0},")),
        ("as many nested lists as fit", dense(&format!("{}{},", "[".repeat(100), "]".repeat(100)))),
        ("nothing but an open string", [b"{\"".to_vec(), vec![b'a'; LIMIT - 2]].concat()),
        ("nothing but backslashes", [b"{\"".to_vec(), vec![b'\\'; LIMIT - 2]].concat()),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A call of less than two seconds, in which a fetch has one.
fn short() -> Limits {
    Limits { wall_clock: Duration::from_millis(1800), margin: Duration::from_millis(800), ..Limits::default() }
}

/// A login while one endpoint does something else.
async fn play(stage: &mut Stage, endpoint: Endpoint, fault: Fault) -> String {
    stage.next_journey();
    stage.cognito.faults().set(endpoint, Times::Always, fault);
    login(stage).await
}

/// A login while the JSON of one endpoint is changed.
async fn altered(stage: &mut Stage, endpoint: Endpoint, alter: impl Fn(&mut Value) + Send + Sync + 'static) -> String {
    stage.next_journey();
    stage.cognito.faults().alter_json(endpoint, Times::Always, alter);
    login(stage).await
}

async fn login(stage: &Stage) -> String {
    let since = Instant::now();
    let mark = stage.cognito.requests().mark();
    let begun = stage.call_begin().await;
    let (verdict, code, usage) = match &begun.outcome {
        Begun::Redirect(request) => told(&stage.complete(&stage.sign_in(request).await).await),
        _ => told(&begun),
    };
    assert!(since.elapsed() < SOON, "{verdict} after {:?}", since.elapsed());
    assert!(usage.cpu < Limits::default().cpu / 2, "{verdict}: {:?}", usage.cpu);
    assert!(usage.memory < Limits::default().memory / 2, "{verdict}: {} bytes", usage.memory);
    let requests = stage.cognito.requests().since(mark);
    let exchanges = requests.iter().filter(|request| request.path == "/oauth2/token").count();
    assert!(exchanges <= 1, "{verdict}: the code was sent {exchanges} times");
    assert!(requests.iter().all(|request| request.path != "/elsewhere"), "{verdict}: a redirect was followed");
    match code {
        Some(code) => stage.assert_failed(&code, &verdict).await,
        None => assert_eq!(verdict, "authenticated"),
    }
    verdict
}

/// The verdict, the code of what failed, and what it took.
fn told<T: Outcome>(called: &Called<T>) -> (String, Option<String>, Usage) {
    (verdict(called), called.outcome.failure().map(|failure| failure.code.clone()), called.usage)
}

/// Every behaviour of an endpoint whose own codes are these.
async fn misbehave(mut stage: Stage, endpoint: Endpoint, unavailable: &str, invalid: &str, rate_limited: &str) {
    let (swift, hurried) = (stage.step.clone(), stage.step.with_limits(short()));
    for Behaviour { name, fault, follows, is_slow } in behaviours(&stage) {
        stage.step = if is_slow { hurried.clone() } else { swift.clone() };
        let expected = match follows {
            Follows::Unavailable => unavailable,
            // A revocation that fails harms nobody.
            Follows::Unexpected if unavailable == "authenticated" => unavailable,
            Follows::Unexpected => "failed: unexpected_status",
            Follows::Invalid => invalid,
            Follows::RateLimited => rate_limited,
        };
        assert_eq!(play(&mut stage, endpoint, fault).await, expected, "{endpoint:?}: {name}");
    }
}

#[tokio::test]
async fn t05_t11_a_token_endpoint_that_misbehaves() {
    let (unavailable, invalid) = ("failed: token_unavailable", "failed: token_response_invalid");
    misbehave(Stage::new().await, Endpoint::Token, unavailable, invalid, "failed: rate_limited").await;
}

#[tokio::test]
async fn t05_t11_u02_a_userinfo_endpoint_that_misbehaves() {
    let (unavailable, invalid) = ("failed: userinfo_unavailable", "failed: userinfo_invalid");
    misbehave(Stage::new().await, Endpoint::UserInfo, unavailable, invalid, "failed: rate_limited").await;
}

#[tokio::test]
async fn t05_t11_a_key_set_that_misbehaves() {
    let (unavailable, invalid) = ("failed: keys_unavailable", "failed: keys_invalid");
    misbehave(Stage::new().await, Endpoint::Jwks, unavailable, invalid, "failed: rate_limited").await;
}

#[tokio::test]
async fn t05_t11_metadata_that_misbehaves() {
    let mut stage = Stage::new().await;
    stage.connector = stage.cognito.connector_by_discovery();
    let (unavailable, invalid) = ("failed: metadata_unavailable", "failed: metadata_invalid");
    misbehave(stage, Endpoint::Discovery, unavailable, invalid, "failed: rate_limited").await;
}

#[tokio::test]
async fn a_revocation_endpoint_that_misbehaves_harms_no_login() {
    let mut stage = Stage::new().await;
    stage.settings["tokens"] = json!("revoke");
    misbehave(stage, Endpoint::Revoke, "authenticated", "authenticated", "authenticated").await;
}

#[tokio::test]
async fn t06_refusals_of_the_token_endpoint_are_told_apart_and_cut_to_size() {
    let mut stage = Stage::new().await;
    let error = |error: &str| json!({"error": error}).to_string();
    let novel = json!({"error": "x".repeat(100_000), "error_description": "\u{202e}\r\nS\u{0}".repeat(20_000)}).to_string();
    for (body, expected) in [
        (error("invalid_grant"), "grant_refused"),
        (error("invalid_client"), "client_rejected"),
        (error("unauthorized_client"), "client_not_allowed"),
        (error("invalid_scope"), "scope_rejected"),
        (error("server_error"), "provider_unavailable"),
        (error("unsupported_grant_type"), "provider_error"),
        (novel, "provider_error"),
        (error(""), "token_response_invalid"),
        (r#"{"error":1}"#.to_owned(), "token_response_invalid"),
        (r#"{"error":{}}"#.to_owned(), "token_response_invalid"),
        ("{}".to_owned(), "token_response_invalid"),
        (String::new(), "token_response_invalid"),
        (r#"{"error":"invalid_grant","error":"server_error"}"#.to_owned(), "token_response_invalid"),
    ] {
        for status in [400, 401] {
            let answer = CannedResponse::new(status, JSON, body.clone()).header("x-amzn-requestid", &"id".repeat(20_000));
            let verdict = play(&mut stage, Endpoint::Token, Fault::Respond(answer)).await;
            assert_eq!(verdict, format!("failed: {expected}"), "{status} {}", body.get(..60).unwrap_or(&body));
        }
    }
    for status in [400, 401] {
        let answer = CannedResponse::new(status, "text/html", error("invalid_grant"));
        assert_eq!(play(&mut stage, Endpoint::Token, Fault::Respond(answer)).await, "failed: grant_refused");
        let page = CannedResponse::new(status, "text/html", "<html></html>");
        assert_eq!(play(&mut stage, Endpoint::Token, Fault::Respond(page)).await, "failed: unexpected_status");
    }
}

#[tokio::test]
async fn t07_t08_t09_tokens_of_the_wrong_kind_are_refused() {
    let mut stage = Stage::new().await;
    let long = "a".repeat(LIMIT / 2);
    for (member, value, expected) in [
        ("access_token", json!(null), "token_response_invalid"),
        ("access_token", json!(""), "token_response_invalid"),
        ("access_token", json!("a b"), "token_response_invalid"),
        ("access_token", json!("a\r\nx-injected: 1"), "token_response_invalid"),
        ("access_token", json!(["a"]), "token_response_invalid"),
        ("token_type", json!(null), "token_response_invalid"),
        ("token_type", json!("DPoP"), "token_response_invalid"),
        ("token_type", json!(7), "token_response_invalid"),
        ("expires_in", json!(-1), "token_response_invalid"),
        ("expires_in", json!(1e300), "token_response_invalid"),
        ("expires_in", json!("soon"), "token_response_invalid"),
        ("expires_in", json!(1.5), "authenticated"),
        ("expires_in", json!("3600"), "authenticated"),
        ("refresh_token", json!({}), "token_response_invalid"),
        ("scope", json!(["openid"]), "token_response_invalid"),
        ("id_token", json!(null), "id_token_missing"),
        ("id_token", json!(1), "token_response_invalid"),
        ("id_token", json!(""), "id_token_malformed"),
        ("id_token", json!("a.b.c"), "id_token_malformed"),
        ("id_token", json!(long), "id_token_malformed"),
        ("id_token", json!(".".repeat(LIMIT / 2)), "id_token_malformed"),
        ("id_token", json!("é.é.é"), "id_token_malformed"),
        ("expires_in", json!(u64::MAX), "authenticated"),
        ("expires_in", json!(null), "authenticated"),
        ("refresh_token", json!(null), "authenticated"),
        ("token_type", json!("bEARER"), "authenticated"),
        ("surplus", json!({"a": [1e300, -1]}), "authenticated"),
    ] {
        let context = format!("{member} {}", value.to_string().get(..40).unwrap_or_default());
        let verdict = altered(&mut stage, Endpoint::Token, move |tokens| tokens[member] = value.clone()).await;
        assert_eq!(verdict, verdict_of(expected), "{context}");
    }
}

#[tokio::test]
async fn i10_i11_i12_i13_dates_and_names_beyond_all_measure_are_refused() {
    let mut stage = Stage::new().await;
    for (claim, value, expected) in [
        ("exp", json!(-1), "id_token_expired"),
        ("exp", json!(1e300), "id_token_expired"),
        ("exp", json!("1900000000"), "id_token_expired"),
        ("exp", json!([]), "id_token_expired"),
        ("iat", json!(-1), "id_token_issued_at"),
        ("iat", json!(1e300), "id_token_issued_at"),
        ("iat", json!(null), "id_token_issued_at"),
        ("nbf", json!(1e300), "id_token_not_yet_valid"),
        ("nbf", json!(-1), "id_token_not_yet_valid"),
        ("sub", json!(1), "id_token_subject"),
        ("sub", json!("a".repeat(256)), "id_token_subject"),
        ("sub", json!("a".repeat(LIMIT / 4)), "id_token_subject"),
        ("aud", json!({}), "id_token_audience"),
        ("aud", json!(vec!["x"; 2000]), "id_token_audience"),
        ("iss", json!(["x"]), "id_token_issuer"),
        ("nonce", json!(1), "id_token_nonce"),
        ("token_use", json!(null), "id_token_use"),
        ("at_hash", json!(-1), "id_token_at_hash"),
        // Beyond what is checked, a claim is the author's to judge.
        ("auth_time", json!(1e300), "authenticated"),
        ("cognito:groups", json!({"a": 1}), "authenticated"),
        ("identities", json!([1, null, {"primary": 1e300, "dateCreated": -1}]), "authenticated"),
        ("address", json!([[[]]]), "authenticated"),
        ("cognito:groups", json!(vec!["a group of a large enterprise"; 1000]), "authenticated"),
        ("values", json!(vec![0; 5000]), "authenticated"),
        ("bio", json!("x".repeat(300 << 10)), "id_token_too_large"),
        ("custom:bio", json!("x".repeat(180 << 10)), "output_too_large"),
    ] {
        let context = format!("{claim} {}", value.to_string().get(..40).unwrap_or_default());
        stage.next_journey();
        stage.cognito.faults().alter_id_token(Times::Always, move |_, claims| claims[claim] = value.clone());
        assert_eq!(login(&stage).await, verdict_of(expected), "{context}");
    }
}

#[tokio::test]
async fn i01_an_id_token_may_be_as_large_as_aws_lets_one_be() {
    let mut stage = Stage::new().await;
    for (claim, value, expected) in [
        ("list", json!(vec![0; 60_000]), "authenticated"),
        ("list", json!(vec![json!([0]); 30_000]), "authenticated"),
        ("list", json!(vec![json!({}); 40_000]), "authenticated"),
        ("list", json!(vec![json!({"": 0}); 17_000]), "authenticated"),
        ("custom:list", json!(vec![0; 60_000]), "authenticated"),
        (
            "map",
            json!((0..5000).map(|number| (format!("claim{number}"), json!([number]))).collect::<Map<_, _>>()),
            "authenticated",
        ),
        ("list", json!(vec![json!({"": 0}); 18_300]), "id_token_too_large"),
        ("list", json!(vec![0; 90_000]), "authenticated"),
        ("text", json!("x".repeat(120_000)), "authenticated"),
    ] {
        for event_data in ["none", "input_output"] {
            let context = format!("{claim} {} {event_data}", value.to_string().get(..40).unwrap_or_default());
            stage.next_journey();
            stage.settings["event_data"] = json!(event_data);
            let value = value.clone();
            stage.cognito.faults().alter_id_token(Times::Always, move |_, claims| claims[claim] = value.clone());
            let called = stage.login().await;
            assert_eq!(verdict(&called), verdict_of(expected), "{context}");
        }
    }
}

#[tokio::test]
async fn u03_userinfo_about_nobody_or_somebody_else_is_refused() {
    let mut stage = Stage::new().await;
    for (member, value, expected) in [
        ("sub", json!(null), "userinfo_subject_mismatch"),
        ("sub", json!(1e300), "userinfo_subject_mismatch"),
        ("sub", json!(["62b5e414-00d1-70e5-b6f1-8a1c2d3e4f50"]), "userinfo_subject_mismatch"),
        ("sub", json!("62b5e414-00d1-70e5-b6f1-8a1c2d3e4f50 "), "userinfo_subject_mismatch"),
        ("bio", json!("x".repeat(300 << 10)), "authenticated"),
        ("bio", json!("x".repeat(510 << 10)), "output_too_large"),
        ("list", json!(vec![0; 5000]), "userinfo_invalid"),
        ("email_verified", json!(1e300), "authenticated"),
        ("address", json!(-1), "authenticated"),
    ] {
        let context = format!("{member} {}", value.to_string().get(..40).unwrap_or_default());
        let verdict = altered(&mut stage, Endpoint::UserInfo, move |claims| claims[member] = value.clone()).await;
        assert_eq!(verdict, verdict_of(expected), "{context}");
    }
    let challenge = r#"error="invalid_token", error_description="The token is no good""#;
    for status in [400, 401] {
        for answer in [
            CannedResponse::empty(status),
            CannedResponse::empty(status).header("www-authenticate", challenge),
            CannedResponse::json(status, &json!({"error": "invalid_token"})),
            CannedResponse::empty(status).header("www-authenticate", &"error=\"".repeat(5_000)),
        ] {
            let verdict = play(&mut stage, Endpoint::UserInfo, Fault::Respond(answer)).await;
            assert_eq!(verdict, "failed: userinfo_refused", "{status}");
        }
    }
}

/// A key set in which the right key stands, or doesn't, among others.
struct Keys {
    name: &'static str,
    keys: Value,
    expected: &'static str,
}

#[tokio::test]
async fn k04_k05_k08_key_sets_of_every_kind() {
    let mut stage = Stage::new().await;
    let kid = stage.cognito.id_token_kid();
    let right = stage.cognito.jwks()["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).unwrap().clone();
    let with = |member: &str, value: Value| {
        let mut key = right.clone();
        key[member] = value;
        key
    };
    let number = |bytes: Vec<u8>| json!(base64_url(&bytes));
    let modulus = |bits: usize, last: u8| {
        let mut bytes = vec![0xc5; bits / 8];
        *bytes.last_mut().unwrap() = last;
        number(bytes)
    };
    let other = |kid: String| TestKey::Rsa3072.jwk(&kid);
    let row = |name, keys, expected| Keys { name, keys, expected };
    let unknown = "signing_key_unknown";
    for Keys { name, keys, expected } in [
        row("the right one", json!([right]), "authenticated"),
        row("none", json!([]), unknown),
        row("no list", json!({"0": right}), "keys_invalid"),
        row("no keys", json!([null, 1, "x", [], {}]), unknown),
        row("another's id", json!([other("x".into())]), unknown),
        row("another key under that id", json!([other(kid.clone())]), "id_token_signature"),
        row("two keys under that id", json!([right, other(kid.clone())]), unknown),
        row("the key twice", json!([right, right]), "authenticated"),
        row("an unknown type", json!([with("kty", json!("OKP2"))]), unknown),
        row("a symmetric key", json!([{"kty": "oct", "kid": kid, "alg": "HS256", "k": "c2VjcmV0"}]), unknown),
        row("a curve", json!([TestKey::EcP256.jwk(&kid)]), unknown),
        row("a type that isn't text", json!([with("kty", json!(1e300))]), unknown),
        row("an id that isn't text", json!([with("kid", json!(-1))]), unknown),
        row("for encryption", json!([with("use", json!("enc"))]), unknown),
        row("for another algorithm", json!([with("alg", json!("RS512"))]), unknown),
        row("for signing alone", json!([with("key_ops", json!(["sign"]))]), unknown),
        row("with its private half", json!([with("d", json!("AQ"))]), unknown),
        row("without padding, but with it", json!([with("e", json!("AQAB="))]), unknown),
        row("an even modulus", json!([with("n", modulus(2048, 0x10))]), unknown),
        row("a tiny modulus", json!([with("n", modulus(512, 0x11))]), unknown),
        row("a modulus of 1024 bits", json!([TestKey::Rsa1024.jwk(&kid)]), unknown),
        row("a modulus of nothing", json!([with("n", json!(""))]), unknown),
        row("a modulus of zeroes", json!(vec![with("n", number(vec![0; 256]))]), unknown),
        row("a modulus of one", json!([with("n", json!("AQ"))]), unknown),
        row("a modulus of 8192 bits", json!([with("n", modulus(8192, 0x11))]), unknown),
        row("a modulus of two megabits", json!([with("n", modulus(2 << 20, 0x11))]), unknown),
        row("an exponent of one", json!([with("e", json!("AQ"))]), unknown),
        row("an even exponent", json!([with("e", json!("AQAA"))]), unknown),
        row("an exponent of nothing", json!([with("e", json!(""))]), unknown),
        row("an exponent of 2048 bits", json!([with("e", modulus(2048, 0x11))]), unknown),
        row("the last of a hundred", json!(hundred(&right, other)), "authenticated"),
        row("a thousand keys", json!(vec![right.clone(); 1000]), "keys_invalid"),
        row("a bad one beside it", json!([with("n", json!("?")), right, {"kty": "RSA"}, 1]), "authenticated"),
    ] {
        let verdict = altered(&mut stage, Endpoint::Jwks, move |set| set["keys"] = keys.clone()).await;
        assert_eq!(verdict, verdict_of(expected), "{name}");
    }
}

/// Ninety-nine of the costliest keys before the right one.
fn hundred(right: &Value, other: impl Fn(String) -> Value) -> Vec<Value> {
    let large = |number: usize| {
        let mut key = other(number.to_string());
        key["n"] = TestKey::Rsa4096.jwk("")["n"].clone();
        key
    };
    (0..99).map(large).chain([right.clone()]).collect()
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_key_set_may_be_just_as_long_as_the_limit() {
    let mut stage = Stage::new().await;
    let set = stage.cognito.jwks().to_string().into_bytes();
    for (length, expected) in [(LIMIT, "authenticated"), (LIMIT + 1, "failed: keys_invalid")] {
        let answer = CannedResponse::new(200, JSON, "").body(Body::Huge(set.clone(), length));
        assert_eq!(play(&mut stage, Endpoint::Jwks, Fault::Respond(answer)).await, expected, "{length}");
    }
}

#[tokio::test]
async fn k01_k02_metadata_that_would_lead_astray_is_refused() {
    let mut stage = Stage::new().await;
    stage.connector = stage.cognito.connector_by_discovery();
    for (member, value, expected) in [
        ("issuer", json!(null), "metadata_issuer_mismatch"),
        ("issuer", json!("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"), "metadata_issuer_mismatch"),
        ("issuer", json!("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/"), "metadata_issuer_mismatch"),
        ("issuer", json!(["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"]), "metadata_issuer_mismatch"),
        ("authorization_endpoint", json!(null), "metadata_invalid"),
        ("authorization_endpoint", json!("javascript:alert(1)"), "metadata_invalid"),
        ("authorization_endpoint", json!("https://idp.example/a?state=mine"), "metadata_invalid"),
        ("authorization_endpoint", json!("https://cognito-idp.eu-west-1.amazonaws.com/x"), "user_pool_without_domain"),
        ("token_endpoint", json!(1), "metadata_invalid"),
        ("token_endpoint", json!("http://idp.example/token"), "metadata_invalid"),
        ("token_endpoint", json!("https://user:password@idp.example/token"), "metadata_invalid"),
        ("token_endpoint", json!("file:///etc/passwd"), "metadata_invalid"),
        ("token_endpoint", json!("https://169.254.169.254/latest/meta-data"), "destination_denied"),
        ("token_endpoint", json!("https://idp.example/token"), "destination_denied"),
        ("userinfo_endpoint", json!(""), "metadata_invalid"),
        ("userinfo_endpoint", json!("https://idp.example/userinfo"), "destination_denied"),
        ("jwks_uri", json!("data:application/json,{}"), "metadata_invalid"),
        ("jwks_uri", json!("https://idp.example/keys"), "destination_denied"),
        ("revocation_endpoint", json!("javascript:alert(1)"), "authenticated"),
        ("authorization_response_iss_parameter_supported", json!(true), "response_issuer_missing"),
    ] {
        let context = format!("{member} {value}");
        let verdict = altered(&mut stage, Endpoint::Discovery, move |metadata| metadata[member] = value.clone()).await;
        assert_eq!(verdict, verdict_of(expected), "{context}");
    }
}
