//! The gate that every host call passes. The dance around each of them stands here, once:
//!
//! 1. the call is counted;
//! 2. what the component passed is judged, in the component's own processor time;
//! 3. the host acts, while that time stands still.

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
        let done = async |state: &mut Self| -> Result<T, Undone<E>> {
            let judged = judge(state, asked)?;
            state.stop_within_processor_time()?;
            let acted = act(&authority, judged).await;
            state.stopwatch.start();
            acted
        };
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

    /// Reads the time once, to judge it and to let it stand: each reading is a system call.
    fn stop_within_processor_time<E>(&self) -> Result<(), Undone<E>> {
        let spent = self.stopwatch.lap();
        match spent > self.limits.cpu {
            true => Err(Undone::Ends(Cause::Cpu, format!("{spent:?} of processor time, the limit is {:?}", self.limits.cpu))),
            false => Ok(()),
        }
    }
}
