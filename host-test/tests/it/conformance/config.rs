//! Config RP.

use host_test::cognito::{Endpoint, Signing};
use serde_json::json;

use super::row::{Row, TOKEN, accept, reject, stop};
use crate::arranged::{Arrange as _, append_1};

pub(super) fn rows() -> Vec<Row> {
    vec![
        accept("oidcc-client-test-discovery-openid-config")
            .by_discovery()
            .proves("the metadata was fetched", |seen| seen.request("/.well-known/openid-configuration").is_some()),
        accept("oidcc-client-test-discovery-jwks-uri-keys")
            .by_discovery()
            .json(Endpoint::Discovery, |metadata| {
                let jwks_uri = metadata["jwks_uri"].as_str().expect("a URL").to_owned();
                metadata["jwks_uri"] = json!(jwks_uri + "?set=of-today");
            })
            .proves("the keys are those of `jwks_uri`", |seen| {
                seen.request("/.well-known/jwks.json").is_some_and(|request| request.query == "set=of-today")
            }),
        stop("oidcc-client-test-discovery-issuer-mismatch", "metadata_issuer_mismatch")
            .json(Endpoint::Discovery, |metadata| append_1(metadata, "issuer")),
        reject("oidcc-client-test-idtoken-sig-none", "id_token_algorithm", TOKEN).by_discovery().signed(Signing::Unsigned),
        accept("oidcc-client-test-signing-key-rotation-just-before-signing")
            .by_discovery()
            .after_a_login()
            .meanwhile(|stage| stage.cognito.rotate_keys()),
        accept("oidcc-client-test-signing-key-rotation")
            .by_discovery()
            .after_a_login()
            .arrange(|stage| stage.cognito.rotate_keys()),
    ]
}
