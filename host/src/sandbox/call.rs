//! One call of the component: a fresh sandbox, its limits, and what it left behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{ResourceLimiter, Store, Trap, UpdateDeadline, bail};

use super::bindings::RedirectStep;
use super::engine::Compiled;
use super::limits::{Ceiling, Limits};
use super::panic::caught;
use super::stopwatch::Stopwatch;
use super::trapped::{Cause, Trapped, Usage};
use crate::description::Description;
use crate::import::{Calls, Import};
use crate::services::Services;
use crate::stores::{CacheScope, Write};
use crate::visit::Visit;

/// What the sandbox may act on. The pure functions run without one: there, every import is a trap.
pub(crate) struct Authority {
    pub services: Services,
    pub visit: Visit,
    pub cache: CacheScope,
    /// What the step itself said that the call would do.
    pub description: Arc<Description>,
    pub purpose: Purpose,
}

/// What a call is for, and so which imports it may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// All of them.
    Login,
    /// Nothing that reads or writes what is kept.
    Test,
}

impl Purpose {
    pub(super) fn permits(self, import: Import) -> bool {
        match self {
            Self::Login => true,
            Self::Test => matches!(import, Import::Fetch | Import::Clock | Import::Random),
        }
    }
}

/// What one sandbox holds on its host's side.
pub(crate) struct CallState {
    pub authority: Option<Arc<Authority>>,
    pub limits: Limits,
    pub deadline: Instant,
    pub stopwatch: Stopwatch,
    pub writes: Vec<Write>,
    /// Bytes of names, keys and values that the host was to keep.
    pub kept: usize,
    /// Whether the component was told that it has replaced an entry of the attempts.
    pub replaced: bool,
    /// How often each import was called.
    pub calls: Calls,
    /// The import that is at work.
    pub within: Option<Import>,
    /// Why the host ended the call, where it did.
    pub cause: Option<Cause>,
    ceiling: Ceiling,
}

/// What a sandbox left behind.
pub(crate) struct Ran<T> {
    /// What the export returned.
    pub result: Result<T, Trapped>,
    /// What the component described; the defaults where it didn't come so far.
    pub description: Arc<Description>,
    /// The caller's to apply, or to drop where there is no outcome.
    pub writes: Vec<Write>,
    /// [`CallState::replaced`]
    pub replaced: bool,
    /// Without the wait for the sandbox.
    pub usage: Usage,
}

/// Runs exports in a fresh sandbox, which has no authority until one of them gives it some. The caller holds the place for it.
pub(crate) async fn run<T>(
    compiled: &Compiled,
    limits: &Limits,
    deadline: Instant,
    exports: impl AsyncFnOnce(&RedirectStep, &mut Store<CallState>) -> wasmtime::Result<T>,
) -> Ran<T> {
    let begun = Instant::now();
    let mut store = Store::new(compiled.engine(), CallState::new(limits.clone(), deadline));
    store.limiter(CallState::limiter);
    store.set_hostcall_fuel(limits.host_call_bytes);
    store.set_epoch_deadline(1);
    let cpu = limits.cpu;
    store.epoch_deadline_callback(move |mut store| store.data_mut().tick(cpu));

    let call = async {
        store.data().stopwatch.start();
        let instance = match compiled.step.instantiate_async(&mut store).await {
            Ok(instance) => instance,
            // It was instantiated when it was loaded: what fails now without a trap is the machine's.
            Err(error) if error.downcast_ref::<Trap>().is_none() && !store.data().ceiling.exceeded => {
                store.data_mut().cause.get_or_insert(Cause::Host);
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        exports(&instance, &mut store).await
    };
    let result = tokio::time::timeout_at(deadline, caught(call)).await;
    let state = store.into_data();
    let usage = Usage {
        cpu: state.stopwatch.lap(),
        wall_clock: begun.elapsed(),
        queued: Duration::ZERO,
        memory: state.ceiling.peak,
        fetches: state.calls.of(Import::Fetch),
    };
    let result = match result {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(Trapped::of(state.cause(), &error)),
        Ok(Err(_)) => Err(state.panicked()),
        Err(_) => Err(Trapped::new(Cause::WallClock, &format!("no outcome within {:?}", limits.wall_clock))),
    };
    let description = state.authority.map(|authority| Arc::clone(&authority.description)).unwrap_or_default();
    Ran { result, description, writes: state.writes, replaced: state.replaced, usage }
}

impl CallState {
    pub(super) fn new(limits: Limits, deadline: Instant) -> Self {
        Self {
            authority: None,
            deadline,
            stopwatch: Stopwatch::default(),
            writes: Vec::new(),
            kept: 0,
            replaced: false,
            calls: Calls::default(),
            within: None,
            cause: None,
            ceiling: Ceiling::new(&limits),
            limits,
        }
    }

    /// Holds memory and tables.
    pub(super) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.ceiling
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

    /// The component's own fault, unless a host function or a limit has said otherwise: malformed text, a pointer into nowhere, a number that
    /// names no case, more bytes than a host call takes.
    fn cause(&self) -> Cause {
        match self.cause {
            Some(cause) => cause,
            None if self.ceiling.exceeded => Cause::Memory,
            None => Cause::Guest,
        }
    }

    fn panicked(&self) -> Trapped {
        match self.within {
            Some(import) => Trapped::new(Cause::Host, &format!("{import}: the host panicked")),
            None => Trapped::new(Cause::Host, "the host panicked"),
        }
    }
}
