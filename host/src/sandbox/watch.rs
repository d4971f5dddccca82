//! Shows host calls to an interceptor, and makes the faults that it asks for. Compiled with the feature `testing` alone.

use std::time::Instant;

use super::reply::{Reply, Summary};
use super::state::CallState;
use super::trapped::Cause;
use super::undone::Undone;
use crate::import::Import;
use crate::intercept::{HostCall, HostFault, HostReply, Injection, Moment};
use crate::text::one_line;

/// Characters of a reply's summary.
const MAX_SUMMARY: usize = 256;

/// Does what `act` does, unless the interceptor has it fail. `target` is asked for only where somebody watches.
pub(super) async fn watched<T: Summary, E: Reply>(
    state: &mut CallState,
    import: Import,
    index: u32,
    target: Option<String>,
    act: impl AsyncFnOnce(&mut CallState) -> Result<T, Undone<E>>,
) -> Result<T, Undone<E>> {
    let (Some(target), Some(authority)) = (target, state.authority.clone()) else {
        return act(state).await;
    };
    let Some(interceptor) = &authority.services.interceptor else {
        return act(state).await;
    };
    state.stopwatch.stop();
    let since = Instant::now();
    let target = one_line(&target, HostCall::MAX_TARGET);
    let call = HostCall { visit: authority.visit.clone(), import, index, target };
    let injection = interceptor.before(&call).await;
    state.stopwatch.start();
    let done = match injection {
        None => act(state).await,
        Some(Injection { fault, moment: Moment::Instead }) => Err(injected(fault)),
        Some(Injection { fault, moment: Moment::After }) => match act(state).await {
            Err(Undone::Ends(cause, why)) => Err(Undone::Ends(cause, why)),
            _ => Err(injected(fault)),
        },
    };
    let (summary, failed) = match &done {
        Ok(value) => (value.summary(), false),
        Err(Undone::Told(error)) => (error.summary(), true),
        Err(Undone::Ends(..)) => return done,
    };
    state.stopwatch.stop();
    interceptor.after(&call, &HostReply { summary: one_line(&summary, MAX_SUMMARY), failed, took: since.elapsed() });
    state.stopwatch.start();
    done
}

fn injected<E: Reply>(fault: HostFault) -> Undone<E> {
    match E::of(fault).filter(|_| fault != HostFault::Trap) {
        Some(error) => Undone::Told(error),
        None => Undone::Ends(Cause::Host, "a fault was injected".to_owned()),
    }
}
