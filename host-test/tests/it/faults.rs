//! A host that fails at any of its calls, in any way: before the act, or after it with the answer lost. Each login ends with the code
//! that says so, its variables are whole or absent, and its code is sent once at most, whatever is tried afterwards.

use std::sync::Arc;

use host_test::cognito::Endpoint;
use journey_host::{
    Applied, AuthorizationResponse, Called, Cause, Clock, Completed, Fault, Faults, HostCall, Import, Moment, Step, TenantCache,
};
use serde_json::{Value, json};

use crate::stage::{Stage, begin_verdict, verdict};

const EVERY_FAULT: [Fault; 6] = [Fault::Refused, Fault::TooLarge, Fault::Unavailable, Fault::Timeout, Fault::Other, Fault::Trap];

/// One failure of the host.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    import: Import,
    index: u32,
    fault: Fault,
    moment: Moment,
}

impl Row {
    /// Every failure that these host calls can have.
    fn every(calls: &[HostCall]) -> Vec<Self> {
        let mut rows = Vec::new();
        for HostCall { import, index, .. } in calls {
            // Time and random bytes have no errors: every fault of theirs ends the call.
            let faults = if matches!(import, Import::Clock | Import::Random) { &EVERY_FAULT[5..] } else { &EVERY_FAULT[..] };
            for &fault in faults {
                for moment in [Moment::Instead, Moment::After] {
                    rows.push(Self { import: *import, index: *index, fault, moment });
                }
            }
        }
        rows
    }

    fn inject(self, step: &Step) -> Step {
        let Self { import, index, fault, moment } = self;
        step.with_interceptor(Arc::new(match moment {
            Moment::Instead => Faults::none().fail(import, index, fault),
            Moment::After => Faults::none().fail_after(import, index, fault),
        }))
    }

    fn is_trap(self) -> bool {
        self.fault == Fault::Trap
    }

    /// The failure that the step makes of a failed store call.
    fn storage_code(self) -> &'static str {
        // What is too large for a variable is the output.
        match (self.import, self.fault) {
            (Import::SetVariable, Fault::TooLarge) => "failed: output_too_large",
            _ => "failed: storage_failed",
        }
    }

    /// The failure that the step makes of a failed fetch.
    fn fetch_code(self, unavailable: &'static str, invalid: &'static str) -> &'static str {
        match self.fault {
            Fault::Refused => "failed: destination_denied",
            Fault::TooLarge => invalid,
            _ => unavailable,
        }
    }
}

/// The host calls of one call of the step.
async fn recorded<T>(step: &Step, call: impl AsyncFnOnce(&Step) -> T) -> (T, Vec<HostCall>) {
    let faults = Arc::new(Faults::none());
    let result = call(&step.with_interceptor(Arc::clone(&faults) as _)).await;
    (result, faults.record())
}

async fn complete(stage: &Stage, step: &Step, response: &AuthorizationResponse) -> Called<Completed> {
    step.complete(&stage.visit, &stage.invocation(), stage.client_secret.as_ref(), response).await
}

/// What the journey holds: nothing, or something whole. `Ok` for an output, `Err` for a code.
async fn variables(stage: &Stage) -> Option<Result<Value, String>> {
    let error = stage.variable("error_output").await;
    match (stage.output().await, error) {
        (Some(output), Some(error)) => {
            assert_eq!(error["code"], "", "an output comes with no error");
            assert_eq!(output["version"], 1);
            assert_eq!(output["user"]["external_user_id"], output["id_token_claims"]["sub"]);
            assert_eq!(output["user_info"]["sub"], output["id_token_claims"]["sub"]);
            assert!(output["id_token"].as_str().is_some_and(|token| token.split('.').count() == 3));
            Some(Ok(output))
        }
        (Some(_), None) => panic!("an output without its error variable"),
        (None, Some(error)) => {
            let code = error["code"].as_str().expect("a code").to_owned();
            stage.assert_failed(&code, "the error variable").await;
            Some(Err(code))
        }
        (None, None) => None,
    }
}

/// `step_trapped` in short, where the host failed.
fn short<T>(called: &Called<T>, verdict: String) -> String {
    match &called.result {
        Err(trapped) => {
            assert_eq!(trapped.cause, Cause::Host, "{trapped}");
            "step_trapped".to_owned()
        }
        Ok(_) => verdict,
    }
}

/// What `complete` says, then what the same response gets again at once, and after a minute.
fn expected(row: Row, keys_are_cached: bool) -> [&'static str; 3] {
    use Import::{Fetch, GetAttempt, GetCache, PutAttempt, PutCache, SetVariable, TakeAttempt};
    use Moment::{After, Instead};
    let Row { import, index, moment, .. } = row;

    let verdict = match (import, index) {
        _ if row.is_trap() => "step_trapped",
        (GetAttempt | TakeAttempt, 0) => "ignored: storage_failed",
        // The error variable goes first, the output last: only the output can be too large.
        (SetVariable, 0) => "failed: storage_failed",
        (TakeAttempt, _) | (SetVariable, _) => row.storage_code(),
        (Fetch, 0) => row.fetch_code("failed: token_unavailable", "failed: token_response_invalid"),
        (Fetch, 1) => row.fetch_code("failed: keys_unavailable", "failed: keys_invalid"),
        (Fetch, 2) => row.fetch_code("failed: userinfo_unavailable", "failed: userinfo_invalid"),
        // Without its stamp no fetch is forced.
        (GetCache, 1) | (PutCache, 0) if keys_are_cached => "failed: signing_key_unknown",
        _ => "authenticated",
    };
    let is_untouched = matches!((import, index, moment), (GetAttempt, 0, _) | (TakeAttempt, 0, Instead));
    if is_untouched {
        return [verdict, "authenticated", "ignored: duplicate"];
    }
    // Where nobody has won, the wait for this attempt must end one day.
    let is_lost = match (import, index, moment) {
        (TakeAttempt, 0, After) | (TakeAttempt, 1, Instead) => true,
        (TakeAttempt, ..) | (SetVariable, ..) => false,
        (PutAttempt | GetAttempt | Fetch | GetCache | PutCache | Import::Clock | Import::Random, ..) => row.is_trap(),
    };
    [verdict, "ignored: duplicate", if is_lost { "failed: login_interrupted" } else { "ignored: duplicate" }]
}

/// Plays a login with a failure, and its response twice more.
async fn play(stage: &mut Stage, row: Row, cached: Option<&[(String, String)]>) {
    stage.next_journey();
    if let Some(cached) = cached {
        fill_cache(stage, cached).await;
    }
    let mark = stage.cognito.requests().mark();
    let response = stage.sign_in(&stage.begin().await).await;

    let failing = row.inject(&stage.step);
    let mut settled = None;
    let mut steps = [&failing, &stage.step, &stage.step].into_iter();
    for (round, expected) in expected(row, cached.is_some()).into_iter().enumerate() {
        let context = format!("{row:?}, round {round}");
        let called = complete(stage, steps.next().expect("three steps"), &response).await;
        assert_eq!(short(&called, verdict(&called)), expected, "{context}");

        let held = variables(stage).await;
        match &settled {
            // One visit has one outcome, whatever comes later.
            Some(settled) => {
                assert!(matches!(called.applied, Applied::Ignored | Applied::TooLate), "{context}");
                assert_eq!(held, *settled, "{context}");
            }
            None => match expected.trim_start_matches("failed: ") {
                "authenticated" => assert!(matches!(held, Some(Ok(_))), "{context}: {held:?}"),
                ignored if ignored.starts_with("ignored") => assert_eq!(held, None, "{context}"),
                code => assert_eq!(held, Some(Err(code.to_owned())), "{context}"),
            },
        }
        if called.applied == Applied::Yes {
            settled = Some(held);
        }
        if round == 1 {
            stage.advance(61);
        }
    }
    let exchanges = stage.cognito.requests().since(mark).iter().filter(|request| request.path == "/oauth2/token").count();
    assert!(exchanges <= 1, "{row:?}: the code was sent {exchanges} times");
}

/// Puts the entries of an earlier login back, as fresh as they were then.
async fn fill_cache(stage: &Stage, entries: &[(String, String)]) {
    for (key, value) in entries {
        let mut entry: Value = serde_json::from_str(value).expect("JSON");
        entry["stored_at"] = json!(stage.clock.now().as_secs());
        stage.cache.put("tenant", key, &entry.to_string(), 3600).await.expect("a cache that works");
    }
}

/// A stage whose logins use everything that a login can, and the host calls of its `complete`.
async fn stage_and_calls() -> (Stage, Vec<HostCall>) {
    let mut stage = Stage::new().await;
    stage.settings["tokens"] = json!("revoke");
    let response = stage.sign_in(&stage.begin().await).await;
    let (called, calls) = recorded(&stage.step, async |step| complete(&stage, step, &response).await).await;
    assert_eq!(verdict(&called), "authenticated");
    (stage, calls)
}

/// Every failure of these imports during `complete`.
async fn fail_complete(imports: &[Import]) -> usize {
    let (mut stage, calls) = stage_and_calls().await;
    let calls: Vec<_> = calls.into_iter().filter(|call| imports.contains(&call.import)).collect();
    let rows = Row::every(&calls);
    for row in &rows {
        play(&mut stage, *row, None).await;
    }
    rows.len()
}

#[tokio::test]
async fn whatever_fails_in_the_store_of_attempts() {
    assert_eq!(fail_complete(&[Import::GetAttempt, Import::TakeAttempt, Import::PutAttempt]).await, 5 * 12);
}

#[tokio::test]
async fn whatever_fails_in_the_store_of_variables() {
    assert_eq!(fail_complete(&[Import::SetVariable]).await, 2 * 12);
}

#[tokio::test]
async fn whatever_fails_in_the_cache_costs_time_and_no_login() {
    assert_eq!(fail_complete(&[Import::GetCache, Import::PutCache]).await, 2 * 12);
}

#[tokio::test]
async fn c16_whatever_fails_in_a_fetch_sends_no_code_twice() {
    assert_eq!(fail_complete(&[Import::Fetch]).await, 4 * 12);
}

#[tokio::test]
async fn a_host_without_time_ends_the_call_and_not_the_journey() {
    assert!(fail_complete(&[Import::Clock]).await >= 2 * 8);
}

/// A key that the cache doesn't know: it is read twice and written twice.
#[tokio::test]
async fn k05_whatever_fails_in_the_cache_while_keys_are_fetched_anew() {
    let (mut stage, _) = stage_and_calls().await;
    let cached = stage.cache.dump("tenant");
    assert_eq!(cached.len(), 1);
    stage.cognito.rotate_keys();
    stage.next_journey();
    fill_cache(&stage, &cached).await;
    let response = stage.sign_in(&stage.begin().await).await;
    let (called, calls) = recorded(&stage.step, async |step| complete(&stage, step, &response).await).await;
    assert_eq!(verdict(&called), "authenticated");

    let calls: Vec<_> = calls.into_iter().filter(|call| matches!(call.import, Import::GetCache | Import::PutCache)).collect();
    assert_eq!(calls.len(), 4);
    for row in Row::every(&calls) {
        play(&mut stage, row, Some(&cached)).await;
    }
}

/// With endpoints to be discovered, so that there is something to fetch.
#[tokio::test]
async fn whatever_fails_in_begin_the_next_one_works() {
    let mut stage = Stage::new().await;
    stage.connector = stage.cognito.connector_by_discovery();
    let (begun, calls) = recorded(&stage.step, async |step| step.begin(&stage.visit, &stage.invocation()).await).await;
    assert_eq!(begin_verdict(&begun), "redirect");
    for row in Row::every(&calls) {
        stage.next_journey();
        let expected = match row.import {
            _ if row.is_trap() => "step_trapped",
            Import::Fetch => row.fetch_code("failed: metadata_unavailable", "failed: metadata_invalid"),
            Import::SetVariable | Import::PutAttempt => row.storage_code(),
            Import::GetCache | Import::PutCache => "redirect",
            Import::GetAttempt | Import::TakeAttempt | Import::Clock | Import::Random => unreachable!("not in begin"),
        };
        let called = row.inject(&stage.step).begin(&stage.visit, &stage.invocation()).await;
        assert_eq!(short(&called, begin_verdict(&called)), expected, "{row:?}");
        assert_eq!(called.applied, Applied::Yes, "{row:?}");
        let held = match expected {
            "redirect" => None,
            failed => Some(Err(failed.trim_start_matches("failed: ").to_owned())),
        };
        assert_eq!(variables(&stage).await, held, "{row:?}");

        stage.visit.round += 1;
        assert_eq!(verdict(&stage.login().await), "authenticated", "{row:?}");
    }
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), Row::every(&calls).len());
}

#[tokio::test]
async fn an_import_that_always_fails_is_told_by_the_outcome_alone() {
    for (import, begun, completed) in [
        (Import::SetVariable, "failed: storage_failed", "failed: storage_failed"),
        (Import::PutAttempt, "failed: storage_failed", "authenticated"),
        (Import::GetAttempt, "redirect", "ignored: storage_failed"),
        (Import::TakeAttempt, "redirect", "ignored: storage_failed"),
        (Import::GetCache, "redirect", "authenticated"),
        (Import::PutCache, "redirect", "authenticated"),
        (Import::Fetch, "redirect", "failed: token_unavailable"),
    ] {
        let mut stage = Stage::new().await;
        let sound = stage.step.clone();
        let failing = sound.with_interceptor(Arc::new(Faults::none().fail_all(import, Fault::Unavailable)));
        stage.step = failing.clone();
        assert_eq!(begin_verdict(&stage.call_begin().await), begun, "{import}");
        stage.next_journey();
        stage.step = sound;
        let response = stage.sign_in(&stage.begin().await).await;
        let called = complete(&stage, &failing, &response).await;
        assert_eq!(verdict(&called), completed, "{import}");
        if import == Import::SetVariable {
            assert_eq!(variables(&stage).await, None, "what can't be written is absent");
        }
    }
}
