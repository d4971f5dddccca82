//! Whether a component has the contract's shape. One that hasn't is refused when it is loaded: otherwise each of its calls would
//! trap.
//!
//! The linker judges the imports, with the names of interface and function in its error. The types of exports are judged only
//! where a component is instantiated, so that is done once, without any authority.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;
use wasmtime::component::InstancePre;
use wasmtime::error::Context as _;
use wasmtime::{Result, Store, UpdateDeadline, bail};

use super::bindings::exports::journey::step::{connection, redirect, settings};
use super::exports::Exports;
use super::limits::Limits;
use super::state::CallState;

/// Instantiates the component, and compares each of its exports with the contract.
///
/// # Errors
///
/// Names the interface and the function that differs, and how.
pub(super) fn check(component: &InstancePre<CallState>, exports: &Exports) -> Result<()> {
    let limits = Limits::default();
    let mut store = Store::new(component.engine(), CallState::new(limits.clone(), Instant::now() + limits.wall_clock));
    store.limiter(CallState::limiter);
    // Processor time, not the time of day: on a busy machine a sound component would be refused.
    store.data().stopwatch.start();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut store| {
        store.data_mut().judge_processor_time(limits.cpu)?;
        store.data().stopwatch.start();
        Ok(UpdateDeadline::Continue(1))
    });
    let instance = at_once(component.instantiate_async(&mut store)).context("the component doesn't start")?;

    let (instance, store) = (&instance, &mut store);
    exports.begin.function::<(&redirect::Invocation,), (redirect::Begun,)>(instance, store)?;
    exports
        .complete
        .function::<(&redirect::Invocation, Option<&str>, &redirect::AuthorizationResponse), (redirect::Completed,)>(
            instance, store,
        )?;
    exports.check.function::<(&str, &str), (Vec<settings::Problem>,)>(instance, store)?;
    exports.describe.function::<(&str, &str), (settings::Description,)>(instance, store)?;
    exports.target.function::<(&str,), (Option<connection::Target>,)>(instance, store)?;
    exports.test.function::<(Option<&str>, &str, Option<&str>), (Vec<connection::Finding>,)>(instance, store)?;
    Ok(())
}

/// Without authority there is nothing to wait for.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => bail!("it waits"),
    }
}
