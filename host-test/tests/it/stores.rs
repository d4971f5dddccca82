//! The stores in memory: lifetimes, scopes, and what is indivisible.

use std::sync::Arc;
use std::time::Duration;

use journey_host::{
    Attempts, Authentication, Change, Clock, Journeys, ManualClock, MemoryAttempts, MemoryCache, MemoryJourneys, Settlement,
    StoreError, TenantCache, Visit, Write,
};

fn clock() -> (Arc<ManualClock>, Arc<dyn Clock>) {
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    (Arc::clone(&clock), clock)
}

fn visit(tenant: &str, journey: &str, step: &str) -> Visit {
    Visit::first(tenant, journey, step)
}

#[tokio::test]
async fn an_attempt_is_of_one_step_of_one_journey_of_one_tenant() {
    let attempts = MemoryAttempts::new(clock().1);
    let own = visit("tenant", "journey", "step");
    attempts.put(&own, "key", "value", 60).await.unwrap();
    for other in [visit("other", "journey", "step"), visit("tenant", "other", "step"), visit("tenant", "journey", "other")] {
        assert_eq!(attempts.get(&other, "key").await, Ok(None));
        assert_eq!(attempts.take(&other, "key").await, Ok(None));
        attempts.leave(&other).await.unwrap();
    }
    assert_eq!(attempts.get(&Visit { round: 1, ..own.clone() }, "key").await, Ok(Some("value".to_owned())));
    attempts.leave(&own).await.unwrap();
    assert_eq!(attempts.get(&own, "key").await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_takers_one_gets_the_value() {
    let attempts = Arc::new(MemoryAttempts::new(clock().1));
    let own = visit("tenant", "journey", "step");
    for _ in 0..50 {
        attempts.put(&own, "key", "value", 60).await.unwrap();
        let takers: Vec<_> = (0..8)
            .map(|_| {
                let (attempts, own) = (Arc::clone(&attempts), own.clone());
                tokio::spawn(async move { attempts.take(&own, "key").await.unwrap().is_some() })
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
    cache.put("tenant", "key", "value", 60).await.unwrap();
    moved.advance(Duration::from_secs(59));
    assert_eq!(attempts.get(&own, "key").await, Ok(Some("value".to_owned())));
    assert_eq!(cache.get("tenant", "key").await, Ok(Some("value".to_owned())));
    assert_eq!(cache.get("other", "key").await, Ok(None));
    moved.advance(Duration::from_secs(1));
    assert_eq!(attempts.get(&own, "key").await, Ok(None));
    assert_eq!(attempts.take(&own, "key").await, Ok(None));
    assert_eq!(cache.get("tenant", "key").await, Ok(None));
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

#[tokio::test]
async fn a_visit_is_settled_once_and_what_comes_later_writes_nothing() {
    let journeys = MemoryJourneys::default();
    let own = visit("tenant", "journey", "step");
    let write = |json: Option<&str>| vec![Write { name: "name".to_owned(), json: json.map(str::to_owned) }];
    let settlement = Settlement::Authenticated(Authentication { issuer: "issuer".to_owned(), subject: "subject".to_owned() });
    let settle = |json| Change { writes: write(json), settlement: Some(settlement.clone()) };
    let variable = async || journeys.variable("tenant", "journey", "name").await.unwrap();

    assert_eq!(journeys.apply(&own, Change { writes: write(Some("1")), settlement: None }).await, Ok(true));
    assert_eq!(journeys.settlement(&own).await, Ok(None));
    assert_eq!(journeys.apply(&own, settle(Some("2"))).await, Ok(true));
    assert_eq!(variable().await.as_deref(), Some("2"));
    assert_eq!(journeys.apply(&own, settle(None)).await, Ok(false));
    assert_eq!(variable().await.as_deref(), Some("2"));
    assert_eq!(journeys.settlement(&own).await, Ok(Some(settlement.clone())));

    let next = Visit { round: 1, ..own };
    assert_eq!(journeys.apply(&next, settle(None)).await, Ok(true));
    assert_eq!(variable().await, None);
}
