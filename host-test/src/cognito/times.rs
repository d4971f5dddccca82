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
pub(super) struct Queue<T>(Vec<(Times, T)>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Queue<T> {
    pub(super) fn push(&mut self, times: Times, item: T) {
        self.0.push((times, item));
    }

    /// The item for the request at hand; counts it as used.
    pub(super) fn next(&mut self) -> Option<T> {
        self.0.retain(|(times, _)| *times != Times::First(0));
        let (times, item) = self.0.first_mut()?;
        if let Times::First(left) = times {
            *left -= 1;
        }
        Some(item.clone())
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
    fn an_item_set_for_always_stays() {
        let mut queue = Queue::default();
        queue.push(Times::Always, 'a');
        assert_eq!([queue.next(), queue.next()], [Some('a'), Some('a')]);
    }
}
