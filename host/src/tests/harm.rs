//! What a guest, or a service that fails, can do to its host: nothing but end its own call.

use std::sync::{Arc, Mutex};

use super::guest::Guest;
use super::{Act, AtEach, CALLS, invocation, response, settlement, step, variable, visit, watched};
use crate::sandbox::call::run;
use crate::{
    Begun, Called, Capacity, Cause, Clock, Completed, Failed, HostCall, Import, Limits, Random, Runtime, Services, Settlement,
    Step, Trapped,
};

fn trapped(called: Called<Begun>, cause: Cause) -> Trapped {
    assert!(matches!(called.outcome, Begun::Failed(Failed { ref failure, .. }) if failure.code == "step_trapped"), "{called:?}");
    let trapped = called.trapped.expect("no outcome of the step's own");
    assert_eq!(trapped.cause, cause, "{trapped}");
    assert!(!trapped.detail.contains('\n') && trapped.detail.chars().count() <= Trapped::MAX_DETAIL, "{trapped}");
    trapped
}

/// Every place is free, and every sandbox in order.
async fn all_is_well(step: &Step) {
    let well = step.clone();
    for round in 100..104 {
        let visit = crate::Visit { round, ..visit() };
        let called = watched(&well, |_| Act::GoOn).complete(&visit, &invocation(), None, &response()).await;
        assert!(matches!(called.outcome, Completed::Authenticated(_)), "{called:?}");
    }
}

#[tokio::test]
async fn a_panic_in_any_host_function_ends_that_call_alone() {
    // Fewer sandboxes than panics: each is given back.
    let runtime = Runtime::new(Capacity::of(1)).unwrap();
    for (import, call) in CALLS {
        let step = step(Guest::begin(call).compile_in(&runtime, "guest"));
        let panicking = watched(&step, move |call: &HostCall| if call.import == import { Act::Panic } else { Act::GoOn });
        for round in 1..4 {
            let visit = crate::Visit { round, ..visit() };
            let trapped = trapped(panicking.begin(&visit, &invocation()).await, Cause::Host);
            assert_eq!(trapped.detail, format!("{import}: the host panicked"));
            assert!(matches!(settlement(&step, &visit).await, Some(Settlement::Failed(_))));
        }
        all_is_well(&step).await;
    }
}

#[tokio::test]
async fn calls_go_on_beside_one_that_panics() {
    let step = step(Guest::begin("(call $now (i32.const 3072))").compile());
    let panicking = watched(&step, |_| Act::Panic);
    let (other, journey) = (crate::Visit::first("other", "other", "login"), visit());
    let invocation = invocation();
    let (panicked, went_on) = tokio::join!(panicking.begin(&journey, &invocation), step.begin(&other, &invocation));
    trapped(panicked, Cause::Host);
    assert!(matches!(went_on.outcome, Begun::Redirect(_)));
}

struct Panics;

impl Clock for Panics {
    fn now(&self) -> std::time::Duration {
        panic!("a clock that panics, as this test wants it to")
    }
}

struct Fails;

impl Random for Fails {
    fn fill(&self, _buffer: &mut [u8]) -> Result<(), String> {
        Err("no entropy".to_owned())
    }
}

#[tokio::test]
async fn a_service_that_panics_or_fails_is_the_hosts_fault() {
    let whole = step(Guest::begin("(call $now (i32.const 3072))").compile());
    let services = Services { clock: Arc::new(Panics), ..whole.services().clone() };
    let panicking = Step::new(Guest::begin("(call $now (i32.const 3072))").compile(), services, Limits::default());
    assert_eq!(trapped(panicking.begin(&visit(), &invocation()).await, Cause::Host).detail, "wall-clock.now: the host panicked");

    let services = Services { random: Arc::new(Fails), ..whole.services().clone() };
    for call in ["(call $random (i64.const 32) (i32.const 3072))", "(drop (call $random_number))"] {
        let failing = Step::new(Guest::begin(call).compile(), services.clone(), Limits::default());
        let called = failing.begin(&visit().next(), &invocation()).await;
        assert_eq!(called.trapped.unwrap().cause, Cause::Host, "{:?}", called.outcome);
    }
}

/// More calls at a time than there are places for: nothing but the pool refuses the last.
#[tokio::test]
async fn a_machine_that_has_no_sandbox_left_is_the_hosts_fault() {
    let runtime = Runtime::new(Capacity::of(1)).unwrap();
    let compiled = Guest::default().compile_in(&runtime, "guest");
    let (limits, deadline) = (Limits::default(), tokio::time::Instant::now() + Limits::default().wall_clock);
    let outer = run(&compiled, &limits, deadline, async |_, _| {
        let inner = run(&compiled, &limits, deadline, async |_, _| {
            Ok(run(&compiled, &limits, deadline, async |_, _| Ok(())).await.result)
        });
        Ok(inner.await.result)
    });
    let refused = outer.await.result.unwrap().unwrap().unwrap_err();
    assert_eq!(refused.cause, Cause::Host, "{refused}");
}

#[tokio::test]
async fn what_is_malformed_or_too_much_is_the_guests_fault() {
    let whole = "(drop (memory.grow (i32.const 128)))";
    for (what, begin, begun) in [
        ("a trap", "(unreachable)", None),
        ("text that isn't UTF-8", "(i32.store8 (i32.const 4096) (i32.const 255)) (drop (call $set (i32.const 7)))", None),
        ("a pointer into nowhere", "(call $now (i32.const -8))", None),
        ("a text that ends beyond memory", "(drop (call $set (i32.const 0x7fffffff)))", None),
        (
            "a method that isn't one",
            "(call $fetch (i32.const 7) (i32.const 2304) (i32.const 19) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 3072))",
            None,
        ),
        ("more bytes than a host call takes", &format!("{whole} (drop (call $set (i32.const 0x200001)))"), None),
        ("more headers than a host call takes", &format!("{whole} (drop (call $get (i32.const 0x40000)))"), None),
        ("more random bytes than a step needs", "(call $random (i64.const 0x10000000000) (i32.const 3072))", None),
        ("a result that points nowhere", "", Some("(i32.const -4)")),
        ("a result that isn't aligned", "", Some("(i32.const 1025)")),
        ("an outcome that isn't one", "(i32.store8 (i32.const 1024) (i32.const 9))", None),
        ("a stack that is full", "(call $recurse)", None),
    ] {
        let step = step(Guest { begun, ..Guest::begin(begin) }.compile());
        let trapped = trapped(step.begin(&visit(), &invocation()).await, Cause::Guest);
        assert!(trapped.backtrace.is_none_or(|backtrace| backtrace.len() <= Trapped::MAX_BACKTRACE), "{what}");
    }
}

#[tokio::test]
async fn where_the_component_was_is_told_apart_from_why_it_was_ended() {
    let step = step(Guest::begin("(call $expect (i32.const 0) (i32.const 1))").compile());
    let trapped = trapped(step.begin(&visit(), &invocation()).await, Cause::Guest);
    assert_eq!(trapped.detail, "wasm trap: wasm `unreachable` instruction executed");
    assert!(trapped.backtrace.unwrap().contains("expect"));
}

#[tokio::test]
async fn a_request_has_64_headers_and_no_more() {
    // Names and values of no bytes: the host refuses the first such name, unless there are too many to look at any.
    for (headers, message) in [(64, "not a token"), (65, "more than 64 headers"), (26_000, "more than 64 headers")] {
        let begin = format!("(call $expect (call $get (i32.const {headers})) (i32.const 0))");
        let step = step(Guest::begin(&begin).compile());
        let seen = Arc::new(Replies::default());
        let called = step.with_interceptor(seen.clone()).begin(&visit(), &invocation()).await;
        assert!(matches!(called.outcome, Begun::Redirect(_)), "{called:?}");
        let replies = seen.0.lock().unwrap().clone();
        assert!(replies.len() == 1 && replies[0].contains(message), "{replies:?}");
    }
}

#[derive(Default)]
struct Replies(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl crate::Interceptor for Replies {
    fn after(&self, _call: &HostCall, reply: &crate::HostReply) {
        self.0.lock().unwrap().push(reply.summary.clone());
    }
}

/// Fills a value of so many bytes with what is JSON, and puts it.
fn write(bytes: usize, call: &str, error: i32) -> String {
    format!(
        "(memory.fill (i32.const 4097) (i32.const 32) (i32.const {})) (i32.store8 (i32.const {}) (i32.const 34))
         (call $expect (call {call} (i32.const {bytes})) (i32.const {error}))",
        bytes - 2,
        4095 + bytes,
    )
}

#[tokio::test]
async fn the_host_keeps_1_mib_of_a_call_whatever_it_is() {
    for (first, second) in [("$set", "$put"), ("$put", "$cache"), ("$cache", "$set")] {
        // Four values of a quarter each, less the names; then nothing fits any more.
        let quarter = (256 << 10) - 1;
        let begin = [
            (first, quarter, -1),
            (second, quarter, -1),
            (first, quarter, -1),
            (second, quarter, -1),
            (first, 2, 1),
            (second, 2, 1),
        ];
        let begin: String = begin.iter().map(|(call, bytes, error)| write(*bytes, call, *error)).collect();
        let called = step(Guest::begin(&begin).compile()).begin(&visit(), &invocation()).await;
        assert!(matches!(called.outcome, Begun::Redirect(_)), "{called:?}");
    }
}

#[tokio::test]
async fn what_is_refused_for_its_size_is_not_looked_through() {
    // The text isn't JSON, and that isn't what the component is told.
    let begin = write(256 << 10, "$set", -1).repeat(3)
        + &write((256 << 10) - 4, "$set", -1)
        + "(i32.store8 (i32.const 4096) (i32.const 48))
        (loop $again
          (call $expect (call $set (i32.const 0x3ffff)) (i32.const 1))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 120))))";
    let called = step(Guest::begin(&begin).compile()).begin(&visit(), &invocation()).await;
    assert!(matches!(called.outcome, Begun::Redirect(_)), "{called:?}");
}

#[tokio::test]
async fn looking_through_what_a_component_wrote_is_on_its_processor_time() {
    // Ten million brackets, a quarter of a megabyte at a time: far more than the limit on any machine.
    let begin = "(memory.fill (i32.const 4096) (i32.const 91) (i32.const 0x40000))
        (loop $again
          (drop (call $set (i32.const 0x3ffff)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 10000))))";
    let step = step(Guest::begin(begin).compile());
    let limits = Limits { kept: usize::MAX, host_calls: u32::MAX, ..Limits::default() };
    trapped(step.with_limits(limits).begin(&visit(), &invocation()).await, Cause::Cpu);
}

#[tokio::test]
async fn json_of_any_depth_is_judged_without_a_stack() {
    for (last, error) in [(93, -1), (91, 0)] {
        // Half brackets that open, half that close; or one that is wrong.
        let begin = format!(
            "(memory.fill (i32.const 4096) (i32.const 91) (i32.const 0x10000)) (memory.fill (i32.const 0x11000) (i32.const 93) (i32.const 0x10000))
             (i32.store8 (i32.const 0x20fff) (i32.const {last})) (call $expect (call $set (i32.const 0x20000)) (i32.const {error}))"
        );
        let called = step(Guest::begin(&begin).compile()).begin(&visit(), &invocation()).await;
        assert!(matches!(called.outcome, Begun::Redirect(_)), "{called:?}");
    }
}

#[tokio::test]
async fn what_an_interceptor_is_shown_is_one_short_line() {
    let longest = Arc::new(Mutex::new((0, 0)));
    // Names, keys and a URL of 300,000 bytes each.
    let begin = "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 300000)) (memory.copy (i32.const 65536) (i32.const 2304) (i32.const 19))
        (call $set_variable (i32.const 65555) (i32.const 200000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3072))
        (call $get_attempt (i32.const 65555) (i32.const 200000) (i32.const 3072))
        (call $get_cache (i32.const 65555) (i32.const 200000) (i32.const 3072))
        (call $fetch (i32.const 0) (i32.const 65536) (i32.const 200000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
          (i32.const 1000) (i32.const 1000) (i32.const 3072))";
    let step = step(Guest::begin(begin).compile());
    let seen = Arc::clone(&longest);
    let watching = AtEach(move |call: &HostCall| {
        let mut seen = seen.lock().unwrap();
        *seen = (seen.0 + 1, seen.1.max(call.target.chars().count()));
        assert!(!call.target.contains(char::is_control));
        Act::GoOn
    });
    step.with_interceptor(Arc::new(watching)).begin(&visit(), &invocation()).await;
    assert_eq!(*longest.lock().unwrap(), (4, HostCall::MAX_TARGET));
}

#[tokio::test]
async fn a_key_that_no_store_takes_is_refused_before_it_reaches_one() {
    // Read as well as written: a key of 65 characters, or with a control character.
    let begin = "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 300))
        (call $get_attempt (i32.const 65536) (i32.const 65) (i32.const 3072)) (call $expect (call $error_of_entry) (i32.const 0))
        (call $get_attempt (i32.const 65536) (i32.const 0) (i32.const 3072)) (call $expect (call $error_of_entry) (i32.const 0))
        (call $get_cache (i32.const 65536) (i32.const 257) (i32.const 3072)) (call $expect (call $error_of_entry) (i32.const 0))
        (call $replace_attempt (i32.const 65536) (i32.const 64) (i32.const 65536) (i32.const 129) (i32.const 4096) (i32.const 7)
          (i32.const 60) (i32.const 3072)) (call $expect (call $error_of_entry) (i32.const 0))
        (i32.store8 (i32.const 65536) (i32.const 10))
        (call $get_cache (i32.const 65536) (i32.const 7) (i32.const 3072)) (call $expect (call $error_of_entry) (i32.const 0))";
    let begin = begin.replace("$error_of_entry", "$error");
    let called = step(Guest::begin(&begin).compile()).begin(&visit(), &invocation()).await;
    assert!(matches!(called.outcome, Begun::Redirect(_)), "{called:?}");
}

#[tokio::test]
async fn a_panic_after_an_attempt_was_taken_settles_the_visit() {
    let replaced = "(drop (call $put (i32.const 7)))
        (call $get_attempt (i32.const 2048) (i32.const 1) (i32.const 3072))
        (call $replace_attempt (i32.const 2048) (i32.const 1) (i32.load (i32.const 3088)) (i32.load (i32.const 3092)) (i32.const 4096)
          (i32.const 7) (i32.const 60) (i32.const 3072))
        (call $expect (i32.load8_u (i32.const 3076)) (i32.const 1)) (call $now (i32.const 3072))";
    for (complete, settled) in [(replaced, true), ("(call $now (i32.const 3072))", false)] {
        let step = step(Guest::complete(complete).compile());
        let panicking = watched(&step, |call: &HostCall| if call.import == Import::Clock { Act::Panic } else { Act::GoOn });
        let called = panicking.complete(&visit(), &invocation(), None, &response()).await;
        assert_eq!(called.trapped.unwrap().cause, Cause::Host);
        assert_eq!(settlement(&step, &visit()).await.is_some(), settled, "{:?}", called.outcome);
        assert_eq!(variable(&step, "login_error").await.is_some(), settled);
    }
}
