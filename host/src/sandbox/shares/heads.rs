//! Whose call is the next to get a sandbox, found without a look at each tenant.
//!
//! Of each tenant only the calls at the head of its queues count. Among those of one phase whose tenants run as many `begin`s,
//! the first that is not admitted means that none is: the others' tenants hold as much, or more. So there is one to look at for
//! the `complete`s, and one for each number of `begin`s that some tenant runs, of which the shares leave few.

use super::places::{Count, Phase, Places};
use crate::table::Order;

/// Names a call that waits. A greater one came later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct Ticket(pub(super) u64);

/// The heads of the queues, by what their tenants hold.
#[derive(Default)]
pub(super) struct Heads {
    completes: Order<Rank, String>,
    begins: Order<usize, Order<Rank, String>>,
}

/// A call at the head of a queue.
pub(super) struct Head {
    pub tenant: String,
    pub phase: Phase,
    pub ticket: Ticket,
}

/// Who holds fewest, and then who has waited longest.
type Rank = (usize, Ticket);

impl Heads {
    /// The call that this tenant, which runs so many, has waited for longest.
    pub(super) fn add(&mut self, tenant: &str, running: Count, phase: Phase, ticket: Ticket) {
        let of_phase = match phase {
            Phase::Complete => &mut self.completes,
            Phase::Begin => self.begins.get_or_default(running.begins),
        };
        of_phase.insert((running.total(), ticket), tenant.to_owned());
    }

    /// As it was added.
    pub(super) fn remove(&mut self, running: Count, phase: Phase, ticket: Ticket) {
        let rank = (running.total(), ticket);
        match phase {
            Phase::Complete => drop(self.completes.remove(rank)),
            Phase::Begin => {
                let alike = self.begins.get_or_default(running.begins);
                alike.remove(rank);
                if alike.is_empty() {
                    self.begins.remove(running.begins);
                }
            }
        }
    }

    /// The one that gets the next sandbox, if any may have one.
    pub(super) fn next(&self, running: &Places) -> Option<Head> {
        let completes = self.completes.first().map(|head| (0, Phase::Complete, head));
        let begins = self.begins.iter().filter_map(|(begins, alike)| Some((*begins, Phase::Begin, alike.first()?)));
        let admitted = completes.into_iter().chain(begins).filter(|(begins, phase, ((held, _), _))| {
            running.admits(Count { begins: *begins, completes: held.saturating_sub(*begins) }, *phase)
        });
        let (_, phase, ((_, ticket), tenant)) = admitted.min_by_key(|(_, _, (rank, _))| **rank)?;
        Some(Head { tenant: tenant.clone(), phase, ticket: *ticket })
    }
}
