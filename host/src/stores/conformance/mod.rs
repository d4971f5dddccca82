//! What any store must prove: anybody's [`Attempts`](crate::Attempts), [`TenantCache`](crate::TenantCache) and
//! [`Journeys`](crate::Journeys) are run against everything that `wit/stores.wit` and these traits promise.
//!
//! | you have | you write | and are judged on |
//! |---|---|---|
//! | a store | [`Subject::connect`] | races over several connections, repetition, atomicity, scopes, names, values, sizes, calls that are dropped |
//! | lifetimes by a clock of your own | [`Subject::time`], [`Subject::advance`] | the same as whoever counts real seconds, to the second |
//! | a server that can be restarted | [`Subject::restart`] | what survives, and connections that recover by themselves |
//! | a server behind TCP | [`Subject::network`], by one [`Relay`] | lost answers, a server that is gone, one that is silent |
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use journey_host::conformance::{self, Connection, Subject};
//! # use journey_host::{MemoryAttempts, MemoryCache, MemoryJourneys, SystemClock};
//!
//! struct Mine {
//!     // Where the server is, say.
//! #   journeys: Arc<MemoryJourneys>,
//! #   attempts: Arc<MemoryAttempts>,
//! #   cache: Arc<MemoryCache>,
//! }
//!
//! #[async_trait::async_trait]
//! impl Subject for Mine {
//!     async fn connect(&self) -> Result<Connection, String> {
//!         // A client of its own each time, as each host of a fleet has one.
//! #       let (journeys, attempts, cache) = (self.journeys.clone(), self.attempts.clone(), self.cache.clone());
//!         Ok(Connection::to_all(journeys, attempts, cache))
//!     }
//! }
//!
//! # async fn test(mine: Mine) {
//! let report = conformance::run(mine).await;
//! println!("{report}");
//! report.assert();
//! # }
//! ```
//!
//! A row is `held`, `broken` with what was expected and what was seen, or `not claimed`: the subject lacks a store or a power
//! that the row needs. What isn't claimed isn't proved, and the report ends with the list of it; [`Report::assert_all_but`] fails
//! where that list grows.
//!
//! Rows look at what a caller sees, so a row that is held means that no fault was found, not that there is none. Races are run
//! over and over; a store that is wrong for microseconds may still pass. Failover between servers and what a server keeps on a
//! disk that is cut off aren't looked at: they are the server's, and its operator's.

mod attempts;
mod cache;
mod ground;
mod journeys;
mod lifetimes;
mod odd;
mod promises;
mod relay;
mod report;
mod scopes;
mod server;
mod settlements;
mod subject;
#[cfg(test)]
mod tests;
mod variables;

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ground::Ground;
use promises::{CONNECT, PROMISES, Promise};
pub use relay::Relay;
pub use report::{Report, Row, Verdict};
use report::{Unheld, broken};
pub use subject::{Connection, Network, Powerless, Subject, Time};
use tokio::time::timeout;

/// How long a row may take. A store that waits for ever breaks its promise, and not the run.
const PATIENCE: Duration = Duration::from_secs(180);

/// Judges a store. Takes seconds, of which most are waiting for lifetimes; with a network to break, a minute.
///
/// Rows run one after another, but for those that wait for lifetimes, which wait together where [`Time::Passes`].
pub async fn run(subject: impl Subject + 'static) -> Report {
    let subject: Arc<dyn Subject> = Arc::new(subject);
    let passes = subject.time() == Time::Passes;
    let ground = match Ground::new(subject).await {
        Ok(ground) => ground,
        Err(seen) => {
            let verdict = Verdict::Broken { expected: "a connection".to_owned(), seen };
            return Report { rows: vec![Row { verdict, ..CONNECT }] };
        }
    };
    let mut rows = Vec::new();
    let mut waiting = Vec::new();
    for (number, promise) in PROMISES.iter().enumerate() {
        let judged = judge(promise, ground.of(promise.name));
        if passes && promise.waits {
            waiting.push((number, tokio::spawn(judged)));
        } else {
            rows.push((number, judged.await));
        }
        // Those that wait come before those that break the network.
        if PROMISES.get(number + 1).is_none_or(|next| !next.waits) {
            for (number, task) in waiting.drain(..) {
                rows.push((number, task.await.unwrap_or_else(|error| panicked(&error))));
            }
        }
    }
    rows.sort_by_key(|(number, _)| *number);
    let row = |(number, verdict): (usize, Verdict)| {
        let Promise { name, says, .. } = PROMISES[number];
        Row { name, promise: says, verdict }
    };
    Report { rows: rows.into_iter().map(row).collect() }
}

/// On a thread of its own: a store that panics breaks one row, and what judges it needs no `Send`.
async fn judge(promise: &'static Promise, ground: Ground) -> Verdict {
    let runtime = tokio::runtime::Handle::current();
    let judged =
        tokio::task::spawn_blocking(move || runtime.block_on(async { timeout(PATIENCE, (promise.judge)(ground)).await }));
    let judged = match judged.await {
        Ok(Ok(judged)) => judged,
        Ok(Err(_)) => Err(broken("an answer", format!("none within {} s", PATIENCE.as_secs()))),
        Err(panic) => return panicked(&panic),
    };
    match judged {
        Ok(()) => Verdict::Held,
        Err(Unheld::NotClaimed(lacks)) => Verdict::NotClaimed { lacks },
        Err(Unheld::Broken { expected, seen }) => Verdict::Broken { expected, seen },
        Err(Unheld::TooSlow) => Verdict::Broken { expected: "an answer in time".to_owned(), seen: "a later one".to_owned() },
    }
}

fn panicked(error: &tokio::task::JoinError) -> Verdict {
    Verdict::Broken { expected: "a store that doesn't panic".to_owned(), seen: error.to_string() }
}

/// Polls a call so often, and drops it.
async fn drop_after<T>(polls: u32, call: impl Future<Output = T>) {
    let mut call = pin!(call);
    for _ in 0..polls {
        if std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await {
            return;
        }
        // Half of the calls are dropped before a server can have answered, half of them later.
        match polls % 2 {
            0 => tokio::task::yield_now().await,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}
