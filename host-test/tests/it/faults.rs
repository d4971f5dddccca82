//! A host that fails at any of its calls, in any way: before the act, after it with the answer lost, or for good; and at the act
//! that applies the outcome. Each login ends with the code that says so, its variables are whole or absent, its code is sent once
//! at most; and whatever happened, one response to the newest attempt ends the visit 91 s later.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use host_test::cognito::Endpoint;
use journey_host::{
    Applied, AuthorizationResponse, Begun, Called, Change, Clock, Completed, Faults, HostCall, HostFault, Import, Journeys,
    Limits, MemoryJourneys, Moment, Outcome as _, Services, Settlement, Step, StoreError, TenantCache, Visit,
};
use serde_json::{Value, json};

use crate::stage::{Stage, cache_scope, compiled, verdict};

const EVERY_FAULT: [HostFault; 6] =
    [HostFault::Refused, HostFault::TooLarge, HostFault::Unavailable, HostFault::Timeout, HostFault::Other, HostFault::Trap];

/// What a host call is about, as far as what follows from its failure depends on it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum About {
    TokenEndpoint,
    KeySet,
    UserInfo,
    Revocation,
    Metadata,
    ErrorVariable,
    OutputVariable,
    /// The stamp of a fetch that was forced.
    Stamp,
    /// A cached document.
    Document,
    /// The first reading of the clock, ahead of everything else.
    FirstReading,
    /// As the import says.
    Other,
}

impl About {
    fn of(call: &HostCall) -> Self {
        let target = call.target.as_str();
        match call.import {
            Import::Fetch if target.ends_with("/oauth2/token") => Self::TokenEndpoint,
            Import::Fetch if target.ends_with("/jwks.json") => Self::KeySet,
            Import::Fetch if target.ends_with("/oauth2/userInfo") => Self::UserInfo,
            Import::Fetch if target.ends_with("/oauth2/revoke") => Self::Revocation,
            Import::Fetch if target.ends_with("/openid-configuration") => Self::Metadata,
            Import::Fetch => panic!("a fetch that nobody knows: {target}"),
            Import::SetVariable if target == "error_output" => Self::ErrorVariable,
            Import::SetVariable => Self::OutputVariable,
            Import::GetCache | Import::PutCache if target.starts_with("forced.") => Self::Stamp,
            Import::GetCache | Import::PutCache => Self::Document,
            Import::Clock if call.index == 0 => Self::FirstReading,
            Import::GetAttempt | Import::PutAttempt | Import::ReplaceAttempt | Import::Clock | Import::Random => Self::Other,
        }
    }
}

/// One failure of the host.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    import: Import,
    index: u32,
    about: About,
    fault: HostFault,
    moment: Moment,
}

impl Row {
    /// Every failure that these host calls can have.
    fn every(calls: &[HostCall]) -> Vec<Self> {
        let mut rows = Vec::new();
        for call in calls {
            let (HostCall { import, index, .. }, about) = (call, About::of(call));
            // Time and random bytes have no errors: every fault of theirs ends the call.
            let faults = if matches!(import, Import::Clock | Import::Random) { &EVERY_FAULT[5..] } else { &EVERY_FAULT[..] };
            for &fault in faults {
                for moment in [Moment::Instead, Moment::After] {
                    rows.push(Self { import: *import, index: *index, about, fault, moment });
                }
            }
        }
        rows
    }

    fn inject(self, step: &Step) -> Step {
        let Self { import, index, fault, moment, .. } = self;
        step.with_interceptor(Arc::new(match moment {
            Moment::Instead => Faults::none().fail(import, index, fault),
            Moment::After => Faults::none().fail_after(import, index, fault),
        }))
    }

    fn is_trap(self) -> bool {
        self.fault == HostFault::Trap
    }

    /// The failure that the step makes of a failed store call.
    fn storage_code(self) -> &'static str {
        // What is too large for a variable is the output.
        match (self.import, self.fault) {
            (Import::SetVariable, HostFault::TooLarge) => "failed: output_too_large",
            _ => "failed: storage_failed",
        }
    }

    /// The failure that the step makes of a failed fetch.
    fn fetch_code(self, unavailable: &'static str, invalid: &'static str) -> &'static str {
        match self.fault {
            HostFault::Refused => "failed: destination_denied",
            HostFault::TooLarge => invalid,
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

/// What `complete` says, and what the same response gets 91 s later.
fn expected(row: Row) -> [&'static str; 2] {
    use Import::{GetAttempt, Random, ReplaceAttempt};
    use Moment::{After, Instead};
    let Row { import, about, fault, moment, .. } = row;
    let later = "too late: duplicate";
    match (import, about) {
        // Nothing was taken yet, or the component wasn't told that it was: junk could have come as far.
        (GetAttempt | Random, _) | (_, About::FirstReading) if row.is_trap() => ["ignored: step_trapped", "authenticated"],
        (ReplaceAttempt, _) if row.is_trap() && moment == Instead => ["ignored: step_trapped", "authenticated"],
        (ReplaceAttempt, _) if row.is_trap() => ["ignored: step_trapped", "failed: login_interrupted"],
        _ if row.is_trap() => ["failed: step_trapped", later],
        // The host gives the same response again; the fault is of the first call alone.
        (GetAttempt, _) => ["ignored: storage_failed", "authenticated"],
        (ReplaceAttempt, _) if matches!(fault, HostFault::Refused | HostFault::TooLarge) => match moment {
            Instead => ["ignored: storage_failed", "authenticated"],
            // A store that says no after it has done it.
            After => ["ignored: duplicate", "failed: login_interrupted"],
        },
        // The store is asked again: the entry shows whose the attempt is.
        (ReplaceAttempt, _) => ["authenticated", later],
        // The error variable goes first, the output last: only the output can be too large.
        (_, About::ErrorVariable) => ["failed: storage_failed", later],
        (_, About::OutputVariable) => [row.storage_code(), later],
        (_, About::TokenEndpoint) => [row.fetch_code("failed: token_unavailable", "failed: token_response_invalid"), later],
        (_, About::KeySet) => [row.fetch_code("failed: keys_unavailable", "failed: keys_invalid"), later],
        (_, About::UserInfo) => [row.fetch_code("failed: userinfo_unavailable", "failed: userinfo_invalid"), later],
        // Without its stamp no fetch is forced.
        (_, About::Stamp) => ["failed: signing_key_unknown", later],
        _ => ["authenticated", later],
    }
}

/// Plays a login with a failure, and its response once more.
async fn play(stage: &mut Stage, row: Row, cached: Option<&[(String, String)]>) {
    stage.next_journey();
    if let Some(cached) = cached {
        fill_cache(stage, cached).await;
    }
    let mark = stage.cognito.requests().mark();
    let response = stage.sign_in(&stage.begin().await).await;
    let failing = row.inject(&stage.step);
    let [first, later] = expected(row);

    let called = complete(stage, &failing, &response).await;
    assert_eq!(called.outcome.to_string(), first, "{row:?}");
    let held = variables(stage).await;
    match &called.outcome {
        Completed::Authenticated(_) => assert!(matches!(held, Some(Ok(_))), "{row:?}: {held:?}"),
        Completed::Failed(failed) => assert_eq!(held, Some(Err(failed.failure.code.clone())), "{row:?}"),
        _ => assert_eq!(held, None, "{row:?}"),
    }

    stage.advance(91);
    let called = complete(stage, &stage.step, &response).await;
    assert_eq!(called.outcome.to_string(), later, "{row:?}");
    if matches!(called.outcome, Completed::TooLate(_)) {
        assert_eq!(variables(stage).await, held, "{row:?}: one visit has one outcome");
    }
    let settlement = stage.journeys.settlement(&stage.visit).await.expect("a store that works");
    assert!(settlement.is_some(), "{row:?}: the visit is at an end");
    let exchanges = stage.cognito.requests().since(mark).iter().filter(|request| request.path == "/oauth2/token").count();
    assert!(exchanges <= 1, "{row:?}: the code was sent {exchanges} times");
}

/// Puts the entries of an earlier login back, as fresh as they were then.
async fn fill_cache(stage: &Stage, entries: &[(String, String)]) {
    for (key, value) in entries {
        let mut entry: Value = serde_json::from_str(value).expect("JSON");
        entry["stored_at"] = json!(stage.clock.now().as_secs());
        stage.cache.put(&cache_scope(), key, &entry.to_string(), 3600).await.expect("a cache that works");
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
    assert_eq!(fail_complete(&[Import::GetAttempt, Import::ReplaceAttempt, Import::PutAttempt]).await, 2 * 12);
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
async fn a_host_without_time_or_random_bytes_ends_the_call_and_not_the_journey() {
    // Each call of the clock, and of what draws the random bytes: fewer than these would be no login.
    let (readings, draws) = (fail_complete(&[Import::Clock]).await, fail_complete(&[Import::Random]).await);
    assert!(readings >= 2 * 4 && draws >= 2, "{readings} {draws}");
}

/// A key that the cache doesn't know: it is read twice and written twice.
#[tokio::test]
async fn k05_whatever_fails_in_the_cache_while_keys_are_fetched_anew() {
    let (mut stage, _) = stage_and_calls().await;
    let cached = stage.cache.dump(&cache_scope());
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
    assert_eq!(verdict(&begun), "redirect");
    for row in Row::every(&calls) {
        stage.next_journey();
        let expected = match row.import {
            _ if row.is_trap() => "failed: step_trapped",
            Import::Fetch => row.fetch_code("failed: metadata_unavailable", "failed: metadata_invalid"),
            Import::SetVariable | Import::PutAttempt => row.storage_code(),
            Import::GetCache | Import::PutCache => "redirect",
            Import::GetAttempt | Import::ReplaceAttempt | Import::Clock | Import::Random => unreachable!("not in begin"),
        };
        let called = row.inject(&stage.step).begin(&stage.visit, &stage.invocation()).await;
        assert_eq!(called.outcome.to_string(), expected, "{row:?}");
        let held = called.outcome.failure().map(|failure| Err(failure.code.clone()));
        assert_eq!(variables(&stage).await, held, "{row:?}");

        stage.visit = stage.visit.next();
        assert_eq!(verdict(&stage.login().await), "authenticated", "{row:?}");
    }
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), Row::every(&calls).len());
}

/// A second tab that can't begin doesn't cost the first one its login.
#[tokio::test]
async fn whatever_fails_in_a_second_begin_the_first_attempt_goes_on() {
    let mut stage = Stage::new().await;
    let (_, calls) = recorded(&stage.step, async |step| step.begin(&stage.visit, &stage.invocation()).await).await;
    for row in Row::every(&calls) {
        stage.next_journey();
        let first = stage.begin().await;
        let called = row.inject(&stage.step).begin(&stage.visit, &stage.invocation()).await;
        assert!(matches!(called.outcome, Begun::Refused(_)), "{row:?}: {}", called.outcome);
        assert_eq!(variables(&stage).await, None, "{row:?}: nothing was written");
        let response = stage.sign_in(&first).await;
        assert_eq!(verdict(&stage.complete(&response).await), "authenticated", "{row:?}");
    }
}

#[tokio::test]
async fn an_import_that_always_fails_is_told_by_the_outcome_alone() {
    for (import, begun, completed) in [
        (Import::SetVariable, "failed: storage_failed", "failed: storage_failed"),
        (Import::PutAttempt, "failed: storage_failed", "authenticated"),
        (Import::GetAttempt, "redirect", "ignored: storage_failed"),
        (Import::ReplaceAttempt, "redirect", "ignored: storage_failed"),
        (Import::GetCache, "redirect", "authenticated"),
        (Import::PutCache, "redirect", "authenticated"),
        (Import::Fetch, "redirect", "failed: token_unavailable"),
    ] {
        let mut stage = Stage::new().await;
        let sound = stage.step.clone();
        let failing = sound.with_interceptor(Arc::new(Faults::none().fail_all(import, HostFault::Unavailable)));
        stage.step = failing.clone();
        assert_eq!(verdict(&stage.call_begin().await), begun, "{import}");
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

/// Journeys that take some changes for nothing that they would keep, or don't answer what they are asked first.
struct PickyJourneys {
    journeys: Arc<MemoryJourneys>,
    refuses: fn(&Change) -> Option<StoreError>,
    /// How often `settlement` is still to fail.
    silent: AtomicUsize,
}

#[async_trait]
impl Journeys for PickyJourneys {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        match (self.refuses)(change) {
            Some(error) => Err(error),
            None => self.journeys.apply(visit, change).await,
        }
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let is_silent = self.silent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if is_silent { Err(StoreError::Unavailable("silent".to_owned())) } else { self.journeys.settlement(visit).await }
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.journeys.variable(tenant, journey, name).await
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.journeys.forget(tenant, journey).await
    }
}

fn picky(stage: &Stage, refuses: fn(&Change) -> Option<StoreError>, silent: usize) -> Step {
    let journeys = PickyJourneys { journeys: Arc::clone(&stage.journeys), refuses, silent: AtomicUsize::new(silent) };
    let services = Services { journeys: Arc::new(journeys), ..stage.step.services().clone() };
    Step::new(compiled(), services, Limits { queue: Duration::from_millis(300), ..Limits::default() })
}

/// A store that allows less than the host thinks: the visit ends with the reason, and not as interrupted, or never.
#[tokio::test]
async fn what_the_store_does_not_take_ends_the_visit_with_a_reason() {
    let large = |change: &Change| {
        let is_large = change.writes.iter().any(|write| write.json.as_ref().is_some_and(|json| json.len() > 1000));
        is_large.then_some(StoreError::TooLarge)
    };
    let any_value = |change: &Change| {
        let has_value = change.writes.iter().any(|write| write.json.is_some());
        has_value.then(|| StoreError::Refused("a reserved name".to_owned()))
    };
    let rows: [(Picky, &str, Option<&str>); 2] =
        [(large, "failed: output_too_large", Some("output_too_large")), (any_value, "failed: storage_failed", None)];
    for (refuses, told, variable) in rows {
        let stage = Stage::new().await;
        let response = stage.sign_in(&stage.begin().await).await;
        let called = complete(&stage, &picky(&stage, refuses, 0), &response).await;
        assert_eq!(verdict(&called), told);
        assert_eq!(variables(&stage).await, variable.map(|code| Err(code.to_owned())));
        assert_eq!(called.event_data, None);
        assert_eq!(verdict(&stage.complete(&response).await), "too late: duplicate");
    }
    // Of `begin`: the variables that it clears.
    let stage = Stage::new().await;
    let refuses_all = |change: &Change| (!change.writes.is_empty()).then(|| StoreError::Refused("full".to_owned()));
    let called = picky(&stage, refuses_all, 0).begin(&stage.visit, &stage.invocation()).await;
    assert_eq!(verdict(&called), "failed: storage_failed");
}

type Picky = fn(&Change) -> Option<StoreError>;

/// While the host can't know whether the visit is settled, nothing runs, and the response is good for later.
#[tokio::test]
async fn a_visit_that_can_not_be_read_costs_no_login() {
    let stage = Stage::new().await;
    let response = stage.sign_in(&stage.begin().await).await;
    let called = complete(&stage, &picky(&stage, |_| None, usize::MAX), &response).await;
    assert_eq!(verdict(&called), "busy");
    assert_eq!(stage.cognito.requests().count(Endpoint::Token), 0);
    let called = picky(&stage, |_| None, usize::MAX).begin(&stage.visit, &stage.invocation()).await;
    assert_eq!(verdict(&called), "busy");
    let called = complete(&stage, &picky(&stage, |_| None, 1), &response).await;
    assert_eq!(verdict(&called), "authenticated", "a silence that ends is waited out");
}

/// Journeys whose `apply` fails at chosen times, before or after it has taken effect.
struct FailingJourneys {
    journeys: Arc<MemoryJourneys>,
    calls: AtomicUsize,
    /// Which calls fail, from 0.
    fails: std::ops::Range<usize>,
    happens: bool,
}

#[async_trait]
impl Journeys for FailingJourneys {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        if !self.fails.contains(&self.calls.fetch_add(1, Ordering::Relaxed)) {
            return self.journeys.apply(visit, change).await;
        }
        if self.happens {
            self.journeys.apply(visit, change).await?;
        }
        Err(StoreError::Unavailable("down".to_owned()))
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        self.journeys.settlement(visit).await
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.journeys.variable(tenant, journey, name).await
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.journeys.forget(tenant, journey).await
    }
}

/// The stage's host, whose act of applying fails.
fn failing_to_apply(stage: &Stage, fails: std::ops::Range<usize>, happens: bool) -> Step {
    let journeys = FailingJourneys { journeys: Arc::clone(&stage.journeys), calls: AtomicUsize::new(0), fails, happens };
    let services = Services { journeys: Arc::new(journeys), ..stage.step.services().clone() };
    Step::new(compiled(), services, Limits { apply: Duration::from_secs(1), ..Limits::default() })
}

#[tokio::test]
async fn an_act_that_fails_once_is_repeated_and_counts_once() {
    for happens in [false, true] {
        let stage = Stage::new().await;
        let step = failing_to_apply(&stage, 0..1, happens);
        let response = stage.sign_in(&stage.begin().await).await;
        let called = complete(&stage, &step, &response).await;
        assert_eq!(verdict(&called), "authenticated", "took effect at once: {happens}");
        assert!(matches!(variables(&stage).await, Some(Ok(_))));
        assert_eq!(verdict(&stage.complete(&response).await), "too late: duplicate");
    }
}

#[tokio::test]
async fn an_act_that_keeps_failing_leaves_a_visit_that_one_response_ends() {
    for happens in [false, true] {
        let stage = Stage::new().await;
        let step = failing_to_apply(&stage, 0..usize::MAX, happens);
        let response = stage.sign_in(&stage.begin().await).await;
        let called = complete(&stage, &step, &response).await;
        assert_eq!(verdict(&called), "unknown", "nobody is let in on the step's word alone");
        assert_eq!(called.event_data, None);
        let held = variables(&stage).await;
        assert_eq!(held.is_some(), happens, "all of it or nothing");
        let (at_once, later) = match happens {
            true => ["too late: duplicate"; 2].into(),
            false => ("ignored: duplicate", "failed: login_interrupted"),
        };
        assert_eq!(verdict(&stage.complete(&response).await), at_once);
        stage.advance(91);
        assert_eq!(verdict(&stage.complete(&response).await), later);
        assert_eq!(stage.cognito.requests().count(Endpoint::Token), 1);
    }
}

/// Of `begin`: the user agent isn't sent away before the redirect is applied.
#[tokio::test]
async fn a_redirect_that_can_not_be_applied_is_not_handed_out() {
    let mut stage = Stage::new().await;
    stage.step = failing_to_apply(&stage, 0..usize::MAX, false);
    assert_eq!(verdict(&stage.call_begin().await), "unknown");
    stage.step = failing_to_apply(&stage, 0..1, true);
    assert_eq!(verdict(&stage.login().await), "authenticated");
}

/// A user agent that hangs up takes nothing with it.
#[tokio::test]
async fn a_call_runs_to_its_end_though_its_caller_is_gone() {
    let stage = Stage::new().await;
    let response = stage.sign_in(&stage.begin().await).await;
    stage.cognito.faults().set(
        Endpoint::Token,
        host_test::cognito::Times::Always,
        host_test::cognito::Fault::Delay(Duration::from_millis(200)),
    );
    let abandoned = tokio::time::timeout(Duration::from_millis(50), complete(&stage, &stage.step, &response)).await;
    assert!(abandoned.is_err(), "the caller is gone");
    while stage.journeys.settlement(&stage.visit).await.expect("a store").is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(matches!(variables(&stage).await, Some(Ok(_))));
}
