//! The host's side of a visit, in short: `wit/redirect.wit` says that it alone settles, and by which rules.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::faulty::{Died, FaultAt, Faulty, Function};
use super::login::{Act, ERROR, Ended, Login, OUTPUT, verdict};
use crate::host::{Entry, FetchError, Host, RandomUnavailable, Request, Response, StoreError};
use crate::step::outcome::{CompleteOutcome, Redirect};

/// One visit of the step, as its host knows it.
#[derive(Default)]
pub(crate) struct Visit {
    /// The outcome that counts.
    pub(crate) settled: Option<String>,
    /// Until when an attempt is pending.
    pending_until: u64,
    /// Whether a `replace` of the present call answered true.
    replaced: bool,
}

/// What the host tells of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Applied: the user agent is sent away.
    Redirect(Redirect),
    /// Applied: the visit is settled.
    Settled(String),
    /// Nothing was changed.
    Nothing(String),
}

impl Told {
    /// As the models and walks write it.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Redirect(_) => "redirect",
            Self::Settled(text) | Self::Nothing(text) => text,
        }
    }
}

impl Visit {
    /// Calls the step, and applies what came of it: natively a call dies by a panic.
    pub(crate) fn call(&mut self, login: &mut Login, act: &Act, fault: &mut FaultAt) -> Told {
        if self.settled.is_some() {
            return Told::Nothing("too late".to_owned());
        }
        let variables = login.host.variables.clone();
        self.replaced = false;
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let Login { host, journey, .. } = login;
            let mut faulty = Faulty { host, fault };
            let mut host = Watched { host: &mut faulty, replaced: &mut self.replaced };
            match act {
                Act::Begin => Ended::Begun(journey.begin(&mut host)),
                act => Ended::Completed(journey.complete(&mut host, act)),
            }
        }));
        let now = login.host.now().as_secs();
        let is_abandoned = matches!(act, Act::Abandon(..));
        let (told, ends_unless_pending) = match ended {
            Ok(Ended::Begun(begun)) => match begun.outcome {
                Ok(redirect) => (Told::Redirect(redirect), false),
                Err(failed) => (Told::Settled(failed.to_string()), true),
            },
            Ok(Ended::Completed(completed)) => match completed.outcome {
                CompleteOutcome::Ignored(_) => (Told::Nothing(verdict(&completed)), false),
                _ => (Told::Settled(verdict(&completed)), false),
            },
            Err(panic) if panic.is::<Died>() => {
                let settles = matches!(act, Act::Begin) || self.replaced || is_abandoned;
                // What it wrote is dropped; the host has a word of its own.
                login.host.variables = variables.clone();
                login.host.variables.remove(OUTPUT);
                login.host.variables.insert(ERROR.to_owned(), r#"{"code":"step_trapped"}"#.to_owned());
                let text = "failed: step_trapped".to_owned();
                (if settles { Told::Settled(text) } else { Told::Nothing(text) }, matches!(act, Act::Begin))
            }
            Err(panic) => resume_unwind(panic),
        };
        self.apply(login, told, ends_unless_pending, now, variables, fault)
    }

    /// The one act: variables and settlement together, or neither.
    fn apply(
        &mut self,
        login: &mut Login,
        told: Told,
        ends_unless_pending: bool,
        now: u64,
        before: BTreeMap<String, String>,
        fault: &mut FaultAt,
    ) -> Told {
        let after = std::mem::replace(&mut login.host.variables, before);
        let applied = catch_unwind(AssertUnwindSafe(|| {
            fault.pass(Function::Apply, StoreError::Unavailable, || {
                match &told {
                    Told::Nothing(_) => return Ok(false),
                    Told::Settled(_) if ends_unless_pending && self.pending_until > now => return Ok(false),
                    Told::Redirect(redirect) => self.pending_until = now + u64::from(redirect.expires_in),
                    Told::Settled(text) => self.settled = Some(text.clone()),
                }
                login.host.variables = after;
                Ok(true)
            })
        }));
        match applied {
            Ok(Ok(true)) => told,
            Ok(Ok(false)) => Told::Nothing(told.text().to_owned()),
            // The host tried as long as it may: what it was to tell, nobody hears.
            Ok(Err(_)) => Told::Nothing("unknown".to_owned()),
            Err(panic) if panic.is::<Died>() => Told::Nothing("the host died".to_owned()),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Notes whether the component was told that it has an attempt.
struct Watched<'a> {
    host: &'a mut dyn Host,
    replaced: &'a mut bool,
}

impl Host for Watched<'_> {
    fn fetch(&mut self, request: &Request) -> Result<Response, FetchError> {
        self.host.fetch(request)
    }

    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError> {
        self.host.set_variable(name, json)
    }

    fn put_attempt(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.host.put_attempt(key, value, lifetime)
    }

    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.host.attempt(key)
    }

    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        let result = self.host.replace_attempt(key, revision, value, lifetime);
        *self.replaced |= result == Ok(true);
        result
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.host.cached(key)
    }

    fn put_cached(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.host.put_cached(key, value, lifetime)
    }

    fn now(&mut self) -> std::time::Duration {
        self.host.now()
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.host.fill_random(bytes)
    }
}
