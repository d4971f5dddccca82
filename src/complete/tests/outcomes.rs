//! What each error leaves behind.

use serde_json::json;

use super::scenarios::{self, Scenario};
use crate::step::error::{Code, Failure};
use crate::step::outcome::{CompleteOutcome, Failed};
use crate::testing::login::{Act, ERROR, Ended, Login, OUTPUT};

/// Runs a scenario whose journey has both variables from an earlier round, and returns how its last call ended.
fn run(login: &mut Login, scenario: &Scenario) -> (Ended, usize) {
    let act = (scenario.prepare)(login);
    for name in [OUTPUT, ERROR] {
        login.host.variables.insert(name.into(), r#""stale""#.into());
    }
    login.host.requests.clear();
    let calls = login.host.calls.len();
    (login.act(&act), calls)
}

/// Sorted into what the journey does and the failure.
fn failure(ended: Ended) -> (bool, Failed) {
    match ended {
        Ended::Begun(begun) => (false, begun.outcome.unwrap_err()),
        Ended::Completed(completed) => match completed.outcome {
            CompleteOutcome::Failed(failed) => (false, failed),
            CompleteOutcome::Ignored(failed) => (true, failed),
            CompleteOutcome::Authenticated { .. } => panic!("authenticated"),
        },
    }
}

fn each(check: impl Fn(&Scenario, &mut Login)) {
    for scenario in scenarios::all() {
        check(&scenario, &mut Login::new());
    }
}

#[test]
fn every_error_code_is_reached() {
    let reached: Vec<Code> = scenarios::all().iter().map(|scenario| scenario.code).collect();
    for code in Code::ALL {
        assert!(reached.contains(code), "{code:?}");
    }
}

#[test]
fn each_scenario_ends_with_its_code() {
    each(|scenario, login| {
        let (ended, _) = run(login, scenario);
        let (is_ignored, Failed { failure, retryable }) = failure(ended);
        assert_eq!((failure.code, is_ignored), (scenario.code, scenario.is_ignored), "{failure:?}");
        assert_eq!(retryable, failure.code.is_retryable());
    });
}

#[test]
fn a_failure_fills_the_error_variable_and_leaves_no_output() {
    each(|scenario, login| {
        let (ended, _) = run(login, scenario);
        let (is_ignored, Failed { failure, .. }) = failure(ended);
        if is_ignored {
            return;
        }
        assert_eq!(login.output(), None, "{:?}", scenario.code);
        let error = login.error().unwrap();
        assert_eq!(error["code"], json!(scenario.code.as_str()));
        assert_eq!(error["category"], json!(scenario.code.category()));
        assert_eq!(error["retryable"], json!(scenario.code.is_retryable()));
        assert_eq!(error["message"], json!(failure.message()));
        assert_eq!(error["path"], json!(failure.path));
        let mut names: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["category", "code", "message", "path", "provider", "retryable", "version"]);
        let mut names: Vec<_> = error["provider"].as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["error", "error_description", "request_id", "status"]);
    });
}

#[test]
fn c02_c03_what_is_ignored_writes_no_variable_and_fetches_nothing() {
    each(|scenario, login| {
        login.set("event_data", json!("input_output"));
        let (ended, before) = run(login, scenario);
        if !scenario.is_ignored {
            return;
        }
        let Ended::Completed(completed) = ended else { panic!("begin ignores nothing") };
        assert_eq!(completed.event_data, None);
        for call in &login.host.calls[before..] {
            assert!(!call.starts_with("set_variable") && !call.starts_with("fetch"), "{:?}: {call}", scenario.code);
        }
    });
}

#[test]
fn c04_i03_nothing_is_fetched_after_a_rejection() {
    each(|scenario, login| {
        run(login, scenario);
        assert_eq!(login.fetches(), scenario.fetches, "{:?}", scenario.code);
    });
}

#[test]
fn c16_no_failure_sends_the_code_twice() {
    each(|scenario, login| {
        let act = (scenario.prepare)(login);
        for _ in 0..3 {
            if !matches!(act, Act::Begin) {
                login.act(&act);
                login.advance(61);
            }
        }
        let exchanged = login.provider.borrow().exchanged.len();
        assert!(exchanged <= 1, "{:?}: {exchanged}", scenario.code);
    });
}

#[test]
fn a_begin_that_fails_stores_no_attempt() {
    each(|scenario, login| {
        if matches!((scenario.prepare)(login), Act::Begin) && scenario.code != Code::StorageFailed {
            login.act(&Act::Begin);
            assert!(login.host.attempts.is_empty(), "{:?}", scenario.code);
        }
    });
}

#[test]
fn from_the_third_round_on_no_failure_is_retryable() {
    each(|scenario, login| {
        for (round, may_be) in [(2, true), (3, false), (u32::MAX, false)] {
            let mut login = Login { journey: login.journey.clone(), ..Login::new() };
            login.journey.round = round;
            let (ended, _) = run(&mut login, scenario);
            let (is_ignored, failed) = failure(ended);
            assert_eq!(failed.retryable, may_be && scenario.code.is_retryable(), "{:?} in round {round}", scenario.code);
            if !is_ignored {
                assert_eq!(login.error().unwrap()["retryable"], json!(failed.retryable));
            }
        }
    });
}

#[test]
fn failures_go_to_the_variables_that_the_settings_name() {
    each(|scenario, login| {
        login.set("output_variable", json!("out"));
        login.set("error_output_variable", json!("err"));
        let act = (scenario.prepare)(login);
        login.host.variables.insert("out".into(), "1".into());
        login.act(&act);
        if !scenario.is_ignored {
            let names: Vec<_> = login.host.variables.keys().map(String::as_str).collect();
            assert_eq!(names, ["err"], "{:?}", scenario.code);
        }
    });
}

/// What is known about it goes along: where, what was expected, and which response it was.
#[test]
fn a_failure_says_what_is_known() {
    let detail = |code: Code| -> Vec<Failure> {
        let scenarios = scenarios::all().into_iter().filter(|scenario| scenario.code == code);
        scenarios.map(|scenario| failure(run(&mut Login::new(), &scenario).0).1.failure).collect()
    };
    for (code, status) in [
        (Code::ClientRejected, 401),
        (Code::IdTokenMissing, 200),
        (Code::KeysUnavailable, 503),
        (Code::KeysInvalid, 200),
        (Code::MetadataUnavailable, 403),
        (Code::RateLimited, 429),
        (Code::GrantRefused, 400),
        (Code::TokenResponseInvalid, 200),
        (Code::UserinfoUnavailable, 502),
        (Code::UserinfoInvalid, 200),
        (Code::UserinfoRefused, 401),
    ] {
        assert_eq!(detail(code)[0].trace.as_ref().unwrap().status, status, "{code:?}");
    }
    for (code, expected) in [
        (Code::Internal, "expected the host to bind the login to a user agent"),
        (Code::MetadataInvalid, "expected `token_endpoint` as a URL"),
        (Code::KeysInvalid, "expected `keys` as a list"),
        (Code::UserinfoInvalid, "expected a JSON object"),
        (Code::ResponseMalformed, "expected `state`, `code`, `iss` and `error` at most once"),
    ] {
        assert_eq!(detail(code)[0].expected, Some(expected), "{code:?}");
    }
    assert_eq!(detail(Code::Internal)[1].expected, Some("expected random bytes from the host"));
    assert_eq!(detail(Code::MetadataInvalid)[1].expected, Some("token_endpoint"));
    assert_eq!(detail(Code::InvalidSettings)[0].path.as_deref(), Some("/settings/scope"));
    assert_eq!(detail(Code::InvalidIntegration)[1].path.as_deref(), Some("/connector/client_authentication"));
    let denied = &detail(Code::AccessDenied)[0];
    let provider = denied.provider.as_ref().unwrap();
    assert_eq!((provider.error.as_str(), provider.description.as_deref()), ("access_denied", Some("User said no")));
}
