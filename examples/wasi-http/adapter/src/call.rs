//! The call that is open, and what it may do. The front opens it before it calls the step, and closes it after.

use std::cell::RefCell;

use wasip2::clocks::monotonic_clock;

use crate::bindings::{
    Adapter,
    exports::{
        example::wasi_http::call::{Effects, Guest, Scope, Write},
        journey::step::variables::{self, Error},
    },
};

/// Nanoseconds of a call, and of those the last, in which the step ends by itself.
const CALL: u64 = 45_000_000_000;
const MARGIN: u64 = 1_000_000_000;

/// Fetches of a call.
const FETCHES: u32 = 6;

/// Bytes of a variable's value.
const VARIABLE: usize = 512 << 10;

/// Attempts of a visit.
const ATTEMPTS: usize = 128;

pub(crate) struct Call {
    scope: Scope,
    began: u64,
    fetches: u32,
    effects: Effects,
}

thread_local! {
    /// One at a time: an instance of a component is never entered twice.
    static OPEN: RefCell<Option<Call>> = const { RefCell::new(None) };
}

/// None where no call is open.
pub(crate) fn with<T>(work: impl FnOnce(&mut Call) -> T) -> Option<T> {
    OPEN.with_borrow_mut(|open| open.as_mut().map(work))
}

impl Call {
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Counts a fetch. When it has to be over, on the monotonic clock; none where it can't begin.
    pub(crate) fn fetch(&mut self, timeout_ms: u32) -> Option<u64> {
        self.fetches += 1;
        let now = monotonic_clock::now();
        let end = (self.began + CALL - MARGIN).min(now + u64::from(timeout_ms) * 1_000_000);
        (self.fetches <= FETCHES && now < end).then_some(end)
    }

    /// Where in the store an attempt of this visit lies.
    pub(crate) fn attempt(&self, key: &str) -> String {
        format!("{}.{key}", self.scope.visit)
    }

    /// Notes that an attempt is to be stored; false where there are too many.
    pub(crate) fn stores(&mut self, key: &str) -> bool {
        let stored = usize::try_from(self.scope.attempts).unwrap_or(usize::MAX);
        let is_new = !self.effects.attempts.iter().any(|known| known == key);
        if is_new && stored.saturating_add(self.effects.attempts.len()) >= ATTEMPTS {
            return false;
        }
        if is_new {
            self.effects.attempts.push(key.to_owned());
        }
        true
    }
}

impl Guest for Adapter {
    fn open(scope: Scope) {
        let effects = Effects { writes: Vec::new(), attempts: Vec::new() };
        let call = Call { scope, began: monotonic_clock::now(), fetches: 0, effects };
        OPEN.set(Some(call));
    }

    fn close() -> Effects {
        let call = OPEN.take();
        call.map_or(Effects { writes: Vec::new(), attempts: Vec::new() }, |call| call.effects)
    }
}

/// Kept until the call is over: the front applies them together with the outcome.
impl variables::Guest for Adapter {
    fn set(name: String, json: Option<String>) -> Result<(), Error> {
        let set = |call: &mut Call| {
            if !call.scope.variables.contains(&name) {
                return Err(Error::Refused("not a variable of this call".into()));
            }
            if json.as_ref().is_some_and(|json| json.len() > VARIABLE) {
                return Err(Error::TooLarge);
            }
            call.effects.writes.retain(|write| write.name != name);
            call.effects.writes.push(Write { name, json });
            Ok(())
        };
        with(set).unwrap_or_else(|| Err(Error::Refused("no call is open".into())))
    }
}
