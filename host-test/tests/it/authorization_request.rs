//! What `begin` sends the user agent away with.

use std::collections::BTreeSet;

use host_test::browser::Navigation;
use journey_host::{AuthorizationRequest, Begun, Journeys};
use serde_json::json;

use crate::stage::{Stage, verdict};

fn parameter(request: &AuthorizationRequest, name: &str) -> Option<String> {
    Navigation::get(&request.url).expect("a URL").parameter(name)
}

#[tokio::test]
async fn b04_b06_b07_b20_each_attempt_has_a_state_a_nonce_and_a_challenge_of_its_own() {
    let stage = Stage::new().await;
    let mut values = BTreeSet::new();
    for _ in 0..3 {
        let request = stage.begin().await;
        for name in ["state", "nonce", "code_challenge"] {
            let value = parameter(&request, name).expect(name);
            assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}: {value}");
            assert_eq!(value.len(), 43, "256 bits of {name}");
            assert!(values.insert(value), "{name} came twice");
        }
        assert_eq!(parameter(&request, "state").as_ref(), Some(&request.state));
    }
}

#[tokio::test]
async fn b09_state_and_nonce_are_sent_beside_the_challenge() {
    let stage = Stage::new().await;
    let request = stage.begin().await;
    for name in ["state", "nonce", "code_challenge"] {
        assert!(parameter(&request, name).is_some(), "{name}");
    }
    assert_eq!(parameter(&request, "code_challenge_method").as_deref(), Some("S256"));
}

#[tokio::test]
async fn b10_a_response_is_judged_by_the_issuer_and_the_client_that_it_was_asked_of() {
    let changed = [("issuer", json!("updated")), ("client_id", json!("another")), ("user_pool_id", json!("eu-west-1_Another"))];
    for (member, value) in changed {
        let mut stage = Stage::new().await;
        let request = stage.begin().await;
        let response = stage.sign_in(&request).await;
        stage.connector[member] = value;
        let mark = stage.cognito.requests().mark();
        assert_eq!(verdict(&stage.complete(&response).await), "failed: integration_changed", "{member}");
        assert!(stage.cognito.requests().since(mark).is_empty());
    }
}

#[tokio::test]
async fn b15_prompt_none_stands_alone_and_max_age_is_a_whole_number() {
    for advanced in
        [json!({"prompt": "none login"}), json!({"prompt": "login none"}), json!({"max_age": -1}), json!({"max_age": 1.5})]
    {
        let mut stage = Stage::new().await;
        stage.settings["advanced"] = advanced;
        assert_eq!(stage.begin_failure().await.code, "invalid_settings", "{}", stage.settings);
    }
    let mut stage = Stage::new().await;
    stage.settings["advanced"] = json!({"prompt": "none", "max_age": 0});
    let request = stage.begin().await;
    assert_eq!(parameter(&request, "prompt").as_deref(), Some("none"));
    assert_eq!(parameter(&request, "max_age").as_deref(), Some("0"));
}

#[tokio::test]
async fn b16_the_url_tells_nothing_of_the_journey_and_no_secret() {
    let stage = Stage::new().await;
    let request = stage.begin().await;
    let kept = stage.attempts.dump(&stage.visit);
    let attempt = kept.iter().find(|(key, _)| key.starts_with("attempt.")).expect("an attempt").1.clone();
    let attempt: serde_json::Value = serde_json::from_str(&attempt).expect("JSON");
    let verifier = attempt["value"]["pending"]["verifier"].as_str().expect("a verifier");
    let secret = stage.cognito.client_secret().expect("a secret");
    let browser = "the user's session";
    for private in [verifier, &secret, browser, &stage.visit.journey, &stage.visit.tenant] {
        assert!(!Navigation::get(&request.url).expect("a URL").parameters().iter().any(|(_, value)| value.contains(private)));
    }
    assert!(kept.iter().all(|(key, _)| !key.contains(&request.state)), "state finds the attempt by its hash");
}

#[tokio::test]
async fn b19_pending_attempts_have_an_end_and_a_greatest_number() {
    let mut stage = Stage::new().await;
    stage.settings["login_lifetime"] = json!(60);
    assert_eq!(stage.begin().await.expires_in, 60);
    let refused = 'refused: {
        for _ in 0..200 {
            if let Begun::Refused(failure) = stage.call_begin().await.outcome {
                break 'refused failure;
            }
        }
        panic!("there is no end to them");
    };
    assert_eq!(refused.code, "storage_failed");

    // The attempts that are pending go on; and later the store has room again: what is kept has lifetimes.
    assert_eq!(stage.journeys.settlement(&stage.visit).await, Ok(None));
    stage.advance(3 * 3600);
    stage.begin().await;
}

#[tokio::test]
async fn h02_no_scope_is_asked_for_beyond_the_settings() {
    let mut stage = Stage::new().await;
    assert_eq!(parameter(&stage.begin().await, "scope").as_deref(), Some("openid profile email"));
    stage.settings["scope"] = json!("openid");
    assert_eq!(parameter(&stage.begin().await, "scope").as_deref(), Some("openid"));
}
