//! What the step was called for, for the journey's analytics: kept for an hour, and in a bounded number.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::host_calls::Asked;
use journey_host::{Cause, Outcome, OutcomeKind, Usage};

/// How long an event is kept: whoever records them has fetched it by then.
const KEPT: Duration = Duration::from_secs(3600);

/// Events that are kept at most; an event has some hundred bytes, and what the settings ask for beside.
const MAX_EVENTS: usize = 10_000;

/// One call of the step, for the journey's analytics.
#[derive(Clone, Debug)]
pub struct Event {
    /// Counts up from 0.
    pub number: u64,
    /// The journey's name.
    pub journey: String,
    /// When it began, by the host's clock, since the epoch.
    pub began: Duration,
    /// `begin` or `complete`.
    pub call: &'static str,
    /// What came of it, in short.
    pub outcome: EventOutcome,
    /// Why the host ended the call, where it did.
    pub cause: Option<Cause>,
    /// What the settings asked to be recorded. Redacted by the step.
    pub event_data: Option<String>,
    /// What it asked of its host, in order, where the server keeps that ([`Bound::explaining`](super::Bound::explaining)).
    pub host_calls: Vec<Asked>,
    /// What it used.
    pub usage: Usage,
}

/// An outcome without what belongs to a user: an event is kept for longer than an authorization URL may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventOutcome {
    /// Which it was.
    pub kind: OutcomeKind,
    /// The code of the failure that it was about.
    pub code: Option<String>,
}

impl<T: Outcome> From<&T> for EventOutcome {
    fn from(outcome: &T) -> Self {
        Self { kind: outcome.kind(), code: outcome.failure().map(|failure| failure.code.clone()) }
    }
}

/// As the outcome itself is displayed: `redirect`, `failed: <code>`.
impl fmt::Display for EventOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.display(self.code.as_deref(), f)
    }
}

/// The newest events, in order.
#[derive(Default)]
pub(super) struct Events(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    events: VecDeque<(Duration, Event)>,
    next: u64,
}

impl Events {
    /// Keeps an event, under the next number.
    pub(super) fn push(&self, event: Event, now: Duration) {
        let mut kept = self.lock();
        let number = kept.next;
        kept.next += 1;
        kept.events.push_back((now, Event { number, ..event }));
        let excess = kept.events.len().saturating_sub(MAX_EVENTS);
        kept.events.drain(..excess);
    }

    /// Drops those whose time is over.
    pub(super) fn drop_old(&self, now: Duration) {
        let mut kept = self.lock();
        while kept.events.front().is_some_and(|(at, _)| *at + KEPT <= now) {
            kept.events.pop_front();
        }
    }

    pub(super) fn all(&self) -> Vec<Event> {
        self.lock().events.iter().map(|(_, event)| event.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            number: 0,
            journey: "journey".to_owned(),
            began: Duration::ZERO,
            call: "begin",
            outcome: EventOutcome { kind: OutcomeKind::Redirect, code: None },
            cause: None,
            event_data: None,
            host_calls: Vec::new(),
            usage: Usage::default(),
        }
    }

    #[test]
    fn events_are_dropped_after_their_time_and_where_they_are_too_many() {
        let events = Events::default();
        let second = Duration::from_secs(1);
        events.push(event(), second);
        events.push(event(), 2 * second);
        events.drop_old(KEPT + second);
        assert_eq!(events.all().iter().map(|event| event.number).collect::<Vec<_>>(), [1]);
        for _ in 0..MAX_EVENTS {
            events.push(event(), 3 * second);
        }
        let all = events.all();
        assert_eq!((all.len(), all[0].number, all[MAX_EVENTS - 1].number), (MAX_EVENTS, 2, MAX_EVENTS as u64 + 1));
    }
}
