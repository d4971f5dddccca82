//! The three stores in memory: for one process, for the demo and for tests.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::{Attempts, Change, Journeys, Settlement, StoreError, TenantCache};
use crate::clock::{Clock, lock};
use crate::visit::Visit;

/// Entries of one scope. An attempt takes three (itself, its marker, and one for all), so this is some forty open tabs.
const MAX_ENTRIES: usize = 128;

/// Journey variables and settlements. They live as long as this value.
#[derive(Default)]
pub struct MemoryJourneys(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    /// By tenant, journey, name.
    variables: HashMap<(String, String, String), String>,
    settlements: HashMap<Visit, Settlement>,
}

#[async_trait]
impl Journeys for MemoryJourneys {
    async fn apply(&self, visit: &Visit, change: Change) -> Result<bool, StoreError> {
        let mut ledger = lock(&self.0);
        let ledger = &mut *ledger;
        let Entry::Vacant(open) = ledger.settlements.entry(visit.clone()) else {
            return Ok(false);
        };
        if let Some(settlement) = change.settlement {
            open.insert(settlement);
        }
        for write in change.writes {
            let key = (visit.tenant.clone(), visit.journey.clone(), write.name);
            match write.json {
                Some(json) => ledger.variables.insert(key, json),
                None => ledger.variables.remove(&key),
            };
        }
        Ok(true)
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        Ok(lock(&self.0).settlements.get(visit).cloned())
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        let key = (tenant.to_owned(), journey.to_owned(), name.to_owned());
        Ok(lock(&self.0).variables.get(&key).cloned())
    }
}

/// Attempts, dropped by lifetime and when their journey leaves the step.
pub struct MemoryAttempts(Shelves<(String, String, String)>);

impl MemoryAttempts {
    /// Empty; lifetimes by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Shelves::new(clock))
    }

    fn scope(visit: &Visit) -> (String, String, String) {
        (visit.tenant.clone(), visit.journey.clone(), visit.step.clone())
    }

    /// Every key and value of a step, for tests of what is kept.
    pub fn dump(&self, visit: &Visit) -> Vec<(String, String)> {
        self.0.dump(&Self::scope(visit))
    }
}

#[async_trait]
impl Attempts for MemoryAttempts {
    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.0.put(Self::scope(visit), key, value, lifetime)
    }

    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.get(&Self::scope(visit), key))
    }

    async fn take(&self, visit: &Visit, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.take(&Self::scope(visit), key))
    }

    async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.0.clear(&Self::scope(visit));
        Ok(())
    }
}

/// The tenants' caches.
pub struct MemoryCache(Shelves<String>);

impl MemoryCache {
    /// Empty; lifetimes by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Shelves::new(clock))
    }

    /// Every key and value of a tenant, for tests of what is kept.
    pub fn dump(&self, tenant: &str) -> Vec<(String, String)> {
        self.0.dump(&tenant.to_owned())
    }

    /// Forgets a tenant's entries, as a cache may at any time.
    pub fn clear(&self, tenant: &str) {
        self.0.clear(&tenant.to_owned());
    }
}

#[async_trait]
impl TenantCache for MemoryCache {
    async fn get(&self, tenant: &str, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.get(&tenant.to_owned(), key))
    }

    async fn put(&self, tenant: &str, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.0.put(tenant.to_owned(), key, value, lifetime)
    }
}

/// Entries with a lifetime, by scope and key.
struct Shelves<S> {
    clock: Arc<dyn Clock>,
    shelves: Mutex<HashMap<S, HashMap<String, Kept>>>,
}

struct Kept {
    value: String,
    until: Duration,
}

impl<S: std::hash::Hash + Eq> Shelves<S> {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, shelves: Mutex::default() }
    }

    fn put(&self, scope: S, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut shelves = lock(&self.shelves);
        let shelf = shelves.entry(scope).or_default();
        shelf.retain(|_, kept| kept.until > now);
        if shelf.len() >= MAX_ENTRIES && !shelf.contains_key(key) {
            return Err(StoreError::Refused(format!("{MAX_ENTRIES} entries are kept already")));
        }
        let until = now.saturating_add(Duration::from_secs(lifetime.into()));
        shelf.insert(key.to_owned(), Kept { value: value.to_owned(), until });
        Ok(())
    }

    fn get(&self, scope: &S, key: &str) -> Option<String> {
        let now = self.clock.now();
        let shelves = lock(&self.shelves);
        let kept = shelves.get(scope)?.get(key)?;
        (kept.until > now).then(|| kept.value.clone())
    }

    fn take(&self, scope: &S, key: &str) -> Option<String> {
        let now = self.clock.now();
        let kept = lock(&self.shelves).get_mut(scope)?.remove(key)?;
        (kept.until > now).then_some(kept.value)
    }

    fn clear(&self, scope: &S) {
        lock(&self.shelves).remove(scope);
    }

    fn dump(&self, scope: &S) -> Vec<(String, String)> {
        let shelves = lock(&self.shelves);
        let mut entries: Vec<_> =
            shelves.get(scope).into_iter().flatten().map(|(key, kept)| (key.clone(), kept.value.clone())).collect();
        entries.sort();
        entries
    }
}
