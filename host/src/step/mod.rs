//! The step as a journey engine calls it.
//!
//! The host settles a visit, and nobody else (`wit/redirect.wit`): what the step says is handed out only where it was applied. A
//! call runs to its end, and its outcome is applied, though the caller hangs up.

mod applying;
mod begin;
mod called;
mod complete;
mod rate;
mod telling;
mod test;
mod turn;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use applying::Patience;
pub use called::{Begun, Called, Completed, Outcome, OutcomeKind, Tested};
pub use rate::TestRate;
use rate::Tests;
use telling::WhyBusy;
use turn::Turn;

use crate::description::{Description, Problem};
#[cfg(feature = "testing")]
use crate::intercept::Interceptor;
use crate::outcome::Failure;
use crate::response::AuthorizationResponse;
use crate::sandbox::bindings::exports::journey::step::redirect as wit;
use crate::sandbox::call::run;
use crate::sandbox::engine::Compiled;
use crate::sandbox::exports::Sandbox;
use crate::sandbox::limits::Limits;
use crate::sandbox::shares::Phase;
use crate::sandbox::state::{Authority, CallState, Purpose};
use crate::sandbox::trapped::{Cause, Trapped, Usage};
use crate::services::Services;
use crate::stores::{CacheScope, Settlement, StoreError, Write};
use crate::telemetry::{Telemetry, TraceParent};
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
    tests: Arc<Tests>,
    telemetry: Telemetry,
    trace: Option<TraceParent>,
}

impl Step {
    /// Joins a component and a host.
    pub fn new(compiled: Compiled, services: Services, limits: Limits) -> Self {
        let tests = Arc::new(Tests::new(TestRate::default()));
        Self { compiled: Arc::new(RwLock::new(compiled)), services, limits, tests, telemetry: Telemetry::default(), trace: None }
    }

    /// Another version of the component takes over, for this step and its clones. It was checked when it was loaded. Calls under
    /// way end on the version that they began with; a login that one version began, the other completes.
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

    /// The same with another telemetry.
    #[must_use]
    pub fn with_telemetry(&self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self.clone() }
    }

    /// The same, whose calls belong to the caller's trace, if there is one. What contacts an identity provider never names it.
    #[must_use]
    pub fn within_trace(&self, trace: Option<TraceParent>) -> Self {
        Self { trace, ..self.clone() }
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
        let compiled = self.current();
        let told = self.telling(&compiled, "begin", visit, invocation);
        let Ok(mut turn) = Turn::take(compiled, &self.limits, &visit.tenant, Phase::Begin) else {
            return told.of_begin(unrun(Begun::Busy), WhyBusy::Queue);
        };
        let (step, visit, invocation) = (self.clone(), visit.clone(), invocation.clone());
        let span = told.span();
        let call = Box::pin(async move {
            let (called, why_busy) = match turn.comes().await {
                Ok(()) => (step.begin_now(&turn, &visit, &invocation).await, WhyBusy::Store),
                Err(_) => (unrun(Begun::Busy), WhyBusy::Queue),
            };
            told.of_begin(Called { usage: turn.usage(&[called.usage]), ..called }, why_busy)
        });
        to_its_end(call.instrument(span), Begun::Unknown).await
    }

    /// Judges what came back. `secret`: none for a public client.
    pub async fn complete(
        &self,
        visit: &Visit,
        invocation: &Invocation,
        secret: Option<&ClientSecret>,
        response: &AuthorizationResponse,
    ) -> Called<Completed> {
        let compiled = self.current();
        let told = self.telling(&compiled, "complete", visit, invocation).with_secret(secret.is_some());
        let Ok(mut turn) = Turn::take(compiled, &self.limits, &visit.tenant, Phase::Complete) else {
            return told.of_complete(unrun(Completed::Busy), WhyBusy::Queue);
        };
        let (step, visit, invocation) = (self.clone(), visit.clone(), invocation.clone());
        let (secret, response) = (secret.cloned(), response.clone());
        let span = told.span();
        let call = Box::pin(async move {
            if turn.comes().await.is_err() {
                let busy = Called { usage: turn.usage(&[]), ..unrun(Completed::Busy) };
                return told.of_complete(busy, WhyBusy::Queue);
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
                    None => return told.of_complete(Called { usage: turn.usage(&tries), ..called }, WhyBusy::Store),
                }
            }
        });
        to_its_end(call.instrument(span), Completed::Unknown).await
    }

    /// Every problem of settings and connector; empty where `begin` would accept both. Counts as a `begin` of this tenant.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here; [`Cause::Busy`] where nothing ran.
    pub async fn check(&self, tenant: &str, settings: &str, connector: &str) -> Result<Vec<Problem>, Trapped> {
        let problems = self.pure("check", tenant, async |sandbox, store| sandbox.check(store, settings, connector).await);
        Ok(problems.await?.into_iter().map(Problem::from).collect())
    }

    /// What a call with these documents will do. Counts as a `begin` of this tenant.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here; [`Cause::Busy`] where nothing ran.
    pub async fn describe(&self, tenant: &str, settings: &str, connector: &str) -> Result<Description, Trapped> {
        let described = self.pure("describe", tenant, async |sandbox, store| sandbox.describe(store, settings, connector).await);
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

    fn current(&self) -> Compiled {
        self.compiled.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a function that has no authority.
    async fn pure<T>(
        &self,
        name: &'static str,
        tenant: &str,
        call: impl AsyncFnOnce(&Sandbox<'_>, &mut wasmtime::Store<CallState>) -> wasmtime::Result<T>,
    ) -> Result<T, Trapped> {
        let compiled = self.current();
        let told = self.telling_of_pure(&compiled, name, tenant);
        let span = told.span();
        let busy = |_| (Trapped::new(Cause::Busy, "no sandbox was free in time"), Usage::default());
        let ran = async {
            let mut turn = Turn::take(compiled, &self.limits, tenant, Phase::Begin).map_err(busy)?;
            turn.comes().await.map_err(busy)?;
            let ran = run(&turn.compiled, &self.limits, turn.deadline, call).await;
            let usage = turn.usage(&[ran.usage]);
            ran.result.map(|value| (value, usage)).map_err(|trapped| (trapped, usage))
        };
        told.of_pure(ran.instrument(span).await)
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

    /// Asks the component what the call will do, and gives it the authority for just that.
    async fn link(
        &self,
        sandbox: &Sandbox<'_>,
        store: &mut wasmtime::Store<CallState>,
        turn: &Turn,
        visit: &Visit,
        invocation: &wit::Invocation,
    ) -> wasmtime::Result<Arc<Description>> {
        let (settings, connector) = (&invocation.settings, &invocation.connector);
        let described = sandbox.describe(store, settings, connector).await?;
        let description = Arc::new(Description::from(described));
        let (services, cache) = (self.services.clone(), CacheScope::new(turn.compiled.name(), &visit.tenant));
        let (visit, purpose) = (visit.clone(), Purpose::Login);
        let authority = Authority { services, visit, cache, description: Arc::clone(&description), purpose };
        store.data_mut().authority = Some(Arc::new(authority));
        Ok(description)
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

/// Runs a call in a task of its own, which goes on though nobody waits for it any more. Give it a boxed one: to start a task is
/// to move it several times, and a call is kilobytes.
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
