//! Places of one kind, and how many of them each may have.

/// Which of the two calls. The pure functions count as `begin`: nobody is stranded without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Begin,
    Complete,
}

/// Places of one kind: sandboxes, or places to wait.
pub(super) struct Places {
    size: usize,
    per_tenant: usize,
    pub(super) all: Count,
}

impl Places {
    pub(super) fn new(size: usize, per_tenant: usize) -> Self {
        Self { size, per_tenant, all: Count::default() }
    }

    /// Whether a tenant that has so many may have one more.
    pub(super) fn admits(&self, has: Count, phase: Phase) -> bool {
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
pub(super) fn less_kept(places: usize) -> usize {
    places - places / 4
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) begins: usize,
    pub(super) completes: usize,
}

impl Count {
    pub(super) fn total(self) -> usize {
        self.begins + self.completes
    }

    fn of(&mut self, phase: Phase) -> &mut usize {
        match phase {
            Phase::Begin => &mut self.begins,
            Phase::Complete => &mut self.completes,
        }
    }

    pub(super) fn add(&mut self, phase: Phase) {
        *self.of(phase) += 1;
    }

    pub(super) fn remove(&mut self, phase: Phase) {
        let count = self.of(phase);
        *count = count.saturating_sub(1);
    }
}
