//! A host of which one call fails: the login ends in one of its outcomes, whole.

use serde_json::json;

use crate::complete::Response;
use crate::step::outcome::{CompleteOutcome, Completed};
use crate::testing::login::{Login, verdict};
use crate::testing::{Fault, Faulty};

const FUNCTIONS: [&str; 8] =
    ["set_variable", "put_attempt", "attempt", "take_attempt", "cached", "put_cached", "fill_random", "fetch"];

/// What the browser sees: the login, and the same response again, at once and when a lost call would be given up.
fn run(login: &mut Login, fault: Fault) -> Option<Vec<String>> {
    let Login { host, journey, provider } = login;
    let mut host = Faulty::new(host, fault);
    let begun = journey.begin(&mut host);
    let redirect = match begun.outcome {
        Ok(redirect) => redirect,
        Err(failed) => {
            assert!(host.has_failed(), "{failed:?}");
            return Some(vec![format!("begin failed: {}", failed.failure.code.as_str())]);
        }
    };
    let code = provider.borrow_mut().authorize(redirect.url.expose());
    let query = format!("code={code}&state={}", redirect.state.expose());
    let completed = journey.complete(&mut host, Response::Query(&query));
    if !host.has_failed() {
        return None;
    }
    check_whole(login, &completed);
    let mut verdicts = vec![verdict(&completed)];
    for seconds in [1, 61] {
        login.advance(seconds);
        let completed = login.complete(&query);
        if !matches!(completed.outcome, CompleteOutcome::Ignored(_)) {
            check_whole(login, &completed);
        }
        verdicts.push(verdict(&completed));
    }
    Some(verdicts)
}

/// The output is there, whole, after a success; and never after a failure.
fn check_whole(login: &Login, completed: &Completed) {
    match &completed.outcome {
        CompleteOutcome::Authenticated { .. } => {
            assert_eq!(login.output().unwrap().as_object().unwrap().len(), 7);
            assert_eq!(login.error().unwrap()["code"], json!(""));
        }
        CompleteOutcome::Failed(_) => assert!(login.output().is_none(), "{completed:?}"),
        CompleteOutcome::Ignored(_) => {}
    }
}

fn each(check: impl Fn(Fault, &Login, &[String])) {
    for name in FUNCTIONS {
        for (persists, happens) in [(false, false), (false, true), (true, false), (true, true)] {
            for nth in 1.. {
                let fault = Fault { name, nth, persists, happens };
                let mut login = Login::new();
                login.set("tokens", json!("revoke"));
                let Some(verdicts) = run(&mut login, fault) else { break };
                check(fault, &login, &verdicts);
            }
        }
    }
}

#[test]
fn c16_no_fault_sends_the_code_twice() {
    each(|fault, login, _| assert!(login.provider.borrow().exchanged.len() <= 1, "{fault:?}"));
}

/// Whether the failed `take` has let the journey go is unknown: both outcomes may be told, and the host applies one of them (`wit/`).
fn is_take_of_open(fault: Fault) -> bool {
    fault.name == "take_attempt" && fault.nth == 2 && !fault.happens
}

#[test]
fn no_fault_moves_the_journey_twice() {
    each(|fault, _, verdicts| {
        let moves = verdicts.iter().filter(|verdict| !verdict.starts_with("ignored")).count();
        assert!(moves == 1 || is_take_of_open(fault) && moves == 2, "{fault:?}: {verdicts:?}");
    });
}

#[test]
fn each_fault_has_its_outcome() {
    each(|fault, _, verdicts| {
        let first = match (fault.name, fault.nth) {
            ("set_variable", 1 | 2) | ("put_attempt", 1..=3) => "begin failed: storage_failed",
            ("fill_random", _) => "begin failed: internal",
            // The response itself was judged by then.
            ("set_variable", _) | ("take_attempt", 2) => "failed: storage_failed",
            // Nothing was taken, or nobody knows: the journey waits on.
            ("attempt" | "take_attempt", 1) => "ignored: storage_failed",
            ("fetch", 1) => "failed: token_unavailable",
            ("fetch", 2) => "failed: keys_unavailable",
            ("fetch", 3) => "failed: userinfo_unavailable",
            // The marker, the cache, and the revocation: best effort.
            ("attempt" | "put_attempt" | "cached" | "put_cached" | "fetch", _) => "authenticated",
            other => panic!("{other:?}"),
        };
        assert_eq!(verdicts[0], first, "{fault:?}");
        let later: &[&str] = match (fault.name, fault.nth, fault.happens) {
            _ if first.starts_with("begin") => &[],
            ("attempt", 1, _) | ("take_attempt", 1, false) => &["authenticated", "ignored: duplicate"],
            ("take_attempt", 1, true) | ("take_attempt", 2, false) => &["ignored: duplicate", "failed: login_interrupted"],
            _ => &["ignored: duplicate", "ignored: duplicate"],
        };
        assert_eq!(verdicts[1..], *later, "{fault:?}");
    });
}
