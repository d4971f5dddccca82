//! What a host does while its store of the journeys doesn't answer, and what it begins no login with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::captured::Captured;
use super::guest::Guest;
use super::{Act, invocation, response, step, variable, visit, watched};
use crate::stores::{Applied, Change, ChangeId, Settlement, StoreError};
use crate::{Begun, Callbacks, Completed, HostCall, Import, Journeys, Limits, Services, Step, Visit};

/// Fails so many times, and then does what the other does.
struct Recovers {
    journeys: Arc<dyn Journeys>,
    reads: Tries,
    changes: Tries,
    ids: std::sync::Mutex<Vec<ChangeId>>,
}

#[derive(Default)]
struct Tries {
    fail: usize,
    all: AtomicUsize,
}

impl Tries {
    fn next(&self) -> Result<(), StoreError> {
        match self.all.fetch_add(1, Ordering::Relaxed) < self.fail {
            true => Err(StoreError::Unavailable("not now".to_owned())),
            false => Ok(()),
        }
    }

    fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Journeys for Recovers {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        self.ids.lock().unwrap().push(change.id);
        self.changes.next()?;
        self.journeys.apply(visit, change).await
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        self.reads.next()?;
        self.journeys.settlement(visit).await
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.journeys.variable(tenant, journey, name).await
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.journeys.forget(tenant, journey).await
    }
}

/// A step over a store that fails so many reads, and so many changes.
fn over(guest: &Guest, reads: usize, changes: usize, limits: Limits) -> (Step, Arc<Recovers>) {
    let services = step(guest.compile()).services().clone();
    let tries = |fail| Tries { fail, all: AtomicUsize::new(0) };
    let journeys =
        Recovers { journeys: services.journeys.clone(), reads: tries(reads), changes: tries(changes), ids: Default::default() };
    let journeys = Arc::new(journeys);
    (Step::new(guest.compile(), Services { journeys: journeys.clone(), ..services }, limits), journeys)
}

const NEVER: usize = usize::MAX;

#[tokio::test]
async fn a_store_that_is_away_for_a_moment_is_asked_again_for_the_same_change() {
    let complete = Guest { complete: "(drop (call $set (i32.const 7)))", ..Guest::default() };
    let (step, journeys) = over(&complete, 2, 2, Limits::default());
    let called = step.complete(&visit(), &invocation(), None, &response()).await;
    assert!(matches!(called.outcome, Completed::Authenticated(_)), "{}", called.outcome);
    assert_eq!((journeys.reads.all(), journeys.changes.all()), (3, 3));
    assert_eq!(variable(&step, "x").await.as_deref(), Some(r#""value""#));
    let ids = journeys.ids.lock().unwrap().clone();
    assert!(ids.iter().all(|id| *id == ids[0]), "another id might apply it twice");
}

#[tokio::test]
async fn a_store_that_stays_away_is_busy_before_anything_ran_and_unknown_after() {
    let captured = Captured::begin();
    let at_once = Limits { queue: Duration::ZERO, apply: Duration::ZERO, ..Limits::default() };
    let (step, journeys) = over(&Guest::default(), NEVER, 0, at_once.clone());
    assert_eq!(step.begin(&visit(), &invocation()).await.outcome, Begun::Busy);
    assert_eq!(step.complete(&visit(), &invocation(), None, &response()).await.outcome, Completed::Busy);
    assert_eq!((journeys.reads.all(), journeys.changes.all()), (2, 0));
    let (step, journeys) = over(&Guest::default(), 0, NEVER, at_once);
    assert!(matches!(step.begin(&visit(), &invocation()).await.outcome, Begun::Unknown(_)));
    assert!(matches!(step.complete(&visit(), &invocation(), None, &response()).await.outcome, Completed::Unknown(_)));
    assert!(journeys.changes.all() <= 2, "no time is left for another try");
    let told: Vec<_> = captured.lines().iter().map(|line| json!([line["level"], line["outcome"], line["detail"]])).collect();
    let unread = "the store of the journeys can't be read";
    let busy = json!(["WARN", "busy", unread]);
    assert_eq!(told[..2], [busy.clone(), busy]);
    for unknown in &told[2..] {
        assert_eq!((&unknown[0], &unknown[1]), (&json!("ERROR"), &json!("unknown")));
        assert!(unknown[2].as_str().is_some_and(|detail| detail != unread && !detail.is_empty()), "{unknown}");
    }
    assert_eq!((told.len(), captured.series("limits_total").len()), (4, 0));
}

#[tokio::test]
async fn a_store_that_stays_away_is_asked_less_and_less_often() {
    let (step, journeys) = over(&Guest::default(), NEVER, 0, Limits { queue: Duration::from_secs(1), ..Limits::default() });
    assert_eq!(step.begin(&visit(), &invocation()).await.outcome, Begun::Busy);
    assert!((2..=12).contains(&journeys.reads.all()), "{}", journeys.reads.all());
}

/// The component took nothing, and says so: the same response is given to it again.
#[tokio::test]
async fn a_response_that_met_a_store_that_failed_is_given_again_while_there_is_time() {
    let complete = "(call $now (i32.const 3072)) (drop (call $get (i32.const 0)))
        (i64.store (i32.const 9000) (i64.const 0x5f656761726f7473)) (i64.store (i32.const 9008) (i64.const 0x64656c696166))
        (i32.store (i32.const 1024) (i32.const 2)) (i32.store (i32.const 1028) (i32.const 9000)) (i32.store (i32.const 1032) (i32.const 14))";
    for (wall_clock, tries) in [(Duration::from_secs(45), 3), (Duration::from_millis(590), 2)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let step = watched(&step(Guest::complete(complete).compile()), move |call: &HostCall| {
            counted.fetch_add(usize::from(call.import == Import::Clock), Ordering::Relaxed);
            Act::GoOn
        });
        let limits = Limits { wall_clock, ..Limits::default() };
        let called = step.with_limits(limits).complete(&visit(), &invocation(), None, &response()).await;
        assert_eq!(called.outcome.to_string(), "ignored: storage_failed");
        assert_eq!((count.load(Ordering::Relaxed), called.usage.fetches as usize), (tries, tries), "{wall_clock:?}");
    }
}

#[tokio::test]
async fn no_login_begins_with_a_callback_url_that_is_not_served_for_its_connector() {
    let describe = "(i32.store (i32.const 1300) (i32.const 1)) (i32.store (i32.const 1304) (i32.const 2304)) (i32.store (i32.const 1308) (i32.const 19))";
    let step = step(Guest { describe, ..Guest::default() }.compile());
    let Begun::Failed(failed) = step.begin(&visit(), &invocation()).await.outcome else { panic!("it isn't served") };
    assert_eq!(
        (failed.failure.code.as_str(), failed.failure.path.as_deref()),
        ("callback_refused", Some("/settings/callback_url"))
    );
    let served = Callbacks::none().with("http://127.0.0.1:1/", "tenant", "connector").unwrap();
    let services = step.services().clone().serving(served);
    let step = Step::new(Guest { describe, ..Guest::default() }.compile(), services, Limits::default());
    assert!(matches!(step.begin(&visit().next(), &invocation()).await.outcome, Begun::Redirect(_)));
}
