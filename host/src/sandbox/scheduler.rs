//! The wait for a sandbox. Who gets one when is for [`Shares`] to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::shares::{Admission, Capacity, Phase, Shares, Ticket};
use crate::clock::lock;
use crate::telemetry::{calls_waiting, sandboxes_in_use};

/// Hands out the sandboxes of one pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Scheduler(Arc<Mutex<State>>);

struct State {
    shares: Shares,
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
}

/// Nothing is free, and nothing will be in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// A place among the calls of its tenant: in the queue at first, or with a sandbox at once. Given back when it is dropped.
pub(crate) struct Place {
    scheduler: Scheduler,
    tenant: String,
    phase: Phase,
    wait: Option<(Ticket, oneshot::Receiver<()>)>,
}

impl Scheduler {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self(Arc::new(Mutex::new(State { shares: Shares::new(capacity), waiting: HashMap::new() })))
    }

    /// Takes a place, without waiting.
    pub(crate) fn enter(&self, tenant: &str, phase: Phase) -> Result<Place, Busy> {
        let mut state = lock(&self.0);
        let wait = match state.shares.ask(tenant, phase) {
            Admission::Granted => {
                sandboxes_in_use(1);
                None
            }
            Admission::Waits(ticket) => {
                calls_waiting(1);
                let (sender, receiver) = oneshot::channel();
                state.waiting.insert(ticket, sender);
                Some((ticket, receiver))
            }
            Admission::Busy => return Err(Busy),
        };
        Ok(Place { scheduler: self.clone(), tenant: tenant.to_owned(), phase, wait })
    }
}

impl Place {
    /// Waits until this call may have a sandbox. It may keep it until the place is dropped.
    pub(crate) async fn granted(&mut self, until: Instant) -> Result<(), Busy> {
        if let Some((_, granted)) = &mut self.wait {
            // The sender is dropped only where the ticket is withdrawn, which this place alone does.
            tokio::time::timeout_at(until, granted).await.map_err(|_| Busy)?.map_err(|_| Busy)?;
            self.wait = None;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.scheduler.0);
        let State { shares, waiting } = &mut *state;
        match &self.wait {
            Some((ticket, _)) if waiting.remove(ticket).is_some() => {
                shares.withdraw(&self.tenant, self.phase, *ticket);
                calls_waiting(-1);
            }
            // Also where it was granted and didn't come to hear of it.
            _ => {
                sandboxes_in_use(-1);
                for ticket in shares.give_back(&self.tenant, self.phase) {
                    sandboxes_in_use(1);
                    calls_waiting(-1);
                    if let Some(granted) = waiting.remove(&ticket) {
                        // Whoever has gone meanwhile gives it back when its own place is dropped.
                        let _ = granted.send(());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn one() -> Scheduler {
        Scheduler::new(Capacity::of(1))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[tokio::test]
    async fn a_place_that_is_dropped_passes_its_sandbox_on() {
        let scheduler = one();
        let mut first = scheduler.enter("a", Phase::Complete).unwrap();
        first.granted(soon()).await.unwrap();
        let mut second = scheduler.enter("b", Phase::Complete).unwrap();
        assert_eq!(second.granted(soon()).await, Err(Busy));
        drop(first);
        second.granted(later()).await.unwrap();
        second.granted(soon()).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_leaves_the_queue_is_passed_over() {
        let scheduler = one();
        let first = scheduler.enter("a", Phase::Complete).unwrap();
        let second = scheduler.enter("b", Phase::Complete).unwrap();
        let mut third = scheduler.enter("c", Phase::Complete).unwrap();
        drop(second);
        drop(first);
        third.granted(later()).await.unwrap();
        drop(third);
        assert!(scheduler.enter("b", Phase::Complete).unwrap().wait.is_none(), "whoever left holds nothing");
    }

    #[tokio::test]
    async fn a_sandbox_granted_to_a_call_that_gave_up_at_that_moment_is_not_lost() {
        let scheduler = one();
        let first = scheduler.enter("a", Phase::Complete).unwrap();
        let second = scheduler.enter("b", Phase::Complete).unwrap();
        let mut third = scheduler.enter("c", Phase::Complete).unwrap();
        drop(first);
        drop(second);
        third.granted(later()).await.unwrap();
        drop(third);
        assert!(scheduler.enter("d", Phase::Begin).unwrap().wait.is_none());
        assert!(lock(&scheduler.0).waiting.is_empty());
    }
}
