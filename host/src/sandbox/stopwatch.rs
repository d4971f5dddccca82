//! The processor time that a component takes, without that of its host's services.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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
    running_since: Option<Moment>,
}

#[derive(Clone, Copy)]
struct Moment {
    day: Instant,
    processor: Duration,
}

impl Stopwatch {
    pub(super) fn start(&self) {
        lock(&self.0).running_since = Some(Moment { day: Instant::now(), processor: thread_time() });
    }

    pub(super) fn stop(&self) {
        let mut reading = lock(&self.0);
        if let Some(since) = reading.running_since.take() {
            reading.spent += since.to_now();
        }
    }

    /// Stops, and says how much that makes in all.
    pub(super) fn lap(&self) -> Duration {
        self.stop();
        lock(&self.0).spent
    }

    /// How much it is, where that is more than this; runs on. A thread's processor time is a system call away, the time of day
    /// isn't: as long as not even that has passed, the other needn't be read.
    pub(super) fn beyond(&self, limit: Duration) -> Option<Duration> {
        let reading = lock(&self.0);
        let spent = match reading.running_since {
            Some(since) if reading.spent + since.day.elapsed() > limit => reading.spent + since.to_now(),
            _ => reading.spent,
        };
        (spent > limit).then_some(spent)
    }
}

impl Moment {
    /// Processor time of this thread since then.
    fn to_now(self) -> Duration {
        thread_time().saturating_sub(self.processor)
    }
}

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_beyond_what_has_passed_and_within_what_has_not() {
        let stopwatch = Stopwatch::default();
        assert_eq!(stopwatch.beyond(Duration::ZERO), None, "it stands");
        stopwatch.start();
        while thread_time() - lock(&stopwatch.0).running_since.unwrap().processor < Duration::from_millis(2) {}
        let spent = stopwatch.beyond(Duration::from_millis(1)).unwrap();
        assert!(spent >= Duration::from_millis(2), "{spent:?}");
        assert_eq!(stopwatch.beyond(Duration::from_secs(3600)), None);
        let lap = stopwatch.lap();
        assert!(lap >= spent, "it ran on");
        assert_eq!(stopwatch.beyond(lap), None);
        assert_eq!(stopwatch.beyond(Duration::ZERO), Some(lap), "what was spent before counts");
    }

    #[test]
    fn time_of_day_alone_is_not_beyond() {
        let stopwatch = Stopwatch::default();
        stopwatch.start();
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(stopwatch.beyond(Duration::from_millis(40)), None);
    }
}
