//! A host that does what a script says, and remembers what it was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use cognito_oidc::host::{Entry, Host, RandomUnavailable, Request, StoreError};

use cognito_oidc::secret::digest;

use super::http::Fetched;

/// The time at which a login begins, if nothing else is said.
pub const NOW: u64 = 1_800_000_000;

type Answers<'a> = Box<dyn FnMut(&Request) -> Fetched + 'a>;

/// The host.
pub struct ScriptedHost<'a> {
    pub variables: BTreeMap<String, String>,
    pub attempts: BTreeMap<String, String>,
    pub cache: BTreeMap<String, String>,
    /// What the cache holds under any key that begins so, as long as nothing was put there.
    pub cached: BTreeMap<&'static str, String>,
    pub requests: Vec<Request>,
    /// How often a variable was set or removed.
    pub writes: usize,
    failures: BTreeMap<(String, usize), StoreError>,
    /// Whether a failure of the script took place.
    pub has_failed: bool,
    pub random_fails: bool,
    pub now: Duration,
    /// How far each look at the clock moves it on.
    pub tick: Duration,
    answers: Answers<'a>,
    calls: BTreeMap<&'static str, usize>,
    random: u64,
}

impl<'a> ScriptedHost<'a> {
    /// A host with empty stores, and these answers to requests.
    pub fn new(answers: impl FnMut(&Request) -> Fetched + 'a) -> Self {
        Self {
            variables: BTreeMap::new(),
            attempts: BTreeMap::new(),
            cache: BTreeMap::new(),
            cached: BTreeMap::new(),
            requests: Vec::new(),
            writes: 0,
            failures: BTreeMap::new(),
            has_failed: false,
            random_fails: false,
            now: Duration::from_secs(NOW),
            tick: Duration::ZERO,
            answers: Box::new(answers),
            calls: BTreeMap::new(),
            random: 0,
        }
    }

    /// From now on, the n-th call of a function fails.
    pub fn fail(&mut self, failures: BTreeMap<(String, usize), StoreError>) {
        self.failures = failures;
        self.calls.clear();
    }

    fn called(&mut self, name: &'static str) -> Result<(), StoreError> {
        let count = self.calls.entry(name).or_default();
        *count += 1;
        match self.failures.get(&(name.to_owned(), *count)) {
            Some(error) => {
                self.has_failed = true;
                Err(*error)
            }
            None => Ok(()),
        }
    }
}

impl Host for ScriptedHost<'_> {
    fn fetch(&mut self, request: &Request) -> Fetched {
        self.requests.push(request.clone());
        (self.answers)(request)
    }

    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError> {
        self.called("set_variable")?;
        self.writes += 1;
        match json {
            Some(json) => self.variables.insert(name.to_owned(), json.to_owned()),
            None => self.variables.remove(name),
        };
        Ok(())
    }

    fn put_attempt(&mut self, key: &str, value: &str, _lifetime: u32) -> Result<(), StoreError> {
        self.called("put_attempt")?;
        self.attempts.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.called("attempt")?;
        // One caller at a time, so that a value may name its own revision.
        Ok(self.attempts.get(key).map(|value| Entry { value: value.clone(), revision: digest(value.as_bytes()) }))
    }

    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, _lifetime: u32) -> Result<bool, StoreError> {
        self.called("replace_attempt")?;
        let stands = self.attempts.get(key).is_some_and(|present| digest(present.as_bytes()) == revision);
        if stands {
            self.attempts.insert(key.to_owned(), value.to_owned());
        }
        Ok(stands)
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.called("cached")?;
        let kind = key.split('.').next().unwrap_or_default();
        Ok(self.cache.get(key).or_else(|| self.cached.get(kind)).cloned())
    }

    fn put_cached(&mut self, key: &str, value: &str, _lifetime: u32) -> Result<(), StoreError> {
        self.called("put_cached")?;
        self.cache.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn now(&mut self) -> Duration {
        let now = self.now;
        self.now = now.saturating_add(self.tick);
        now
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        if self.random_fails {
            return Err(RandomUnavailable);
        }
        for byte in bytes {
            // A linear congruential generator: the same input has to take the same way again.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.random.to_be_bytes()[0];
        }
        Ok(())
    }
}
