//! What one call of a step may use, and how memory, tables and instances are held to it.

use std::time::Duration;

use wasmtime::{ResourceLimiter, Result, bail};

/// Limits of one call. Beside each of the defaults stands why it is what it is.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Linear memory in bytes, 16 MiB: a login takes 1.2 MB, and documents and responses at their longest a multiple of it. At
    /// most [`Limits::POOL_MEMORY`], for which the pool of sandboxes is laid out.
    pub memory: usize,
    /// Processor time, 250 ms: a login takes less than 7 on a busy machine, one with the largest tokens that AWS's quotas allow
    /// up to 120. The component's own, and the host's to look through what the component passed to it; what the host's services
    /// take doesn't count, but for the time of day and random bytes, which take next to none. Noticed with the next tick of 10
    /// ms.
    pub cpu: Duration,
    /// From the call to its outcome, 45 s, waiting included: the own timeouts of `complete` add up to 29 s. A fetch gets what is
    /// left of it, less [`Limits::margin`].
    pub wall_clock: Duration,
    /// The wait for a sandbox at most, 10 s: what is left is enough for the step's own timeouts, and whoever waits longer is
    /// better shown a page. At most a quarter of [`Limits::wall_clock`].
    pub queue: Duration,
    /// What a fetch leaves over, 500 ms, so that the step can still end by itself.
    pub margin: Duration,
    /// From the call until when its outcome is tried to be applied, 75 s. The step counts on it: see the times in
    /// `wit/redirect.wit`.
    pub apply: Duration,
    /// Fetches, 6: `complete` makes four at most (token, keys, userinfo, revocation), `begin` one (metadata). A further one is
    /// `denied`.
    pub fetches: u32,
    /// A response's body in bytes, decoded, 512 KiB: a hundred keys and more. A longer one is `too-large`.
    pub body: usize,
    /// A value in bytes, of a journey variable, an attempt or a cache entry, 512 KiB, as `wit/stores.wit` advises. A longer one
    /// is `too-large`.
    pub variable: usize,
    /// Names, keys and values in bytes that the host keeps for the component in one call, 1 MiB: the output variable, two cache
    /// entries and the rest at their longest. What is written again counts again. More is `too-large`.
    pub kept: usize,
    /// Host calls of any kind, 128: a login makes far fewer, and a loop is ended. A further one ends the call.
    pub host_calls: u32,
    /// Bytes that the component may pass to one host call or return, 2 MiB: more than the longest value or body. More ends the
    /// call.
    pub host_call_bytes: usize,
    /// Entries of all tables together, 10,000: the pool lays out as many for each sandbox.
    pub table_elements: usize,
}

impl Limits {
    /// Memory of one sandbox of the pool, in bytes.
    pub const POOL_MEMORY: usize = 16 << 20;

    /// The wait for a sandbox: a call that is run has three quarters of its time at least.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.queue.min(self.wall_clock / 4)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: Self::POOL_MEMORY,
            cpu: Duration::from_millis(250),
            wall_clock: Duration::from_secs(45),
            queue: Duration::from_secs(10),
            margin: Duration::from_millis(500),
            apply: Duration::from_secs(75),
            fetches: 6,
            body: 512 << 10,
            variable: 512 << 10,
            kept: 1 << 20,
            host_calls: 128,
            host_call_bytes: 2 << 20,
            table_elements: 10_000,
        }
    }
}

/// Core instances, tables and memories of one component: its own module, and the shims that `wit-component` puts beside it.
pub(super) const CORE_ITEMS: usize = 8;

/// Holds one sandbox to its memory, and remembers how much that was.
pub(super) struct Ceiling {
    memory: usize,
    table_elements: usize,
    /// The most memory so far, in bytes.
    pub peak: usize,
    /// Whether the component wanted more than it may have.
    pub exceeded: bool,
}

impl Ceiling {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { memory: limits.memory, table_elements: limits.table_elements, peak: 0, exceeded: false }
    }
}

/// Growing too far is a trap, not the `-1` of `memory.grow`: an allocator that is told "no" traps anyway, with a worse message.
impl ResourceLimiter for Ceiling {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > self.memory {
            self.exceeded = true;
            bail!("the component wants {desired} bytes of memory, the limit is {}", self.memory);
        }
        self.peak = self.peak.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > self.table_elements {
            self.exceeded = true;
            bail!("the component wants {desired} table entries, the limit is {}", self.table_elements);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_ITEMS
    }

    fn tables(&self) -> usize {
        CORE_ITEMS
    }

    fn memories(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_tables_grow_up_to_their_limits_and_no_further() {
        let mut ceiling = Ceiling::new(&Limits { memory: 1000, table_elements: 10, ..Limits::default() });
        assert!(ceiling.memory_growing(0, 1000, None).unwrap() && ceiling.table_growing(0, 10, None).unwrap());
        assert!(!ceiling.exceeded);
        assert!(ceiling.table_growing(0, 11, None).unwrap_err().to_string().contains("11 table entries, the limit is 10"));
        assert!(ceiling.exceeded);
        ceiling.exceeded = false;
        assert!(
            ceiling.memory_growing(0, 1001, None).unwrap_err().to_string().contains("1001 bytes of memory, the limit is 1000")
        );
        assert_eq!((ceiling.exceeded, ceiling.peak), (true, 1000));
    }
}
