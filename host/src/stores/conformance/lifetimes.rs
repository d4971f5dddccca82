//! What is kept how long: attempts at least, a cache at most, and settlements longer than every attempt of their visit.

use std::sync::Arc;

use super::attempts::{LONG, entry, value};
use super::ground::{Ground, apply, authenticated, change, failed};
use super::journeys::variable;
use super::report::{Unheld, broken, ensure, expect};
use crate::stores::{Applied, CacheScope, Effect, StoreError};

pub(super) async fn an_attempt_is_kept_as_long_as_it_was_put_for(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    ground
        .around_the_end(async |pace| {
            let visit = ground.visit(&format!("kept-{}", pace.lifetime));
            connections[0].put(&visit, "put", "value", pace.lifetime).await?;
            connections[0].put(&visit, "replaced", "value", LONG).await?;
            let revision = entry(&connections[0], &visit, "replaced").await?.revision;
            let replaced = connections[0].replace(&visit, "replaced", &revision, "value", pace.lifetime).await?;
            expect("the replace", replaced, true)?;
            pace.nearly().await;
            for key in ["put", "replaced"] {
                let held = value(&connections[1], &visit, key).await?;
                pace.in_time()?;
                expect(&format!("what was {key}, shortly before its end"), held.as_deref(), Some("value"))?;
            }
            Ok(())
        })
        .await
}

pub(super) async fn a_later_lifetime_counts(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    ground
        .around_the_end(async |pace| {
            let visit = ground.visit(&format!("longer-{}", pace.lifetime));
            for key in ["put", "replaced"] {
                connections[0].put(&visit, key, "short", pace.lifetime).await?;
            }
            let revision = entry(&connections[0], &visit, "replaced").await?.revision;
            connections[0].put(&visit, "put", "long", LONG).await?;
            let replaced = connections[0].replace(&visit, "replaced", &revision, "long", LONG).await?;
            pace.in_time()?;
            expect("the replace", replaced, true)?;
            pace.nearly().await;
            pace.wholly().await;
            for key in ["put", "replaced"] {
                let held = value(&connections[1], &visit, key).await?;
                expect(&format!("what was {key} for longer, after its first end"), held.as_deref(), Some("long"))?;
            }
            // One entry's end isn't another's.
            connections[0].put(&visit, "another", "short", 1).await?;
            expect(
                "an entry beside one of another lifetime",
                value(&connections[1], &visit, "put").await?.as_deref(),
                Some("long"),
            )
        })
        .await
}

/// An entry that has expired may be there still, or be gone; the next one under its key is another one.
pub(super) async fn what_has_expired_does_not_come_back(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.attempts()?;
    ground
        .around_the_end(async |pace| {
            let visit = ground.visit(&format!("expired-{}", pace.lifetime));
            connections[0].put(&visit, "key", "the same", pace.lifetime).await?;
            let held = connections[0].get(&visit, "key").await?;
            pace.in_time()?;
            let old = held.ok_or_else(|| broken("what was put is there", "nothing"))?;
            pace.nearly().await;
            pace.wholly().await;
            connections[1].put(&visit, "key", "the same", LONG).await?;
            let new = entry(&connections[2], &visit, "key").await?;
            ensure(new.revision != old.revision, "another revision than that of the entry that expired", || {
                "the same".to_owned()
            })?;
            let replaced = connections[0].replace(&visit, "key", &old.revision, "late", LONG).await?;
            expect("replacing the one that expired", replaced, false)
        })
        .await
}

pub(super) async fn a_cached_entry_is_dropped_in_time(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.caches()?;
    ground
        .around_the_end(async |pace| {
            let scope = CacheScope::new("component", &format!("{}-{}", ground.tenant(), pace.lifetime));
            for (key, first) in [("once", pace.lifetime), ("shortened", LONG)] {
                connections[0].put(&scope, key, "value", first).await?;
                connections[0].put(&scope, key, "value", pace.lifetime).await?;
            }
            pace.nearly().await;
            pace.wholly().await;
            for (key, cache) in ["once", "shortened"].iter().flat_map(|key| connections.iter().map(move |cache| (key, cache))) {
                expect(&format!("an entry put {key}, after its lifetime"), cache.get(&scope, key).await?, None)?;
            }
            Ok(())
        })
        .await
}

pub(super) async fn a_settlement_outlives_every_attempt(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    ground
        .around_the_end(async |pace| {
            let visit = ground.visit(&format!("outlives-{}", pace.lifetime));
            let wait = Effect::Wait { expires_in: pace.lifetime };
            apply(&connections[0], &visit, &change(&[("out", None)], wait)?).await?;
            let settle = change(&[("out", Some("1"))], Effect::Settle(authenticated("ada")))?;
            apply(&connections[0], &visit, &settle).await?;
            pace.nearly().await;
            pace.wholly().await;
            pace.wholly().await;
            for journeys in &connections {
                expect("the settlement, after the attempt", journeys.settlement(&visit).await?, Some(authenticated("ada")))?;
                expect("its variable", variable(journeys, &visit, "out").await?.as_deref(), Some("1"))?;
                expect("the same change", journeys.apply(&visit, &settle).await?, Applied::Yes)?;
                let late = change(&[("out", None)], Effect::SettleUnlessPending(failed("late")))?;
                expect("another change", journeys.apply(&visit, &late).await?, Applied::Settled)?;
            }
            Ok(())
        })
        .await
}

pub(super) async fn a_visit_waits_as_long_as_its_longest_attempt(ground: Ground) -> Result<(), Unheld> {
    let connections = ground.journeys()?;
    ground
        .around_the_end(async |pace| {
            let visit = ground.visit(&format!("waits-{}", pace.lifetime));
            // The longest, then a shorter one.
            for expires_in in [pace.lifetime, 1] {
                apply(&connections[0], &visit, &change(&[], Effect::Wait { expires_in })?).await?;
            }
            let fail = change(&[], Effect::SettleUnlessPending(failed("unless")))?;
            let kept = ground.visit(&format!("variables-{}", pace.lifetime));
            let wait = Effect::Wait { expires_in: 1 };
            apply(&connections[0], &kept, &change(&[("out", Some("1"))], wait)?).await?;
            pace.nearly().await;
            let applied = connections[1].apply(&visit, &fail).await?;
            pace.in_time()?;
            expect("settling shortly before the longest attempt's end", applied, Applied::Pending)?;
            pace.wholly().await;
            expect("settling after it", connections[2].apply(&visit, &fail).await?, Applied::Yes)?;
            // A journey's variables are its own, whatever becomes of an attempt.
            let held = variable(&connections[1], &kept, "out").await?;
            expect("a variable, after the attempt", held.as_deref(), Some("1"))
        })
        .await
}

/// Any number of seconds is taken or refused; none makes a store fail, or forget at once.
pub(super) async fn lifetimes_of_any_length(ground: Ground) -> Result<(), Unheld> {
    let (attempts, journeys, caches) = (ground.attempts(), ground.journeys(), ground.caches());
    let judged = |said: Result<(), StoreError>, lifetime: u32| match said {
        Ok(()) => Ok(true),
        Err(StoreError::Refused(_)) => Ok(false),
        Err(error) => Err(broken(format!("{lifetime} s are taken or refused"), format!("{error}"))),
    };
    for lifetime in [0, 1, i32::MAX.unsigned_abs(), u32::MAX] {
        let visit = ground.visit(&format!("any-{lifetime}"));
        if let Ok(attempts) = &attempts {
            let is_taken = judged(attempts[0].put(&visit, "key", "value", lifetime).await, lifetime)?;
            if is_taken && lifetime > 1 {
                let revision = entry(&attempts[1], &visit, "key").await?.revision;
                let replaced = attempts[1].replace(&visit, "key", &revision, "new", lifetime).await;
                expect("replacing for as long", replaced, Ok(true))?;
                expect("the entry", value(&attempts[2], &visit, "key").await?.as_deref(), Some("new"))?;
            }
        }
        if let Ok(journeys) = &journeys {
            let wait = change(&[], Effect::Wait { expires_in: lifetime })?;
            let is_taken = judged(journeys[0].apply(&visit, &wait).await.map(drop), lifetime)?;
            if is_taken && lifetime > 1 {
                let fail = change(&[], Effect::SettleUnlessPending(failed("unless")))?;
                expect("it is pending", Arc::clone(&journeys[1]).apply(&visit, &fail).await?, Applied::Pending)?;
            }
        }
        if let Ok(caches) = &caches {
            let scope = CacheScope::new("component", &visit.tenant);
            judged(caches[0].put(&scope, "key", &lifetime.to_string(), lifetime).await, lifetime)?;
            let held = caches[1].get(&scope, "key").await?;
            ensure(lifetime > 0 || held.is_none(), "an entry of no lifetime is dropped at once", || format!("{held:?}"))?;
        }
    }
    match (attempts, journeys, caches) {
        (Err(lacks), Err(_), Err(_)) => Err(lacks),
        _ => Ok(()),
    }
}
