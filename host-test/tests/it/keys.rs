//! The cache is shared by all that runs for a tenant. Whatever stands in it, the issuer has the last word about its keys.

use host_test::cognito::{Endpoint, TestKey};
use journey_host::TenantCache as _;
use serde_json::{Value, json};

use crate::stage::{Stage, cache_scope, verdict};

/// Puts another key under the issuer's key id, as another component with the same services may do.
async fn overwrite_keys(stage: &Stage) {
    let entries = stage.cache.dump(&cache_scope());
    let (key, value) = entries.iter().find(|(key, _)| key.starts_with("keys.")).expect("a cached key set");
    let mut entry: Value = serde_json::from_str(value).expect("JSON");
    entry["document"]["keys"] = json!([TestKey::Rsa3072.jwk(&stage.cognito.id_token_kid())]);
    stage.cache.put(&cache_scope(), key, &entry.to_string(), 86_400).await.expect("a cache that works");
}

#[tokio::test]
async fn k05_k06_a_cached_key_that_verifies_nothing_is_fetched_anew_within_the_throttle() {
    let mut stage = Stage::new().await;
    assert_eq!(verdict(&stage.login().await), "authenticated");
    for (seconds, expected, fetches) in [
        (0, "authenticated", 2),
        (0, "failed: id_token_signature", 2),
        (9, "failed: id_token_signature", 2),
        (1, "authenticated", 3),
    ] {
        stage.advance(seconds);
        overwrite_keys(&stage).await;
        stage.visit.round += 1;
        assert_eq!(verdict(&stage.login().await), expected, "after {seconds} s");
        assert_eq!(stage.cognito.requests().count(Endpoint::Jwks), fetches, "after {seconds} s");
    }
    stage.visit.round += 1;
    assert_eq!(verdict(&stage.login().await), "authenticated", "the cache has the issuer's again");
    assert_eq!(stage.cognito.requests().count(Endpoint::Jwks), 3);
}
