//! What a login asks of its host: calls of every kind, and round trips to the provider among them.

use std::time::Duration;

use crate::host::{Entry, FetchError, Host, RandomUnavailable, Request, Response, StoreError};
use crate::testing::login::{Act, Login};

/// Passes every call on, and counts them.
struct Counting<'a> {
    host: &'a mut dyn Host,
    calls: usize,
    fetches: usize,
}

/// Of one call of the step.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    calls: usize,
    round_trips: usize,
}

fn asked(login: &mut Login, act: &Act) -> Asked {
    let mut host = Counting { host: &mut login.host, calls: 0, fetches: 0 };
    match act {
        Act::Begin => assert!(login.journey.begin(&mut host).outcome.is_ok()),
        act => {
            let completed = login.journey.complete(&mut host, act);
            assert_eq!(crate::testing::login::verdict(&completed), "authenticated");
        }
    }
    Asked { calls: host.calls, round_trips: host.fetches }
}

/// A login from begin to end.
fn login(login: &mut Login) -> (Asked, Asked) {
    // Counted with the same values as the login that follows it.
    let begun = asked(login, &Act::Begin);
    let query = login.authorized();
    (begun, asked(login, &Act::Query(query)))
}

#[test]
fn a_login_whose_keys_are_cached_is_two_round_trips_and_fewer_than_nineteen_host_calls() {
    let mut host = Login::new();
    host.run();
    let (begin, complete) = login(&mut host);
    assert_eq!((begin.round_trips, complete.round_trips), (0, 2));
    assert!(begin.calls + complete.calls < 19, "{begin:?} {complete:?}");
}

#[test]
fn a_login_whose_keys_are_not_cached_is_one_round_trip_more() {
    let (begin, complete) = login(&mut Login::new());
    assert_eq!((begin.round_trips, complete.round_trips), (0, 3));
}

impl Host for Counting<'_> {
    fn fetch(&mut self, request: &Request) -> Result<Response, FetchError> {
        self.calls += 1;
        self.fetches += 1;
        self.host.fetch(request)
    }

    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError> {
        self.calls += 1;
        self.host.set_variable(name, json)
    }

    fn put_attempt(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.calls += 1;
        self.host.put_attempt(key, value, lifetime)
    }

    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.calls += 1;
        self.host.attempt(key)
    }

    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        self.calls += 1;
        self.host.replace_attempt(key, revision, value, lifetime)
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.calls += 1;
        self.host.cached(key)
    }

    fn put_cached(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.calls += 1;
        self.host.put_cached(key, value, lifetime)
    }

    fn now(&mut self) -> Duration {
        self.calls += 1;
        self.host.now()
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.calls += 1;
        self.host.fill_random(bytes)
    }
}
