//! Who gets a free sandbox, and who may wait for one: the rules alone, without a clock, a lock or a task.
//!
//! | rule | why |
//! |---|---|
//! | a tenant holds at most its share | one tenant's provider hangs, and the others' logins go on |
//! | a tenant gets a further sandbox only where more are free than it holds | any number of such tenants together leave something free |
//! | a quarter of each share, and of all, is kept for `complete` | whoever is refused there has logged in already |
//! | a free sandbox goes to the tenant that holds fewest; among those, to the call that has waited longest | fair, and no tenant starves |
//! | the places to wait obey the first three rules, too | memory is bounded, and no tenant fills the queue |
//!
//! The second rule is the dynamic threshold of Choudhury and Hahne (IEEE/ACM Transactions on Networking 6(2), 1998), with the
//! factor 1: `n` tenants that take what they can get hold 1/(n + 1) of all each, and as much stays free.
//!
//! Within a tenant, a `complete` may go before a `begin` that has waited longer: it may have what is kept, and then its tenant is
//! no longer one that holds fewest. That can't go on for ever, since each `complete` had its `begin`. Nothing else goes before
//! who has waited longer.

mod heads;
mod places;

use crate::table::{Order, Table};
pub(super) use heads::Ticket;
use heads::{Head, Heads};
pub(crate) use places::Phase;
use places::{Count, Places};

/// How many calls a host runs at a time, and how many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Calls at a time, over all tenants: each holds a sandbox while it runs, and its place until its outcome is applied.
    ///
    /// A login's calls mostly wait for the identity provider, so this bounds memory: 64 times
    /// [`Limits::memory`](crate::Limits::memory) is 1 GiB at worst. Where the provider takes 200 ms, 64 at a time are 320 a
    /// second.
    pub sandboxes: usize,
    /// Calls of one tenant at a time. A quarter of all, so that it takes several tenants to be noticed by the others.
    pub per_tenant: usize,
    /// Calls that wait, over all tenants. Each keeps its arguments, some 100 KiB at worst: four times the sandboxes are 25 MiB.
    pub waiting: usize,
    /// Calls of one tenant that wait: a quarter of all.
    pub waiting_per_tenant: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self::of(64)
    }
}

impl Capacity {
    /// So many sandboxes (one at least), shared and queued in the default proportions.
    pub fn of(sandboxes: usize) -> Self {
        let (sandboxes, waiting) = (sandboxes.max(1), sandboxes.max(1) * 4);
        Self { sandboxes, per_tenant: sandboxes.div_ceil(4), waiting, waiting_per_tenant: waiting / 4 }
    }
}

/// What a call is told that asks for a sandbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Granted,
    Waits(Ticket),
    Busy,
}

/// The sandboxes and the queue, by tenant.
pub(super) struct Shares {
    running: Places,
    waiting: Places,
    /// Tenants come and go: only those that hold or wait for something are kept.
    tenants: Table<String, Tenant>,
    /// Of their queues.
    heads: Heads,
    next: u64,
}

impl Shares {
    pub(super) fn new(capacity: Capacity) -> Self {
        let Capacity { sandboxes, per_tenant, waiting, waiting_per_tenant } = capacity;
        Self {
            running: Places::new(sandboxes, per_tenant),
            waiting: Places::new(waiting, waiting_per_tenant),
            tenants: Table::default(),
            heads: Heads::default(),
            next: 0,
        }
    }

    /// A call asks for a sandbox. Nobody who could have one waits: see [`Shares::grant`].
    pub(super) fn ask(&mut self, tenant: &str, phase: Phase) -> Admission {
        self.change(tenant, |shares, of_tenant| {
            if of_tenant.queue(phase).is_empty() && shares.running.admits(of_tenant.running, phase) {
                of_tenant.running.add(phase);
                shares.running.all.add(phase);
                Admission::Granted
            } else if shares.waiting.admits(of_tenant.waiting(), phase) {
                let ticket = Ticket(shares.next);
                shares.next += 1;
                of_tenant.queue(phase).insert(ticket, ());
                shares.waiting.all.add(phase);
                Admission::Waits(ticket)
            } else {
                Admission::Busy
            }
        })
    }

    /// A call that was granted a sandbox is over. Returns those that get one now.
    pub(super) fn give_back(&mut self, tenant: &str, phase: Phase) -> Vec<Ticket> {
        self.change(tenant, |shares, of_tenant| {
            of_tenant.running.remove(phase);
            shares.running.all.remove(phase);
        });
        self.grant()
    }

    /// A call waits no longer.
    pub(super) fn withdraw(&mut self, tenant: &str, phase: Phase, ticket: Ticket) {
        self.change(tenant, |shares, of_tenant| {
            if of_tenant.queue(phase).remove(ticket).is_some() {
                shares.waiting.all.remove(phase);
            }
        });
    }

    /// Grants while anybody who waits may have a sandbox.
    fn grant(&mut self) -> Vec<Ticket> {
        let mut granted = Vec::new();
        while let Some(head) = self.heads.next(&self.running) {
            let Head { tenant, phase, ticket } = head;
            self.change(&tenant, |shares, of_tenant| {
                of_tenant.queue(phase).remove(ticket);
                of_tenant.running.add(phase);
                shares.waiting.all.remove(phase);
                shares.running.all.add(phase);
            });
            granted.push(ticket);
        }
        granted
    }

    /// Changes what a tenant has, and the heads of its queues with it.
    fn change<T>(&mut self, name: &str, act: impl FnOnce(&mut Self, &mut Tenant) -> T) -> T {
        let mut tenant = self.tenants.remove(name).unwrap_or_default();
        for (phase, ticket) in tenant.heads() {
            self.heads.remove(tenant.running, phase, ticket);
        }
        let answer = act(self, &mut tenant);
        for (phase, ticket) in tenant.heads() {
            self.heads.add(name, tenant.running, phase, ticket);
        }
        if tenant.running.total() + tenant.waiting().total() > 0 {
            self.tenants.insert(name.to_owned(), tenant);
        }
        answer
    }
}

#[derive(Default)]
struct Tenant {
    running: Count,
    begins: Order<Ticket, ()>,
    completes: Order<Ticket, ()>,
}

impl Tenant {
    fn waiting(&self) -> Count {
        Count { begins: self.begins.len(), completes: self.completes.len() }
    }

    fn queue(&mut self, phase: Phase) -> &mut Order<Ticket, ()> {
        match phase {
            Phase::Begin => &mut self.begins,
            Phase::Complete => &mut self.completes,
        }
    }

    /// The calls that have waited longest.
    fn heads(&self) -> impl Iterator<Item = (Phase, Ticket)> + use<> {
        let heads = [(Phase::Begin, self.begins.first()), (Phase::Complete, self.completes.first())];
        heads.map(|(phase, head)| head.map(|(ticket, ())| (phase, *ticket))).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests;
