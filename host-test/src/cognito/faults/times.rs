//! How often something set up by a test happens.

/// How often a fault, or an override, takes effect before things are in order again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Until the faults are cleared.
    Always,
    /// For the next so many requests.
    First(usize),
}

/// What a test has set up, in order: the earliest that isn't used up applies.
#[derive(Debug)]
pub(in crate::cognito) struct Queue<T>(Vec<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    times: Times,
    item: T,
    /// It took effect, if only once.
    is_used: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Queue<T> {
    pub(in crate::cognito) fn push(&mut self, times: Times, item: T) {
        self.0.push(Entry { times, item, is_used: false });
    }

    /// The item for the request at hand; counts it as used.
    pub(in crate::cognito) fn next(&mut self) -> Option<T> {
        let entry = self.0.iter_mut().find(|entry| entry.times != Times::First(0))?;
        if let Times::First(left) = &mut entry.times {
            *left -= 1;
        }
        entry.is_used = true;
        Some(entry.item.clone())
    }
}

impl<T> Queue<T> {
    /// Whether something was set that never took effect.
    pub(in crate::cognito) fn is_idle(&self) -> bool {
        self.0.iter().any(|entry| !entry.is_used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_used_up_in_order() {
        let mut queue = Queue::default();
        queue.push(Times::First(2), 'a');
        queue.push(Times::First(0), 'b');
        queue.push(Times::First(1), 'c');
        assert_eq!([queue.next(), queue.next(), queue.next(), queue.next()], [Some('a'), Some('a'), Some('c'), None]);
    }

    #[test]
    fn a_queue_is_idle_as_long_as_one_of_its_items_did_nothing() {
        let mut queue = Queue::default();
        assert!(!queue.is_idle());
        queue.push(Times::First(2), 'a');
        queue.push(Times::Always, 'b');
        let idle = [(); 4].map(|()| (queue.is_idle(), queue.next()).0);
        assert_eq!((idle, queue.is_idle()), ([true, true, true, false], false));
    }

    #[test]
    fn an_item_set_for_always_stays() {
        let mut queue = Queue::default();
        queue.push(Times::Always, 'a');
        assert_eq!([queue.next(), queue.next()], [Some('a'), Some('a')]);
    }
}
