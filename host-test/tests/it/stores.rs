//! The stores in memory: lifetimes, scopes, and what is indivisible.

use std::sync::Arc;
use std::time::Duration;

use journey_host::{
    Applied, Attempts, Authentication, CacheScope, Category, Change, ChangeId, Clock, Effect, Failed, Failure, FailureBehavior,
    Journeys, ManualClock, MemoryAttempts, MemoryCache, MemoryJourneys, ProviderAnswer, Settlement, StoreError, TenantCache,
    Visit, Write,
};

fn clock() -> (Arc<ManualClock>, Arc<dyn Clock>) {
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    (Arc::clone(&clock), clock)
}

fn visit(tenant: &str, journey: &str, step: &str) -> Visit {
    Visit::first(tenant, journey, step)
}

async fn value(attempts: &MemoryAttempts, visit: &Visit) -> Option<String> {
    attempts.get(visit, "key").await.unwrap().map(|entry| entry.value)
}

async fn revision(attempts: &MemoryAttempts, visit: &Visit) -> String {
    attempts.get(visit, "key").await.unwrap().expect("an entry").revision
}

#[tokio::test]
async fn an_attempt_is_of_one_visit() {
    let attempts = MemoryAttempts::new(clock().1);
    let own = visit("tenant", "journey", "step");
    attempts.put(&own, "key", "value", 60).await.unwrap();
    let revision = revision(&attempts, &own).await;
    let others =
        [visit("other", "journey", "step"), visit("tenant", "other", "step"), visit("tenant", "journey", "other"), own.next()];
    for other in others {
        assert_eq!(attempts.get(&other, "key").await, Ok(None));
        assert_eq!(attempts.replace(&other, "key", &revision, "theirs", 60).await, Ok(false));
        attempts.leave(&other).await.unwrap();
    }
    assert_eq!(value(&attempts, &own).await.as_deref(), Some("value"));
    attempts.leave(&own).await.unwrap();
    assert_eq!(attempts.get(&own, "key").await, Ok(None));
}

#[tokio::test]
async fn an_entry_is_replaced_only_in_the_state_that_was_read() {
    let attempts = MemoryAttempts::new(clock().1);
    let own = visit("tenant", "journey", "step");
    assert_eq!(attempts.replace(&own, "key", "", "value", 60).await, Ok(false), "there is none");
    attempts.put(&own, "key", "value", 60).await.unwrap();
    let first = revision(&attempts, &own).await;
    attempts.put(&own, "key", "value", 60).await.unwrap();
    assert_eq!(attempts.replace(&own, "key", &first, "late", 60).await, Ok(false), "the same value, and another state");
    let second = revision(&attempts, &own).await;
    assert_eq!(attempts.replace(&own, "key", &second, "new", 60).await, Ok(true));
    assert_eq!(attempts.replace(&own, "key", &second, "again", 60).await, Ok(false));
    assert_eq!(value(&attempts, &own).await.as_deref(), Some("new"));
    attempts.leave(&own).await.unwrap();
    attempts.put(&own, "key", "value", 60).await.unwrap();
    for gone in [first, second] {
        assert_eq!(attempts.replace(&own, "key", &gone, "late", 60).await, Ok(false), "a revision doesn't come back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_replace_one_succeeds() {
    let attempts = Arc::new(MemoryAttempts::new(clock().1));
    let own = visit("tenant", "journey", "step");
    for _ in 0..50 {
        attempts.put(&own, "key", "value", 60).await.unwrap();
        let revision = revision(&attempts, &own).await;
        let takers: Vec<_> = (0..8)
            .map(|_| {
                let (attempts, own, revision) = (Arc::clone(&attempts), own.clone(), revision.clone());
                tokio::spawn(async move { attempts.replace(&own, "key", &revision, "taken", 60).await.unwrap() })
            })
            .collect();
        let mut taken = 0;
        for taker in takers {
            taken += u32::from(taker.await.unwrap());
        }
        assert_eq!(taken, 1);
    }
}

#[tokio::test]
async fn entries_live_as_long_as_they_were_put_for() {
    let (moved, clock) = clock();
    let attempts = MemoryAttempts::new(Arc::clone(&clock));
    let cache = MemoryCache::new(clock);
    let own = visit("tenant", "journey", "step");
    attempts.put(&own, "key", "value", 60).await.unwrap();
    let scope = CacheScope::new("component", "tenant");
    cache.put(&scope, "key", "value", 60).await.unwrap();
    let revision = revision(&attempts, &own).await;
    moved.advance(Duration::from_secs(59));
    assert_eq!(value(&attempts, &own).await.as_deref(), Some("value"));
    assert_eq!(cache.get(&scope, "key").await, Ok(Some("value".to_owned())));
    assert_eq!(cache.get(&CacheScope::new("component", "other"), "key").await, Ok(None));
    assert_eq!(cache.get(&CacheScope::new("another", "tenant"), "key").await, Ok(None));
    moved.advance(Duration::from_secs(1));
    assert_eq!(attempts.get(&own, "key").await, Ok(None));
    assert_eq!(attempts.replace(&own, "key", &revision, "late", 60).await, Ok(false));
    assert_eq!(cache.get(&scope, "key").await, Ok(None));
}

#[tokio::test]
async fn a_step_can_not_fill_the_store() {
    let (moved, clock) = clock();
    let attempts = MemoryAttempts::new(clock);
    let own = visit("tenant", "journey", "step");
    for number in 0..128 {
        attempts.put(&own, &number.to_string(), "value", 60).await.unwrap();
    }
    assert!(matches!(attempts.put(&own, "one more", "value", 60).await, Err(StoreError::Refused(_))));
    attempts.put(&own, "0", "replaced", 60).await.unwrap();
    moved.advance(Duration::from_secs(60));
    attempts.put(&own, "one more", "value", 60).await.unwrap();
}

fn change(id: u8, json: Option<&str>, effect: Effect) -> Change {
    let writes = vec![Write { name: "name".to_owned(), json: json.map(str::to_owned) }];
    Change { id: ChangeId([id; 16]), writes, effect }
}

fn authenticated() -> Settlement {
    let [user_pool_id, subject, issuer] = ["pool", "subject", "issuer"].map(str::to_owned);
    Settlement::Authenticated(Authentication { user_pool_id, subject, issuer })
}

fn failed() -> Settlement {
    let failure = Failure {
        code: "storage_failed".to_owned(),
        category: Category::System,
        message: String::new(),
        retryable: true,
        path: None,
        provider: ProviderAnswer::default(),
    };
    Settlement::Failed(Failed { failure, behavior: FailureBehavior::Abort })
}

#[tokio::test]
async fn a_visit_is_settled_once_and_what_comes_later_writes_nothing() {
    let journeys = MemoryJourneys::new(clock().1);
    let own = visit("tenant", "journey", "step");
    let settle = |id, json| change(id, json, Effect::Settle(authenticated()));
    let variable = async || journeys.variable("tenant", "journey", "name").await.unwrap();

    assert_eq!(journeys.apply(&own, &change(1, Some("1"), Effect::Wait { expires_in: 60 })).await, Ok(Applied::Yes));
    assert_eq!(journeys.settlement(&own).await, Ok(None));
    assert_eq!(journeys.apply(&own, &settle(2, Some("2"))).await, Ok(Applied::Yes));
    assert_eq!(variable().await.as_deref(), Some("2"));
    for late in [
        settle(3, None),
        change(3, None, Effect::Wait { expires_in: 60 }),
        change(3, None, Effect::SettleUnlessPending(failed())),
    ] {
        assert_eq!(journeys.apply(&own, &late).await, Ok(Applied::Settled));
    }
    assert_eq!(variable().await.as_deref(), Some("2"));
    assert_eq!(journeys.settlement(&own).await, Ok(Some(authenticated())));

    assert_eq!(journeys.apply(&own.next(), &settle(4, None)).await, Ok(Applied::Yes));
    assert_eq!(variable().await, None);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_known_again_and_written_once() {
    let journeys = MemoryJourneys::new(clock().1);
    let own = visit("tenant", "journey", "step");
    let settle = change(1, Some("1"), Effect::Settle(authenticated()));
    assert_eq!(journeys.apply(&own, &settle).await, Ok(Applied::Yes));
    // Another step of the journey has gone on with it.
    let next = visit("tenant", "journey", "next");
    assert_eq!(journeys.apply(&next, &change(2, Some("2"), Effect::Settle(authenticated()))).await, Ok(Applied::Yes));
    assert_eq!(journeys.apply(&own, &settle).await, Ok(Applied::Yes), "it is in effect");
    assert_eq!(journeys.variable("tenant", "journey", "name").await.unwrap().as_deref(), Some("2"), "and not written again");
}

#[tokio::test]
async fn a_begin_that_fails_settles_only_where_no_attempt_is_pending() {
    let (moved, clock) = clock();
    let journeys = MemoryJourneys::new(clock);
    let own = visit("tenant", "journey", "step");
    let fail = |id| change(id, Some("1"), Effect::SettleUnlessPending(failed()));
    for expires_in in [60, 30] {
        assert_eq!(journeys.apply(&own, &change(1, None, Effect::Wait { expires_in })).await, Ok(Applied::Yes));
    }
    moved.advance(Duration::from_secs(59));
    assert_eq!(journeys.apply(&own, &fail(2)).await, Ok(Applied::Pending), "the longest wait counts");
    assert_eq!(journeys.variable("tenant", "journey", "name").await, Ok(None));
    assert_eq!(journeys.apply(&own.next(), &fail(3)).await, Ok(Applied::Yes), "another visit waits for nothing");
    moved.advance(Duration::from_secs(1));
    assert_eq!(journeys.apply(&own, &fail(2)).await, Ok(Applied::Yes));
}

#[tokio::test]
async fn a_journey_that_is_over_is_forgotten_and_no_other() {
    let journeys = MemoryJourneys::new(clock().1);
    let (own, other) = (visit("tenant", "journey", "step"), visit("other", "journey", "step"));
    for visit in [&own, &other] {
        journeys.apply(visit, &change(1, Some("1"), Effect::Settle(authenticated()))).await.unwrap();
    }
    journeys.forget("tenant", "journey").await.unwrap();
    assert_eq!(journeys.variable("tenant", "journey", "name").await, Ok(None));
    assert_eq!(journeys.settlement(&own).await, Ok(None));
    assert_eq!(journeys.settlement(&other).await, Ok(Some(authenticated())));
    assert_eq!(journeys.variable("other", "journey", "name").await.unwrap().as_deref(), Some("1"));
}
