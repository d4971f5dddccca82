//! One call of the component: a fresh sandbox, its limits, and what it left behind.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{Store, Trap};

use super::engine::Compiled;
use super::exports::Sandbox;
use super::limits::Limits;
use super::panic::caught;
use super::state::CallState;
use super::trapped::{Cause, Trapped, Usage};
use crate::description::Description;
use crate::import::Import;
use crate::stores::Write;

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

/// Calls functions in a fresh sandbox, which has no authority until one of them gives it some. The caller holds the place for it.
pub(crate) async fn run<T>(
    compiled: &Compiled,
    limits: &Limits,
    deadline: Instant,
    calls: impl AsyncFnOnce(&Sandbox<'_>, &mut Store<CallState>) -> wasmtime::Result<T>,
) -> Ran<T> {
    let begun = Instant::now();
    let mut store = Store::new(compiled.engine(), CallState::new(limits.clone(), deadline));
    store.limiter(CallState::limiter);
    store.set_hostcall_fuel(limits.host_call_bytes);
    store.set_epoch_deadline(1);
    let cpu = limits.cpu;
    store.epoch_deadline_callback(move |mut store| store.data_mut().tick(cpu));

    let result = {
        // Pinned where it is made: each of the layers around it would move it, and it is large.
        let call = pin!(async {
            store.data().stopwatch.start();
            let instance = match compiled.linked.instantiate_async(&mut store).await {
                Ok(instance) => instance,
                // It was instantiated when it was loaded: what fails now without a trap is the machine's.
                Err(error) if error.downcast_ref::<Trap>().is_none() && !store.data().ceiling.exceeded => {
                    store.data_mut().cause.get_or_insert(Cause::Host);
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            calls(&Sandbox { instance, exports: &compiled.exports }, &mut store).await
        });
        tokio::time::timeout_at(deadline, caught(call)).await
    };
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
