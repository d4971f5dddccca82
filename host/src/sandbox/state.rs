//! What one sandbox holds on its host's side: what it may act on, what it has used, and why its call was ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::{ResourceLimiter, UpdateDeadline, bail};

use super::limits::{Ceiling, Limits};
use super::stopwatch::Stopwatch;
use super::trapped::{Cause, Trapped};
use crate::description::Description;
use crate::import::{Calls, Import};
use crate::services::Services;
use crate::stores::{CacheScope, Write};
use crate::visit::Visit;

/// What the sandbox may act on. The pure functions run without one: there, every import is a trap.
pub(crate) struct Authority {
    pub services: Services,
    pub visit: Visit,
    pub cache: CacheScope,
    /// What the step itself said that the call would do.
    pub description: Arc<Description>,
    pub purpose: Purpose,
}

/// What a call is for, and so which imports it may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// All of them.
    Login,
    /// Nothing that reads or writes what is kept.
    Test,
}

impl Purpose {
    pub(super) fn permits(self, import: Import) -> bool {
        match self {
            Self::Login => true,
            Self::Test => matches!(import, Import::Fetch | Import::Clock | Import::Random),
        }
    }
}

/// What one sandbox holds on its host's side.
pub(crate) struct CallState {
    pub authority: Option<Arc<Authority>>,
    pub limits: Limits,
    pub deadline: Instant,
    pub stopwatch: Stopwatch,
    pub writes: Vec<Write>,
    /// Bytes of names, keys and values that the host was to keep.
    pub kept: usize,
    /// Whether the component was told that it has replaced an entry of the attempts.
    pub replaced: bool,
    /// How often each import was called.
    pub calls: Calls,
    /// The import that is at work.
    pub within: Option<Import>,
    /// Why the host ended the call, where it did.
    pub cause: Option<Cause>,
    /// Memory and tables, and the most of them so far.
    pub(super) ceiling: Ceiling,
}

impl CallState {
    pub(super) fn new(limits: Limits, deadline: Instant) -> Self {
        Self {
            authority: None,
            deadline,
            stopwatch: Stopwatch::default(),
            writes: Vec::new(),
            kept: 0,
            replaced: false,
            calls: Calls::default(),
            within: None,
            cause: None,
            ceiling: Ceiling::new(&limits),
            limits,
        }
    }

    /// Holds memory and tables.
    pub(super) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.ceiling
    }

    /// Called each tick while the component runs. Yields, so that other calls get the thread and the wall clock is looked at.
    pub(super) fn tick(&mut self, limit: Duration) -> wasmtime::Result<UpdateDeadline> {
        self.judge_processor_time(limit)?;
        let stopwatch = self.stopwatch.clone();
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                stopwatch.start();
            }),
        ))
    }

    /// Stops the stopwatch, and ends a component that has used more than it may.
    pub(super) fn judge_processor_time(&mut self, limit: Duration) -> wasmtime::Result<()> {
        let spent = self.stopwatch.lap();
        if spent > limit {
            self.cause = Some(Cause::Cpu);
            bail!("{spent:?} of processor time, the limit is {limit:?}");
        }
        Ok(())
    }

    /// The component's own fault, unless a host function or a limit has said otherwise: malformed text, a pointer into nowhere, a
    /// number that names no case, more bytes than a host call takes.
    pub(super) fn cause(&self) -> Cause {
        match self.cause {
            Some(cause) => cause,
            None if self.ceiling.exceeded => Cause::Memory,
            None => Cause::Guest,
        }
    }

    pub(super) fn panicked(&self) -> Trapped {
        match self.within {
            Some(import) => Trapped::new(Cause::Host, &format!("{import}: the host panicked")),
            None => Trapped::new(Cause::Host, "the host panicked"),
        }
    }
}
