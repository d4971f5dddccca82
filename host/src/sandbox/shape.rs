//! Whether a component has the contract's shape. One that hasn't is refused when it is loaded: otherwise each of its calls would
//! trap.
//!
//! The linker judges the imports, with the names of interface and function in its error. The types of exports are judged only
//! where a component is instantiated, so that is done once, without any authority.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;
use wasmtime::component::{ComponentNamedList, Instance, InstancePre, Lift, Lower};
use wasmtime::error::Context as _;
use wasmtime::{Result, Store, UpdateDeadline, bail, format_err};

use super::bindings::exports::journey::step::{connection, redirect, settings};
use super::limits::Limits;
use super::state::CallState;

const REDIRECT: &str = "journey:step/redirect@0.1.0";
const CONNECTION: &str = "journey:step/connection@0.1.0";
const SETTINGS: &str = "journey:step/settings@0.1.0";

/// Instantiates the component, and compares each of its exports with the contract.
///
/// # Errors
///
/// Names the interface and the function that differs, and how.
pub(super) fn check(component: &InstancePre<CallState>) -> Result<()> {
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

    let mut exports = Exports { instance, store };
    exports.check::<(&redirect::Invocation,), (redirect::Begun,)>(REDIRECT, "begin")?;
    exports.check::<(&redirect::Invocation, Option<&str>, &redirect::AuthorizationResponse), (redirect::Completed,)>(
        REDIRECT, "complete",
    )?;
    exports.check::<(&str, &str), (Vec<settings::Problem>,)>(SETTINGS, "check")?;
    exports.check::<(&str, &str), (settings::Description,)>(SETTINGS, "describe")?;
    exports.check::<(&str,), (Option<connection::Target>,)>(CONNECTION, "describe")?;
    exports.check::<(Option<&str>, &str, Option<&str>), (Vec<connection::Finding>,)>(CONNECTION, "test")
}

struct Exports {
    instance: Instance,
    store: Store<CallState>,
}

impl Exports {
    fn check<P, R>(&mut self, interface: &str, function: &str) -> Result<()>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let missing = || format_err!("the component exports no `{function}` of `{interface}`");
        let index = self.instance.get_export_index(&mut self.store, None, interface).ok_or_else(missing)?;
        let index = self.instance.get_export_index(&mut self.store, Some(&index), function).ok_or_else(missing)?;
        let function_of = self.instance.get_typed_func::<P, R>(&mut self.store, &index);
        function_of.with_context(|| format!("the component's export `{function}` of `{interface}` differs from the contract"))?;
        Ok(())
    }
}

/// Without authority there is nothing to wait for.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => bail!("it waits"),
    }
}
