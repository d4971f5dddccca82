//! The kit itself: the stores in memory pass it, and each wrong store fails the rows that are its own, and no others.

mod flaws;
mod model;
mod servers;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::promises::PROMISES;
use super::{Connection, Subject, Time, run};
use crate::clock::{Clock, lock};
use crate::stores::memory::{MemoryAttempts, MemoryCache, MemoryJourneys};
use flaws::FLAWS;
use model::Model;

/// The stores in memory: one process, so no server and no network.
struct Memory {
    clock: Arc<Moved>,
    connection: Connection,
}

#[derive(Default)]
struct Moved(Mutex<Duration>);

impl Clock for Moved {
    fn now(&self) -> Duration {
        *lock(&self.0)
    }
}

impl Memory {
    fn new() -> Self {
        let clock = Arc::new(Moved::default());
        let dyn_clock = || Arc::clone(&clock) as Arc<dyn Clock>;
        let (journeys, attempts) = (MemoryJourneys::new(dyn_clock()), MemoryAttempts::new(dyn_clock()));
        let cache = MemoryCache::new(dyn_clock());
        Self { connection: Connection::to_all(Arc::new(journeys), Arc::new(attempts), Arc::new(cache)), clock }
    }
}

#[async_trait]
impl Subject for Memory {
    /// What a process shares is the store itself.
    async fn connect(&self) -> Result<Connection, String> {
        Ok(self.connection.clone())
    }

    fn time(&self) -> Time {
        Time::Moved
    }

    async fn advance(&self, by: Duration) {
        *lock(&self.clock.0) += by;
    }
}

/// What a store within the process can't be asked.
const OF_SERVERS: [&str; 6] =
    ["server.restart", "server.gone", "server.silent", "server.lost.replace", "server.lost.put", "server.lost.apply"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stores_in_memory_keep_every_promise_that_needs_no_server() {
    run(Memory::new()).await.assert_all_but(&OF_SERVERS);
}

#[tokio::test]
async fn a_store_without_flaw_keeps_every_promise() {
    run(Model::new(None)).await.assert_all_but(&[]);
}

/// On one thread, where a flaw that lets others go first lets them go first each time.
#[tokio::test]
async fn each_flaw_breaks_its_own_rows_and_no_others() {
    let mut wrong = Vec::new();
    for (flaw, rows) in FLAWS {
        let report = run(Model::new(Some(*flaw))).await;
        let (broken, expected): (BTreeSet<_>, BTreeSet<_>) =
            (report.broken().into_iter().collect(), rows.iter().copied().collect());
        if broken != expected {
            wrong.push(format!("{flaw:?}: {broken:?}\n{report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_row_is_broken_by_a_flaw() {
    let broken: BTreeSet<&str> = FLAWS.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
    let rows: BTreeSet<&str> = PROMISES.iter().map(|promise| promise.name).collect();
    assert_eq!(broken.difference(&rows).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(rows.difference(&broken).collect::<Vec<_>>(), Vec::<&&str>::new(), "rows that nothing breaks");
}

/// `docs/conformance-kit.md` has the kit's own words.
#[test]
fn the_page_lists_every_promise() {
    const PAGE: &str = include_str!("../../../../../docs/conformance-kit.md");
    let table = PAGE.split_once("## The promises").and_then(|(_, rest)| rest.split_once("\n\nA row")).unwrap().0;
    let listed: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: Vec<String> = PROMISES.iter().map(|promise| format!("| `{}` | {} |", promise.name, promise.says)).collect();
    assert_eq!(listed, rows);
}
