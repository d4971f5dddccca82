//! The gate that every host call passes: it stops the component's time, counts, shows the call, and injects faults.

use std::time::Instant;

use wasmtime::{Result, bail};

use super::call::{CallState, Cause};
use super::intercept::{Fault, HostCall, HostReply, Import, Injection, Moment};
use super::reply::{Reply, Summary};

/// A host call that has been let in.
pub(super) struct Entered {
    since: Instant,
    injection: Option<Injection>,
    /// Only where somebody watches.
    call: Option<HostCall>,
}

impl Entered {
    /// Whether the host is to do what it was asked for.
    pub(super) fn acts(&self) -> bool {
        !matches!(self.injection, Some(Injection { moment: Moment::Instead, .. }))
    }
}

impl CallState {
    /// Opens a host call: the component's time stands still, and the call is counted and shown.
    pub(super) async fn enter(&mut self, import: Import, target: impl FnOnce() -> String) -> Result<Entered> {
        self.stopwatch.stop();
        let since = Instant::now();
        let Some(authority) = &self.authority else {
            self.cause = Some(Cause::Impure);
            bail!("a pure function called {import}");
        };
        let index = self.calls.entry(import).or_default();
        let mut entered = Entered { since, injection: None, call: None };
        if let Some(interceptor) = &authority.services.interceptor {
            let call = HostCall { visit: authority.visit.clone(), import, index: *index, target: target() };
            entered.injection = interceptor.before(&call).await;
            entered.call = Some(call);
        }
        *index += 1;
        if self.calls.values().sum::<u32>() > self.limits.host_calls {
            self.cause = Some(Cause::HostCalls);
            bail!("more than {} host calls", self.limits.host_calls);
        }
        Ok(entered)
    }

    /// Closes a host call. `result`: what the act gave, or `None` where a fault stands in its place.
    pub(super) fn exit<T: Summary, E: Reply>(&mut self, entered: Entered, result: Option<Result<T, E>>) -> Result<Result<T, E>> {
        let result = match (result, entered.injection) {
            (Some(result), None) => result,
            (_, Some(Injection { fault, .. })) if fault != Fault::Trap => Err(E::of(fault)),
            _ => return self.fail(),
        };
        let (summary, failed) = match &result {
            Ok(value) => (value.summary(), false),
            Err(error) => (error.summary(), true),
        };
        self.resume(entered, summary, failed);
        Ok(result)
    }

    /// As `exit`, for an import that has no errors: there, any fault is a trap.
    pub(super) fn exit_plain<T>(&mut self, entered: Entered, value: T) -> Result<T> {
        if entered.injection.is_some() {
            return self.fail();
        }
        self.resume(entered, "ok".to_owned(), false);
        Ok(value)
    }

    fn fail<T>(&mut self) -> Result<T> {
        self.cause = Some(Cause::Host);
        bail!("a fault was injected")
    }

    fn resume(&mut self, entered: Entered, summary: String, failed: bool) {
        if let (Some(call), Some(authority)) = (entered.call, &self.authority)
            && let Some(interceptor) = &authority.services.interceptor
        {
            interceptor.after(&call, &HostReply { summary, failed, took: entered.since.elapsed() });
        }
        self.stopwatch.start();
    }
}
