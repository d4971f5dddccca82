//! Basic RP.

use host_test::cognito::{Endpoint, Signing};
use serde_json::{Value, json};

use super::row::{KEYS, Row, TOKEN, USERINFO, accept, reject};
use crate::arranged::{Arrange as _, append_1};

pub(super) fn rows() -> Vec<Row> {
    vec![
        accept("oidcc-client-test"),
        reject("oidcc-client-test-invalid-iss", "id_token_issuer", TOKEN).id_token(|_, claims| append_1(claims, "iss")),
        reject("oidcc-client-test-missing-sub", "id_token_subject", KEYS).claim("sub", Value::Null),
        reject("oidcc-client-test-invalid-aud", "id_token_audience", KEYS).id_token(|_, claims| append_1(claims, "aud")),
        reject("oidcc-client-test-missing-iat", "id_token_issued_at", KEYS).claim("iat", Value::Null),
        accept("oidcc-client-test-kid-absent-single-jwks").header("kid", Value::Null).json(Endpoint::Jwks, |jwks| {
            let mut key = jwks["keys"][0].take();
            key.as_object_mut().expect("a key").remove("kid");
            jwks["keys"] = json!([key]);
        }),
        // The suite passes both; guessing which key is meant isn't worth the tries.
        reject("oidcc-client-test-kid-absent-multiple-jwks", "signing_key_unnamed", KEYS).header("kid", Value::Null),
        accept("oidcc-client-test-idtoken-sig-rs256"),
        reject("oidcc-client-test-idtoken-sig-none", "id_token_algorithm", TOKEN).signed(Signing::Unsigned),
        reject("oidcc-client-test-invalid-sig-rs256", "id_token_signature", KEYS).signed(Signing::Corrupted),
        reject("oidcc-client-test-userinfo-invalid-sub", "userinfo_subject_mismatch", USERINFO)
            .json(Endpoint::UserInfo, |claims| append_1(claims, "sub")),
        reject("oidcc-client-test-nonce-invalid", "id_token_nonce", KEYS).id_token(|_, claims| append_1(claims, "nonce")),
        accept("oidcc-client-test-scope-userinfo-claims")
            .setting("scope", json!("openid profile email phone"))
            .proves("the scope is the settings'", |seen| seen.parameter("scope") == Some("openid profile email phone"))
            .proves("userinfo is kept", |seen| seen.output["user_info"]["email"] == "ada@example.com")
            .proves("the profile has the phone number", |seen| seen.output["user"]["phone_number"] == "+442079460018"),
        accept("oidcc-client-test-client-secret-basic").proves("the client authenticates by Basic alone", |seen| {
            let request = seen.request("/oauth2/token").expect("a token request");
            let by_basic = request.header("authorization").is_some_and(|value| value.starts_with("Basic "));
            by_basic && request.field("client_secret").is_none() && request.field("client_id").is_none()
        }),
    ]
}
