//! The step as a journey engine calls it.
//!
//! The host settles a visit, and nobody else (`wit/redirect.wit`): what the step says is handed out only where it was applied. A call runs
//! to its end, and its outcome is applied, though the caller hangs up.

mod applying;
mod called;
mod turn;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use applying::{InEffect, Patience};
pub use called::{Begun, Called, Completed};
use turn::Turn;

use crate::callbacks::CallbackRefused;
use crate::description::{Description, Problem};
#[cfg(feature = "testing")]
use crate::intercept::Interceptor;
use crate::outcome::{Failed, Failure};
use crate::response::AuthorizationResponse;
use crate::sandbox::bindings::RedirectStep;
use crate::sandbox::bindings::exports::journey::step::redirect as wit;
use crate::sandbox::call::{Authority, CallState, Ran, run};
use crate::sandbox::convert;
use crate::sandbox::engine::Compiled;
use crate::sandbox::limits::Limits;
use crate::sandbox::scheduler::Busy;
use crate::sandbox::shares::Phase;
use crate::sandbox::trapped::{Cause, Trapped, Usage};
use crate::services::Services;
use crate::stores::{Applied, CacheScope, Effect, Settlement, StoreError, Write};
use crate::visit::{ClientSecret, Invocation, Visit};

/// Pauses before the same response is given again, where the store failed before anything was taken.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// The step's code for a store that failed.
const STORAGE_FAILED: &str = "storage_failed";

/// One component with the services and limits of one host. Cheap to clone; the clones run one version of the component.
#[derive(Clone)]
pub struct Step {
    compiled: Arc<RwLock<Compiled>>,
    services: Services,
    limits: Limits,
}

impl Step {
    /// Joins a component and a host.
    pub fn new(compiled: Compiled, services: Services, limits: Limits) -> Self {
        Self { compiled: Arc::new(RwLock::new(compiled)), services, limits }
    }

    /// Another version of the component takes over, for this step and its clones. It was checked when it was loaded. Calls under way end on
    /// the version that they began with; a login that one version began, the other completes.
    ///
    /// # Errors
    ///
    /// Where it was loaded under another name: then it is another component, whose caches are its own. Nothing is changed.
    pub fn replace(&self, compiled: Compiled) -> Result<(), AnotherName> {
        let mut current = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        if compiled.name() != current.name() {
            return Err(AnotherName);
        }
        *current = compiled;
        Ok(())
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// The same with an interceptor of its own.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_interceptor(&self, interceptor: Arc<dyn Interceptor>) -> Self {
        let services = Services { interceptor: Some(interceptor), ..self.services.clone() };
        Self { services, ..self.clone() }
    }

    /// What it was built with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Starts an attempt: where to send the user agent.
    pub async fn begin(&self, visit: &Visit, invocation: &Invocation) -> Called<Begun> {
        let Ok(mut turn) = self.turn(&visit.tenant, Phase::Begin) else {
            return unrun(Begun::Busy);
        };
        let (step, visit, invocation) = (self.clone(), visit.clone(), invocation.clone());
        let call = async move {
            let called = match turn.comes().await {
                Ok(()) => step.begin_now(&turn, &visit, &invocation).await,
                Err(_) => unrun(Begun::Busy),
            };
            Called { usage: turn.usage(&[called.usage]), ..called }
        };
        to_its_end(call, Begun::Unknown).await
    }

    /// Judges what came back. `secret`: none for a public client.
    pub async fn complete(
        &self,
        visit: &Visit,
        invocation: &Invocation,
        secret: Option<&ClientSecret>,
        response: &AuthorizationResponse,
    ) -> Called<Completed> {
        let Ok(mut turn) = self.turn(&visit.tenant, Phase::Complete) else {
            return unrun(Completed::Busy);
        };
        let (step, visit, invocation) = (self.clone(), visit.clone(), invocation.clone());
        let (secret, response) = (secret.cloned(), response.clone());
        let call = async move {
            if turn.comes().await.is_err() {
                return Called { usage: turn.usage(&[]), ..unrun(Completed::Busy) };
            }
            let mut tries = Vec::new();
            let mut pauses = PAUSES.iter();
            loop {
                let called = step.complete_now(&turn, &visit, &invocation, secret.as_ref(), &response).await;
                tries.push(called.usage);
                // Nothing was taken, and the store may be well again: once more, in the same sandbox's place and time.
                let failed = matches!(&called.outcome, Completed::Ignored(failure) if failure.code == STORAGE_FAILED);
                match pauses.next().filter(|pause| failed && Instant::now() + **pause < turn.deadline) {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Called { usage: turn.usage(&tries), ..called },
                }
            }
        };
        to_its_end(call, Completed::Unknown).await
    }

    /// Every problem of settings and connector; empty where `begin` would accept both. Counts as a `begin` of this tenant.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here; [`Cause::Busy`] where nothing ran.
    pub async fn check(&self, tenant: &str, settings: &str, connector: &str) -> Result<Vec<Problem>, Trapped> {
        let problems =
            self.pure(tenant, async |step, store| step.journey_step_settings().call_check(store, settings, connector).await);
        Ok(problems.await?.into_iter().map(Problem::from).collect())
    }

    /// What a call with these documents will do. Counts as a `begin` of this tenant.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here; [`Cause::Busy`] where nothing ran.
    pub async fn describe(&self, tenant: &str, settings: &str, connector: &str) -> Result<Description, Trapped> {
        let described =
            self.pure(tenant, async |step, store| step.journey_step_settings().call_describe(store, settings, connector).await);
        Ok(Description::from(described.await?))
    }

    /// The visit is settled: its attempts are dropped.
    ///
    /// # Errors
    ///
    /// Where the store fails; lifetimes collect what stays behind.
    pub async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.services.attempts.leave(visit).await
    }

    fn turn(&self, tenant: &str, phase: Phase) -> Result<Turn, Busy> {
        let compiled = self.compiled.read().unwrap_or_else(PoisonError::into_inner).clone();
        Turn::take(compiled, &self.limits, tenant, phase)
    }

    /// Runs a function that has no authority.
    async fn pure<T>(
        &self,
        tenant: &str,
        export: impl AsyncFnOnce(&RedirectStep, &mut wasmtime::Store<CallState>) -> wasmtime::Result<T>,
    ) -> Result<T, Trapped> {
        let busy = |_| Trapped::new(Cause::Busy, "no sandbox was free in time");
        let mut turn = self.turn(tenant, Phase::Begin).map_err(busy)?;
        turn.comes().await.map_err(busy)?;
        run(&turn.compiled, &self.limits, turn.deadline, export).await.result
    }

    /// How the visit ended, if it did. Asked for as long as a call may wait: while the store doesn't answer, nothing has run.
    async fn settlement(&self, turn: &Turn, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let mut patience = Patience::until(turn.deadline.min(Instant::now() + self.limits.queue));
        loop {
            match patience.answer(self.services.journeys.settlement(visit)).await {
                Err(StoreError::Unavailable(_)) if patience.is_left().await => {}
                answer => return answer,
            }
        }
    }

    async fn begin_now(&self, turn: &Turn, visit: &Visit, invocation: &Invocation) -> Called<Begun> {
        match self.settlement(turn, visit).await {
            Ok(None) => {}
            Ok(Some(_)) => return unrun(Begun::TooLate(Failure::too_late())),
            Err(_) => return unrun(Begun::Busy),
        }
        let argument = convert::invocation(visit, invocation);
        let ran = run(&turn.compiled, &self.limits, turn.deadline, async |step, store| {
            let description = self.link(step, store, turn, visit, &argument).await?;
            match self.judge_callback(visit, invocation, &description) {
                Ok(()) => step.journey_step_redirect().call_begin(store, &argument).await.map(Ok),
                Err(refused) => Ok(Err(refused)),
            }
        })
        .await;
        let Ran { result, description, writes, usage, .. } = ran;
        let (said, trapped, event_data) = match result {
            Ok(Ok(begun)) => (Ok(begun.outcome), None, begun.event_data),
            Ok(Err(refused)) => (Err(Failure::callback_refused(refused)), None, None),
            Err(trapped) => (Err(Failure::step_trapped(visit.round)), Some(trapped), None),
        };
        let (outcome, writes) = match said {
            Ok(wit::BeginOutcome::Redirect(request)) => (Ok(request), writes),
            Ok(wit::BeginOutcome::Failed(failure)) => (Err(Failure::from(failure)), writes),
            Err(failure) => {
                let writes = self.writes_of_the_host(&description, &failure);
                (Err(failure), writes)
            }
        };
        let until = turn.apply_until;
        let (outcome, effect) = match outcome {
            Ok(request) => {
                let effect = Effect::Wait { expires_in: request.expires_in };
                (Begun::Redirect(request.into()), effect)
            }
            Err(failure) => {
                let failed = Failed { failure, behavior: description.failure_behavior };
                (Begun::Failed(failed.clone()), Effect::SettleUnlessPending(Settlement::Failed(failed)))
            }
        };
        let InEffect { applied, instead } = self.apply(visit, writes, effect, &description, until).await;
        let event_data = event_data.filter(|_| instead.is_none());
        let outcome = instead.map_or(outcome, Begun::Failed);
        match applied {
            Ok(Applied::Yes) => Called { outcome, trapped, event_data, usage },
            Ok(Applied::Pending) => {
                let outcome = match outcome {
                    Begun::Failed(failed) => Begun::Refused(failed.failure),
                    other => other,
                };
                Called { outcome, trapped, event_data: None, usage }
            }
            Ok(Applied::Settled) => Called { outcome: Begun::TooLate(Failure::too_late()), trapped, event_data: None, usage },
            Err(error) => Called { outcome: Begun::Unknown(error), trapped, event_data: None, usage },
        }
    }

    async fn complete_now(
        &self,
        turn: &Turn,
        visit: &Visit,
        invocation: &Invocation,
        secret: Option<&ClientSecret>,
        response: &AuthorizationResponse,
    ) -> Called<Completed> {
        match self.settlement(turn, visit).await {
            Ok(None) => {}
            Ok(Some(_)) => return unrun(Completed::TooLate(Failure::too_late())),
            Err(_) => return unrun(Completed::Busy),
        }
        // Before the step compares it with its attempt's: that one may have been begun when the URL was this connector's.
        if let AuthorizationResponse::Query(arrival) | AuthorizationResponse::FormPost(arrival) = response
            && !self.services.callbacks.owns(&arrival.url, &visit.tenant, &invocation.connector_id)
        {
            return unrun(Completed::Ignored(Failure::callback_mismatch()));
        }
        let argument = convert::invocation(visit, invocation);
        let ran = run(&turn.compiled, &self.limits, turn.deadline, async |step, store| {
            self.link(step, store, turn, visit, &argument).await?;
            let secret = secret.map(ClientSecret::reveal);
            step.journey_step_redirect().call_complete(store, &argument, secret, &response.into()).await
        })
        .await;
        let Ran { result, description, writes, replaced, usage } = ran;
        let failed = |failure| Failed { failure, behavior: description.failure_behavior };
        let (outcome, writes, trapped, event_data) = match result {
            Ok(completed) => {
                let outcome = match completed.outcome {
                    wit::CompleteOutcome::Authenticated(who) => Completed::Authenticated(who.into()),
                    wit::CompleteOutcome::Failed(failure) => Completed::Failed(failed(failure.into())),
                    wit::CompleteOutcome::Ignored(failure) => Completed::Ignored(failure.into()),
                };
                (outcome, writes, None, completed.event_data)
            }
            Err(trapped) => {
                let failure = Failure::step_trapped(visit.round);
                // Junk that runs into a limit must not end somebody's login.
                let outcome = match replaced || matches!(response, AuthorizationResponse::Abandoned(_)) {
                    true => Completed::Failed(failed(failure.clone())),
                    false => Completed::Ignored(failure.clone()),
                };
                (outcome, self.writes_of_the_host(&description, &failure), Some(trapped), None)
            }
        };
        let settlement = match &outcome {
            Completed::Authenticated(who) => Settlement::Authenticated(who.clone()),
            Completed::Failed(failed) => Settlement::Failed(failed.clone()),
            Completed::Ignored(_) | Completed::TooLate(_) | Completed::Busy | Completed::Unknown(_) => {
                return Called { outcome, trapped, event_data: None, usage };
            }
        };
        let InEffect { applied, instead } =
            self.apply(visit, writes, Effect::Settle(settlement), &description, turn.apply_until).await;
        let event_data = event_data.filter(|_| instead.is_none());
        let outcome = instead.map_or(outcome, Completed::Failed);
        match applied {
            Ok(Applied::Yes) => Called { outcome, trapped, event_data, usage },
            // A settlement has no condition but that there is none.
            Ok(Applied::Settled | Applied::Pending) => {
                Called { outcome: Completed::TooLate(Failure::too_late()), trapped, event_data: None, usage }
            }
            Err(error) => Called { outcome: Completed::Unknown(error), trapped, event_data: None, usage },
        }
    }

    /// Asks the component what the call will do, and gives it the authority for just that.
    async fn link(
        &self,
        step: &RedirectStep,
        store: &mut wasmtime::Store<CallState>,
        turn: &Turn,
        visit: &Visit,
        invocation: &wit::Invocation,
    ) -> wasmtime::Result<Description> {
        let (settings, connector) = (&invocation.settings, &invocation.connector);
        let described = step.journey_step_settings().call_describe(&mut *store, settings, connector).await?;
        let description = Description::from(described);
        let (services, cache) = (self.services.clone(), CacheScope::new(turn.compiled.name(), &visit.tenant));
        let authority = Authority { services, visit: visit.clone(), cache, description: description.clone() };
        store.data_mut().authority = Some(Arc::new(authority));
        Ok(description)
    }

    /// Documents with problems are the step's to refuse: it names the first of them, and contacts nothing.
    fn judge_callback(&self, visit: &Visit, invocation: &Invocation, description: &Description) -> Result<(), CallbackRefused> {
        match description.callback_url.as_ref().filter(|_| description.problems.is_empty()) {
            Some(url) => self.services.callbacks.judge(url, &visit.tenant, &invocation.connector_id),
            None => Ok(()),
        }
    }

    /// What the host itself writes of a call that wrote nothing.
    fn writes_of_the_host(&self, description: &Description, failure: &Failure) -> Vec<Write> {
        let removed = description.output_variable.iter().map(|name| Write { name: name.clone(), json: None });
        let error = Write { name: description.error_variable.clone(), json: Some(failure.to_error_variable()) };
        removed.chain([error]).collect()
    }
}

/// The component that is to take over was loaded under another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnotherName;

impl fmt::Display for AnotherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a component that was loaded under the name of the one that it replaces")
    }
}

impl std::error::Error for AnotherName {}

/// Runs a call in a task of its own, which goes on though nobody waits for it any more.
async fn to_its_end<T: Send + 'static>(
    call: impl Future<Output = Called<T>> + Send + 'static,
    unknown: impl FnOnce(StoreError) -> T,
) -> Called<T> {
    match tokio::spawn(call).await {
        Ok(called) => called,
        Err(_) => unrun(unknown(StoreError::Unavailable("the host's task was ended, or panicked".to_owned()))),
    }
}

fn unrun<T>(outcome: T) -> Called<T> {
    Called { outcome, trapped: None, event_data: None, usage: Usage::default() }
}
