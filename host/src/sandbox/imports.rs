//! What the component may ask for: the six interfaces of the world, and nothing else.
//!
//! | refused | how |
//! |---|---|
//! | a variable that the step didn't describe, a value that isn't JSON | `refused` |
//! | a name or key of another form than `wit/` says | `refused` |
//! | a value over [`Limits::variable`](crate::Limits::variable), or more than [`Limits::kept`](crate::Limits::kept) in one call | `too-large` |
//! | a fetch more than [`Limits::fetches`](crate::Limits::fetches), or more than 64 headers | `denied` |
//! | more random bytes than any step needs | the call ends |

use std::convert::Infallible;
use std::time::Duration;

use super::json::is_well_formed;
use wasmtime::Result;

use super::bindings::journey::step::{attempts, http, tenant_cache, variables};
use super::bindings::wasi::{clocks::wall_clock, random::random};
use super::state::{Authority, CallState};
use super::trapped::Cause;
use super::undone::Undone;
use crate::description::Description;
use crate::import::Import;
use crate::network::{FetchError, Request};
use crate::services::Services;
use crate::stores::{StoreError, Write};
use crate::telemetry::{Limit, Lookup, cache_read, limit_hit};

/// Random bytes that one host call hands out at most. The component asks for 96 at most.
const MAX_RANDOM: u64 = 4096;

/// Characters of an attempt's key.
const MAX_ATTEMPT_KEY: usize = 64;

/// Bytes of an entry's revision.
const MAX_REVISION: usize = 128;

/// Bytes of a variable's name or a key of the cache.
const MAX_NAME: usize = 256;

/// Headers of a request, far more than any needs; tens of thousands overflow the map that an HTTP client keeps them in.
const MAX_HEADERS: usize = 64;

impl CallState {
    fn judge_name(&self, name: &str) -> Result<(), StoreError> {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(StoreError::Refused("a name is 1 to 256 bytes long and holds no control character".to_owned()));
        }
        Ok(())
    }

    /// `wit/stores.wit`: what any store of attempts takes as a key.
    fn judge_key(&self, key: &str) -> Result<(), StoreError> {
        let is_key = (1..=MAX_ATTEMPT_KEY).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        match is_key {
            true => Ok(()),
            false => Err(StoreError::Refused("a key is 1 to 64 characters of a-z A-Z 0-9 . _ -".to_owned())),
        }
    }

    /// Takes what is to be kept from the call's budget, before anything looks through it. What is written again counts again.
    fn keep(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        if value.len() > self.limits.variable {
            limit_hit(Limit::Value);
            return Err(StoreError::TooLarge);
        }
        let kept = self.kept.saturating_add(name.len()).saturating_add(value.len());
        if kept > self.limits.kept {
            limit_hit(Limit::Kept);
            return Err(StoreError::TooLarge);
        }
        self.kept = kept;
        Ok(())
    }

    /// Stages a write. It takes effect with the outcome.
    fn stage(&mut self, name: String, json: Option<String>, described: &Description) -> Result<(), StoreError> {
        if name != described.error_variable && Some(&name) != described.output_variable.as_ref() {
            return Err(StoreError::Refused("the step did not describe that it writes this variable".to_owned()));
        }
        self.judge_name(&name)?;
        self.keep(&name, json.as_deref().unwrap_or_default())?;
        // Whether it is well-formed is all that the host wants to know: nothing of it is built in memory.
        if json.as_ref().is_some_and(|json| !is_well_formed(json)) {
            return Err(StoreError::Refused("the value is not JSON".to_owned()));
        }
        self.writes.retain(|write| write.name != name);
        self.writes.push(Write { name, json });
        Ok(())
    }

    /// The exchange that is asked for, within the limits of the call.
    fn limit(&self, request: http::Request) -> Result<Request, FetchError> {
        if self.calls.of(Import::Fetch) > self.limits.fetches {
            limit_hit(Limit::Fetches);
            return Err(FetchError::Denied(format!("more than {} fetches in one call", self.limits.fetches)));
        }
        if request.headers.len() > MAX_HEADERS {
            limit_hit(Limit::RequestHeaders);
            return Err(FetchError::Denied(format!("more than {MAX_HEADERS} headers")));
        }
        let left = self.deadline.saturating_duration_since(tokio::time::Instant::now()).saturating_sub(self.limits.margin);
        if left.is_zero() {
            return Err(FetchError::Timeout);
        }
        Ok(Request {
            post: matches!(request.method, http::Method::Post),
            url: request.url,
            headers: request.headers,
            body: request.body,
            timeout: left.min(Duration::from_millis(request.timeout_ms.into())),
            max_body: self.limits.body.min(request.max_body_bytes as usize),
        })
    }
}

impl http::Host for CallState {
    async fn fetch(&mut self, request: http::Request) -> Result<Result<http::Response, http::Error>> {
        self.pass(
            Import::Fetch,
            request,
            describe_request,
            |state, request| Ok(state.limit(request).map_err(http::Error::from)?),
            async |Authority { services, visit, description, .. }, exchange| {
                let response = services.network.fetch(exchange, &description.origins, &visit.tenant).await;
                Ok(response.map_err(http::Error::from)?.into())
            },
        )
        .await
    }
}

impl variables::Host for CallState {
    async fn set(&mut self, name: String, json: Option<String>) -> Result<Result<(), variables::Error>> {
        self.pass_at_once(
            Import::SetVariable,
            (name, json),
            |(name, _)| name.clone(),
            |state, (name, json)| {
                let authority = state.authority.clone();
                let described = authority.as_ref().map(|authority| &authority.description);
                let Some(described) = described else {
                    return Err(Undone::Ends(Cause::Impure, "no authority".to_owned()));
                };
                Ok(state.stage(name, json, described).map_err(variables::Error::from)?)
            },
            |_, ()| Ok(()),
        )
        .await
    }
}

impl attempts::Host for CallState {
    async fn get(&mut self, key: String) -> Result<Result<Option<attempts::Entry>, variables::Error>> {
        self.pass(
            Import::GetAttempt,
            key,
            |key| shorten(key),
            |state, key| {
                state.judge_key(&key).map_err(variables::Error::from)?;
                Ok(key)
            },
            async |Authority { services, visit, .. }, key| {
                let entry = services.attempts.get(visit, &key).await.map_err(variables::Error::from)?;
                Ok(entry.map(Into::into))
            },
        )
        .await
    }

    async fn put(&mut self, key: String, value: String, lifetime: u32) -> Result<Result<(), variables::Error>> {
        self.pass(
            Import::PutAttempt,
            (key, value),
            |(key, _)| shorten(key),
            |state, (key, value)| {
                state.judge_key(&key).map_err(variables::Error::from)?;
                state.keep(&key, &value).map_err(variables::Error::from)?;
                Ok((key, value))
            },
            async |Authority { services, visit, .. }, (key, value)| {
                Ok(services.attempts.put(visit, &key, &value, lifetime).await.map_err(variables::Error::from)?)
            },
        )
        .await
    }

    async fn replace(
        &mut self,
        key: String,
        revision: String,
        value: String,
        lifetime: u32,
    ) -> Result<Result<bool, variables::Error>> {
        let answer = self
            .pass(
                Import::ReplaceAttempt,
                (key, revision, value),
                |(key, ..)| shorten(key),
                |state, (key, revision, value)| {
                    state.judge_key(&key).map_err(variables::Error::from)?;
                    if revision.len() > MAX_REVISION {
                        return Err(variables::Error::Refused("a revision has at most 128 bytes".to_owned()).into());
                    }
                    state.keep(&key, &value).map_err(variables::Error::from)?;
                    Ok((key, revision, value))
                },
                async |Authority { services, visit, .. }, (key, revision, value)| {
                    let replaced = services.attempts.replace(visit, &key, &revision, &value, lifetime).await;
                    Ok(replaced.map_err(variables::Error::from)?)
                },
            )
            .await?;
        // What the component was answered, not what happened: it goes on as if the attempt were its own.
        self.replaced |= matches!(answer, Ok(true));
        Ok(answer)
    }
}

impl tenant_cache::Host for CallState {
    async fn get(&mut self, key: String) -> Result<Result<Option<String>, variables::Error>> {
        self.pass(
            Import::GetCache,
            key,
            |key| shorten(key),
            |state, key| {
                state.judge_name(&key).map_err(variables::Error::from)?;
                Ok(key)
            },
            async |Authority { services, cache, .. }, key| {
                let found = services.cache.get(cache, &key).await;
                cache_read(match &found {
                    Ok(Some(_)) => Lookup::Hit,
                    Ok(None) => Lookup::Miss,
                    Err(_) => Lookup::Failed,
                });
                Ok(found.map_err(variables::Error::from)?)
            },
        )
        .await
    }

    async fn put(&mut self, key: String, value: String, lifetime: u32) -> Result<Result<(), variables::Error>> {
        self.pass(
            Import::PutCache,
            (key, value),
            |(key, _)| shorten(key),
            |state, (key, value)| {
                state.judge_name(&key).map_err(variables::Error::from)?;
                state.keep(&key, &value).map_err(variables::Error::from)?;
                Ok((key, value))
            },
            async |Authority { services, cache, .. }, (key, value)| {
                Ok(services.cache.put(cache, &key, &value, lifetime).await.map_err(variables::Error::from)?)
            },
        )
        .await
    }
}

impl wall_clock::Host for CallState {
    async fn now(&mut self) -> Result<wall_clock::Datetime> {
        let now = |Authority { services, .. }: &Authority, ()| {
            let now = services.clock.now();
            Ok(wall_clock::Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() })
        };
        let Ok::<_, Infallible>(now) = self.pass_at_once(Import::Clock, (), |()| String::new(), |_, ()| Ok(()), now).await?;
        Ok(now)
    }

    async fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        let resolution = |_: &Authority, ()| Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1 });
        let target = |(): &()| "resolution".to_owned();
        let Ok::<_, Infallible>(resolution) = self.pass_at_once(Import::Clock, (), target, |_, ()| Ok(()), resolution).await?;
        Ok(resolution)
    }
}

impl random::Host for CallState {
    async fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let judge = |_: &mut CallState, len| match len > MAX_RANDOM {
            true => Err(Undone::Ends(Cause::Guest, format!("{len} bytes in one host call, the limit is {MAX_RANDOM}"))),
            false => Ok(vec![0; len as usize]),
        };
        let act = |Authority { services, .. }: &Authority, bytes| fill(services, bytes);
        let Ok::<_, Infallible>(bytes) = self.pass_at_once(Import::Random, len, |len| format!("{len} bytes"), judge, act).await?;
        Ok(bytes)
    }

    async fn get_random_u64(&mut self) -> Result<u64> {
        let act = |Authority { services, .. }: &Authority, ()| fill(services, [0; 8]).map(u64::from_le_bytes);
        let Ok::<_, Infallible>(number) =
            self.pass_at_once(Import::Random, (), |()| "8 bytes".to_owned(), |_, ()| Ok(()), act).await?;
        Ok(number)
    }
}

/// Weak bytes are never handed out.
fn fill<B: AsMut<[u8]>>(services: &Services, mut bytes: B) -> Result<B, Undone<Infallible>> {
    match services.random.fill(bytes.as_mut()) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Undone::Ends(Cause::Host, format!("no random bytes: {error}"))),
    }
}

/// Method, origin and path: the query may hold a secret.
fn describe_request(request: &http::Request) -> String {
    let method = if matches!(request.method, http::Method::Post) { "POST" } else { "GET" };
    match url::Url::parse(&request.url) {
        Ok(url) => format!("{method} {}{}", url.origin().ascii_serialization(), url.path()),
        Err(_) => format!("{method} (not a URL)"),
    }
}

/// The beginning of a key: enough to tell one from another. Whatever a component puts into its keys, this shows no secret whole.
fn shorten(key: &str) -> String {
    match key.char_indices().nth(12) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}
