//! Each default limit, by a guest or a server that runs into it; and what a call that was ended leaves behind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;

use super::guest::Guest;
use super::{invocation, response, response_by_post, settlement, step, variable, visit};
use crate::{
    Abandonment, AbandonmentReason, AuthorizationResponse, Begun, Called, Cause, Completed, FailureBehavior, Faults, HostCall,
    HostFault, Import, Limits, Settlement, Step,
};

pub(super) async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new()
        .route("/quick", get(|| async { "quick" }))
        .route("/slow", get(|| async { tokio::time::sleep(Duration::from_millis(300)).await }))
        .route("/never", get(std::future::pending::<()>))
        .route("/full", get(|| async { vec![b'x'; 512 << 10] }))
        .route("/fuller", get(|| async { vec![b'x'; (512 << 10) + 1] }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn redirected(called: &Called<Begun>) {
    assert!(matches!(called.outcome, Begun::Redirect(_)), "{} {:?}", called.outcome, called.trapped);
}

/// The call was ended by its host, and the visit with it.
async fn ended<T: std::fmt::Display>(step: &Step, called: Called<T>, cause: Cause) {
    let trapped = called.trapped.expect("no outcome");
    assert_eq!(trapped.cause, cause, "{}", trapped.detail);
    assert_eq!(called.outcome.to_string(), "failed: step_trapped");
    assert_eq!(variable(step, "x").await, None, "a call without an outcome writes none of its variables");
    let error = variable(step, "login_error").await.expect("the host's own error variable");
    let error: serde_json::Value = serde_json::from_str(&error).unwrap();
    assert_eq!(
        error,
        serde_json::json!({
            "version": 1, "code": "step_trapped", "category": "system", "retryable": true, "message": error["message"], "path": null,
            "provider": {"error": null, "error_description": null, "status": null, "request_id": null},
        })
    );
    assert!(
        matches!(settlement(step, &visit()).await, Some(Settlement::Failed(failed)) if failed.failure.code == "step_trapped")
    );
}

#[tokio::test]
async fn a_step_that_behaves_has_its_writes_and_its_outcome() {
    let step = step(Guest { complete: "(drop (call $set (i32.const 7)))", ..Guest::default() }.compile());
    let response = response();
    let called = step.complete(&visit(), &invocation(), None, &response).await;
    assert!(matches!(called.outcome, Completed::Authenticated(_)));
    assert_eq!(variable(&step, "x").await, Some(r#""value""#.to_owned()));
    assert_eq!(variable(&step, "login_error").await, None);

    let again = step.complete(&visit(), &invocation(), None, &response).await;
    assert!(matches!(again.outcome, Completed::TooLate(_)), "a visit is settled once");
    assert_eq!(again.usage.memory, 0, "and gets no call");
}

#[tokio::test]
async fn a_step_that_never_ends_is_ended_after_250_ms_of_processor_time() {
    let step = step(Guest { begin: "(drop (call $set (i32.const 7))) (loop $ever (br $ever))", ..Guest::default() }.compile());
    let called = step.begin(&visit(), &invocation()).await;
    let cpu = called.usage.cpu;
    assert!(cpu > Duration::from_millis(250) && cpu < Duration::from_millis(350), "{cpu:?}");
    ended(&step, called, Cause::Cpu).await;
}

#[tokio::test]
async fn processor_time_adds_up_over_host_calls() {
    let step = step(
        Guest {
            begin: "(loop $ever (call $burn (i32.const 1000000)) (drop (call $set (i32.const 7))) (br $ever))",
            ..Guest::default()
        }
        .compile(),
    );
    let limits = Limits { host_calls: u32::MAX, ..Limits::default() };
    let called = step.with_limits(limits).begin(&visit(), &invocation()).await;
    ended(&step, called, Cause::Cpu).await;
}

#[tokio::test]
async fn waiting_for_a_fetch_costs_no_processor_time() {
    let url = format!("http://{}/slow", serve().await);
    let step = step(
        Guest { begin: "(call $expect (call $get_within (i32.const 5000)) (i32.const -1))", url, ..Guest::default() }.compile(),
    );
    let called = step.begin(&visit(), &invocation()).await;
    redirected(&called);
    assert!(called.usage.wall_clock >= Duration::from_millis(300));
    assert!(called.usage.cpu < Duration::from_millis(100), "{:?}", called.usage);
}

#[tokio::test]
async fn a_step_that_loops_leaves_the_thread_to_others() {
    let endless = step(Guest { begin: "(loop $ever (br $ever))", ..Guest::default() }.compile());
    let quick = step(Guest::default().compile());
    let (visit, invocation) = (visit(), invocation());
    // One thread: the quick call has an outcome only if the endless one yields.
    let begun = Instant::now();
    let (endless, quick_took) = tokio::join!(endless.begin(&visit, &invocation), async {
        redirected(&quick.begin(&visit, &invocation).await);
        begun.elapsed()
    });
    assert_eq!(endless.trapped.unwrap().cause, Cause::Cpu);
    assert!(quick_took < endless.usage.wall_clock, "{quick_took:?}");
}

#[tokio::test]
async fn a_step_that_grows_beyond_16_mib_is_ended() {
    // One page at a time, 255 of them and 16 to begin with.
    let step = step(Guest {
        begin: "(drop (call $set (i32.const 7))) (loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))",
        ..Guest::default()
    }.compile());
    let called = step.begin(&visit(), &invocation()).await;
    assert_eq!(called.usage.memory, 16 << 20, "all of it was to be had");
    ended(&step, called, Cause::Memory).await;
}

/// Its memory is too large as it starts: nothing of it runs.
#[tokio::test]
async fn a_step_that_starts_with_more_memory_than_a_call_may_have_is_ended() {
    let step = step(Guest::default().compile());
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let called = step.with_limits(limits).begin(&visit(), &invocation()).await;
    assert_eq!((called.outcome.to_string().as_str(), called.trapped.unwrap().cause), ("failed: step_trapped", Cause::Memory));
}

#[tokio::test]
async fn the_seventh_fetch_is_denied() {
    let url = format!("http://{}/quick", serve().await);
    let begin = "(loop $again
        (call $expect (call $get_within (i32.const 5000)) (i32.const -1))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 6))))
        (call $expect (call $get_within (i32.const 5000)) (i32.const 0))";
    let called = step(Guest { begin, url, ..Guest::default() }.compile()).begin(&visit(), &invocation()).await;
    redirected(&called);
    assert_eq!(called.usage.fetches, 7);
}

#[tokio::test]
async fn a_request_with_more_header_fields_than_64_is_denied() {
    let url = format!("http://{}/quick", serve().await);
    // Names of four letters from 655360 on, and the fields from 131072 on: each a name, and the value "x".
    let request = |fields: usize, error: i32| -> &'static str {
        let length = url.len();
        format!(
            "(loop $again
                (i32.store (i32.add (i32.const 655360) (i32.mul (local.get $i) (i32.const 4)))
                    (i32.add (i32.const 0x61616161) (i32.add (i32.rem_u (local.get $i) (i32.const 26))
                        (i32.add (i32.shl (i32.rem_u (i32.div_u (local.get $i) (i32.const 26)) (i32.const 26)) (i32.const 8))
                            (i32.add (i32.shl (i32.rem_u (i32.div_u (local.get $i) (i32.const 676)) (i32.const 26)) (i32.const 16))
                                (i32.shl (i32.div_u (local.get $i) (i32.const 17576)) (i32.const 24)))))))
                (i32.store offset=131072 (i32.mul (local.get $i) (i32.const 16))
                    (i32.add (i32.const 655360) (i32.mul (local.get $i) (i32.const 4))))
                (i32.store offset=131076 (i32.mul (local.get $i) (i32.const 16)) (i32.const 4))
                (i32.store offset=131080 (i32.mul (local.get $i) (i32.const 16)) (i32.const 2048))
                (i32.store offset=131084 (i32.mul (local.get $i) (i32.const 16)) (i32.const 1))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const {fields}))))
            (call $fetch (i32.const 0) (i32.const 2304) (i32.const {length}) (i32.const 131072) (i32.const {fields})
                (i32.const 0) (i32.const 0) (i32.const 5000) (i32.const 1000) (i32.const 3072))
            (call $expect (call $error) (i32.const {error}))"
        )
        .leak()
    };
    // A map of header fields has room for 24,576, and panics at the next.
    for (fields, error) in [(64, -1), (65, 0), (26_000, 0)] {
        let guest = Guest { begin: request(fields, error), url: url.clone(), ..Guest::default() };
        let called = step(guest.compile()).begin(&visit(), &invocation()).await;
        assert!(called.trapped.is_none(), "{fields}: {:?}", called.trapped);
    }
}

#[tokio::test]
async fn a_body_has_512_kib_and_no_more() {
    let address = serve().await;
    for (path, error) in [("full", "-1"), ("fuller", "3")] {
        let begin: &'static str = format!("(call $expect (call $get_within (i32.const 5000)) (i32.const {error}))").leak();
        let url = format!("http://{address}/{path}");
        redirected(&step(Guest { begin, url, ..Guest::default() }.compile()).begin(&visit(), &invocation()).await);
    }
}

#[tokio::test]
async fn a_variable_has_512_kib_and_no_more() {
    // A JSON text of that many bytes: the quotation mark, then spaces for letters, then the other mark.
    let write = |bytes: usize, call: &str, error: &str| -> &'static str {
        format!(
            "(memory.fill (i32.const 4097) (i32.const 32) (i32.const {})) (i32.store8 (i32.const {}) (i32.const 34))
             (call $expect (call {call} (i32.const {bytes})) (i32.const {error}))",
            bytes - 2,
            4096 + bytes - 1,
        )
        .leak()
    };
    let limit = 512 << 10;
    for call in ["$set", "$put"] {
        for (bytes, error) in [(limit, "-1"), (limit + 1, "1")] {
            // What `$get` and the results of imports need lies inside the value: nothing here uses it afterwards but the error.
            redirected(
                &step(Guest { begin: write(bytes, call, error), ..Guest::default() }.compile())
                    .begin(&visit(), &invocation())
                    .await,
            );
        }
    }
}

#[tokio::test]
async fn a_value_that_is_not_json_is_refused() {
    redirected(
        &step(Guest { begin: "(call $expect (call $set (i32.const 6)) (i32.const 0))", ..Guest::default() }.compile())
            .begin(&visit(), &invocation())
            .await,
    );
}

#[tokio::test]
async fn a_fetch_ends_in_time_for_the_step_to_end_by_itself() {
    let url = format!("http://{}/never", serve().await);
    let step = step(
        Guest { begin: "(call $expect (call $get_within (i32.const 60000)) (i32.const 2))", url, ..Guest::default() }.compile(),
    );
    let limits = Limits { wall_clock: Duration::from_millis(800), ..Limits::default() };
    let called = step.with_limits(limits).begin(&visit(), &invocation()).await;
    redirected(&called);
    assert!(called.usage.wall_clock >= Duration::from_millis(300) && called.usage.wall_clock < Duration::from_millis(800));
}

#[tokio::test]
async fn a_fetch_has_the_time_it_asked_for() {
    let url = format!("http://{}/never", serve().await);
    let step = step(
        Guest { begin: "(call $expect (call $get_within (i32.const 100)) (i32.const 2))", url, ..Guest::default() }.compile(),
    );
    let called = step.begin(&visit(), &invocation()).await;
    redirected(&called);
    assert!(called.usage.wall_clock < Duration::from_secs(5));
}

#[tokio::test]
async fn a_call_that_waits_beyond_its_wall_clock_is_ended() {
    assert_eq!(Limits::default().wall_clock, Duration::from_secs(45));
    let url = format!("http://{}/never", serve().await);
    let step = step(
        Guest { begin: "(drop (call $set (i32.const 7))) (drop (call $get_within (i32.const 60000)))", url, ..Guest::default() }
            .compile(),
    );
    let limits = Limits { wall_clock: Duration::from_millis(300), margin: Duration::ZERO, ..Limits::default() };
    // Without a margin, fetch and call would race to the same moment: the interceptor holds the answer back.
    let called = step.with_limits(limits).with_interceptor(Arc::new(Sleeper)).begin(&visit(), &invocation()).await;
    ended(&step, called, Cause::WallClock).await;
}

struct Sleeper;

#[async_trait::async_trait]
impl crate::Interceptor for Sleeper {
    async fn before(&self, call: &HostCall) -> Option<crate::Injection> {
        if call.import == Import::Fetch {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        None
    }
}

#[tokio::test]
async fn a_step_that_traps_has_written_nothing() {
    let step = step(Guest { complete: "(drop (call $set (i32.const 7))) (unreachable)", ..Guest::default() }.compile());
    let abandoned = Abandonment { state: String::new(), reason: AbandonmentReason::Cancelled };
    let called = step.complete(&visit(), &invocation(), None, &AuthorizationResponse::Abandoned(abandoned)).await;
    ended(&step, called, Cause::Guest).await;
}

/// Junk that runs into a limit must not end the login that it is junk to.
#[tokio::test]
async fn a_response_that_ends_its_call_before_anything_is_taken_changes_nothing() {
    for complete in ["(unreachable)", "(loop $ever (br $ever))", "(drop (call $set (i32.const 7))) (unreachable)"] {
        let step = step(Guest { complete, ..Guest::default() }.compile());
        for response in [response(), response_by_post()] {
            let called = step.complete(&visit(), &invocation(), None, &response).await;
            assert_eq!(called.outcome.to_string(), "ignored: step_trapped");
            assert!(called.trapped.is_some());
        }
        assert_eq!(settlement(&step, &visit()).await, None);
        assert_eq!((variable(&step, "x").await, variable(&step, "login_error").await), (None, None));
    }
}

/// Once the component was told that the attempt is its own, nobody else will end the visit.
#[tokio::test]
async fn a_call_that_is_ended_after_it_has_taken_the_attempt_ends_the_visit() {
    let step =
        step(Guest { complete: "(drop (call $set (i32.const 7))) (call $take) (unreachable)", ..Guest::default() }.compile());
    let called = step.complete(&visit(), &invocation(), None, &response()).await;
    assert_eq!(called.outcome.to_string(), "ignored: step_trapped", "there was nothing to take");
    step.services().attempts.put(&visit(), "x", "value", 60).await.unwrap();
    let called = step.complete(&visit(), &invocation(), None, &response()).await;
    ended(&step, called, Cause::Guest).await;
}

#[tokio::test]
async fn what_the_host_says_itself_follows_the_failure_behavior_that_the_step_describes() {
    for (behavior, expected) in [(0, FailureBehavior::FailureBranch), (1, FailureBehavior::Abort)] {
        let step = step(Guest { begin: "(unreachable)", failure_behavior: behavior, ..Guest::default() }.compile());
        let Begun::Failed(failed) = step.begin(&visit(), &invocation()).await.outcome else { panic!() };
        assert_eq!((failed.failure.code.as_str(), failed.behavior), ("step_trapped", expected));
    }
}

#[tokio::test]
async fn what_the_host_says_itself_is_not_retryable_from_the_third_round_on() {
    let step = step(Guest { begin: "(unreachable)", ..Guest::default() }.compile());
    let mut visit = visit();
    for retryable in [true, true, false, false] {
        let Begun::Failed(failed) = step.begin(&visit, &invocation()).await.outcome else { panic!() };
        assert_eq!(failed.failure.retryable, retryable, "round {}", visit.round);
        visit = visit.next();
    }
}

#[tokio::test]
async fn a_variable_that_the_step_did_not_describe_is_refused() {
    let begin = "(i32.store8 (i32.const 2048) (i32.const 121)) (call $expect (call $set (i32.const 7)) (i32.const 0))";
    redirected(&step(Guest { begin, ..Guest::default() }.compile()).begin(&visit(), &invocation()).await);
}

#[tokio::test]
async fn a_key_that_no_store_need_take_is_refused() {
    let begin = "(i32.store8 (i32.const 2048) (i32.const 47)) (call $expect (call $put (i32.const 7)) (i32.const 0))";
    redirected(&step(Guest { begin, ..Guest::default() }.compile()).begin(&visit(), &invocation()).await);
}

/// One sandbox a call: what it describes and what it does come from one instance.
#[tokio::test]
async fn a_call_is_described_in_its_own_sandbox() {
    let begin = "(call $expect (i32.load (i32.const 50000)) (i32.const 1))";
    let describe = "(i32.store (i32.const 50000) (i32.add (i32.load (i32.const 50000)) (i32.const 1)))";
    let step = step(Guest { begin, complete: begin, describe, ..Guest::default() }.compile());
    redirected(&step.begin(&visit(), &invocation()).await);
    let called = step.complete(&visit(), &invocation(), None, &response()).await;
    assert!(matches!(called.outcome, Completed::Authenticated(_)), "{}", called.outcome);
}

#[tokio::test]
async fn a_host_call_that_fails_ends_the_step() {
    let step =
        step(Guest { begin: "(drop (call $set (i32.const 7))) (call $now (i32.const 3072))", ..Guest::default() }.compile());
    let faults = Faults::none().fail(Import::Clock, 0, HostFault::Trap);
    let called = step.with_interceptor(Arc::new(faults)).begin(&visit(), &invocation()).await;
    ended(&step, called, Cause::Host).await;
}

#[tokio::test]
async fn host_calls_are_counted() {
    let step = step(Guest { begin: "(loop $ever (call $now (i32.const 3072)) (br $ever))", ..Guest::default() }.compile());
    let called = step.begin(&visit(), &invocation()).await;
    ended(&step, called, Cause::HostCalls).await;
}

#[tokio::test]
async fn a_host_call_takes_2_mib_and_hands_out_no_more_random_bytes_than_a_step_needs() {
    for begin in [
        "(drop (memory.grow (i32.const 64))) (drop (call $set (i32.const 0x200001)))",
        "(call $random (i64.const 0x10000000000) (i32.const 3072))",
    ] {
        let step = step(Guest { begin, ..Guest::default() }.compile());
        let called = step.begin(&visit(), &invocation()).await;
        ended(&step, called, Cause::Guest).await;
    }
}

#[tokio::test]
async fn a_pure_function_that_calls_an_import_is_ended() {
    let step = step(Guest { check: "(call $now (i32.const 3072))", ..Guest::default() }.compile());
    assert_eq!(step.check("tenant", "{}", "{}").await.unwrap_err().cause, Cause::Impure);
    assert_eq!(step.describe("tenant", "{}", "{}").await.unwrap().origins, ["http://127.0.0.1:1"]);
    let step = self::step(Guest { describe: "(call $now (i32.const 3072))", ..Guest::default() }.compile());
    let called = step.begin(&visit(), &invocation()).await;
    assert_eq!(called.trapped.unwrap().cause, Cause::Impure, "before it is described, a call has no authority");
}

#[tokio::test]
async fn h06_each_call_finds_memory_as_it_was_built() {
    let begin = "(call $expect (i32.load (i32.const 40000)) (i32.const 0)) (i32.store (i32.const 40000) (i32.const 1))";
    let step = step(Guest { begin, ..Guest::default() }.compile());
    for _ in 0..3 {
        redirected(&step.begin(&visit(), &invocation()).await);
    }
}

#[tokio::test]
async fn an_injected_fault_reaches_the_step_as_an_error() {
    let step = step(Guest {
        begin: "(call $expect (call $set (i32.const 7)) (i32.const -1)) (call $expect (call $set (i32.const 7)) (i32.const 2))",
        ..Guest::default()
    }.compile());
    let faults = Arc::new(Faults::none().fail(Import::SetVariable, 1, HostFault::Unavailable));
    redirected(&step.with_interceptor(faults.clone()).begin(&visit(), &invocation()).await);
    assert_eq!(faults.record().len(), 2);
}

#[tokio::test]
async fn whoever_leaves_a_visit_leaves_none_of_its_attempts() {
    let step = step(Guest::default().compile());
    let attempts = &step.services().attempts;
    attempts.put(&visit(), "x", "value", 60).await.unwrap();
    assert!(attempts.get(&visit(), "x").await.unwrap().is_some());
    step.leave(&visit()).await.unwrap();
    assert_eq!(attempts.get(&visit(), "x").await.unwrap(), None);
}
