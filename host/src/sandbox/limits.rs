//! What one call of a step may use, and how memory, tables and instances are held to it.

use std::time::Duration;

use wasmtime::{ResourceLimiter, Result, bail};

/// Limits of one call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Linear memory in bytes. At most [`Limits::POOL_MEMORY`], for which the pool of sandboxes is laid out.
    pub memory: usize,
    /// Processor time of the component itself: what its host calls take doesn't count. Noticed with the next tick of 10 ms.
    pub cpu: Duration,
    /// From the call to its outcome, waiting included. A fetch gets what is left of it, less [`Limits::margin`].
    pub wall_clock: Duration,
    /// What a fetch leaves over, so that the step can still end by itself.
    pub margin: Duration,
    /// From the call until when its outcome is tried to be applied. The step counts on it: see the times in `wit/redirect.wit`.
    pub apply: Duration,
    /// Fetches; a further one is `denied`.
    pub fetches: u32,
    /// A response's body in bytes, decoded; a longer one is `too-large`.
    pub body: usize,
    /// A value in bytes, of a journey variable, an attempt or a cache entry; a longer one is `too-large`.
    pub variable: usize,
    /// Host calls of any kind; a further one ends the call.
    pub host_calls: u32,
    /// Bytes that the component may pass to one host call; more ends the call.
    pub host_call_bytes: usize,
    /// Entries of all tables together.
    pub table_elements: usize,
}

impl Limits {
    /// Memory of one sandbox of the pool, in bytes.
    pub const POOL_MEMORY: usize = 16 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: Self::POOL_MEMORY,
            cpu: Duration::from_millis(100),
            wall_clock: Duration::from_secs(45),
            margin: Duration::from_millis(500),
            apply: Duration::from_secs(75),
            fetches: 6,
            body: 512 << 10,
            variable: 512 << 10,
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
