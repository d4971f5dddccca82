//! One call of the component: a fresh sandbox, its limits, and what it left behind.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wasmtime::{Store, Trap, UpdateDeadline, bail};

use super::bindings::RedirectStep;
use super::engine::Compiled;
use super::intercept::Import;
use super::limits::{Ceiling, Limits};
use super::stopwatch::Stopwatch;
use crate::description::Description;
use crate::services::Services;
use crate::stores::Write;
use crate::visit::Visit;

/// What the sandbox may act on. The pure functions run without one: there, every import is a trap.
pub(crate) struct Authority {
    pub services: Services,
    pub visit: Visit,
    /// What the step itself said that the call would do.
    pub description: Description,
}

/// What one sandbox holds on its host's side.
pub(crate) struct CallState {
    pub authority: Option<Authority>,
    pub limits: Limits,
    pub deadline: Instant,
    pub stopwatch: Stopwatch,
    pub writes: Vec<Write>,
    /// Whether the component was told that it has replaced an entry of the attempts.
    pub replaced: bool,
    /// How often each import was called.
    pub calls: HashMap<Import, u32>,
    /// Why the host ended the call, where it did.
    pub cause: Option<Cause>,
    ceiling: Ceiling,
    /// Given back with the sandbox itself: the pool has no more of them than permits.
    permit: Option<OwnedSemaphorePermit>,
}

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of the component itself.
    pub cpu: Duration,
    /// From the call to its outcome.
    pub wall_clock: Duration,
    /// The most linear memory, in bytes.
    pub memory: usize,
    /// Fetches, the denied ones too.
    pub fetches: u32,
}

/// Why a call has no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// More processor time than [`Limits::cpu`].
    Cpu,
    /// Longer than [`Limits::wall_clock`].
    WallClock,
    /// More than [`Limits::memory`] or [`Limits::table_elements`].
    Memory,
    /// More than [`Limits::host_calls`].
    HostCalls,
    /// A pure function called an import.
    Impure,
    /// The host failed: a fault in a host function.
    Host,
    /// The component trapped by itself.
    Guest,
}

/// A call that has no outcome. The journey goes on to its failure branch with the code `step_trapped`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// Why.
    pub cause: Cause,
    /// For the operator's log; holds no value of the component's.
    pub detail: String,
}

impl fmt::Display for Trapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the step was ended ({:?}): {}", self.cause, self.detail)
    }
}

impl std::error::Error for Trapped {}

/// What a sandbox left behind.
pub(crate) struct Ran<T> {
    /// What the export returned.
    pub result: Result<T, Trapped>,
    /// What the component described; the defaults where it didn't come so far.
    pub description: Description,
    /// The caller's to apply, or to drop where there is no outcome.
    pub writes: Vec<Write>,
    /// [`CallState::replaced`]
    pub replaced: bool,
    pub usage: Usage,
}

/// Runs exports in a fresh sandbox, which has no authority until one of them gives it some.
pub(crate) async fn run<T>(
    compiled: &Compiled,
    limits: &Limits,
    exports: impl AsyncFnOnce(&RedirectStep, &mut Store<CallState>) -> wasmtime::Result<T>,
) -> Ran<T> {
    let begun = Instant::now();
    let deadline = begun + limits.wall_clock;
    let mut store = Store::new(compiled.engine(), CallState::new(limits.clone(), deadline));
    store.limiter(|state| &mut state.ceiling);
    store.set_hostcall_fuel(limits.host_call_bytes);
    store.set_epoch_deadline(1);
    let cpu = limits.cpu;
    store.epoch_deadline_callback(move |mut store| store.data_mut().tick(cpu));

    let call = async {
        let permit = Arc::clone(&compiled.sandboxes).acquire_owned().await?;
        store.data_mut().permit = Some(permit);
        store.data().stopwatch.start();
        let instance = compiled.step.instantiate_async(&mut store).await?;
        exports(&instance, &mut store).await
    };
    let result = tokio::time::timeout_at(deadline, call).await;
    let state = store.into_data();
    let usage = Usage {
        cpu: state.stopwatch.lap(),
        wall_clock: begun.elapsed(),
        memory: state.ceiling.peak,
        fetches: state.calls.get(&Import::Fetch).copied().unwrap_or_default(),
    };
    let result = match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Trapped { cause: state.cause(&error), detail: format!("{error:?}") }),
        Err(_) => Err(Trapped { cause: Cause::WallClock, detail: format!("no outcome within {:?}", limits.wall_clock) }),
    };
    let description = state.authority.map(|authority| authority.description).unwrap_or_default();
    Ran { result, description, writes: state.writes, replaced: state.replaced, usage }
}

impl CallState {
    fn new(limits: Limits, deadline: Instant) -> Self {
        Self {
            authority: None,
            deadline,
            stopwatch: Stopwatch::default(),
            writes: Vec::new(),
            replaced: false,
            calls: HashMap::new(),
            cause: None,
            ceiling: Ceiling::new(&limits),
            permit: None,
            limits,
        }
    }

    /// Called each tick while the component runs. Yields, so that other calls get the thread and the wall clock is looked at.
    fn tick(&mut self, limit: Duration) -> wasmtime::Result<UpdateDeadline> {
        let spent = self.stopwatch.lap();
        if spent > limit {
            self.cause = Some(Cause::Cpu);
            bail!("{spent:?} of processor time, the limit is {limit:?}");
        }
        let stopwatch = self.stopwatch.clone();
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                stopwatch.start();
            }),
        ))
    }

    fn cause(&self, error: &wasmtime::Error) -> Cause {
        match self.cause {
            Some(cause) => cause,
            None if self.ceiling.exceeded => Cause::Memory,
            None if error.downcast_ref::<Trap>().is_some() => Cause::Guest,
            None => Cause::Host,
        }
    }
}
