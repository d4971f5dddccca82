//! FAPI 2.0 Security Profile, client: what it asks of a code flow without pushed requests and sender-constrained tokens.

use host_test::cognito::{Algorithm, Endpoint, Signing, TestKey};
use serde_json::{Value, json};

use super::row::{KEYS, NOTHING, Row, TOKEN, accept, ignore, reject, stop};
use crate::arranged::{Arrange as _, append_1, parameter, put};

/// The default pool's.
const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123";

pub(super) fn rows() -> Vec<Row> {
    vec![
        names_its_issuer(accept("fapi2-security-profile-final-client-test-happy-path")),
        stop("fapi2-security-profile-final-client-test-discovery-issuer-mismatch", "metadata_issuer_mismatch")
            .json(Endpoint::Discovery, |metadata| append_1(metadata, "issuer")),
        ignore(
            "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-state-fails",
            "state_unknown",
        )
        .response(|response| {
            let state = parameter(response, "state") + "1";
            put(response, "state", Some(&state));
        }),
        ignore(
            "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-missing-state-fails",
            "state_missing",
        )
        .response(|response| put(response, "state", None)),
        names_its_issuer(reject(
            "fapi2-security-profile-final-client-test-invalid-authorization-response-iss",
            "response_issuer_mismatch",
            NOTHING,
        ))
        .response(|response| put(response, "iss", Some(&format!("{ISSUER}1")))),
        names_its_issuer(reject(
            "fapi2-security-profile-final-client-test-remove-authorization-response-iss",
            "response_issuer_missing",
            NOTHING,
        ))
        .response(|response| put(response, "iss", None)),
        reject("fapi2-security-profile-final-client-test-invalid-iss", "id_token_issuer", TOKEN)
            .id_token(|_, claims| append_1(claims, "iss")),
        reject("fapi2-security-profile-final-client-test-invalid-missing-iss", "id_token_issuer", TOKEN)
            .claim("iss", Value::Null),
        reject("fapi2-security-profile-final-client-test-invalid-aud", "id_token_audience", KEYS)
            .id_token(|_, claims| append_1(claims, "aud")),
        reject("fapi2-security-profile-final-client-test-invalid-missing-aud", "id_token_audience", KEYS)
            .claim("aud", Value::Null),
        reject("fapi2-security-profile-final-client-test-invalid-secondary-aud", "id_token_audience", KEYS)
            .id_token(|_, claims| claims["aud"] = json!([claims["aud"], "another-client"])),
        accept("fapi2-security-profile-final-client-test-valid-aud-as-array")
            .id_token(|_, claims| claims["aud"] = json!([claims["aud"]])),
        reject("fapi2-security-profile-final-client-test-invalid-expired-exp", "id_token_expired", KEYS)
            .id_token(|_, claims| claims["exp"] = json!(claims["iat"].as_u64().expect("a time") - 360)),
        reject("fapi2-security-profile-final-client-test-invalid-missing-exp", "id_token_expired", KEYS)
            .claim("exp", Value::Null),
        reject("fapi2-security-profile-final-client-test-invalid-nonce", "id_token_nonce", KEYS)
            .id_token(|_, claims| append_1(claims, "nonce")),
        reject("fapi2-security-profile-final-client-test-invalid-missing-nonce", "id_token_nonce", KEYS)
            .claim("nonce", Value::Null),
        reject("fapi2-security-profile-final-client-test-invalid-null-alg", "id_token_algorithm", TOKEN)
            .signed(Signing::Unsigned),
        reject("fapi2-security-profile-final-client-test-invalid-alternate-alg", "id_token_algorithm", TOKEN)
            .signed(Signing::Key(TestKey::Rsa2048A, Algorithm::Ps256)),
        accept("fapi2-security-profile-final-client-test-token-endpoint-response-without-expires_in")
            .setting("tokens", json!("output"))
            .member(Endpoint::Token, "expires_in", Value::Null)
            .proves("the tokens are there, without a time of expiry", |seen| {
                seen.output["tokens"]["access_token"].is_string() && seen.output["tokens"]["expires_at"].is_null()
            }),
        accept("fapi2-security-profile-final-client-test-token-type-case-insensitivity").member(
            Endpoint::Token,
            "token_type",
            json!("bEARER"),
        ),
    ]
}

/// A provider that promises `iss` in each response, and keeps the promise (RFC 9207).
fn names_its_issuer(row: Row) -> Row {
    row.by_discovery()
        .member(Endpoint::Discovery, "authorization_response_iss_parameter_supported", json!(true))
        .response(|response| put(response, "iss", Some(ISSUER)))
}
