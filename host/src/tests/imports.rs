//! What each import takes at its longest, what it refuses beyond, and what an interceptor is shown of it.

use std::sync::{Arc, Mutex};

use super::guest::Guest;
use super::{invocation, response, step, variable, visit};
use crate::{Begun, Cause, Completed, Faults, HostCall, HostFault, HostReply, Import, Injection, Interceptor, Limits};

/// Runs a `begin`: the cause where it was ended.
async fn ended(begin: &str, limits: Limits) -> Option<Cause> {
    let called = step(Guest::begin(begin).compile()).with_limits(limits).begin(&visit(), &invocation()).await;
    assert!(called.trapped.is_some() || matches!(called.outcome, Begun::Redirect(_)), "{}", called.outcome);
    called.trapped.map(|trapped| trapped.cause)
}

/// A text of so many letters at 8192.
fn letters(count: usize) -> String {
    format!("(memory.fill (i32.const 8192) (i32.const 97) (i32.const {count}))")
}

#[tokio::test]
async fn a_key_of_the_cache_has_256_bytes_and_no_more() {
    for (bytes, error) in [(256, "-1"), (257, "0")] {
        let put = format!(
            "{} (call $put_cache (i32.const 8192) (i32.const {bytes}) (i32.const 4096) (i32.const 7) (i32.const 60) (i32.const 3072))
             (call $expect (call $error) (i32.const {error}))",
            letters(bytes)
        );
        assert_eq!(ended(&put, Limits::default()).await, None, "{bytes}");
    }
}

#[tokio::test]
async fn a_revision_has_128_bytes_and_no_more() {
    for (bytes, error) in [(128, "-1"), (129, "0")] {
        let replace = format!(
            "{} (call $replace_attempt (i32.const 2048) (i32.const 1) (i32.const 8192) (i32.const {bytes}) (i32.const 4096) (i32.const 7)
                (i32.const 60) (i32.const 3072))
             (call $expect (call $error) (i32.const {error}))",
            letters(bytes)
        );
        assert_eq!(ended(&replace, Limits::default()).await, None, "{bytes}");
    }
}

#[tokio::test]
async fn a_host_call_hands_out_4096_random_bytes_and_no_more() {
    for (bytes, cause) in [(4096, None), (4097, Some(Cause::Guest))] {
        let random = format!("(call $random (i64.const {bytes}) (i32.const 3072))");
        assert_eq!(ended(&random, Limits::default()).await, cause, "{bytes}");
    }
}

#[tokio::test]
async fn a_call_has_as_many_host_calls_as_its_limit_says_and_no_more() {
    let limits = Limits { host_calls: 3, ..Limits::default() };
    for (calls, cause) in [(3, None), (4, Some(Cause::HostCalls))] {
        let begin = "(call $now (i32.const 3072))".repeat(calls);
        assert_eq!(ended(&begin, limits.clone()).await, cause, "{calls}");
    }
}

/// With the next host call, and not only with the next tick.
#[tokio::test]
async fn a_host_call_is_not_begun_where_the_processor_time_is_spent() {
    let limits = Limits { cpu: std::time::Duration::ZERO, ..Limits::default() };
    for begin in ["(call $now (i32.const 3072))", "(drop (call $put (i32.const 7)))"] {
        assert_eq!(ended(begin, limits.clone()).await, Some(Cause::Cpu), "{begin}");
    }
}

#[tokio::test]
async fn of_two_writes_of_a_variable_the_last_one_counts_and_others_stay() {
    let complete = "(call $expect (call $set (i32.const 7)) (i32.const -1))
        (call $set_variable (i32.const 2096) (i32.const 11) (i32.const 1) (i32.const 4096) (i32.const 7) (i32.const 3072))
        (call $expect (call $error) (i32.const -1))
        (i32.store8 (i32.const 4097) (i32.const 86))
        (call $expect (call $set (i32.const 7)) (i32.const -1))";
    let step = step(Guest::complete(complete).compile());
    let called = step.complete(&visit(), &invocation(), None, &response()).await;
    assert!(matches!(called.outcome, Completed::Authenticated(_)), "{}", called.outcome);
    assert_eq!(variable(&step, "x").await.as_deref(), Some(r#""Value""#));
    assert_eq!(variable(&step, "login_error").await.as_deref(), Some(r#""value""#));
}

#[derive(Default)]
struct Replies(Mutex<Vec<String>>);

impl Interceptor for Replies {
    fn after(&self, call: &HostCall, reply: &HostReply) {
        let failed = if reply.failed { "!" } else { "" };
        self.0.lock().unwrap().push(format!("{} {failed}{}", call.import, reply.summary));
    }
}

#[tokio::test]
async fn an_interceptor_is_told_how_each_host_call_ended_and_no_value() {
    let url = format!("http://{}/quick", super::limits::serve().await);
    let random = "(call $random (i64.const 32) (i32.const 3072)) (drop (call $random_number))";
    let begin: &'static str = format!(
        "(call $expect (call $get_within (i32.const 5000)) (i32.const -1)) (drop (call $set (i32.const 7))) (drop (call $set (i32.const 6)))
         (call $get_attempt (i32.const 2048) (i32.const 1) (i32.const 3072)) (drop (call $put (i32.const 7))) (call $take)
         (call $get_cache (i32.const 2048) (i32.const 1) (i32.const 3072)) (drop (call $cache (i32.const 7)))
         (call $get_cache (i32.const 2048) (i32.const 1) (i32.const 3072)) (call $now (i32.const 3072)) {random}"
    )
    .leak();
    let replies = Arc::new(Replies::default());
    let step = step(Guest { begin, url, ..Guest::default() }.compile()).with_interceptor(Arc::clone(&replies) as _);
    let called = step.begin(&visit(), &invocation()).await;
    assert!(called.trapped.is_none(), "{:?}", called.trapped);
    let told = |import: Import, reply: &str| format!("{import} {reply}");
    assert_eq!(
        *replies.0.lock().unwrap(),
        [
            told(Import::Fetch, "200, 5 bytes"),
            told(Import::SetVariable, "ok"),
            told(Import::SetVariable, "!refused: the value is not JSON"),
            told(Import::GetAttempt, "none"),
            told(Import::PutAttempt, "ok"),
            told(Import::GetAttempt, "7 bytes"),
            told(Import::ReplaceAttempt, "true"),
            told(Import::GetCache, "none"),
            told(Import::PutCache, "ok"),
            told(Import::GetCache, "7 bytes"),
            told(Import::Clock, "ok"),
            told(Import::Random, "ok"),
            told(Import::Random, "ok"),
        ]
    );
}

/// In place of the act, or after it: the component gets the same error.
#[tokio::test]
async fn a_fault_is_the_error_that_the_import_has_for_it() {
    for (fault, of_fetch, of_store) in [
        (HostFault::Refused, "0", "0"),
        (HostFault::TooLarge, "3", "1"),
        (HostFault::Unavailable, "1", "2"),
        (HostFault::Timeout, "2", "2"),
        (HostFault::Other, "4", "2"),
    ] {
        let begin = format!(
            "(call $expect (call $get (i32.const 0)) (i32.const {of_fetch})) (call $expect (call $put (i32.const 7)) (i32.const {of_store}))"
        );
        let faults = Faults::none().fail_all(Import::Fetch, fault).fail_all(Import::PutAttempt, fault);
        let step = step(Guest::begin(&begin).compile()).with_interceptor(Arc::new(faults));
        let called = step.begin(&visit(), &invocation()).await;
        assert!(called.trapped.is_none(), "{fault:?}: {:?}", called.trapped);
    }
}

#[derive(Default)]
struct Targets(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Interceptor for Targets {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        self.0.lock().unwrap().push(format!("{} {}", call.import, call.target));
        None
    }
}

#[tokio::test]
async fn an_interceptor_is_shown_what_a_host_call_is_about_and_no_secret_whole() {
    let begin = format!(
        "{} (drop (call $get (i32.const 0))) (drop (call $set (i32.const 7)))
         (call $get_attempt (i32.const 8192) (i32.const 12) (i32.const 3072)) (call $get_attempt (i32.const 8192) (i32.const 13) (i32.const 3072))
         (call $random (i64.const 32) (i32.const 3072))",
        letters(13)
    );
    let guest = Guest { url: "http://127.0.0.1:1/path?code=secret".to_owned(), ..Guest::begin(&begin) };
    let targets = Arc::new(Targets::default());
    let called = step(guest.compile()).with_interceptor(Arc::clone(&targets) as _).begin(&visit(), &invocation()).await;
    assert!(called.trapped.is_none(), "{:?}", called.trapped);
    assert_eq!(
        *targets.0.lock().unwrap(),
        [
            format!("{} GET http://127.0.0.1:1/path", Import::Fetch),
            format!("{} x", Import::SetVariable),
            format!("{} aaaaaaaaaaaa", Import::GetAttempt),
            format!("{} aaaaaaaaaaaa…", Import::GetAttempt),
            format!("{} 32 bytes", Import::Random),
        ]
    );
}
