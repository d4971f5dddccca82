//! The maps that the host keeps what is under way in. One login's part is removed at a cost that doesn't grow with how many
//! others there are: the maps have no act that walks over all entries but `iter`, and tests count the steps of each removal.
//!
//! | a step | of |
//! |---|---|
//! | a look-up, or an entry that a walk comes to | [`Table`] |
//! | a comparison of two keys, or an entry that a walk comes to | [`Order`] |

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Found by key, in no order: each act but a walk is one step.
#[derive(Debug)]
pub(crate) struct Table<K, V>(HashMap<K, V>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        step();
        self.0.get(key)
    }

    pub(crate) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        step();
        self.0.get_mut(key)
    }

    pub(crate) fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        step();
        self.0.entry(key).or_insert_with(value)
    }

    pub(crate) fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.get_or_insert_with(key, V::default)
    }

    /// Returns what was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        step();
        self.0.insert(key, value)
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        step();
        self.0.remove(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A walk.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().inspect(|_| step())
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// In the order of the keys: each act takes comparisons as the logarithm of the number of entries.
#[derive(Debug)]
pub(crate) struct Order<K, V>(BTreeMap<Compared<K>, V>);

impl<K, V> Default for Order<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V> Order<K, V> {
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.0.insert(Compared(key), value);
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        self.0.remove(&Compared(key))
    }

    pub(crate) fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(Compared(key)).or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A walk.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(Compared(key), value)| (key, value)).inspect(|_| step())
    }

    pub(crate) fn first(&self) -> Option<(&K, &V)> {
        step();
        self.0.first_key_value().map(|(Compared(key), value)| (key, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A key that counts the comparisons.
#[derive(Debug, PartialEq, Eq)]
struct Compared<K>(K);

impl<K: Ord> PartialOrd for Compared<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> Ord for Compared<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        step();
        self.0.cmp(&other.0)
    }
}

/// Counted in tests alone.
#[inline]
fn step() {
    #[cfg(test)]
    testing::step();
}

/// How many steps an act takes, on this thread.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn step() {
        STEPS.set(STEPS.get() + 1);
    }

    pub(crate) fn steps(act: impl FnOnce()) -> u64 {
        let before = STEPS.get();
        act();
        STEPS.get() - before
    }

    /// As [`steps`].
    pub(crate) async fn steps_of(act: impl Future<Output = ()>) -> u64 {
        let before = STEPS.get();
        act.await;
        STEPS.get() - before
    }

    /// How many others there are beside the one that an act is about.
    pub(crate) const AMONG: [u32; 2] = [10, 10_000];

    /// Asserts that an act takes as many steps among ten thousand others as among ten.
    #[track_caller]
    pub(crate) fn assert_constant([few, many]: [u64; 2]) {
        assert!(few > 0, "nothing was counted");
        assert_eq!(many, few, "steps among 10,000 others, and among 10");
    }

    /// Asserts that the steps of an act grow with the logarithm: ten thousand has four times that of ten. Looking for a key in
    /// one node of a `BTreeMap` may take eleven comparisons, or one.
    #[track_caller]
    pub(crate) fn assert_logarithmic([few, many]: [u64; 2]) {
        assert!(few > 0, "nothing was counted");
        assert!(many <= 4 * (few + 11), "{many} steps among 10,000 others, {few} among 10");
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{AMONG, assert_constant, assert_logarithmic, steps};
    use super::*;

    fn table(entries: u32) -> Table<u32, u32> {
        Table(HashMap::from_iter((0..=entries).map(|number| (number, number))))
    }

    fn order(entries: u32) -> Order<u32, u32> {
        Order(BTreeMap::from_iter((0..=entries).map(|number| (Compared(number), number))))
    }

    #[test]
    fn a_look_up_is_one_step_and_a_walk_as_many_as_there_are_entries() {
        let of_many = table(10_000);
        assert_eq!(steps(|| assert_eq!(of_many.get(&5), Some(&5))), 1);
        assert_eq!(steps(|| assert_eq!(of_many.iter().count(), 10_001)), 10_001);
        assert_constant(AMONG.map(|others| {
            let mut table = table(others);
            steps(|| assert_eq!(table.remove(&5), Some(5)))
        }));
    }

    #[test]
    fn in_order_an_act_takes_comparisons_as_the_logarithm() {
        assert_logarithmic(AMONG.map(|others| {
            let mut order = order(others);
            steps(|| assert_eq!(order.remove(others / 2), Some(others / 2)))
        }));
        assert_logarithmic(AMONG.map(|others| {
            let mut order = order(others);
            steps(|| order.insert(others + 1, 5))
        }));
    }

    #[test]
    #[should_panic(expected = "10001 steps among 10,000 others")]
    fn a_walk_is_not_taken_for_a_logarithm() {
        assert_logarithmic(AMONG.map(|others| {
            let table = table(others);
            steps(|| assert!(table.iter().all(|(key, value)| key == value)))
        }));
    }
}
