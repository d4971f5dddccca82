//! How often connections are tested: each test costs a directory's quota, and is a guess at a client secret.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::lock;
use crate::table::Table;

/// How often connections may be tested, on this host. Whoever edits a connector tests it a few times in a row, and then not for
/// months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestRate {
    /// Tests of one tenant within the window, 10.
    pub per_tenant: usize,
    /// Tests of one directory within the window, over all tenants, 5: thirty requests, of the two hundred and more a second that
    /// AWS lets an account have for all its pools of a region.
    pub per_directory: usize,
    /// A minute.
    pub window: Duration,
}

impl Default for TestRate {
    fn default() -> Self {
        Self { per_tenant: 10, per_directory: 5, window: Duration::from_secs(60) }
    }
}

/// The tests of the last window.
pub(super) struct Tests {
    rate: TestRate,
    recent: Mutex<Recent>,
}

/// Each test is in both, and is taken out once: so all that a `take` forgets costs no more than it did to count it.
#[derive(Default)]
struct Recent {
    by_whom: Table<Of, VecDeque<Instant>>,
    /// In the order in which they were counted.
    all: VecDeque<(Of, Instant)>,
}

/// Whose tests are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Of {
    Tenant(String),
    Directory(String),
}

impl Tests {
    pub(super) fn new(rate: TestRate) -> Self {
        Self { rate, recent: Mutex::default() }
    }

    /// Counts a test at this time.
    ///
    /// # Errors
    ///
    /// Where there were too many: how long it takes until there may be another one. That one isn't counted.
    pub(super) fn take(&self, of: Of, now: Instant) -> Result<(), Duration> {
        let TestRate { per_tenant, per_directory, window } = self.rate;
        let most = match of {
            Of::Tenant(_) => per_tenant,
            Of::Directory(_) => per_directory,
        };
        let mut recent = lock(&self.recent);
        recent.forget(|at| now.saturating_duration_since(at) >= window);
        let tests = recent.by_whom.get(&of);
        if tests.map_or(0, VecDeque::len) >= most {
            let first = tests.and_then(VecDeque::front);
            return Err(window.saturating_sub(first.map_or(Duration::ZERO, |first| now.saturating_duration_since(*first))));
        }
        recent.by_whom.get_or_default(of.clone()).push_back(now);
        recent.all.push_back((of, now));
        Ok(())
    }
}

impl Recent {
    /// So that what is kept is bounded by what was allowed.
    fn forget(&mut self, is_over: impl Fn(Instant) -> bool) {
        while let Some((of, _)) = self.all.pop_front_if(|(_, at)| is_over(*at)) {
            if let Some(tests) = self.by_whom.get_mut(&of) {
                tests.pop_front();
                if tests.is_empty() {
                    self.by_whom.remove(&of);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::testing::{AMONG, assert_constant, steps};

    const fn rate(per_tenant: usize, per_directory: usize) -> TestRate {
        TestRate { per_tenant, per_directory, window: Duration::from_secs(60) }
    }

    fn tenant(name: &str) -> Of {
        Of::Tenant(name.to_owned())
    }

    #[test]
    fn within_a_window_so_many_are_allowed_and_then_one_for_each_that_is_over() {
        let (tests, start) = (Tests::new(rate(2, 1)), Instant::now());
        let take = |of: Of, second: u64| tests.take(of, start + Duration::from_secs(second));
        assert_eq!(take(tenant("a"), 0), Ok(()));
        assert_eq!(take(tenant("a"), 10), Ok(()));
        assert_eq!(take(tenant("a"), 20), Err(Duration::from_secs(40)));
        assert_eq!(take(tenant("a"), 59), Err(Duration::from_secs(1)));
        assert_eq!(take(tenant("a"), 60), Ok(()), "the first is over, and the refused ones were not counted");
        assert_eq!(take(tenant("a"), 60), Err(Duration::from_secs(10)));
    }

    #[test]
    fn tenants_and_directories_are_counted_apart() {
        let (tests, now) = (Tests::new(rate(2, 1)), Instant::now());
        assert_eq!(tests.take(tenant("a"), now), Ok(()));
        assert_eq!(tests.take(Of::Directory("a".to_owned()), now), Ok(()));
        assert!(tests.take(Of::Directory("a".to_owned()), now).is_err());
        assert_eq!(tests.take(tenant("b"), now), Ok(()));
        assert_eq!(tests.take(Of::Directory("b".to_owned()), now), Ok(()));
        assert!(Tests::new(rate(0, 0)).take(tenant("a"), now).is_err(), "none at all");
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let (tests, now) = (Tests::new(rate(1, 1)), Instant::now());
        for number in 0..100 {
            assert_eq!(tests.take(tenant(&number.to_string()), now), Ok(()));
        }
        assert_eq!(tests.take(tenant("last"), now + Duration::from_secs(60)), Ok(()));
        let recent = lock(&tests.recent);
        assert_eq!((recent.by_whom.len(), recent.all.len()), (1, 1));
    }

    #[test]
    fn a_test_is_counted_in_as_many_steps_whoever_else_has_tested_in_the_same_window() {
        assert_constant(AMONG.map(|others| {
            let (tests, now) = (Tests::new(rate(1, 1)), Instant::now());
            for number in 0..others {
                assert_eq!(tests.take(tenant(&number.to_string()), now), Ok(()));
            }
            steps(|| {
                assert_eq!(tests.take(tenant("last"), now), Ok(()));
                assert!(tests.take(tenant("last"), now).is_err());
            })
        }));
    }

    #[test]
    fn each_test_is_forgotten_once_in_two_steps() {
        for others in AMONG {
            let (tests, now) = (Tests::new(rate(1, 1)), Instant::now());
            let take = |name: &str, at: Instant| steps(|| assert_eq!(tests.take(tenant(name), at), Ok(())));
            let one = take("first", now);
            for number in 1..others {
                assert_eq!(take(&number.to_string(), now), one);
            }
            assert_eq!(take("last", now + Duration::from_secs(60)), one + 2 * u64::from(others));
        }
    }
}
