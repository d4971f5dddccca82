//! The step as a journey engine calls it.

use std::sync::Arc;

use crate::sandbox::bindings::RedirectStep;
use crate::sandbox::bindings::exports::journey::step::settings as wit_settings;
use crate::sandbox::call::{Authority, CallState, run};
use crate::{
    AuthorizationResponse, BeginOutcome, Begun, Change, ClientSecret, Compiled, CompleteOutcome, Completed, Failure, Interceptor,
    Invocation, Limits, Problem, Services, Settlement, StoreError, Trapped, Usage, Visit, Write,
};

/// One component with the services and limits of one host. Cheap to clone.
#[derive(Clone)]
pub struct Step {
    compiled: Compiled,
    services: Services,
    limits: Limits,
}

/// A call: what it said, and what became of it.
#[derive(Clone, Debug)]
pub struct Called<T> {
    /// The outcome, or why there is none: then the error variable holds `step_trapped`, if `applied` says so.
    pub result: Result<T, Trapped>,
    /// What the call changed in its journey.
    pub applied: Applied,
    /// What it used.
    pub usage: Usage,
}

/// What a call changed in its journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Its writes, and its outcome with them.
    Yes,
    /// Nothing: the outcome was `ignored`.
    Ignored,
    /// Nothing: another call had settled this visit before.
    TooLate,
    /// The store failed: whether anything was changed is unknown, but it was all or nothing.
    Unknown(StoreError),
}

impl Step {
    /// Joins a component and a host.
    pub fn new(compiled: Compiled, services: Services, limits: Limits) -> Self {
        Self { compiled, services, limits }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// The same with an interceptor of its own.
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
        let (result, usage) = self
            .call(visit, invocation, async |step, store| {
                step.journey_step_redirect().call_begin(store, &invocation.to_wit()).await
            })
            .await;
        let result = result.map(|(begun, writes)| (Begun::from(begun), writes));
        let effect = |begun: &Begun| match &begun.outcome {
            BeginOutcome::Redirect(_) => Effect::Open,
            BeginOutcome::Failed(failure) => Effect::Settle(Settlement::Failed(failure.clone())),
        };
        self.apply(visit, invocation, result, usage, effect).await
    }

    /// Judges what came back. `secret`: none for a public client.
    ///
    /// Spawn it rather than await it in a request handler: a user agent that hangs up would otherwise take the call with it, after
    /// the attempt is taken and before the outcome is applied.
    pub async fn complete(
        &self,
        visit: &Visit,
        invocation: &Invocation,
        secret: Option<&ClientSecret>,
        response: &AuthorizationResponse,
    ) -> Called<Completed> {
        let (result, usage) = self
            .call(visit, invocation, async |step, store| {
                let secret = secret.map(ClientSecret::reveal);
                step.journey_step_redirect().call_complete(store, &invocation.to_wit(), secret, &response.to_wit()).await
            })
            .await;
        let result = result.map(|(completed, writes)| (Completed::from(completed), writes));
        let effect = |completed: &Completed| match &completed.outcome {
            CompleteOutcome::Authenticated(who) => Effect::Settle(Settlement::Authenticated(who.clone())),
            CompleteOutcome::Failed(failure) => Effect::Settle(Settlement::Failed(failure.clone())),
            CompleteOutcome::Ignored(_) => Effect::Nothing,
        };
        self.apply(visit, invocation, result, usage, effect).await
    }

    /// Every problem of settings and connector; empty where `begin` would accept both.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here.
    pub async fn check(&self, settings: &str, connector: &str) -> Result<Vec<Problem>, Trapped> {
        let (result, _) = run(&self.compiled, &self.limits, None, async |step, store| {
            step.journey_step_settings().call_check(store, settings, connector).await
        })
        .await;
        result.map(|(problems, _)| problems_from(problems))
    }

    /// The origins that the step itself will contact, or why it can't say.
    ///
    /// # Errors
    ///
    /// Where the component traps, which it does if it calls an import here.
    pub async fn origins(&self, settings: &str, connector: &str) -> Result<Result<Vec<String>, Vec<Problem>>, Trapped> {
        let (result, _) = run(&self.compiled, &self.limits, None, async |step, store| {
            step.journey_step_settings().call_origins(store, settings, connector).await
        })
        .await;
        result.map(|(origins, _)| origins.map_err(problems_from))
    }

    /// The journey has left the step: its attempts are dropped.
    ///
    /// # Errors
    ///
    /// Where the store fails; lifetimes collect what stays behind.
    pub async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.services.attempts.leave(visit).await
    }

    async fn call<T>(
        &self,
        visit: &Visit,
        invocation: &Invocation,
        export: impl AsyncFnOnce(&RedirectStep, &mut wasmtime::Store<CallState>) -> wasmtime::Result<T>,
    ) -> (Result<(T, Vec<Write>), Trapped>, Usage) {
        // Settings that have problems name no origin; the step says so itself, without a fetch.
        let origins = match self.origins(&invocation.settings, &invocation.connector).await {
            Ok(origins) => origins.unwrap_or_default(),
            Err(trapped) => return (Err(trapped), Usage::default()),
        };
        let authority = Authority { services: self.services.clone(), visit: visit.clone(), origins };
        run(&self.compiled, &self.limits, Some(authority), export).await
    }

    /// Puts the outcome and the writes into effect together; where there is no outcome, the host's own `step_trapped`.
    async fn apply<T>(
        &self,
        visit: &Visit,
        invocation: &Invocation,
        result: Result<(T, Vec<Write>), Trapped>,
        usage: Usage,
        effect: impl FnOnce(&T) -> Effect,
    ) -> Called<T> {
        let (result, change) = match result {
            Ok((value, writes)) => {
                let change = match effect(&value) {
                    Effect::Nothing => {
                        return Called { result: Ok(value), applied: Applied::Ignored, usage };
                    }
                    Effect::Open => Change { writes, settlement: None },
                    Effect::Settle(settlement) => Change { writes, settlement: Some(settlement) },
                };
                (Ok(value), change)
            }
            Err(trapped) => (Err(trapped), step_trapped(invocation)),
        };
        let applied = match self.services.journeys.apply(visit, change).await {
            Ok(true) => Applied::Yes,
            Ok(false) => Applied::TooLate,
            Err(error) => Applied::Unknown(error),
        };
        Called { result, applied, usage }
    }
}

/// What an outcome does to its visit.
enum Effect {
    Nothing,
    Open,
    Settle(Settlement),
}

/// The error variable in its full shape, as the step itself would write it: a journey reads each of its properties.
fn step_trapped(invocation: &Invocation) -> Change {
    let failure = Failure::step_trapped();
    let error = serde_json::json!({
        "version": 1,
        "code": failure.code,
        "category": "system",
        "retryable": failure.retryable,
        "message": failure.message,
        "path": null,
        "provider": { "error": null, "error_description": null, "status": null, "request_id": null },
    });
    Change {
        writes: vec![Write { name: invocation.error_variable(), json: Some(error.to_string()) }],
        settlement: Some(Settlement::Failed(failure)),
    }
}

fn problems_from(problems: Vec<wit_settings::Problem>) -> Vec<Problem> {
    problems.into_iter().map(Problem::from).collect()
}
