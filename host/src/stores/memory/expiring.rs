//! Entries with a lifetime, on a shelf for each scope.
//!
//! | what goes | when | at the cost of |
//! |---|---|---|
//! | an entry that has expired | with the next `put` on its shelf | a look at the shelf's own entries, [`MAX_ENTRIES`] at most |
//! | a shelf of which every entry has expired | two of them with each `put` on any shelf, which makes one at most: so all of them go in time | the logarithm of the number of shelves |
//! | a shelf that is cleared | at once | the same |
//!
//! So whoever never comes back leaves nothing for good, and nobody waits while all that was left is looked through.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::{Entry, StoreError};
use crate::clock::{Clock, lock};
use crate::table::{Order, Table};

/// Entries of one scope: for a visit, as many open tabs less one.
const MAX_ENTRIES: usize = 128;

/// Shelves that go with a `put`.
const COLLECTED: usize = 2;

/// By scope and key.
pub(super) struct ExpiringMap<S> {
    clock: Arc<dyn Clock>,
    shelves: Mutex<Shelves<S>>,
    /// Counts up with each change, so that no revision comes twice.
    revision: AtomicU64,
}

struct Shelves<S> {
    by_scope: Table<Arc<S>, Shelf<S>>,
    /// By when the last of its entries expires.
    due: Order<Due, Arc<S>>,
}

struct Shelf<S> {
    scope: Arc<S>,
    entries: HashMap<String, Kept>,
    due: Option<Due>,
}

/// When a shelf is over, and what tells it from others that are over then: the revision of the entry that says so.
type Due = (Duration, u64);

struct Kept {
    value: String,
    revision: u64,
    until: Duration,
}

impl<S: Hash + Eq> ExpiringMap<S> {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let shelves = Shelves { by_scope: Table::default(), due: Order::default() };
        Self { clock, shelves: Mutex::new(shelves), revision: AtomicU64::new(0) }
    }

    pub(super) fn get(&self, scope: &S, key: &str) -> Option<Entry> {
        let now = self.clock.now();
        let shelves = lock(&self.shelves);
        let kept = shelves.by_scope.get(scope)?.entries.get(key)?;
        (kept.until > now).then(|| Entry { value: kept.value.clone(), revision: kept.revision.to_string() })
    }

    pub(super) fn put(&self, scope: S, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut shelves = lock(&self.shelves);
        shelves.collect(now);
        let Shelves { by_scope, due } = &mut *shelves;
        let scope = Arc::new(scope);
        let shelf = by_scope.get_or_insert_with(Arc::clone(&scope), || Shelf { scope, entries: HashMap::new(), due: None });
        shelf.entries.retain(|_, kept| kept.until > now);
        if shelf.entries.len() >= MAX_ENTRIES && !shelf.entries.contains_key(key) {
            return Err(StoreError::Refused(format!("{MAX_ENTRIES} entries are kept already")));
        }
        let kept = self.kept(value, lifetime, now);
        shelf.keep_until(kept.due(), due);
        shelf.entries.insert(key.to_owned(), kept);
        Ok(())
    }

    pub(super) fn replace(&self, scope: &S, key: &str, revision: &str, value: &str, lifetime: u32) -> bool {
        let now = self.clock.now();
        let mut shelves = lock(&self.shelves);
        let Shelves { by_scope, due } = &mut *shelves;
        let Some(shelf) = by_scope.get_mut(scope) else { return false };
        match shelf.entries.get_mut(key).filter(|kept| kept.until > now && kept.revision.to_string() == revision) {
            Some(kept) => {
                *kept = self.kept(value, lifetime, now);
                let its = kept.due();
                shelf.keep_until(its, due);
                true
            }
            None => false,
        }
    }

    pub(super) fn clear(&self, scope: &S) {
        lock(&self.shelves).remove(scope);
    }

    pub(super) fn dump(&self, scope: &S) -> Vec<(String, String)> {
        let shelves = lock(&self.shelves);
        let entries = shelves.by_scope.get(scope).map(|shelf| &shelf.entries);
        let mut entries: Vec<_> = entries.into_iter().flatten().map(|(key, kept)| (key.clone(), kept.value.clone())).collect();
        entries.sort();
        entries
    }

    fn kept(&self, value: &str, lifetime: u32, now: Duration) -> Kept {
        let until = now.saturating_add(Duration::from_secs(lifetime.into()));
        Kept { value: value.to_owned(), revision: self.revision.fetch_add(1, Ordering::Relaxed), until }
    }
}

impl<S: Hash + Eq> Shelves<S> {
    /// Drops shelves that are over, [`COLLECTED`] at most.
    fn collect(&mut self, now: Duration) {
        for _ in 0..COLLECTED {
            match self.due.first() {
                Some(((until, _), scope)) if *until <= now => self.remove(&Arc::clone(scope)),
                _ => return,
            }
        }
    }

    fn remove(&mut self, scope: &S) {
        if let Some(due) = self.by_scope.remove(scope).and_then(|shelf| shelf.due) {
            self.due.remove(due);
        }
    }
}

impl<S> Shelf<S> {
    /// One of its entries is due then.
    fn keep_until(&mut self, due: Due, order: &mut Order<Due, Arc<S>>) {
        if self.due < Some(due) {
            if let Some(before) = self.due.replace(due) {
                order.remove(before);
            }
            order.insert(due, Arc::clone(&self.scope));
        }
    }
}

impl Kept {
    fn due(&self) -> Due {
        (self.until, self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::testing::ManualClock;
    use crate::table::testing::{AMONG, assert_constant, assert_logarithmic, steps};

    const LIFETIME: u32 = 900;

    fn map_of(scopes: std::ops::Range<u32>) -> (ExpiringMap<u32>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(1_800_000_000));
        let map = ExpiringMap::new(clock.clone());
        for scope in scopes {
            map.put(scope, "attempt", "value", LIFETIME).unwrap();
        }
        (map, clock)
    }

    fn shelves(map: &ExpiringMap<u32>) -> (usize, usize) {
        let shelves = lock(&map.shelves);
        (shelves.by_scope.len(), shelves.due.len())
    }

    #[test]
    fn a_shelf_is_cleared_in_steps_that_hardly_grow_with_the_number_of_shelves() {
        assert_logarithmic(AMONG.map(|others| {
            let (map, _) = map_of(0..others + 1);
            let taken = steps(|| map.clear(&(others / 2)));
            assert_eq!(shelves(&map), (others as usize, others as usize));
            taken
        }));
    }

    #[test]
    fn one_put_drops_two_shelves_that_are_over_in_steps_that_hardly_grow_with_how_many_are_over() {
        assert_logarithmic(AMONG.map(|others| {
            let (map, clock) = map_of(0..others);
            clock.advance(Duration::from_secs(LIFETIME.into()));
            let taken = steps(|| map.put(others, "attempt", "value", LIFETIME).unwrap());
            assert_eq!(shelves(&map), (others as usize - 1, others as usize - 1));
            taken
        }));
    }

    #[test]
    fn whoever_never_comes_back_leaves_nothing_for_good() {
        let (map, clock) = map_of(0..1000);
        for generation in 1..4 {
            clock.advance(Duration::from_secs(LIFETIME.into()));
            for scope in 0..1000 {
                map.put(generation * 1000 + scope, "attempt", "value", LIFETIME).unwrap();
            }
            assert_eq!(shelves(&map), (1000, 1000), "as many as are pending");
        }
    }

    #[test]
    fn a_shelf_is_kept_as_long_as_the_last_of_its_entries() {
        let (map, clock) = map_of(0..1);
        map.put(0, "newest", "value", LIFETIME + 2).unwrap();
        map.put(0, "older", "value", 1).unwrap();
        clock.advance(Duration::from_secs(u64::from(LIFETIME) + 1));
        map.put(1, "attempt", "value", LIFETIME).unwrap();
        let Entry { revision, .. } = map.get(&0, "newest").expect("it has a second left");
        assert!(map.replace(&0, "newest", &revision, "taken", LIFETIME), "and longer, since it is replaced");
        clock.advance(Duration::from_secs(u64::from(LIFETIME) - 1));
        map.put(1, "attempt", "value", LIFETIME).unwrap();
        assert_eq!(map.get(&0, "newest").map(|entry| entry.value).as_deref(), Some("taken"));
        clock.advance(Duration::from_secs(1));
        map.put(1, "attempt", "value", LIFETIME).unwrap();
        assert_eq!(shelves(&map), (1, 1));
    }

    #[test]
    fn a_look_takes_as_many_steps_whatever_is_kept_beside_it() {
        assert_constant(AMONG.map(|others| {
            let (map, _) = map_of(0..others);
            steps(|| assert!(map.get(&0, "attempt").is_some()))
        }));
    }
}
