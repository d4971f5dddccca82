//! A scripted host.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::host::{Entry, FetchError, Host, RandomUnavailable, Request, Response, StoreError};

pub(crate) type Fetched = Result<Response, FetchError>;
type Script = Box<dyn FnMut(&Request) -> Option<Fetched>>;

/// Answers from its tables, and records what it was asked.
pub(crate) struct FakeHost {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) attempts: BTreeMap<String, String>,
    /// Counts up with each change of an entry.
    revision: u64,
    revisions: BTreeMap<String, u64>,
    pub(crate) lifetimes: BTreeMap<String, u32>,
    pub(crate) cache: BTreeMap<String, String>,
    pub(crate) requests: Vec<Request>,
    /// Every call that was made, by name, in order.
    pub(crate) calls: Vec<String>,
    /// Random bytes handed out, as the step writes them.
    pub(crate) drawn: Vec<String>,
    pub(crate) random_fails: bool,
    pub(crate) cache_fails: bool,
    pub(crate) put_cached_fails: bool,
    /// How long each fetch takes.
    pub(crate) latency: Duration,
    /// Calls of that name, or of that name with that argument, fail with that error.
    pub(crate) failing: BTreeMap<String, StoreError>,
    answers: BTreeMap<String, Fetched>,
    respond_with: Option<Script>,
    now: Duration,
    random: u64,
}

impl FakeHost {
    pub(crate) fn new() -> Self {
        Self {
            variables: BTreeMap::new(),
            attempts: BTreeMap::new(),
            revision: 0,
            revisions: BTreeMap::new(),
            lifetimes: BTreeMap::new(),
            cache: BTreeMap::new(),
            requests: Vec::new(),
            calls: Vec::new(),
            drawn: Vec::new(),
            random_fails: false,
            cache_fails: false,
            put_cached_fails: false,
            latency: Duration::ZERO,
            failing: BTreeMap::new(),
            answers: BTreeMap::new(),
            respond_with: None,
            now: Duration::from_secs(1_800_000_000),
            random: 0,
        }
    }

    /// From now on, requests to that URL get that answer.
    pub(crate) fn respond(&mut self, url: &str, answer: Fetched) {
        self.answers.insert(url.to_owned(), answer);
    }

    /// Asked before the table.
    pub(crate) fn respond_with(&mut self, answer: impl FnMut(&Request) -> Option<Fetched> + 'static) {
        self.respond_with = Some(Box::new(answer));
    }

    /// How often a URL was requested.
    pub(crate) fn fetched(&self, url: &str) -> usize {
        self.requests.iter().filter(|request| request.url == url).count()
    }

    pub(crate) fn advance(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// As a clock of the time of day may be.
    pub(crate) fn set_back(&mut self, seconds: u64) {
        self.now -= Duration::from_secs(seconds);
    }

    fn keep(&mut self, key: &str, value: &str, lifetime: u32) {
        self.revision += 1;
        self.revisions.insert(key.to_owned(), self.revision);
        self.attempts.insert(key.to_owned(), value.to_owned());
        self.lifetimes.insert(key.to_owned(), lifetime);
    }

    fn revision_of(&self, key: &str) -> String {
        self.revisions.get(key).copied().unwrap_or_default().to_string()
    }

    fn called(&mut self, name: &str, argument: &str) -> Result<(), StoreError> {
        let call = format!("{name} {argument}");
        let error = self.failing.get(name).or_else(|| self.failing.get(&call)).copied();
        self.calls.push(call);
        error.map_or(Ok(()), Err)
    }
}

impl Host for FakeHost {
    fn fetch(&mut self, request: &Request) -> Fetched {
        self.calls.push(format!("fetch {}", request.url));
        self.requests.push(request.clone());
        self.now += self.latency;
        if let Some(answer) = self.respond_with.as_mut().and_then(|respond| respond(request)) {
            return answer;
        }
        self.answers.get(&request.url).cloned().unwrap_or(Err(FetchError::Unreachable))
    }

    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError> {
        self.called("set_variable", name)?;
        match json {
            Some(json) => self.variables.insert(name.to_owned(), json.to_owned()),
            None => self.variables.remove(name),
        };
        Ok(())
    }

    fn put_attempt(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.called("put_attempt", key)?;
        self.keep(key, value, lifetime);
        Ok(())
    }

    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.called("attempt", key)?;
        Ok(self.attempts.get(key).map(|value| Entry { value: value.clone(), revision: self.revision_of(key) }))
    }

    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        self.called("replace_attempt", key)?;
        let stands = self.attempts.contains_key(key) && self.revision_of(key) == revision;
        if stands {
            self.keep(key, value, lifetime);
        }
        Ok(stands)
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.called("cached", key)?;
        if self.cache_fails { Err(StoreError::Unavailable) } else { Ok(self.cache.get(key).cloned()) }
    }

    fn put_cached(&mut self, key: &str, value: &str, _lifetime: u32) -> Result<(), StoreError> {
        self.called("put_cached", key)?;
        if self.cache_fails || self.put_cached_fails {
            return Err(StoreError::Unavailable);
        }
        self.cache.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn now(&mut self) -> Duration {
        self.now
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        if self.random_fails {
            return Err(RandomUnavailable);
        }
        for byte in bytes.iter_mut() {
            // A linear congruential generator: reproducible, and no test asks for more.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.random.to_be_bytes()[0];
        }
        // As the step cuts them.
        self.drawn.extend(bytes.chunks(32).map(|bytes| URL_SAFE_NO_PAD.encode(bytes)));
        Ok(())
    }
}
