//! A host that notes what was exchanged, for the operator's eyes: how long, with which status, under which name of the
//! provider's.

use std::time::Duration;

use serde::Serialize;

use crate::host::{Entry, FetchError, Host, Method, RandomUnavailable, Request, Response, StoreError};
use crate::oidc::exchange;

/// Passes every call on, and remembers the HTTP exchanges, where somebody wants to know of them.
pub struct Recorder<'a> {
    host: &'a mut dyn Host,
    is_wanted: bool,
    exchanges: Vec<Exchange>,
}

/// One HTTP exchange. Neither headers nor bodies are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    method: &'static str,
    /// Without its query.
    url: String,
    /// Null where nothing came.
    status: Option<u16>,
    /// Why nothing came.
    error: Option<&'static str>,
    milliseconds: u64,
    request_id: Option<String>,
}

impl<'a> Recorder<'a> {
    /// Around a host. Where nothing `is_wanted`, no exchange is timed: the time is a host call, too.
    pub fn new(host: &'a mut dyn Host, is_wanted: bool) -> Self {
        Self { host, is_wanted, exchanges: Vec::new() }
    }

    /// What was exchanged so far.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }
}

impl Host for Recorder<'_> {
    fn fetch(&mut self, request: &Request) -> Result<Response, FetchError> {
        if !self.is_wanted {
            return self.host.fetch(request);
        }
        let begun = self.host.now();
        let result = self.host.fetch(request);
        let elapsed = self.host.now().saturating_sub(begun).as_millis();
        let trace = result.as_ref().ok().map(exchange::trace);
        self.exchanges.push(Exchange {
            method: match request.method {
                Method::Get => "GET",
                Method::Post => "POST",
            },
            url: request.url.split(['?', '#']).next().unwrap_or_default().to_owned(),
            status: trace.as_ref().map(|trace| trace.status),
            error: result.as_ref().err().map(|error| match error {
                FetchError::Denied => "denied",
                FetchError::Unreachable => "unreachable",
                FetchError::Timeout => "timeout",
                FetchError::TooLarge => "too_large",
                FetchError::Other => "other",
            }),
            milliseconds: u64::try_from(elapsed).unwrap_or(u64::MAX),
            request_id: trace.and_then(|trace| trace.request_id),
        });
        result
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
        self.host.replace_attempt(key, revision, value, lifetime)
    }

    fn cached(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.host.cached(key)
    }

    fn put_cached(&mut self, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.host.put_cached(key, value, lifetime)
    }

    fn now(&mut self) -> Duration {
        self.host.now()
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.host.fill_random(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeHost, response};
    use serde_json::json;

    fn request(method: Method, url: &str) -> Request {
        Request { method, url: url.to_owned(), headers: vec![], body: vec![], timeout: Duration::from_secs(1) }
    }

    #[test]
    fn exchanges_are_noted_without_their_content() {
        let mut host = FakeHost::new();
        let mut answer = response(400, "application/json", "{}");
        answer.headers.push(("x-amz-cognito-request-id".into(), "r".into()));
        host.respond("https://a/token?x=secret", Ok(answer));
        let mut recorder = Recorder::new(&mut host, true);
        let _ = recorder.fetch(&request(Method::Post, "https://a/token?x=secret"));
        let _ = recorder.fetch(&request(Method::Get, "https://b/"));
        assert_eq!(
            serde_json::to_value(recorder.exchanges()).unwrap(),
            json!([
                {"method": "POST", "url": "https://a/token", "status": 400, "error": null, "milliseconds": 0, "request_id": "r"},
                {"method": "GET", "url": "https://b/", "status": null, "error": "unreachable", "milliseconds": 0, "request_id": null},
            ])
        );
    }

    #[test]
    fn what_nobody_wants_is_not_noted() {
        let mut host = FakeHost::new();
        host.respond("https://a/", Ok(response(200, "", "")));
        let mut recorder = Recorder::new(&mut host, false);
        assert!(recorder.fetch(&request(Method::Get, "https://a/")).is_ok());
        assert_eq!(recorder.exchanges(), []);
    }

    #[test]
    fn each_error_has_its_name() {
        for (error, name) in [
            (FetchError::Denied, "denied"),
            (FetchError::Unreachable, "unreachable"),
            (FetchError::Timeout, "timeout"),
            (FetchError::TooLarge, "too_large"),
            (FetchError::Other, "other"),
        ] {
            let mut host = FakeHost::new();
            host.respond("https://a/", Err(error));
            let mut recorder = Recorder::new(&mut host, true);
            let _ = recorder.fetch(&request(Method::Get, "https://a/"));
            assert_eq!(recorder.exchanges()[0].error, Some(name));
        }
    }
}
