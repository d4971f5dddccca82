//! What the component may ask for: the six interfaces of the world, and nothing else.

use std::time::Duration;

use wasmtime::{Result, bail, format_err};

use super::bindings::journey::step::{attempts, http, tenant_cache, variables};
use super::bindings::wasi::{clocks::wall_clock, random::random};
use super::call::{Authority, CallState};
use super::intercept::Import;
use crate::description::Description;
use crate::network::{FetchError, Request, Response};
use crate::stores::{StoreError, Write};

/// Random bytes that one host call hands out at most. The component asks for 32 at a time.
const MAX_RANDOM: u64 = 4096;

/// Characters of an attempt's key.
const MAX_ATTEMPT_KEY: usize = 64;

/// Bytes of a variable's name or a key of the cache.
const MAX_NAME: usize = 256;

impl CallState {
    fn authority(&self) -> Result<&Authority> {
        self.authority.as_ref().ok_or_else(|| format_err!("no authority"))
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        self.authority()?.services.random.fill(bytes).map_err(|error| format_err!("no random bytes: {error}"))
    }

    fn judge_value(&self, name: &str, value: &str) -> Result<(), StoreError> {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(StoreError::Refused("a name is 1 to 256 bytes long and holds no control character".to_owned()));
        }
        if value.len() > self.limits.variable { Err(StoreError::TooLarge) } else { Ok(()) }
    }

    /// `wit/stores.wit`: what any store of attempts takes as a key.
    fn judge_attempt(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let is_key = (1..=MAX_ATTEMPT_KEY).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !is_key {
            return Err(StoreError::Refused("a key is 1 to 64 characters of a-z A-Z 0-9 . _ -".to_owned()));
        }
        self.judge_value(key, value)
    }

    async fn perform(&self, request: http::Request) -> Result<Result<Response, FetchError>> {
        let authority = self.authority()?;
        if self.calls.get(&Import::Fetch).is_some_and(|&fetches| fetches > self.limits.fetches) {
            return Ok(Err(FetchError::Denied(format!("more than {} fetches in one call", self.limits.fetches))));
        }
        let left = self.deadline.saturating_duration_since(tokio::time::Instant::now()).saturating_sub(self.limits.margin);
        if left.is_zero() {
            return Ok(Err(FetchError::Timeout));
        }
        let request = Request {
            post: matches!(request.method, http::Method::Post),
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout: left.min(Duration::from_millis(request.timeout_ms.into())),
            max_body: self.limits.body.min(request.max_body_bytes as usize),
        };
        Ok(authority.services.network.fetch(request, &authority.description.origins, &authority.visit.tenant).await)
    }

    /// Stages a write. It takes effect with the outcome.
    fn stage(&mut self, name: String, json: Option<String>) -> Result<(), StoreError> {
        let Some(authority) = &self.authority else {
            return Err(StoreError::Refused("no authority".to_owned()));
        };
        let Description { output_variable, error_variable, .. } = &authority.description;
        if name != *error_variable && Some(&name) != output_variable.as_ref() {
            return Err(StoreError::Refused("the step did not describe that it writes this variable".to_owned()));
        }
        let value = json.as_deref().unwrap_or("null");
        self.judge_value(&name, value)?;
        if serde_json::from_str::<serde_json::Value>(value).is_err() {
            return Err(StoreError::Refused("the value is not JSON".to_owned()));
        }
        self.writes.retain(|write| write.name != name);
        self.writes.push(Write { name, json });
        Ok(())
    }
}

impl http::Host for CallState {
    async fn fetch(&mut self, request: http::Request) -> Result<Result<http::Response, http::Error>> {
        let target = || {
            let method = if matches!(request.method, http::Method::Post) { "POST" } else { "GET" };
            match url::Url::parse(&request.url) {
                Ok(url) => format!("{method} {}{}", url.origin().ascii_serialization(), url.path()),
                Err(_) => format!("{method} (not a URL)"),
            }
        };
        let entered = self.enter(Import::Fetch, target).await?;
        let result = match entered.acts() {
            true => Some(self.perform(request).await?.map(Into::into).map_err(Into::into)),
            false => None,
        };
        self.exit(entered, result)
    }
}

impl variables::Host for CallState {
    async fn set(&mut self, name: String, json: Option<String>) -> Result<Result<(), variables::Error>> {
        let entered = self.enter(Import::SetVariable, || name.clone()).await?;
        let result = entered.acts().then(|| self.stage(name, json).map_err(Into::into));
        self.exit(entered, result)
    }
}

impl attempts::Host for CallState {
    async fn get(&mut self, key: String) -> Result<Result<Option<attempts::Entry>, variables::Error>> {
        let entered = self.enter(Import::GetAttempt, || shorten(&key)).await?;
        let Authority { services, visit, .. } = self.authority()?;
        let result = match entered.acts() {
            true => Some(services.attempts.get(visit, &key).await.map(|entry| entry.map(Into::into)).map_err(Into::into)),
            false => None,
        };
        self.exit(entered, result)
    }

    async fn put(&mut self, key: String, value: String, lifetime: u32) -> Result<Result<(), variables::Error>> {
        let entered = self.enter(Import::PutAttempt, || shorten(&key)).await?;
        let result = match (entered.acts(), self.judge_attempt(&key, &value)) {
            (false, _) => None,
            (true, Err(error)) => Some(Err(error)),
            (true, Ok(())) => {
                let Authority { services, visit, .. } = self.authority()?;
                Some(services.attempts.put(visit, &key, &value, lifetime).await)
            }
        };
        self.exit(entered, result.map(|result| result.map_err(Into::into)))
    }

    async fn replace(
        &mut self,
        key: String,
        revision: String,
        value: String,
        lifetime: u32,
    ) -> Result<Result<bool, variables::Error>> {
        let entered = self.enter(Import::ReplaceAttempt, || shorten(&key)).await?;
        let result = match (entered.acts(), self.judge_attempt(&key, &value)) {
            (false, _) => None,
            (true, Err(error)) => Some(Err(error)),
            (true, Ok(())) => {
                let Authority { services, visit, .. } = self.authority()?;
                Some(services.attempts.replace(visit, &key, &revision, &value, lifetime).await)
            }
        };
        let answer = self.exit(entered, result.map(|result| result.map_err(Into::into)))?;
        // What the component was answered, not what happened: it goes on as if the attempt were its own.
        self.replaced |= matches!(answer, Ok(true));
        Ok(answer)
    }
}

impl tenant_cache::Host for CallState {
    async fn get(&mut self, key: String) -> Result<Result<Option<String>, variables::Error>> {
        let entered = self.enter(Import::GetCache, || shorten(&key)).await?;
        let Authority { services, visit, .. } = self.authority()?;
        let result = match entered.acts() {
            true => Some(services.cache.get(&visit.tenant, &key).await.map_err(Into::into)),
            false => None,
        };
        self.exit(entered, result)
    }

    async fn put(&mut self, key: String, value: String, lifetime: u32) -> Result<Result<(), variables::Error>> {
        let entered = self.enter(Import::PutCache, || shorten(&key)).await?;
        let result = match (entered.acts(), self.judge_value(&key, &value)) {
            (false, _) => None,
            (true, Err(error)) => Some(Err(error)),
            (true, Ok(())) => {
                let Authority { services, visit, .. } = self.authority()?;
                Some(services.cache.put(&visit.tenant, &key, &value, lifetime).await)
            }
        };
        self.exit(entered, result.map(|result| result.map_err(Into::into)))
    }
}

impl wall_clock::Host for CallState {
    async fn now(&mut self) -> Result<wall_clock::Datetime> {
        let entered = self.enter(Import::Clock, String::new).await?;
        let now = self.authority()?.services.clock.now();
        self.exit_plain(entered, wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() })
    }

    async fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        let entered = self.enter(Import::Clock, || "resolution".to_owned()).await?;
        self.exit_plain(entered, wall_clock::Datetime { seconds: 0, nanoseconds: 1 })
    }
}

impl random::Host for CallState {
    async fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let entered = self.enter(Import::Random, || format!("{len} bytes")).await?;
        if len > MAX_RANDOM {
            bail!("{len} random bytes in one host call, the limit is {MAX_RANDOM}");
        }
        let mut bytes = vec![0; len as usize];
        self.fill(&mut bytes)?;
        self.exit_plain(entered, bytes)
    }

    async fn get_random_u64(&mut self) -> Result<u64> {
        let entered = self.enter(Import::Random, || "8 bytes".to_owned()).await?;
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        self.exit_plain(entered, u64::from_le_bytes(bytes))
    }
}

/// The beginning of a key: enough to tell one from another. Whatever a component puts into its keys, this shows no secret whole.
fn shorten(key: &str) -> String {
    match key.char_indices().nth(12) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}
