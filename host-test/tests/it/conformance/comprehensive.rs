//! The comprehensive plan, but for what stands in the certification plans.

use host_test::cognito::{Algorithm, Endpoint, Signing, TestKey};
use serde_json::{Value, json};

use super::row::{KEYS, Row, TOKEN, accept, reject};
use crate::arranged::Arrange as _;

pub(super) fn rows() -> Vec<Row> {
    vec![
        reject("oidcc-client-test-missing-aud", "id_token_audience", KEYS).claim("aud", Value::Null),
        reject("oidcc-client-test-invalid-sig-es256", "id_token_algorithm", TOKEN)
            .signed(Signing::Key(TestKey::EcP256, Algorithm::Es256)),
        reject("oidcc-client-test-invalid-sig-hs256", "id_token_algorithm", TOKEN).signed(Signing::Hs256ClientSecret),
        accept("oidcc-client-test-userinfo-bearer-header").proves("the access token is in the header alone", |seen| {
            let request = seen.request("/oauth2/userInfo").expect("a userinfo request");
            request.header("authorization").is_some_and(|value| value.starts_with("Bearer ")) && request.body.is_empty()
        }),
        // Optional (OpenID Connect Core 5.6): they reach the journey as received, unresolved and unverified, and nothing is
        // called.
        accept("oidcc-client-test-aggregated-claims")
            .json(Endpoint::UserInfo, |claims| {
                claims["_claim_names"] = json!({"address": "there"});
                claims["_claim_sources"] = json!({"there": {"JWT": "e30.e30."}});
            })
            .proves("aggregated claims are kept as received", |seen| {
                seen.output["user_info"]["_claim_sources"]["there"]["JWT"] == "e30.e30."
            })
            .proves("nothing of them is resolved", |seen| seen.output["user"]["address"]["formatted"].is_null()),
        accept("oidcc-client-test-distributed-claims")
            .arrange(|stage| {
                let endpoint = stage.cognito.userinfo_endpoint();
                stage.cognito.faults().alter_json(Endpoint::UserInfo, host_test::cognito::Times::Always, move |claims| {
                    claims["_claim_names"] = json!({"address": "there"});
                    claims["_claim_sources"] = json!({"there": {"endpoint": endpoint, "access_token": "x"}});
                });
            })
            .proves("distributed claims are kept as received", |seen| {
                seen.output["user_info"]["_claim_names"]["address"] == "there"
            })
            .proves("nothing of them is resolved", |seen| seen.output["user"]["address"]["formatted"].is_null()),
    ]
}
