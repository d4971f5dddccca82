//! A test of a connection, by components that do what a test must not.

use super::guest::{Guest, RUNTIME};
use super::{Act, CALLS, step, watched};
use crate::{Called, Capacity, Cause, HostCall, Import, Limits, Runtime, SecretForTest, Step, Tested};

/// What a test may call.
const OF_A_TEST: [Import; 3] = [Import::Fetch, Import::Clock, Import::Random];

fn tests(body: &str) -> Guest {
    Guest { test: body.to_owned().leak(), ..Guest::default() }
}

async fn test(step: &Step) -> Called<Tested> {
    step.test("tenant", None, "{}", SecretForTest::None).await
}

#[tokio::test]
async fn a_test_calls_nothing_that_keeps_anything() {
    for (import, call) in CALLS {
        let step = step(tests(call).compile());
        let called = test(&step).await;
        match OF_A_TEST.contains(&import) {
            true => assert_eq!(called.outcome, Tested::Findings(Vec::new()), "{import}: {:?}", called.trapped),
            false => {
                let trapped = called.trapped.expect("no findings");
                assert_eq!((called.outcome, trapped.cause), (Tested::Ended, Cause::Impure), "{import}");
                assert_eq!(trapped.detail, format!("a test of the connection called {import}"));
            }
        }
    }
}

#[tokio::test]
async fn a_test_reaches_the_origins_of_a_test_alone() {
    // `$get` tells the error's index: denied, or unreachable.
    let denied = step(tests("(call $expect (call $get (i32.const 0)) (i32.const 0))").compile());
    assert_eq!(test(&denied).await.outcome, Tested::Findings(Vec::new()), "an origin of a login is none of a test");

    let guest = tests("(call $expect (call $get (i32.const 0)) (i32.const 1))");
    let of_a_login = r#"(data (i32.const 1280) "\b0\04\00\00\01\00\00\00\01")"#;
    let of_a_test = r#"(data (i32.const 1280) "\00\00\00\00\00\00\00\00\01\00\00\00\b0\04\00\00\01\00\00\00")"#;
    let text = guest.text();
    assert!(text.contains(of_a_login));
    let component = guest.encode_text(|wit| wit, text.replace(of_a_login, of_a_test));
    let unreachable = step(RUNTIME.compile("guest", &component).unwrap());
    let called = test(&unreachable).await;
    assert_eq!(called.outcome, Tested::Findings(Vec::new()), "{:?}", called.trapped);
}

#[tokio::test]
async fn a_test_is_bounded_as_any_call_and_harms_nobody() {
    for (body, cause) in [
        ("(loop $ever (br $ever))", Cause::Cpu),
        ("(unreachable)", Cause::Guest),
        ("(drop (memory.grow (i32.const 1000)))", Cause::Memory),
        ("(loop $ever (call $now (i32.const 3072)) (br $ever))", Cause::HostCalls),
    ] {
        let called = test(&step(tests(body).compile())).await;
        assert_eq!((called.outcome, called.trapped.map(|trapped| trapped.cause)), (Tested::Ended, Some(cause)), "{body}");
    }
    let panicking = watched(&step(tests("(call $now (i32.const 3072))").compile()), |_: &HostCall| Act::Panic);
    assert_eq!(test(&panicking).await.trapped.map(|trapped| trapped.cause), Some(Cause::Host));
    let hurried = Limits { wall_clock: std::time::Duration::from_millis(100), ..Limits::default() };
    let hanging = watched(&step(tests("(call $now (i32.const 3072))").compile()), |_: &HostCall| Act::Hang).with_limits(hurried);
    assert_eq!(test(&hanging).await.trapped.map(|trapped| trapped.cause), Some(Cause::WallClock));
}

#[tokio::test]
async fn a_test_beyond_its_tenants_share_is_told_to_come_again() {
    // Three quarters of one sandbox are none for anything but `complete`, once that one is taken.
    let runtime = Runtime::new(Capacity { waiting: 0, waiting_per_tenant: 0, ..Capacity::of(1) }).unwrap();
    let step = step(tests("(call $now (i32.const 3072))").compile_in(&runtime, "guest"));
    let hanging = watched(&step, |_: &HostCall| Act::Hang);
    let first = tokio::spawn(async move { test(&hanging).await });
    let second = loop {
        tokio::task::yield_now().await;
        let called = test(&step.with_test_rate(crate::TestRate::default())).await;
        // The first one may not have begun.
        if called.outcome != Tested::Findings(Vec::new()) {
            break called;
        }
    };
    first.abort();
    assert_eq!(second.outcome, Tested::Busy);
}
