//! The gate that every host call passes. The dance around each of them stands here, once:
//!
//! 1. the call is counted;
//! 2. what the component passed is judged, in the component's own processor time;
//! 3. the host acts, while that time stands still; where the act is done at once and takes next to none, it goes on.

use std::time::Duration;

use wasmtime::{Result, bail, format_err};

use super::reply::{Reply, Summary};
use super::state::{Authority, CallState};
use super::trapped::Cause;
use super::undone::Undone;
use crate::import::Import;

impl CallState {
    /// Lets a host call through.
    ///
    /// `target`: what it is about, for whoever watches. `judge` looks through `asked` and makes of it what `act` needs; it runs
    /// on the component's processor time, so that work on what a component sent is the component's to pay for.
    pub(super) async fn pass<A, J, T: Summary, E: Reply>(
        &mut self,
        import: Import,
        asked: A,
        target: impl Fn(&A) -> String,
        judge: impl FnOnce(&mut Self, A) -> Result<J, Undone<E>>,
        act: impl AsyncFnOnce(&Authority, J) -> Result<T, Undone<E>>,
    ) -> Result<Result<T, E>> {
        let done = async |state: &mut Self, authority: &Authority, asked| {
            let judged = judge(state, asked)?;
            let spent = state.stopwatch.lap();
            state.hold_to_processor_time((spent > state.limits.cpu).then_some(spent))?;
            let acted = act(authority, judged).await;
            state.stopwatch.start();
            acted
        };
        self.through(import, asked, target, done).await
    }

    /// The same for what is done at once, and in less time than it takes to keep it apart from the component's: two system
    /// calls. That time goes on.
    pub(super) async fn pass_at_once<A, J, T: Summary, E: Reply>(
        &mut self,
        import: Import,
        asked: A,
        target: impl Fn(&A) -> String,
        judge: impl FnOnce(&mut Self, A) -> Result<J, Undone<E>>,
        act: impl FnOnce(&Authority, J) -> Result<T, Undone<E>>,
    ) -> Result<Result<T, E>> {
        let done = async |state: &mut Self, authority: &Authority, asked| {
            let judged = judge(state, asked)?;
            state.hold_to_processor_time(state.stopwatch.beyond(state.limits.cpu))?;
            act(authority, judged)
        };
        self.through(import, asked, target, done).await
    }

    async fn through<A, T: Summary, E: Reply>(
        &mut self,
        import: Import,
        asked: A,
        target: impl Fn(&A) -> String,
        done: impl AsyncFnOnce(&mut Self, &Authority, A) -> Result<T, Undone<E>>,
    ) -> Result<Result<T, E>> {
        let Some(authority) = self.authority.clone() else {
            self.cause = Some(Cause::Impure);
            bail!("a pure function called {import}");
        };
        if !authority.purpose.permits(import) {
            self.cause = Some(Cause::Impure);
            bail!("a test of the connection called {import}");
        }
        // Whatever panics from here on is a service of the host.
        self.within = Some(import);
        let index = self.count(import)?;
        #[cfg(feature = "testing")]
        let target = authority.services.interceptor.as_ref().map(|_| target(&asked));
        let done = async |state: &mut Self| done(state, &authority, asked).await;
        #[cfg(feature = "testing")]
        let done = super::watch::watched(self, import, index, target, done).await;
        #[cfg(not(feature = "testing"))]
        let done = {
            let _ = (index, target);
            done(self).await
        };
        self.within = None;
        match done {
            Ok(value) => Ok(Ok(value)),
            Err(Undone::Told(error)) => Ok(Err(error)),
            Err(Undone::Ends(cause, why)) => {
                self.cause = Some(cause);
                Err(format_err!("{import}: {why}"))
            }
        }
    }

    /// How often the import was called before.
    fn count(&mut self, import: Import) -> Result<u32> {
        let index = self.calls.count(import);
        if self.calls.all() > self.limits.host_calls {
            self.cause = Some(Cause::HostCalls);
            bail!("more than {} host calls", self.limits.host_calls);
        }
        Ok(index)
    }

    /// `beyond`: what was spent, where that is more than the limit.
    fn hold_to_processor_time<E>(&self, beyond: Option<Duration>) -> Result<(), Undone<E>> {
        match beyond {
            Some(spent) => {
                Err(Undone::Ends(Cause::Cpu, format!("{spent:?} of processor time, the limit is {:?}", self.limits.cpu)))
            }
            None => Ok(()),
        }
    }
}
