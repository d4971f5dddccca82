//! A host of which one function fails, loses its answer, or is the last that the call sees.

use std::panic::resume_unwind;
use std::time::Duration;

use crate::host::{Entry, FetchError, Host, RandomUnavailable, Request, Response, StoreError};

/// The functions of a [`Host`], and what the host itself does with the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Fetch,
    SetVariable,
    PutAttempt,
    Attempt,
    ReplaceAttempt,
    Cached,
    PutCached,
    FillRandom,
    Now,
    /// Not the component's to call: see [`super::arbiter`].
    Apply,
}

impl Function {
    /// What can fail: the time can't.
    pub(crate) const FALLIBLE: [Self; 8] = [
        Self::Fetch,
        Self::SetVariable,
        Self::PutAttempt,
        Self::Attempt,
        Self::ReplaceAttempt,
        Self::Cached,
        Self::PutCached,
        Self::FillRandom,
    ];
}

/// Which call fails, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaultyCall {
    /// The function.
    pub(crate) function: Function,
    /// Which of its calls, from 1.
    pub(crate) nth: usize,
    /// All later ones of this function fail too.
    pub(crate) persists: bool,
    /// The call has its effect all the same: the answer is lost.
    pub(crate) happens: bool,
    /// The component is ended there, in place of an answer.
    pub(crate) dies: bool,
}

/// What the component is ended with, natively: caught by [`super::arbiter`].
pub(crate) struct Died;

/// Counts the calls of the function that fails, over several calls of the component.
pub(crate) struct FaultAt {
    fault: FaultyCall,
    calls: usize,
}

impl FaultAt {
    pub(crate) fn new(fault: FaultyCall) -> Self {
        Self { fault, calls: 0 }
    }

    /// Whether it has come to the fault.
    pub(crate) fn has_fired(&self) -> bool {
        self.calls >= self.fault.nth
    }

    /// Whether all later calls of that function fail, too.
    pub(crate) fn persists_in(&self, function: Function) -> bool {
        self.fault.function == function && self.fault.persists
    }

    /// What one call of that function gives.
    pub(crate) fn pass<T, E>(&mut self, function: Function, error: E, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.calls += usize::from(function == self.fault.function);
        let fires = function == self.fault.function
            && (self.calls == self.fault.nth || self.fault.persists && self.calls > self.fault.nth);
        if !fires {
            return call();
        }
        if self.fault.happens {
            let _ = call();
        }
        if self.fault.dies {
            // Not by `panic!`, which would report it.
            resume_unwind(Box::new(Died));
        }
        Err(error)
    }
}

/// Passes every call on, but for those that fail.
pub(crate) struct Faulty<'a> {
    pub(crate) host: &'a mut dyn Host,
    pub(crate) fault: &'a mut FaultAt,
}

impl Host for Faulty<'_> {
    fn fetch(&mut self, request: &Request) -> Result<Response, FetchError> {
        self.fault.pass(Function::Fetch, FetchError::Timeout, || self.host.fetch(request))
    }

    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError> {
        self.fault.pass(Function::SetVariable, StoreError::Unavailable, || self.host.set_variable(name, json))
    }

    fn put_attempt(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.fault.pass(Function::PutAttempt, StoreError::Unavailable, || self.host.put_attempt(key, value, lifetime))
    }

    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.fault.pass(Function::Attempt, StoreError::Unavailable, || self.host.attempt(key))
    }

    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        let call = || self.host.replace_attempt(key, revision, value, lifetime);
        self.fault.pass(Function::ReplaceAttempt, StoreError::Unavailable, call)
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.fault.pass(Function::Cached, StoreError::Unavailable, || self.host.cached(key))
    }

    fn put_cached(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.fault.pass(Function::PutCached, StoreError::Unavailable, || self.host.put_cached(key, value, lifetime))
    }

    fn now(&mut self) -> Duration {
        let now = self.fault.pass(Function::Now, (), || Ok(self.host.now()));
        // Only a call that dies has a fault here.
        now.unwrap_or_else(|()| self.host.now())
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.fault.pass(Function::FillRandom, RandomUnavailable, || self.host.fill_random(bytes))
    }
}
