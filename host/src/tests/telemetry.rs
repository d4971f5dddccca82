//! What spans, lines and metrics say of calls by components written by hand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::captured::Captured;
use super::guest::Guest;
use super::{Act, invocation, response, step, visit, watched};
use crate::{
    Begun, Capacity, Clock, Completed, HostCall, Invocation, Limits, Runtime, SecretForTest, Services, Step, Telemetry, Tested,
    TraceParent,
};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The members of a span or a line that this expects, beside others.
fn has(told: &Value, expected: Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(told.get(name).unwrap_or(&Value::Null), value, "{name} of {told}");
    }
}

fn only(mut told: Vec<Value>) -> Value {
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

fn named() -> Invocation {
    let connector = json!({"name": "Customers", "client_id": "1example", "client_authentication": "none"});
    Invocation { connector: connector.to_string(), ..invocation() }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Duration {
        Duration::from_secs(1_800_000_000)
    }
}

#[tokio::test]
async fn a_call_that_goes_well_is_a_span_and_no_line() {
    let captured = Captured::begin();
    let services = Services { clock: Arc::new(Noon), ..step(Guest::default().compile()).services().clone() };
    let step = Step::new(Guest::default().compile(), services, Limits::default());
    let step = step.with_telemetry(Telemetry::new().labelling_tenants()).within_trace(TraceParent::parse(TRACE));
    assert!(matches!(step.begin(&visit(), &named()).await.outcome, Begun::Redirect(_)));
    assert!(matches!(step.complete(&visit(), &named(), None, &response()).await.outcome, Completed::Authenticated(_)));
    let spans = captured.spans("step.call");
    let [begin, complete] = spans.as_slice() else { panic!("{spans:?}") };
    for span in [begin, complete] {
        has(
            span,
            json!({
                "tenant": "tenant", "journey": "journey", "step": "login", "round": 1, "component": "guest", "connector": "connector",
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "parent_id": "00f067aa0ba902b7", "fetches": 0, "memory_bytes": 32 << 16,
                "category": null, "code": null, "cause": null, "otel.status_code": null,
            }),
        );
        assert!(span["cpu_seconds"].as_f64() > Some(0.0) && span["duration_seconds"].as_f64() > Some(0.0), "{span}");
    }
    has(begin, json!({"phase": "begin", "outcome": "redirect", "applied": "attempt"}));
    has(complete, json!({"phase": "complete", "outcome": "authenticated", "applied": "authenticated"}));
    assert_eq!(captured.lines(), Vec::<Value>::new());
    assert_eq!(
        captured.series("calls_total"),
        [
            r#"{component="guest",phase="begin",outcome="redirect",category="",code="",tenant="tenant"} 1"#,
            r#"{component="guest",phase="complete",outcome="authenticated",category="",code="",tenant="tenant"} 1"#,
        ]
    );
    for name in ["call_duration_seconds_count", "call_queue_seconds_count", "call_cpu_seconds_count", "call_memory_bytes_count"] {
        assert_eq!(
            captured.series(name),
            [r#"{component="guest",phase="begin"} 1"#, r#"{component="guest",phase="complete"} 1"#],
            "{name}"
        );
    }
    assert_eq!(captured.series("last_success_timestamp_seconds"), [r#"{component="guest",tenant="tenant"} 1800000000"#]);
    assert_eq!((captured.series("sandboxes_in_use"), captured.series("calls_waiting")), (vec![" 0".to_owned()], vec![]));
}

#[tokio::test]
async fn a_call_that_the_host_ends_is_a_line_with_its_cause() {
    for (begin, cause, detail, limit) in [
        ("(loop $ever (br $ever))", "processor_time", "250ms", Some("processor_time")),
        ("(loop $ever (call $now (i32.const 3072)) (br $ever))", "host_calls", "128 host calls", Some("host_calls")),
        ("(drop (memory.grow (i32.const 1000)))", "memory", "bytes of memory", Some("memory")),
        ("(unreachable)", "guest", "unreachable", None),
    ] {
        let captured = Captured::begin();
        let step = step(Guest::begin(begin).compile()).within_trace(TraceParent::parse(TRACE));
        let called = step.begin(&visit(), &named()).await;
        assert_eq!(called.outcome.to_string(), "failed: step_trapped");
        let line = only(captured.lines());
        has(
            &line,
            json!({
                "level": "ERROR", "message": "a call of a step did not succeed", "tenant": "tenant", "journey": "journey", "step": "login",
                "round": 1, "phase": "begin", "component": "guest", "connector": "connector", "connector_name": "Customers",
                "client_id": "1example", "client_authentication": "none", "has_client_secret": null, "outcome": "failed",
                "category": "system", "code": "step_trapped", "retryable": true, "applied": "failed", "cause": cause,
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "provider_error": null,
            }),
        );
        assert!(line["detail"].as_str().is_some_and(|told| told.contains(detail)), "{line}");
        assert_eq!(line["backtrace"].as_str(), called.trapped.unwrap().backtrace.as_deref());
        has(
            &only(captured.spans("step.call")),
            json!({"category": "system", "code": "step_trapped", "cause": cause, "otel.status_code": "ERROR"}),
        );
        let hit: Vec<_> = limit.map(|limit| format!(r#"{{limit="{limit}"}} 1"#)).into_iter().collect();
        assert_eq!(captured.series("limits_total"), hit);
        assert_eq!(
            captured.series("calls_total"),
            [r#"{component="guest",phase="begin",outcome="failed",category="system",code="step_trapped"} 1"#]
        );
    }
}

#[tokio::test]
async fn what_comes_too_late_or_is_ignored_is_the_users_own_doing() {
    let captured = Captured::begin();
    let step = step(Guest::default().compile());
    let _ = step.complete(&visit(), &named(), None, &response()).await;
    let _ = step.complete(&visit(), &named(), None, &response()).await;
    has(
        &only(captured.lines()),
        json!({"level": "INFO", "outcome": "too_late", "code": "duplicate", "category": "flow", "applied": "nothing", "has_client_secret": false}),
    );
    let elsewhere = crate::AuthorizationResponse::Query(crate::Arrival::at(&super::origin(), "/nowhere?state=x"));
    let secret = crate::ClientSecret::new("secret");
    let _ = step.complete(&visit().next(), &named(), Some(&secret), &elsewhere).await;
    let lines = captured.lines();
    has(
        &lines[1],
        json!({"level": "INFO", "outcome": "ignored", "code": "callback_mismatch", "applied": "nothing", "has_client_secret": true}),
    );
    let spans = captured.spans("step.call");
    has(&spans[1], json!({"outcome": "too_late", "otel.status_code": null, "cpu_seconds": null, "memory_bytes": null}));
}

#[tokio::test]
async fn a_call_without_a_sandbox_is_a_warning_and_a_limit() {
    let captured = Captured::begin();
    let runtime = Runtime::new(Capacity { waiting: 0, waiting_per_tenant: 0, ..Capacity::of(1) }).unwrap();
    let guest = Guest { begin: "(call $now (i32.const 3072))", ..Guest::default() };
    let step = step(guest.compile_in(&runtime, "guest"));
    let hanging = watched(&step, |_: &HostCall| Act::Hang);
    let holding = tokio::spawn(async move { hanging.begin(&visit(), &named()).await });
    tokio::task::yield_now().await;
    assert_eq!(captured.series("sandboxes_in_use"), [" 1"]);
    assert_eq!(step.begin(&visit(), &named()).await.outcome, Begun::Busy);
    assert_eq!(step.complete(&visit(), &named(), None, &response()).await.outcome, Completed::Busy);
    assert!(step.check("tenant", "{}", "{}").await.is_err());
    assert_eq!(step.test("tenant", None, "{}", SecretForTest::None).await.outcome, Tested::Busy);
    for (line, phase) in captured.lines().iter().zip(["begin", "complete", "check", "test"]) {
        has(line, json!({"level": "WARN", "phase": phase, "outcome": "busy", "applied": "nothing", "code": null}));
        assert_eq!(line["detail"].as_str() == Some("no sandbox was free in time"), phase != "test", "{line}");
    }
    assert_eq!(captured.series("limits_total"), [r#"{limit="queue"} 4"#]);
    holding.abort();
}

#[tokio::test]
async fn a_pure_function_and_a_test_belong_to_no_visit() {
    let captured = Captured::begin();
    let guest = Guest { check: "(unreachable)", ..Guest::default() };
    let step = step(guest.compile());
    step.describe("tenant", "{}", "{}").await.unwrap();
    step.check("tenant", "{}", "{}").await.unwrap_err();
    assert_eq!(step.test("tenant", None, "{}", SecretForTest::None).await.outcome, Tested::Findings(Vec::new()));
    let spans = captured.spans("step.call");
    for (span, (phase, outcome)) in spans.iter().zip([("describe", "done"), ("check", "trapped"), ("test", "done")]) {
        has(
            span,
            json!({"tenant": "tenant", "journey": null, "step": null, "round": null, "phase": phase, "outcome": outcome, "fetches": 0}),
        );
    }
    let line = only(captured.lines());
    has(&line, json!({"level": "ERROR", "phase": "check", "cause": "guest"}));
    assert!(line["backtrace"].is_string(), "{line}");
    let traps = Guest { test: "(drop (call $get (i32.const 0))) (unreachable)", ..Guest::default() };
    assert_eq!(self::step(traps.compile()).test("tenant", None, "{}", SecretForTest::None).await.outcome, Tested::Ended);
    has(&captured.lines()[1], json!({"level": "ERROR", "phase": "test", "outcome": "trapped", "cause": "guest"}));
    has(&captured.spans("step.call")[3], json!({"phase": "test", "fetches": 1}));
}

#[tokio::test]
async fn an_exchange_is_a_span_with_how_it_ended() {
    for (url, allowed, error) in
        [("http://127.0.0.1:1/", true, "unreachable"), ("https://id.example.com:8443/x?code=secret", false, "denied")]
    {
        let captured = Captured::begin();
        let error_index = if allowed { "1" } else { "0" };
        let begin: &'static str = format!("(call $expect (call $get (i32.const 0)) (i32.const {error_index}))").leak();
        let step = step(Guest { begin, url: url.to_owned(), ..Guest::default() }.compile());
        if !allowed {
            step.services().network.set_egress(crate::Egress::deny_all());
        }
        assert!(matches!(step.begin(&visit(), &named()).await.outcome, Begun::Redirect(_)));
        let span = only(captured.spans("http.fetch"));
        let (host, port, scheme) = if allowed { ("127.0.0.1", 1, "http") } else { ("id.example.com", 8443, "https") };
        has(
            &span,
            json!({
                "otel.kind": "client", "otel.name": "GET", "http.request.method": "GET", "server.address": host, "server.port": port,
                "url.scheme": scheme, "endpoint": "other", "error.type": error, "otel.status_code": "ERROR", "http.response.status_code": null,
            }),
        );
        assert_eq!(captured.series("fetches_total"), [format!(r#"{{endpoint="other",status="{error}"}} 1"#)]);
        assert_eq!(captured.series("fetch_duration_seconds_count"), [r#"{endpoint="other"} 1"#]);
        has(&only(captured.spans("step.call")), json!({"fetches": 1}));
    }
}

#[tokio::test]
async fn a_status_of_400_or_more_is_an_error_of_the_exchange() {
    let address = super::limits::serve().await;
    for (path, status, class, error) in [("quick", 200, "2xx", Value::Null), ("nowhere", 404, "4xx", "404".into())] {
        let captured = Captured::begin();
        let begin = "(call $expect (call $get_within (i32.const 5000)) (i32.const -1))";
        let url = format!("http://{address}/{path}");
        let _ = step(Guest { begin, url, ..Guest::default() }.compile()).begin(&visit(), &named()).await;
        let span = only(captured.spans("http.fetch"));
        has(&span, json!({"http.response.status_code": status, "error.type": error}));
        assert_eq!(captured.series("fetches_total"), [format!(r#"{{endpoint="other",status="{class}"}} 1"#)]);
    }
}

/// The failure's category is the byte at 1036; its code the first byte of the settings, which is none.
#[tokio::test]
async fn whose_a_failure_is_decides_the_level_of_its_line() {
    for (category, level) in [(0, "WARN"), (1, "INFO"), (2, "WARN"), (3, "WARN"), (4, "ERROR")] {
        let captured = Captured::begin();
        let begin = format!(
            "(i32.store (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1028) (local.get 0))
             (i32.store (i32.const 1032) (i32.const 1)) (i32.store8 (i32.const 1036) (i32.const {category}))"
        );
        let called = step(Guest::begin(&begin).compile()).begin(&visit(), &named()).await;
        assert_eq!(called.outcome.to_string(), "failed: {");
        has(&only(captured.lines()), json!({"level": level, "code": "other", "cause": null}));
    }
}

#[tokio::test]
async fn each_metric_is_described() {
    let captured = Captured::begin();
    crate::telemetry::describe();
    let _ = step(Guest::default().compile()).begin(&visit(), &named()).await;
    assert!(captured.metrics().contains("# HELP journey_step_calls_total calls that are over"), "{}", captured.metrics());
}

#[tokio::test]
async fn a_body_that_is_too_long_is_a_limit() {
    let captured = Captured::begin();
    let url = format!("http://{}/fuller", super::limits::serve().await);
    let begin = "(call $expect (call $get_within (i32.const 5000)) (i32.const 3))";
    let _ = step(Guest { begin, url, ..Guest::default() }.compile()).begin(&visit(), &named()).await;
    assert_eq!(captured.series("limits_total"), [r#"{limit="response_body"} 1"#]);
    assert_eq!(captured.series("fetches_total"), [r#"{endpoint="other",status="too_large"} 1"#]);
}

#[tokio::test]
async fn whoever_waits_is_counted_until_it_runs_or_gives_up() {
    let captured = Captured::begin();
    let runtime = Runtime::new(Capacity { sandboxes: 1, per_tenant: 1, waiting: 8, waiting_per_tenant: 8 }).unwrap();
    let step = step(Guest::begin("(call $now (i32.const 3072))").compile_in(&runtime, "guest"));
    let hanging = watched(&step, |_: &HostCall| Act::Hang)
        .with_limits(Limits { wall_clock: Duration::from_millis(400), ..Limits::default() });
    let holding = tokio::spawn(async move { hanging.begin(&visit(), &named()).await });
    tokio::task::yield_now().await;
    let hurried = step.with_limits(Limits { queue: Duration::from_millis(20), ..Limits::default() });
    let gives_up = tokio::spawn(async move { hurried.begin(&visit().next(), &named()).await.outcome });
    let patient = step.clone();
    let waits = tokio::spawn(async move { patient.begin(&visit().next().next(), &named()).await.outcome });
    while captured.series("calls_waiting") != [" 2"] {
        tokio::task::yield_now().await;
    }
    assert_eq!(gives_up.await.unwrap(), Begun::Busy);
    assert_eq!(captured.series("calls_waiting"), [" 1"]);
    assert!(matches!(waits.await.unwrap(), Begun::Redirect(_)));
    holding.await.unwrap();
    assert_eq!(
        (captured.series("calls_waiting"), captured.series("sandboxes_in_use")),
        (vec![" 0".to_owned()], vec![" 0".to_owned()])
    );
}

#[tokio::test]
async fn the_cache_is_read_and_counted() {
    let captured = Captured::begin();
    let read = "(call $get_cache (i32.const 2048) (i32.const 1) (i32.const 3072))";
    let begin: &'static str = format!("{read} (drop (call $cache (i32.const 7))) {read}").leak();
    let step = step(Guest { begin, ..Guest::default() }.compile());
    let _ = step.begin(&visit(), &named()).await;
    assert_eq!(captured.series("cache_reads_total"), [r#"{result="hit"} 1"#, r#"{result="miss"} 1"#]);
}

#[test]
fn a_call_whose_task_is_ended_is_told_as_unknown() {
    let captured = Captured::begin();
    let host = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    host.block_on(async {
        let step = watched(&step(Guest::begin("(call $now (i32.const 3072))").compile()), |_: &HostCall| Act::Hang);
        tokio::spawn(async move { step.begin(&visit(), &named()).await });
        while captured.series("sandboxes_in_use") != [" 1"] {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(captured.lines(), Vec::<Value>::new());
    drop(host);
    let line = only(captured.lines());
    has(
        &line,
        json!({"level": "ERROR", "outcome": "unknown", "applied": "unknown", "detail": "the host's task was ended, or panicked"}),
    );
    assert_eq!(captured.series("sandboxes_in_use"), [" 0"]);
}
