//! A call's turn: its place among the calls of its tenant, the version of the component that it runs, and its one deadline.

use std::time::Duration;

use tokio::time::Instant;

use crate::sandbox::engine::Compiled;
use crate::sandbox::limits::Limits;
use crate::sandbox::scheduler::{Busy, Place};
use crate::sandbox::shares::Phase;
use crate::sandbox::trapped::Usage;

/// Held from the call until its outcome is applied, so that the calls that wait for a slow store are bounded, too.
pub(super) struct Turn {
    /// What it ends on, though it be replaced meanwhile.
    pub compiled: Compiled,
    /// For everything up to the outcome.
    pub deadline: Instant,
    /// Until when the outcome is tried to be applied.
    pub apply_until: Instant,
    place: Place,
    asked_at: Instant,
    wait_until: Instant,
    queued: Duration,
}

impl Turn {
    /// Takes a place, without waiting.
    pub(super) fn take(compiled: Compiled, limits: &Limits, tenant: &str, phase: Phase) -> Result<Self, Busy> {
        let asked_at = Instant::now();
        Ok(Self {
            place: compiled.enter(tenant, phase)?,
            compiled,
            deadline: asked_at + limits.wall_clock,
            apply_until: asked_at + limits.apply,
            asked_at,
            wait_until: asked_at + limits.longest_wait(),
            queued: Duration::ZERO,
        })
    }

    /// Waits for a sandbox.
    pub(super) async fn comes(&mut self) -> Result<(), Busy> {
        let granted = self.place.granted(self.wait_until).await;
        self.queued = self.asked_at.elapsed();
        granted
    }

    /// What the whole call used, its tries together.
    pub(super) fn usage(&self, tries: &[Usage]) -> Usage {
        Usage {
            cpu: tries.iter().map(|usage| usage.cpu).sum(),
            wall_clock: self.asked_at.elapsed(),
            queued: self.queued,
            memory: tries.iter().map(|usage| usage.memory).max().unwrap_or_default(),
            fetches: tries.iter().map(|usage| usage.fetches).sum(),
        }
    }
}
