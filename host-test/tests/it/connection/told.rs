//! What spans, lines and metrics say of a test.

use journey_host::{SecretForTest, TestRate, Tested};
use serde_json::{Value, json};

use super::test;
use crate::exported::Exported;
use crate::stage::Stage;

fn calls(captured: &Exported, outcome: &str) -> Option<f64> {
    captured.metric("journey_step_calls_total", &["phase=\"test\"", &format!("outcome=\"{outcome}\"")])
}

#[tokio::test]
async fn a_test_is_a_span_and_a_count_and_a_line_only_where_it_found_something() {
    let captured = Exported::begin();
    let mut stage = Stage::new().await;
    test(&stage).await;
    assert_eq!(calls(&captured, "done"), Some(1.0));
    assert_eq!(captured.lines(), Vec::<Value>::new());

    stage.connector["client_id"] = json!("0no0such0client");
    test(&stage).await;
    assert_eq!(calls(&captured, "found_faults"), Some(1.0));
    let lines = captured.lines();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["phase"], &line["outcome"], &line["tenant"]), (&"test".into(), &"found_faults".into(), &"tenant".into()));

    let spans = captured.spans("step.call");
    let [passed, failed] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&passed["outcome"], &failed["outcome"]), (&"done".into(), &"found_faults".into()));
    assert!(passed["fetches"].as_u64() > Some(3) && passed["cpu_seconds"].as_f64() > Some(0.0), "{passed}");
    assert!(captured.spans("http.fetch").len() > 6, "each exchange of a test has its span");
}

#[tokio::test]
async fn a_test_that_comes_too_often_is_a_limit_that_was_hit() {
    let captured = Exported::begin();
    let stage = Stage::new().await;
    let step = stage.step.with_test_rate(TestRate { per_tenant: 0, ..TestRate::default() });
    let called = step.test("tenant", None, &stage.connector.to_string(), SecretForTest::None).await;
    assert!(matches!(called.outcome, Tested::TooOften(_)), "{}", called.outcome);
    assert_eq!(calls(&captured, "too_often"), Some(1.0));
    assert_eq!(captured.metric("journey_step_limits_total", &["limit=\"test_rate\""]), Some(1.0));
}
