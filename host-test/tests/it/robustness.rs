//! No input ends the component, and nothing in it is left to chance but what the host hands in.

use std::sync::Arc;

use journey_host::{Begun, Browser, Completed, SeededRandom, Services, Step};
use journey_host::{Limits, Visit};
use serde_json::json;

use crate::stage::{Stage, compiled, form_post, query, verdict};

#[tokio::test]
async fn h06_no_response_ends_the_component() {
    let stage = Stage::new().await;
    stage.begin().await;
    let deep = "[".repeat(30_000);
    for text in [
        "",
        "&",
        "=",
        "&&==&&",
        "%",
        "state",
        "state=",
        "state=%",
        "state=%ff&code=x",
        "code=\u{0}&state=\u{0}",
        "state=ä&code=ö",
        "state=x&code=y",
        "state=x&state=x",
        "iss=%",
        "error=&state=x",
        &"&".repeat(32_000),
        &"state=x&".repeat(4_000),
        &deep,
        &format!("state={deep}&code=c"),
        &"%e2%82".repeat(5_000),
        &"x".repeat(1 << 20),
    ] {
        for response in [query(text), form_post(text)] {
            let called = stage.complete(&response).await;
            let text: String = text.chars().take(40).collect();
            assert!(matches!(called.outcome, Completed::Ignored(_)), "{}: {text}", verdict(&called));
        }
    }
}

#[tokio::test]
async fn h06_no_settings_and_no_connector_end_the_component() {
    let mut stage = Stage::new().await;
    let (settings, connector) = (stage.settings.clone(), stage.connector.clone());
    let deep: serde_json::Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    for (round, value) in
        (1..).zip([json!(null), json!(7), json!([]), json!({}), json!(""), json!("\u{0}"), json!("x".repeat(1 << 20)), deep])
    {
        for document in 0..4 {
            stage.settings = if document == 0 { value.clone() } else { settings.clone() };
            stage.connector = if document == 1 { value.clone() } else { connector.clone() };
            if document == 2 {
                stage.settings["callback_url"] = value.clone();
            }
            if document == 3 {
                stage.connector["custom_endpoints"]["token_endpoint"] = value.clone();
            }
            stage.visit = Visit { round: round * 4 + document, ..stage.visit };
            let begun = stage.call_begin().await;
            let ended = matches!(&begun.outcome, Begun::Failed(failed) if failed.failure.code.starts_with("invalid_"));
            let is_absent = value.is_null() && document == 3;
            assert!(ended || is_absent, "{document} {:?}", begun.outcome);
        }
    }
}

#[tokio::test]
async fn h06_without_a_user_agent_nothing_begins() {
    let mut stage = Stage::new().await;
    stage.browser = Browser::from_bytes(&[]);
    assert_eq!(stage.begin_failure().await.code, "internal");
}

#[tokio::test]
async fn h06_the_same_time_and_the_same_random_bytes_make_the_same_request() {
    let stage = Stage::new().await;
    let mut urls = Vec::new();
    for seed in [1, 1, 2] {
        let services = Services { random: Arc::new(SeededRandom::new(seed)), ..stage.step.services().clone() };
        let begun = Step::new(compiled(), services, Limits::default()).begin(&stage.visit, &stage.invocation()).await;
        let Begun::Redirect(request) = begun.outcome else { panic!("begin failed") };
        urls.push(request.url);
    }
    assert_eq!(urls[0], urls[1]);
    assert_ne!(urls[0], urls[2]);
}
