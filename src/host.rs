//! What the step asks of its host, and nothing beside: the import list of `wit/world.wit` as a trait.
//!
//! The bindings implement it in the component, a scripted fake in the tests. Everything above this module is a function of its
//! arguments and of what a [`Host`] answers.

use std::time::Duration;

use crate::limit::limit;

/// The world outside of the sandbox.
pub trait Host {
    /// One HTTP exchange: no redirect followed, no retry.
    ///
    /// # Errors
    /// Whatever kept the response from arriving whole; a response of any status isn't an error.
    fn fetch(&mut self, request: &Request) -> Result<Response, FetchError>;

    /// Sets (or with `None` removes) a variable of the journey. Takes effect together with the outcome.
    ///
    /// # Errors
    /// The store refuses the name or value, or can't be reached.
    fn set_variable(&mut self, name: &str, json: Option<&str>) -> Result<(), StoreError>;

    /// Stores a value for this visit, at once, whatever was there, for `lifetime` seconds at least.
    ///
    /// # Errors
    /// The store refuses the value, or can't be reached.
    fn put_attempt(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError>;

    /// Reads what was stored for this visit.
    ///
    /// # Errors
    /// The store can't be reached.
    fn attempt(&mut self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Stores a value only where that revision still stands, indivisibly: of any number of concurrent callers at most one
    /// succeeds. `false` where another revision stands, which may be this caller's own, from an earlier try whose answer was
    /// lost.
    ///
    /// # Errors
    /// The store refuses the value, or can't be reached: whether it was stored is unknown then.
    fn replace_attempt(&mut self, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError>;

    /// Reads an entry of the tenant's cache. Untrusted, best effort.
    ///
    /// # Errors
    /// The cache can't be reached.
    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError>;

    /// Writes an entry of the tenant's cache, dropped after `lifetime` seconds at the latest.
    ///
    /// # Errors
    /// The cache refuses the entry, or can't be reached.
    fn put_cached(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError>;

    /// The time of day, since 1970-01-01T00:00:00Z.
    fn now(&mut self) -> Duration;

    /// Fills `bytes` from a cryptographically secure generator.
    ///
    /// # Errors
    /// The generator failed; `bytes` must not be used.
    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The methods that the step uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET, without a body.
    Get,
    /// POST.
    Post,
}

/// An HTTP request. Its headers and body may hold secrets: there is no `Debug`.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Absolute URL, as configured.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for GET.
    pub body: Vec<u8>,
    /// For the whole exchange.
    pub timeout: Duration,
}

limit! {
    /// The most that any response body may have, in bytes. Key sets and tokens of real providers stay below 32 KiB.
    pub MAX_BODY_BYTES: u32 = 512 KiB;
    pub A_BODY = "expected a body of at most ", "";
}

/// An HTTP response. May hold secrets: there is no `Debug`.
#[derive(Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Names in lower case, repeated ones in order.
    pub headers: Vec<(String, String)>,
    /// Content-decoded.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no response. The host's texts stay with the host: they're for its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// Refused by the host's policy or quota; nothing was sent.
    Denied,
    /// No connection; nothing was sent.
    Unreachable,
    /// Too slow; something may have been sent.
    Timeout,
    /// The body exceeded [`MAX_BODY_BYTES`].
    TooLarge,
    /// Anything else; something may have been sent.
    Other,
}

/// What is stored for a visit under a key. May hold secrets: there is no `Debug`.
#[derive(Clone)]
pub struct Entry {
    /// As it was stored.
    pub value: String,
    /// Names this state of the entry.
    pub revision: String,
}

/// Why a store didn't do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The name or the value isn't acceptable; nothing happened.
    Refused,
    /// The value is too long; nothing happened.
    TooLarge,
    /// Whether it happened is unknown.
    Unavailable,
}

/// The host's random numbers failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomUnavailable;
