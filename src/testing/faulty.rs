//! A host of which one function fails.

use std::time::Duration;

use crate::host::{Entry, FetchError, Host, RandomUnavailable, Request, Response, StoreError};

/// Which call fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The function.
    pub(crate) name: &'static str,
    /// Which of its calls, from 1.
    pub(crate) nth: usize,
    /// All later ones of this function fail too.
    pub(crate) persists: bool,
    /// The call has its effect all the same: the answer is lost.
    pub(crate) happens: bool,
}

/// Passes every call on, but for those that fail.
pub(crate) struct Faulty<'a> {
    host: &'a mut dyn Host,
    fault: Fault,
    calls: usize,
}

impl<'a> Faulty<'a> {
    pub(crate) fn new(host: &'a mut dyn Host, fault: Fault) -> Self {
        Self { host, fault, calls: 0 }
    }

    /// Whether there was such a call.
    pub(crate) fn has_failed(&self) -> bool {
        self.calls >= self.fault.nth
    }

    fn pass<T, E>(&mut self, name: &str, error: E, call: impl FnOnce(&mut dyn Host) -> Result<T, E>) -> Result<T, E> {
        self.calls += usize::from(name == self.fault.name);
        let fails =
            name == self.fault.name && (self.calls == self.fault.nth || self.fault.persists && self.calls > self.fault.nth);
        if !fails {
            return call(self.host);
        }
        if self.fault.happens {
            let _ = call(self.host);
        }
        Err(error)
    }
}

impl Host for Faulty<'_> {
    fn fetch(&mut self, request: &Request) -> Result<Response, FetchError> {
        self.pass("fetch", FetchError::Timeout, |host| host.fetch(request))
    }

    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError> {
        self.pass("set_variable", StoreError::Unavailable, |host| host.set_variable(name, json))
    }

    fn put_attempt(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.pass("put_attempt", StoreError::Unavailable, |host| host.put_attempt(key, value, lifetime))
    }

    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.pass("attempt", StoreError::Unavailable, |host| host.attempt(key))
    }

    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        self.pass("replace_attempt", StoreError::Unavailable, |host| host.replace_attempt(key, revision, value, lifetime))
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.pass("cached", StoreError::Unavailable, |host| host.cached(key))
    }

    fn put_cached(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.pass("put_cached", StoreError::Unavailable, |host| host.put_cached(key, value, lifetime))
    }

    fn now(&mut self) -> Duration {
        self.host.now()
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.pass("fill_random", RandomUnavailable, |host| host.fill_random(bytes))
    }
}
