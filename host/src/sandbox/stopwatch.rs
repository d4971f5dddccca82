//! The processor time that a component takes, without that of its host's services.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::clock::lock;

/// Runs while the component runs and while the host looks through what the component passed to it; stands while a service of the
/// host is at work, or the call has yielded its thread.
///
/// It reads the thread's processor time, which a busy machine doesn't lengthen. That is sound because the component stays on
/// one thread from each start to the next stop: it can change threads only where it waits, and there the stopwatch stands.
#[derive(Clone, Default)]
pub(crate) struct Stopwatch(Arc<Mutex<Reading>>);

#[derive(Default)]
struct Reading {
    spent: Duration,
    running_since: Option<Duration>,
}

impl Stopwatch {
    pub(super) fn start(&self) {
        lock(&self.0).running_since = Some(thread_time());
    }

    pub(super) fn stop(&self) {
        let mut reading = lock(&self.0);
        if let Some(since) = reading.running_since.take() {
            reading.spent += thread_time().saturating_sub(since);
        }
    }

    /// Stops, and says how much that makes in all.
    pub(super) fn lap(&self) -> Duration {
        self.stop();
        lock(&self.0).spent
    }
}

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
