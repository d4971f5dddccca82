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

use std::collections::{HashMap, VecDeque};

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

/// Which of the two calls. The pure functions count as `begin`: nobody is stranded without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Begin,
    Complete,
}

/// Names a call that waits. A greater one came later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(u64);

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
    tenants: HashMap<String, Tenant>,
    next: u64,
}

impl Shares {
    pub(super) fn new(capacity: Capacity) -> Self {
        let Capacity { sandboxes, per_tenant, waiting, waiting_per_tenant } = capacity;
        Self {
            running: Places::new(sandboxes, per_tenant),
            waiting: Places::new(waiting, waiting_per_tenant),
            tenants: HashMap::new(),
            next: 0,
        }
    }

    /// A call asks for a sandbox. Nobody who could have one waits: see [`Shares::grant`].
    pub(super) fn ask(&mut self, tenant: &str, phase: Phase) -> Admission {
        let of_tenant = self.tenants.entry(tenant.to_owned()).or_default();
        let answer = if of_tenant.queue(phase).is_empty() && self.running.admits(of_tenant.running, phase) {
            of_tenant.running.add(phase);
            self.running.all.add(phase);
            Admission::Granted
        } else if self.waiting.admits(of_tenant.waiting(), phase) {
            let ticket = Ticket(self.next);
            self.next += 1;
            of_tenant.queue(phase).push_back(ticket);
            self.waiting.all.add(phase);
            Admission::Waits(ticket)
        } else {
            Admission::Busy
        };
        self.forget_if_idle(tenant);
        answer
    }

    /// A call that was granted a sandbox is over. Returns those that get one now.
    pub(super) fn give_back(&mut self, tenant: &str, phase: Phase) -> Vec<Ticket> {
        if let Some(of_tenant) = self.tenants.get_mut(tenant) {
            of_tenant.running.remove(phase);
            self.running.all.remove(phase);
        }
        self.forget_if_idle(tenant);
        self.grant()
    }

    /// A call waits no longer.
    pub(super) fn withdraw(&mut self, tenant: &str, phase: Phase, ticket: Ticket) {
        if let Some(of_tenant) = self.tenants.get_mut(tenant) {
            let queue = of_tenant.queue(phase);
            let before = queue.len();
            queue.retain(|other| *other != ticket);
            if queue.len() < before {
                self.waiting.all.remove(phase);
            }
        }
        self.forget_if_idle(tenant);
    }

    /// Grants while anybody who waits may have a sandbox.
    fn grant(&mut self) -> Vec<Ticket> {
        let mut granted = Vec::new();
        loop {
            let running = &self.running;
            let next = self.tenants.values_mut().filter_map(|tenant| {
                let (ticket, phase) = tenant.next(running)?;
                Some((tenant.running.total(), ticket, phase, tenant))
            });
            let Some((_, ticket, phase, tenant)) = next.min_by_key(|(held, ticket, ..)| (*held, *ticket)) else {
                return granted;
            };
            tenant.queue(phase).pop_front();
            tenant.running.add(phase);
            self.waiting.all.remove(phase);
            self.running.all.add(phase);
            granted.push(ticket);
        }
    }

    /// Tenants come and go: only those that hold or wait for something are kept.
    fn forget_if_idle(&mut self, name: &str) {
        if self.tenants.get(name).is_some_and(|tenant| tenant.running.total() + tenant.waiting().total() == 0) {
            self.tenants.remove(name);
        }
    }
}

/// Places of one kind: sandboxes, or places to wait.
struct Places {
    size: usize,
    per_tenant: usize,
    all: Count,
}

impl Places {
    fn new(size: usize, per_tenant: usize) -> Self {
        Self { size, per_tenant, all: Count::default() }
    }

    /// Whether a tenant that has so many may have one more.
    fn admits(&self, has: Count, phase: Phase) -> bool {
        let free = self.size.saturating_sub(self.all.total());
        let free_to_begin = less_kept(self.size).saturating_sub(self.all.begins);
        let fits = has.total() < self.per_tenant.min(free);
        match phase {
            Phase::Complete => fits,
            Phase::Begin => fits && has.begins < less_kept(self.per_tenant).min(free_to_begin),
        }
    }
}

/// What is left where a quarter is kept for `complete`.
fn less_kept(places: usize) -> usize {
    places - places / 4
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    begins: usize,
    completes: usize,
}

impl Count {
    fn total(self) -> usize {
        self.begins + self.completes
    }

    fn of(&mut self, phase: Phase) -> &mut usize {
        match phase {
            Phase::Begin => &mut self.begins,
            Phase::Complete => &mut self.completes,
        }
    }

    fn add(&mut self, phase: Phase) {
        *self.of(phase) += 1;
    }

    fn remove(&mut self, phase: Phase) {
        let count = self.of(phase);
        *count = count.saturating_sub(1);
    }
}

#[derive(Default)]
struct Tenant {
    running: Count,
    begins: VecDeque<Ticket>,
    completes: VecDeque<Ticket>,
}

impl Tenant {
    fn waiting(&self) -> Count {
        Count { begins: self.begins.len(), completes: self.completes.len() }
    }

    fn queue(&mut self, phase: Phase) -> &mut VecDeque<Ticket> {
        match phase {
            Phase::Begin => &mut self.begins,
            Phase::Complete => &mut self.completes,
        }
    }

    /// Of the calls of this tenant that may have a sandbox, the one that has waited longest.
    fn next(&self, running: &Places) -> Option<(Ticket, Phase)> {
        let heads = [(self.begins.front(), Phase::Begin), (self.completes.front(), Phase::Complete)];
        let admitted = heads.into_iter().filter_map(|(ticket, phase)| Some((*ticket?, phase)));
        admitted.filter(|(_, phase)| running.admits(self.running, *phase)).min_by_key(|(ticket, _)| *ticket)
    }
}

#[cfg(test)]
mod tests;
