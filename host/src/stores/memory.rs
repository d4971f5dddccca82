//! The three stores in memory: for one process, for the demo and for tests.

mod expiring;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Applied, Attempts, CacheScope, Change, ChangeId, Effect, Entry, Journeys, Settlement, StoreError, TenantCache, Write,
};
use crate::clock::{Clock, lock};
use crate::table::Table;
use crate::visit::Visit;
use expiring::ExpiringMap;

/// Journey variables and settlements. They live until their journey is forgotten.
pub struct MemoryJourneys {
    clock: Arc<dyn Clock>,
    /// By tenant and journey, so that to forget one takes no longer where there are many.
    journeys: Mutex<Table<(String, String), Journey>>,
}

#[derive(Default)]
struct Journey {
    variables: HashMap<String, String>,
    /// By step and round.
    visits: HashMap<(String, u32), State>,
}

/// What is known of a visit.
#[derive(Default)]
struct State {
    settlement: Option<(ChangeId, Settlement)>,
    /// The latest time at which an attempt expires.
    pending_until: Duration,
}

impl MemoryJourneys {
    /// Empty; attempts expire by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, journeys: Mutex::default() }
    }
}

#[async_trait]
impl Journeys for MemoryJourneys {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        let now = self.clock.now();
        let mut journeys = lock(&self.journeys);
        let Journey { variables, visits } = journeys.get_or_default((visit.tenant.clone(), visit.journey.clone()));
        let state = visits.entry((visit.step.clone(), visit.round)).or_default();
        if let Some((id, _)) = &state.settlement {
            return Ok(if *id == change.id { Applied::Yes } else { Applied::Settled });
        }
        match &change.effect {
            Effect::SettleUnlessPending(_) if state.pending_until > now => return Ok(Applied::Pending),
            Effect::Settle(settlement) | Effect::SettleUnlessPending(settlement) => {
                state.settlement = Some((change.id, settlement.clone()));
            }
            Effect::Wait { expires_in } => {
                let until = now.saturating_add(Duration::from_secs((*expires_in).into()));
                state.pending_until = state.pending_until.max(until);
            }
        }
        for Write { name, json } in &change.writes {
            match json {
                Some(json) => variables.insert(name.clone(), json.clone()),
                None => variables.remove(name),
            };
        }
        Ok(Applied::Yes)
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let journeys = lock(&self.journeys);
        let journey = journeys.get(&(visit.tenant.clone(), visit.journey.clone()));
        let state = journey.and_then(|journey| journey.visits.get(&(visit.step.clone(), visit.round)));
        Ok(state.and_then(|state| state.settlement.as_ref()).map(|(_, settlement)| settlement.clone()))
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        let journeys = lock(&self.journeys);
        let journey = journeys.get(&(tenant.to_owned(), journey.to_owned()));
        Ok(journey.and_then(|journey| journey.variables.get(name)).cloned())
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        lock(&self.journeys).remove(&(tenant.to_owned(), journey.to_owned()));
        Ok(())
    }
}

/// Attempts, dropped by lifetime and when their visit is settled.
pub struct MemoryAttempts(ExpiringMap<Visit>);

impl MemoryAttempts {
    /// Empty; lifetimes by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(ExpiringMap::new(clock))
    }

    /// Every key and value of a visit, for tests of what is kept.
    pub fn dump(&self, visit: &Visit) -> Vec<(String, String)> {
        self.0.dump(visit)
    }
}

#[async_trait]
impl Attempts for MemoryAttempts {
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.0.get(visit, key))
    }

    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.0.put(visit.clone(), key, value, lifetime)
    }

    async fn replace(&self, visit: &Visit, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        Ok(self.0.replace(visit, key, revision, value, lifetime))
    }

    async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.0.clear(visit);
        Ok(())
    }
}

/// The tenants' caches, one for each component.
pub struct MemoryCache(ExpiringMap<CacheScope>);

impl MemoryCache {
    /// Empty; lifetimes by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(ExpiringMap::new(clock))
    }

    /// Every key and value of a scope, for tests of what is kept.
    pub fn dump(&self, scope: &CacheScope) -> Vec<(String, String)> {
        self.0.dump(scope)
    }

    /// Forgets a scope's entries, as a cache may at any time.
    pub fn clear(&self, scope: &CacheScope) {
        self.0.clear(scope);
    }
}

#[async_trait]
impl TenantCache for MemoryCache {
    async fn get(&self, scope: &CacheScope, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.get(scope, key).map(|entry| entry.value))
    }

    async fn put(&self, scope: &CacheScope, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.0.put(scope.clone(), key, value, lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{change, settlement, visit};
    use super::*;
    use crate::clock::testing::ManualClock;
    use crate::table::testing::{AMONG, assert_constant, assert_logarithmic, steps_of};

    fn of_journey(number: u32) -> Visit {
        Visit::first("tenant", &number.to_string(), "step")
    }

    #[tokio::test]
    async fn a_journey_is_forgotten_in_as_many_steps_whatever_others_there_are() {
        let among = async |others: u32| {
            let journeys = MemoryJourneys::new(Arc::new(ManualClock::at(1_800_000_000)));
            for number in 0..=others {
                let settled = change(1, Effect::Settle(settlement()), &[("out", Some("1"))]);
                journeys.apply(&of_journey(number), &settled).await.unwrap();
            }
            let taken = steps_of(async { journeys.forget("tenant", "5").await.unwrap() }).await;
            assert_eq!(journeys.settlement(&of_journey(5)).await, Ok(None));
            assert_eq!(lock(&journeys.journeys).len(), others as usize);
            taken
        };
        assert_constant([among(AMONG[0]).await, among(AMONG[1]).await]);
    }

    #[tokio::test]
    async fn a_visit_is_left_in_steps_that_hardly_grow_with_the_number_of_those_pending() {
        let among = async |others: u32| {
            let attempts = MemoryAttempts::new(Arc::new(ManualClock::at(1_800_000_000)));
            for number in 0..=others {
                attempts.put(&of_journey(number), "attempt", "value", 900).await.unwrap();
                attempts.put(&of_journey(number), "newest", "attempt", 900).await.unwrap();
            }
            let taken = steps_of(async { attempts.leave(&of_journey(5)).await.unwrap() }).await;
            assert_eq!(attempts.dump(&of_journey(5)), []);
            taken
        };
        assert_logarithmic([among(AMONG[0]).await, among(AMONG[1]).await]);
    }

    #[tokio::test]
    async fn what_is_kept_can_be_shown_until_it_expires_or_is_forgotten() {
        let clock = Arc::new(ManualClock::at(1_800_000_000));
        let attempts = MemoryAttempts::new(clock.clone());
        attempts.put(&visit(), "b", "2", 60).await.unwrap();
        attempts.put(&visit(), "a", "1", 60).await.unwrap();
        assert_eq!(attempts.dump(&visit()), [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        assert_eq!(attempts.dump(&visit().next()), []);
        let entry = attempts.get(&visit(), "a").await.unwrap().unwrap();
        clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(attempts.replace(&visit(), "a", &entry.revision, "3", 60).await, Ok(false), "at that moment it has expired");
        attempts.put(&visit(), "c", "4", 60).await.unwrap();
        assert_eq!(attempts.dump(&visit()), [("c".to_owned(), "4".to_owned())], "what has expired makes room");

        let (cache, scope) = (MemoryCache::new(clock), CacheScope::new("component", "tenant"));
        cache.put(&scope, "key", "value", 60).await.unwrap();
        assert_eq!(cache.dump(&scope), [("key".to_owned(), "value".to_owned())]);
        cache.clear(&scope);
        assert_eq!(cache.dump(&scope), []);
    }
}
