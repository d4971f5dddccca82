//! What the suite never tests. The names are ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use host_test::cognito::{Algorithm, Body, CannedResponse, Endpoint, Fault, Signing, TestKey, Times};
use journey_host::Browser;
use serde_json::{Value, json};

use super::row::{KEYS, NOTHING, Row, TOKEN, USERINFO, accept, ignore, reject, stop};
use crate::arranged::{Arrange as _, add, put};

pub(super) fn rows() -> Vec<Row> {
    [authorization_response(), metadata(), token_response(), id_token_header(), id_token_claims(), keys(), userinfo()]
        .into_iter()
        .flatten()
        .collect()
}

fn authorization_response() -> Vec<Row> {
    vec![
        ignore("response-with-a-parameter-twice", "response_malformed").response(|response| add(response, "code", "another")),
        ignore("response-with-code-and-error", "response_malformed")
            .response(|response| put(response, "error", Some("access_denied"))),
        ignore("response-with-a-token", "unexpected_token").response(|response| put(response, "id_token", Some("e30.e30."))),
        accept("response-with-unknown-parameters").response(|response| put(response, "session_state", Some("x"))),
        reject("response-with-an-iss-that-was-not-advertised", "response_issuer_mismatch", NOTHING)
            .response(|response| put(response, "iss", Some("https://another.example"))),
        reject("error-response-without-the-iss-that-was-advertised", "response_issuer_missing", NOTHING)
            .by_discovery()
            .member(Endpoint::Discovery, "authorization_response_iss_parameter_supported", json!(true))
            .response(|response| {
                put(response, "code", None);
                put(response, "error", Some("access_denied"));
            }),
        reject("error-response-with-a-hostile-description", "provider_error", NOTHING)
            .response(|response| {
                put(response, "code", None);
                put(response, "error", Some("new_error"));
                put(response, "error_description", Some("<b>call\r\n\u{202e}+44\u{1b}[31m"));
                put(response, "error_uri", Some("https://evil.example"));
            })
            .proves("the description is cleaned", |seen| seen.error["provider"]["error_description"] == "<b>call +44 [31m")
            .proves("`error_uri` is dropped", |seen| !seen.error.to_string().contains("evil.example")),
        ignore("response-replayed", "duplicate").after_the_same_response(),
        ignore("response-in-another-session", "browser_mismatch")
            .meanwhile(|stage| stage.browser = Browser::from_session("another user's session")),
        reject("response-after-the-login-expired", "login_expired", NOTHING).meanwhile(|stage| stage.advance(901)),
    ]
}

fn metadata() -> Vec<Row> {
    vec![
        stop("metadata-with-429", "rate_limited").answer(Endpoint::Discovery, CannedResponse::empty(429)),
        stop("metadata-with-503", "metadata_unavailable").answer(Endpoint::Discovery, CannedResponse::empty(503)),
        stop("metadata-that-redirects", "unexpected_status").arrange(|stage| {
            let elsewhere = CannedResponse::redirect(302, &stage.cognito.jwks_uri());
            stage.cognito.faults().answer(Endpoint::Discovery, Times::Always, elsewhere);
        }),
        stop("metadata-that-never-comes", "metadata_unavailable")
            .arrange(|stage| stage.cognito.faults().set(Endpoint::Discovery, Times::Always, Fault::Hang)),
        stop("metadata-that-is-no-object", "metadata_invalid").answer(Endpoint::Discovery, CannedResponse::json(200, &json!([]))),
        stop("metadata-with-a-member-twice", "metadata_invalid")
            .answer(Endpoint::Discovery, json_text(r#"{"issuer": "a", "issuer": "b"}"#)),
    ]
}

fn token_response() -> Vec<Row> {
    let invalid = |module| reject(module, "token_response_invalid", TOKEN);
    let unavailable = |module| reject(module, "token_unavailable", TOKEN);
    vec![
        reject("token-response-with-429", "rate_limited", TOKEN).answer(Endpoint::Token, CannedResponse::empty(429)),
        unavailable("token-response-with-500").answer(Endpoint::Token, CannedResponse::empty(500)),
        reject("token-response-of-a-firewall", "unexpected_status", TOKEN).answer(Endpoint::Token, CannedResponse::firewall()),
        unavailable("token-response-that-breaks-off")
            .arrange(|stage| stage.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Disconnect)),
        reject("token-response-that-redirects", "unexpected_status", TOKEN).arrange(|stage| {
            let elsewhere = CannedResponse::redirect(307, &stage.cognito.userinfo_endpoint());
            stage.cognito.faults().answer(Endpoint::Token, Times::Always, elsewhere);
        }),
        invalid("token-response-that-is-not-json").answer(Endpoint::Token, json_text("access_token=x")),
        invalid("token-response-that-is-no-object").answer(Endpoint::Token, json_text(r#"["access_token"]"#)),
        invalid("token-response-with-a-member-twice")
            .answer(
                Endpoint::Token,
                json_text(r#"{"token_type": "Bearer", "access_token": "a", "access_token": "b", "id_token": "c"}"#),
            )
            .proves("the message says what stood twice", |seen| {
                seen.error["message"].as_str().is_some_and(|message| message.contains("once"))
            }),
        invalid("token-response-too-large").answer(Endpoint::Token, oversized()),
        invalid("token-response-of-an-unknown-type").member(Endpoint::Token, "token_type", json!("mac")),
        invalid("token-response-without-a-type").member(Endpoint::Token, "token_type", Value::Null),
        invalid("token-response-without-an-access-token").member(Endpoint::Token, "access_token", Value::Null),
        reject("token-response-without-an-id-token", "id_token_missing", TOKEN).member(Endpoint::Token, "id_token", Value::Null),
        accept("token-response-with-unknown-members").member(Endpoint::Token, "another", json!({"member": 1})),
        accept("token-response-with-a-narrower-scope")
            .member(Endpoint::Token, "scope", json!("openid"))
            .proves("the granted scope is told", |seen| seen.output["login"]["granted_scope"] == "openid"),
        reject("token-response-that-refuses-the-code", "grant_refused", TOKEN)
            .answer(Endpoint::Token, CannedResponse::json(400, &json!({"error": "invalid_grant"}))),
        reject("token-response-that-refuses-the-client", "client_rejected", TOKEN)
            .answer(Endpoint::Token, CannedResponse::json(401, &json!({"error": "invalid_client"}))),
    ]
}

fn id_token_header() -> Vec<Row> {
    let malformed = |module| reject(module, "id_token_malformed", TOKEN);
    vec![
        reject("id-token-with-a-critical-extension", "id_token_critical", TOKEN).header("crit", json!(["exp"])),
        accept("id-token-of-type-jwt").header("typ", json!("JWT")),
        malformed("id-token-of-type-access-token").header("typ", json!("at+jwt")),
        accept("id-token-with-a-content-type").header("cty", json!("json")),
        malformed("id-token-that-is-compressed").header("zip", json!("DEF")),
        malformed("id-token-that-is-encrypted")
            .replaced(|| format!("{}.e30.e30.e30.e30", part(r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#))),
        malformed("id-token-that-holds-another")
            .replaced(|| format!("{}.{}.e30", part(r#"{"alg":"RS256","cty":"JWT"}"#), part("e30.e30."))),
        malformed("id-token-with-a-header-member-twice")
            .replaced(|| format!("{}.{}.e30", part(r#"{"alg":"none","alg":"RS256"}"#), part("{}"))),
        reject("id-token-signed-with-the-public-key-as-secret", "id_token_algorithm", TOKEN).signed(Signing::Hs256PublicKey),
        accept("id-token-that-names-other-keys").header("jku", json!("https://evil.example/jwks.json")),
        reject("id-token-that-brings-its-own-key", "id_token_signature", KEYS)
            .signed(Signing::Key(TestKey::Rsa2048E, Algorithm::Rs256))
            .header("jwk", TestKey::Rsa2048E.jwk("own")),
        reject("id-token-of-an-unknown-key", "signing_key_unknown", KEYS).header("kid", json!("unknown")),
    ]
}

fn id_token_claims() -> Vec<Row> {
    vec![
        reject("id-token-issued-long-ago", "id_token_issued_at", KEYS).moved("iat", -86_400),
        reject("id-token-issued-in-the-future", "id_token_issued_at", KEYS).moved("iat", 61),
        accept("id-token-issued-by-a-fast-clock").moved("iat", 60),
        accept("id-token-expired-by-a-slow-clock").moved("exp", -3659),
        reject("id-token-expired-for-a-minute", "id_token_expired", KEYS).moved("exp", -3660),
        reject("id-token-with-a-time-that-is-none", "id_token_expired", KEYS).claim("exp", json!(1e300)),
        reject("id-token-not-valid-yet", "id_token_not_yet_valid", KEYS)
            .id_token(|_, claims| claims["nbf"] = json!(claims["iat"].as_u64().expect("a time") + 61)),
        reject("id-token-for-another-authorized-party", "id_token_authorized_party", KEYS).claim("azp", json!("another")),
        accept("id-token-for-the-client-as-authorized-party").id_token(|_, claims| claims["azp"] = claims["aud"].clone()),
        reject("id-token-with-another-at-hash", "id_token_at_hash", KEYS).claim("at_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng")),
        accept("id-token-without-at-hash").claim("at_hash", Value::Null),
        reject("id-token-that-is-an-access-token", "id_token_use", KEYS).claim("token_use", json!("access")),
        reject("id-token-without-the-acr-asked-for", "acr_not_met", KEYS).setting("advanced", json!({"acr_values": ["gold"]})),
        reject("id-token-of-an-old-login", "authentication_too_old", KEYS)
            .setting("advanced", json!({"max_age": 60}))
            .moved("auth_time", -121),
        accept("id-token-with-unknown-claims")
            .claim("unknown", json!([{}]))
            .proves("unknown claims are kept", |seen| seen.output["id_token_claims"]["unknown"] == json!([{}])),
    ]
}

fn keys() -> Vec<Row> {
    let unknown = |module| reject(module, "signing_key_unknown", KEYS);
    vec![
        accept("keys-beside-unusable-ones").json(Endpoint::Jwks, |jwks| {
            let kid = jwks["keys"][0]["kid"].clone();
            let unusable = [json!(7), json!({"kty": "OKP", "kid": kid}), json!({"kty": "RSA", "kid": kid, "use": "enc"})];
            let keys = jwks["keys"].as_array_mut().expect("keys");
            keys.splice(0..0, unusable);
        }),
        unknown("keys-with-one-id-for-two").json(Endpoint::Jwks, |jwks| {
            let kid = jwks["keys"][0]["kid"].as_str().expect("an id").to_owned();
            jwks["keys"].as_array_mut().expect("keys").push(TestKey::Rsa2048E.jwk(&kid));
        }),
        unknown("keys-that-are-private").json(Endpoint::Jwks, |jwks| jwks["keys"][0]["d"] = json!("AQAB")),
        unknown("keys-for-encryption").json(Endpoint::Jwks, |jwks| jwks["keys"][0]["use"] = json!("enc")),
        unknown("keys-that-are-too-short").signed(Signing::Key(TestKey::Rsa1024, Algorithm::Rs256)).json(
            Endpoint::Jwks,
            |jwks| {
                let kid = jwks["keys"][0]["kid"].as_str().expect("an id").to_owned();
                jwks["keys"][0] = TestKey::Rsa1024.jwk(&kid);
            },
        ),
        reject("keys-too-large", "keys_invalid", KEYS).answer(Endpoint::Jwks, oversized()),
        reject("keys-that-are-none", "keys_invalid", KEYS).answer(Endpoint::Jwks, json_text("{}")),
        reject("keys-with-429", "rate_limited", KEYS).answer(Endpoint::Jwks, CannedResponse::empty(429)),
        reject("keys-with-503", "keys_unavailable", KEYS).answer(Endpoint::Jwks, CannedResponse::empty(503)),
        reject("keys-that-never-come", "keys_unavailable", KEYS)
            .arrange(|stage| stage.cognito.faults().set(Endpoint::Jwks, Times::Always, Fault::Hang)),
    ]
}

fn userinfo() -> Vec<Row> {
    let verified = |module, value: Value, expected: bool| {
        accept(module)
            .claim("email_verified", value.clone())
            .member(Endpoint::UserInfo, "email_verified", value)
            .proves("the address is as verified as the provider says", move |seen| {
                seen.output["user"]["email_verified"] == expected
            })
    };
    let invalid = |module| reject(module, "userinfo_invalid", USERINFO);
    let unavailable = |module| reject(module, "userinfo_unavailable", USERINFO);
    vec![
        reject("userinfo-with-429", "rate_limited", USERINFO).answer(Endpoint::UserInfo, CannedResponse::empty(429)),
        unavailable("userinfo-with-502").answer(Endpoint::UserInfo, CannedResponse::empty(502)),
        unavailable("userinfo-that-never-comes")
            .arrange(|stage| stage.cognito.faults().set(Endpoint::UserInfo, Times::Always, Fault::Hang)),
        invalid("userinfo-as-a-jwt").answer(Endpoint::UserInfo, CannedResponse::new(200, "application/jwt", "e30.e30.e30")),
        reject("userinfo-with-401", "userinfo_refused", USERINFO)
            .answer(Endpoint::UserInfo, CannedResponse::empty(401).header("www-authenticate", r#"Bearer error="invalid_token""#))
            .proves("the bearer error is told", |seen| seen.error["provider"]["error"] == "invalid_token"),
        invalid("userinfo-that-is-no-object").answer(Endpoint::UserInfo, json_text("[]")),
        invalid("userinfo-with-a-member-twice").answer(Endpoint::UserInfo, json_text(r#"{"sub": "a", "sub": "b"}"#)),
        invalid("userinfo-too-large").answer(Endpoint::UserInfo, oversized()),
        reject("userinfo-without-sub", "userinfo_subject_mismatch", USERINFO).member(Endpoint::UserInfo, "sub", Value::Null),
        verified("email-verified-as-true", json!(true), true),
        verified("email-verified-as-the-text-true", json!("true"), true),
        verified("email-verified-as-another-text", json!("True"), false),
        verified("email-verified-as-a-number", json!(1), false),
        verified("email-verified-not-said", Value::Null, false),
    ]
}

impl Row {
    /// Puts another text in the ID token's place.
    fn replaced(self, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.arrange(move |stage| stage.cognito.faults().replace_id_token(Times::Always, text()))
    }

    /// Moves one of the ID token's times by so many seconds.
    fn moved(self, name: &'static str, seconds: i64) -> Self {
        self.id_token(move |_, claims| claims[name] = json!(claims[name].as_i64().expect("a time") + seconds))
    }
}

fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn json_text(text: &str) -> CannedResponse {
    CannedResponse::new(200, "application/json", text)
}

/// Longer than the host lets through.
fn oversized() -> CannedResponse {
    json_text("").body(Body::Huge(b"{}".to_vec(), 600 << 10))
}
