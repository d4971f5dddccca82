//! Spans, lines and metrics: what they say of a call, and that they say it of each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use host_test::cognito::{Endpoint, Fault, Times};
use host_test::mishaps::Mishap;
use journey_host::{
    Begun, Browser, Capacity, ClientSecret, Completed, Egress, Faults, HostFault, Import, Invocation, Limits, Network, Runtime,
    Services, Step, Telemetry, TraceParent, Visit,
};
use serde_json::Value;

use crate::exported::{Collector, Exported};
use crate::guest::Guest;
use crate::mishaps::arranged;
use crate::stage::{CALLBACK_URL, CONNECTOR, Stage, callbacks, query, verdict};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn invocation() -> Invocation {
    Invocation {
        settings: "{}".to_owned(),
        connector: "{}".to_owned(),
        connector_id: CONNECTOR.to_owned(),
        browser: Browser::from_session("a session"),
    }
}

fn guest_step(guest: &Guest) -> Step {
    let network = Network::new(Egress::deny_all()).expect("a network");
    Step::new(guest.compile(), Services::in_memory(network).serving(callbacks()), Limits::default())
}

#[tokio::test]
async fn a_login_is_two_spans_with_a_span_for_each_fetch_and_no_line() {
    let captured = Exported::begin();
    let stage = Stage::new().await;
    assert_eq!(verdict(&stage.login().await), "authenticated");

    let calls = captured.spans("step.call");
    let [begin, complete] = calls.as_slice() else { panic!("{calls:?}") };
    for call in [begin, complete] {
        assert_eq!(
            (&call["tenant"], &call["journey"], &call["step"], &call["round"]),
            (&"tenant".into(), &"journey".into(), &"login".into(), &1.into())
        );
        assert_eq!((&call["component"], &call["connector"]), (&"cognito-oidc".into(), &"pool".into()));
        assert_eq!(call["component_version"].as_str().map(str::len), Some(12));
        assert!(call["duration_seconds"].as_f64() > Some(0.0) && call["cpu_seconds"].as_f64() > Some(0.0), "{call}");
        assert!(call["memory_bytes"].as_u64() > Some(65536) && call["queued_seconds"].is_f64(), "{call}");
        assert_eq!((call.get("code"), call.get("cause"), call.get("otel.status_code")), (None, None, None), "{call}");
    }
    assert_eq!((&begin["phase"], &begin["outcome"], &begin["applied"]), (&"begin".into(), &"redirect".into(), &"attempt".into()));
    assert_eq!(
        (&complete["phase"], &complete["outcome"], &complete["applied"], &complete["fetches"]),
        (&"complete".into(), &"authenticated".into(), &"authenticated".into(), &3.into())
    );

    let fetches = captured.spans("http.fetch");
    let endpoints: Vec<_> = fetches.iter().map(|fetch| fetch["endpoint"].as_str().expect("an endpoint")).collect();
    assert_eq!(endpoints, ["token", "keys", "userinfo"]);
    for fetch in &fetches {
        assert_eq!((&fetch["otel.kind"], &fetch["url.scheme"]), (&"client".into(), &"http".into()));
        assert_eq!((&fetch["server.address"], fetch["server.port"].is_u64()), (&"127.0.0.1".into(), true));
        assert_eq!(fetch["http.response.status_code"], 200);
        assert_eq!((fetch.get("error.type"), fetch.get("url.full")), (None, None));
    }
    assert_eq!((&fetches[0]["http.request.method"], &fetches[1]["http.request.method"]), (&"POST".into(), &"GET".into()));
    assert_eq!(captured.lines(), Vec::<Value>::new(), "a login that goes well writes no line");

    let of = ["component=\"cognito-oidc\"", "phase=\"complete\""];
    let [component, phase] = of;
    let outcome = "outcome=\"authenticated\"";
    assert_eq!(
        captured.metric("journey_step_calls_total", &[component, phase, outcome, "code=\"\"", "category=\"\""]),
        Some(1.0)
    );
    for histogram in ["call_duration_seconds", "call_queue_seconds", "call_cpu_seconds", "call_memory_bytes"] {
        assert_eq!(captured.metric(&format!("journey_step_{histogram}_count"), &of), Some(1.0), "{histogram}");
    }
    for endpoint in ["token", "keys", "userinfo"] {
        let labels = [&*format!("endpoint=\"{endpoint}\""), "status=\"2xx\""];
        assert_eq!(captured.metric("journey_step_fetches_total", &labels), Some(1.0), "{endpoint}");
        assert_eq!(captured.metric("journey_step_fetch_duration_seconds_count", &labels[..1]), Some(1.0), "{endpoint}");
    }
    assert_eq!(captured.metric("journey_step_sandboxes_in_use", &[]), Some(0.0), "each was given back");
    assert!(!captured.metrics().contains("tenant="), "no tenant is a label where nobody said so");
    assert_eq!(captured.metric("journey_step_last_success_timestamp_seconds", &[]), None);
}

#[tokio::test]
async fn the_cache_is_a_miss_and_then_a_hit() {
    let captured = Exported::begin();
    let mut stage = Stage::new().await;
    assert_eq!(verdict(&stage.login().await), "authenticated");
    let misses = captured.metric("journey_step_cache_reads_total", &["result=\"miss\""]).expect("a miss");
    assert_eq!(captured.metric("journey_step_cache_reads_total", &["result=\"hit\""]), None);
    stage.visit = Visit::first("tenant", "another", "login");
    assert_eq!(verdict(&stage.login().await), "authenticated");
    assert!(captured.metric("journey_step_cache_reads_total", &["result=\"hit\""]) >= Some(1.0));
    assert_eq!(captured.metric("journey_step_cache_reads_total", &["result=\"miss\""]), Some(misses));
    let failing = Faults::none().fail_all(Import::GetCache, HostFault::Unavailable);
    stage.step = stage.step.with_interceptor(Arc::new(failing));
    stage.visit = Visit::first("tenant", "a third", "login");
    assert_eq!(verdict(&stage.login().await), "authenticated");
}

#[tokio::test]
async fn a_tenant_is_a_label_where_the_operator_says_so() {
    let captured = Exported::begin();
    let mut stage = Stage::new().await;
    stage.step = stage.step.with_telemetry(Telemetry::new().labelling_tenants());
    assert_eq!(verdict(&stage.login().await), "authenticated");
    let tenant = "tenant=\"tenant\"";
    assert_eq!(captured.metric("journey_step_calls_total", &[tenant, "outcome=\"authenticated\""]), Some(1.0));
    assert_eq!(captured.metric("journey_step_last_success_timestamp_seconds", &[tenant]), Some(1_800_000_000.0));
}

/// What somebody needs who is woken up by `client_rejected` at one tenant.
#[tokio::test]
async fn a_rejected_client_is_one_line_that_says_whose_and_why() {
    let captured = Exported::begin();
    let mut stage = arranged(Mishap::named("wrong-secret").expect("a mishap")).await;
    stage.connector["name"] = "Customers".into();
    assert_eq!(verdict(&stage.login().await), "failed: client_rejected");

    let lines = captured.lines();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let client_id = &stage.connector["client_id"];
    for (field, expected) in [
        ("level", &Value::from("WARN")),
        ("tenant", &"tenant".into()),
        ("journey", &"journey".into()),
        ("step", &"login".into()),
        ("round", &1.into()),
        ("phase", &"complete".into()),
        ("component", &"cognito-oidc".into()),
        ("connector", &"pool".into()),
        ("connector_name", &"Customers".into()),
        ("client_id", client_id),
        ("client_authentication", &"client_secret_basic".into()),
        ("has_client_secret", &true.into()),
        ("outcome", &"failed".into()),
        ("category", &"configuration".into()),
        ("code", &"client_rejected".into()),
        ("retryable", &false.into()),
        ("provider_error", &"invalid_client".into()),
        ("applied", &"failed".into()),
    ] {
        assert_eq!(&line[field], expected, "{field} of {line}");
    }
    let request = stage.cognito.requests().to(Endpoint::Token).remove(0);
    assert!(line["provider_status"].as_u64().is_some_and(|status| status == 400 || status == 401), "{line}");
    assert!(line["provider_request_id"].is_string() && line["reason"].is_string(), "{line}");
    assert_eq!(line["component_version"].as_str().map(str::len), Some(12));
    assert_eq!(request.path, "/oauth2/token");

    let call = captured.spans("step.call").pop().expect("a span");
    assert_eq!((&call["code"], &call["category"], &call["applied"]), (&line["code"], &line["category"], &line["applied"]));
    assert_eq!(call["otel.status_code"], "ERROR");
    let labels = ["outcome=\"failed\"", "category=\"configuration\"", "code=\"client_rejected\"", "phase=\"complete\""];
    assert_eq!(captured.metric("journey_step_calls_total", &labels), Some(1.0));
    let status = ["endpoint=\"token\"", "status=\"4xx\""];
    assert_eq!(captured.metric("journey_step_fetches_total", &status), Some(1.0));
}

#[tokio::test]
async fn each_kind_of_end_has_its_level_and_says_what_was_applied() {
    let captured = Exported::begin();
    let mut stage = Stage::new().await;
    let request = stage.begin().await;
    let _ = stage.complete(&query("code=x&state=guess")).await;
    let _ = stage.complete(&query(&format!("error=access_denied&state={}", request.state))).await;
    let _ = stage.complete(&query(&format!("error=access_denied&state={}", request.state))).await;
    stage.next_journey();
    stage.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Disconnect);
    assert_eq!(verdict(&stage.login().await), "failed: token_unavailable");
    stage.next_journey();
    stage.settings["callback_url"] = "http://127.0.0.1:9/elsewhere".into();
    let _ = stage.begin_failure().await;
    stage.settings["callback_url"] = CALLBACK_URL.into();
    stage.next_journey();
    let whole = stage.step.clone();
    stage.step = whole.with_interceptor(Arc::new(Faults::none().fail_all(Import::PutAttempt, HostFault::Unavailable)));
    let _ = stage.begin_failure().await;

    let told: Vec<_> = captured
        .lines()
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            (text("level"), text("outcome"), text("code"), text("applied"))
        })
        .collect();
    let expected = [
        ("INFO", "ignored", "state_unknown", "nothing"),
        ("INFO", "failed", "access_denied", "failed"),
        ("INFO", "too_late", "duplicate", "nothing"),
        ("WARN", "failed", "token_unavailable", "failed"),
        ("WARN", "failed", "callback_refused", "failed"),
        ("ERROR", "failed", "storage_failed", "failed"),
    ];
    let expected = expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()));
    assert_eq!(told, expected);
    let fetch = captured.spans("http.fetch").pop().expect("a fetch");
    assert_eq!((&fetch["error.type"], &fetch["otel.status_code"]), (&"failed".into(), &"ERROR".into()));
    assert_eq!(captured.metric("journey_step_fetches_total", &["endpoint=\"token\"", "status=\"failed\""]), Some(1.0));
}

#[tokio::test]
async fn a_call_that_the_host_ends_is_told_with_its_cause_and_its_limit() {
    let captured = Exported::begin();
    let spinning = guest_step(&Guest { begin: "(loop (br 0))", ..Guest::default() });
    let invocation = invocation();
    let begun = spinning.begin(&Visit::first("tenant", "journey", "login"), &invocation).await;
    assert_eq!(begun.outcome.to_string(), "failed: step_trapped");
    let line = captured.lines().pop().expect("a line");
    assert_eq!(
        (&line["level"], &line["cause"], &line["code"]),
        (&"ERROR".into(), &"processor_time".into(), &"step_trapped".into())
    );
    assert!(line["detail"].as_str().is_some_and(|detail| detail.contains("the limit is 250ms")), "{line}");
    assert_eq!(captured.metric("journey_step_limits_total", &["limit=\"processor_time\""]), Some(1.0));

    let trapping = guest_step(&Guest { begin: "unreachable", ..Guest::default() });
    let _ = trapping.begin(&Visit::first("tenant", "another", "login"), &invocation).await;
    let line = captured.lines().pop().expect("a line");
    assert_eq!(line["cause"], "guest");
    assert!(line["backtrace"].is_string(), "{line}");
    let problems = trapping.check("tenant", "{}", "{}").await;
    assert!(problems.is_ok());
    assert_eq!(captured.metric("journey_step_calls_total", &["phase=\"check\"", "outcome=\"done\""]), Some(1.0));
}

/// A component chooses its codes: it must not choose the number of time series.
#[tokio::test]
async fn a_code_that_is_none_is_other() {
    let captured = Exported::begin();
    // Fails with the first byte of the settings, which is a brace.
    let begin = "(i32.store8 (i32.const 1024) (i32.const 0))
        (i32.store8 (i32.const 1028) (i32.const 1)) (i32.store (i32.const 1024) (i32.const 1))
        (i32.store (i32.const 1028) (local.get 0)) (i32.store (i32.const 1032) (i32.const 1))";
    let step = guest_step(&Guest { begin, ..Guest::default() });
    let invocation = invocation();
    let begun = step.begin(&Visit::first("tenant", "journey", "login"), &invocation).await;
    let Begun::Failed(failed) = &begun.outcome else { panic!("{begun:?}") };
    assert_eq!(failed.failure.code, "{");
    assert_eq!(captured.metric("journey_step_calls_total", &["code=\"other\""]), Some(1.0));
    assert_eq!(captured.lines()[0]["code"], "other");
}

#[tokio::test]
async fn a_busy_host_says_so_in_a_line_a_limit_and_a_count() {
    let captured = Exported::begin();
    let runtime = Runtime::new(Capacity { sandboxes: 1, per_tenant: 1, waiting: 1, waiting_per_tenant: 1 }).expect("an engine");
    let guest = Guest { begin: "(call $now (i32.const 3072))", ..Guest::default() };
    let network = Network::new(Egress::deny_all()).expect("a network");
    let services = Services::in_memory(network).serving(callbacks());
    let limits = Limits { wall_clock: Duration::from_millis(200), ..Limits::default() };
    let step = Step::new(guest.compile_in(&runtime, "guest"), services, limits);
    let hanging = step.with_interceptor(Arc::new(Hangs));
    let invocation = invocation();
    let (holder, its_own) = (hanging.with_limits(Limits::default()), invocation.clone());
    let holding = tokio::spawn(async move { holder.begin(&Visit::first("tenant", "holds", "login"), &its_own).await });
    tokio::task::yield_now().await;
    let (visit, response) = (Visit::first("tenant", "waits", "login"), query("code=x"));
    let waiting = step.complete(&visit, &invocation, None, &response);
    let counted = async {
        while captured.metric("journey_step_calls_waiting", &[]) != Some(1.0) {
            tokio::task::yield_now().await;
        }
        assert_eq!(captured.metric("journey_step_sandboxes_in_use", &[]), Some(1.0));
    };
    let (called, ()) = tokio::join!(waiting, counted);
    assert_eq!(called.outcome, Completed::Busy);
    assert_eq!(captured.metric("journey_step_calls_waiting", &[]), Some(0.0));
    assert_eq!(captured.metric("journey_step_limits_total", &["limit=\"queue\""]), Some(1.0));
    assert_eq!(captured.metric("journey_step_calls_total", &["outcome=\"busy\"", "phase=\"complete\""]), Some(1.0));
    let line = captured.lines().pop().expect("a line");
    assert_eq!((&line["level"], &line["outcome"], &line["applied"]), (&"WARN".into(), &"busy".into(), &"nothing".into()));
    assert_eq!(line["detail"], "no sandbox was free in time");
    holding.abort();
}

/// Hangs at the first host call.
struct Hangs;

#[async_trait::async_trait]
impl journey_host::Interceptor for Hangs {
    async fn before(&self, _call: &journey_host::HostCall) -> Option<journey_host::Injection> {
        std::future::pending().await
    }
}

#[test]
fn a_call_whose_host_dies_is_told_as_unknown() {
    let captured = Exported::begin();
    let host = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let step = guest_step(&Guest { begin: "(call $now (i32.const 3072))", ..Guest::default() }).with_interceptor(Arc::new(Hangs));
    let called = async { step.begin(&Visit::first("tenant", "journey", "login"), &invocation()).await };
    let is_at_work = async {
        while captured.metric("journey_step_sandboxes_in_use", &[]) != Some(1.0) {
            tokio::task::yield_now().await;
        }
    };
    host.block_on(async {
        tokio::select! {
            called = called => panic!("{called:?}"),
            () = is_at_work => {}
        }
    });
    assert_eq!(captured.lines(), Vec::<Value>::new(), "a caller that goes away takes nothing with it: the call goes on");
    drop(host);
    let lines = captured.lines();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["level"], &line["outcome"], &line["applied"]), (&"ERROR".into(), &"unknown".into(), &"unknown".into()));
    assert_eq!(captured.metric("journey_step_calls_total", &["outcome=\"unknown\""]), Some(1.0));
    assert_eq!(captured.metric("journey_step_sandboxes_in_use", &[]), Some(0.0));
}

#[tokio::test]
async fn the_callers_trace_comes_in_and_never_goes_to_the_provider() {
    let captured = Exported::begin();
    let mut stage = arranged(Mishap::named("wrong-secret").expect("a mishap")).await;
    stage.step = stage.step.within_trace(TraceParent::parse(TRACEPARENT));
    assert_eq!(verdict(&stage.login().await), "failed: client_rejected");
    for call in captured.spans("step.call") {
        assert_eq!(call["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(call["parent_id"], "00f067aa0ba902b7");
    }
    assert_eq!(captured.lines()[0]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    let requests = stage.cognito.requests().back_channel_since(0);
    assert!(!requests.is_empty());
    for request in requests {
        for name in ["traceparent", "tracestate", "baggage", "b3", "x-trace-id"] {
            assert_eq!(request.header(name), None, "{} {name}", request.path);
        }
        let whole = format!("{:?} {} {:?}", request.headers, request.query, request.body);
        assert!(!whole.contains("4bf92f3577b34da6") && !whole.contains("00f067aa0ba902b7"), "{whole}");
    }
}

#[tokio::test]
async fn spans_of_a_call_and_its_fetches_arrive_at_a_collector_as_one_trace() {
    let collector = Collector::start().await;
    let exported = collector.exporter();
    let captured = Exported::sending(&exported);
    let stage = Stage::new().await;
    assert_eq!(verdict(&stage.login().await), "authenticated");
    drop(captured);
    exported.end().await;

    let spans = collector.spans();
    let calls: Vec<_> = spans.iter().filter(|span| span.name == "step.call").collect();
    assert_eq!(calls.len(), 2);
    let fetches: Vec<_> = spans.iter().filter(|span| span.name == "POST" || span.name == "GET").collect();
    assert_eq!(fetches.len(), 3);
    for fetch in fetches {
        assert_eq!(fetch.kind, 3, "a client's span");
        let call = calls.iter().find(|call| call.span_id == fetch.parent_span_id).expect("its call");
        assert_eq!(fetch.trace_id, call.trace_id);
        let names: BTreeSet<_> = fetch.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        for name in ["http.request.method", "http.response.status_code", "server.address", "server.port", "url.scheme"] {
            assert!(names.contains(name), "{name} of {names:?}");
        }
    }
}

/// Every field that is ever in a span or a line, for the table in the documents.
pub(crate) async fn every_field() -> [BTreeSet<String>; 3] {
    let captured = Exported::begin();
    let mut stage = Stage::new().await;
    stage.connector["name"] = "Customers".into();
    stage.step = stage.step.within_trace(TraceParent::parse(TRACEPARENT));
    stage.client_secret = Some(ClientSecret::new("another one than the pool's"));
    assert_eq!(verdict(&stage.login().await), "failed: client_rejected");
    stage.next_journey();
    stage.settings["callback_url"] = 1.into();
    let _ = stage.call_begin().await;
    let trapping = guest_step(&Guest { begin: "unreachable", ..Guest::default() });
    let _ = trapping.begin(&Visit::first("tenant", "trapped", "login"), &stage.invocation()).await;
    let names = |values: Vec<Value>| -> BTreeSet<String> {
        let names = values.iter().flat_map(|value| value.as_object().expect("an object").keys());
        names.filter(|name| !["name", "timestamp", "target", "level", "message"].contains(&name.as_str())).cloned().collect()
    };
    [names(captured.spans("step.call")), names(captured.spans("http.fetch")), names(captured.lines())]
}
