//! Key rotation must not be an open door: tokens of made-up keys don't send the relying party to its provider again and again.

use host_test::cognito::{Endpoint, Times};
use serde_json::json;

use crate::stage::{Stage, verdict};

#[tokio::test]
async fn k06_a_storm_of_unknown_keys_forces_one_fetch_in_ten_seconds() {
    let mut stage = Stage::new().await;
    assert_eq!(next_login(&mut stage).await, "authenticated");
    let key_fetches = |stage: &Stage| stage.cognito.requests().count(Endpoint::Jwks);
    assert_eq!(key_fetches(&stage), 1);

    stage.cognito.faults().alter_id_token(Times::Always, |header, _| header["kid"] = json!("made up"));
    for second in 0..10 {
        assert_eq!(next_login(&mut stage).await, "failed: signing_key_unknown");
        assert_eq!(key_fetches(&stage), 2, "after {second} s");
        stage.advance(1);
    }
    assert_eq!(next_login(&mut stage).await, "failed: signing_key_unknown");
    assert_eq!(key_fetches(&stage), 3);

    stage.cognito.faults().clear();
    assert_eq!(next_login(&mut stage).await, "authenticated", "known keys don't suffer");
    assert_eq!(key_fetches(&stage), 3);
}

#[tokio::test]
async fn k05_k06_a_rotation_right_after_another_login_forced_a_fetch_has_to_wait() {
    let mut stage = Stage::new().await;
    assert_eq!(next_login(&mut stage).await, "authenticated");
    stage.cognito.rotate_keys();
    assert_eq!(next_login(&mut stage).await, "authenticated");
    stage.cognito.rotate_keys();
    assert_eq!(next_login(&mut stage).await, "failed: signing_key_unknown");
    stage.advance(10);
    assert_eq!(next_login(&mut stage).await, "authenticated");
}

/// A login of a round of its own.
async fn next_login(stage: &mut Stage) -> String {
    let called = stage.login().await;
    stage.visit.round += 1;
    verdict(&called)
}
