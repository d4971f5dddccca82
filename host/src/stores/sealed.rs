//! Encryption at rest over any store: what is kept is sealed by a [`Keyring`], and bound to where it belongs.
//!
//! | sealed | bound to |
//! |---|---|
//! | each value of an attempt | tenant, journey, step, round, key |
//! | each variable | tenant, journey, name |
//! | of a settlement: the subject, and the texts that a provider chose | tenant, journey, step, round, which text it is |
//! | each value of a tenant's cache | component, tenant, key |
//!
//! A value that was altered, or moved elsewhere, is refused; in the cache it is treated as absent. In clear are names, revisions,
//! lifetimes and of a settlement what an operator counts by: code, category, path, status, pool and issuer. Whoever can write to
//! the store can still put back an older value of the same place; then a response may be handled twice, and the provider's
//! single-use code stands behind it.
//!
//! The cache holds nothing secret. It is sealed so that whoever can write to the store can't plant signing keys.

use std::sync::Arc;

use async_trait::async_trait;

use super::keyring::{Keyring, Unsealable};
use super::{Applied, Attempts, CacheScope, Change, Effect, Entry, Journeys, Settlement, StoreError, TenantCache, Write};
use crate::outcome::{Authentication, Failed, Failure, ProviderAnswer};
use crate::visit::Visit;

/// A store, and the keys over it.
pub(super) struct Sealed<S: ?Sized> {
    pub store: Arc<S>,
    pub keyring: Arc<Keyring>,
}

impl From<Unsealable> for StoreError {
    fn from(error: Unsealable) -> Self {
        match error {
            Unsealable::NoRandomBytes => Self::Unavailable(error.to_string()),
            Unsealable::NotSealed | Unsealable::NoSuchKey | Unsealable::Altered => {
                Self::Refused(format!("the stored value can't be opened: {error}"))
            }
        }
    }
}

/// What a sealed value is about, without two readings: each part with its length in front.
fn about(parts: &[&str]) -> Vec<u8> {
    let mut about = Vec::new();
    for part in parts {
        about.extend((part.len() as u64).to_be_bytes());
        about.extend(part.as_bytes());
    }
    about
}

fn of_attempt(visit: &Visit, key: &str) -> Vec<u8> {
    let Visit { tenant, journey, step, round } = visit;
    about(&["attempt", tenant, journey, step, &round.to_string(), key])
}

fn of_settlement(visit: &Visit, text: &str) -> Vec<u8> {
    let Visit { tenant, journey, step, round } = visit;
    about(&["settlement", tenant, journey, step, &round.to_string(), text])
}

fn of_variable(tenant: &str, journey: &str, name: &str) -> Vec<u8> {
    about(&["variable", tenant, journey, name])
}

fn of_cache(scope: &CacheScope, key: &str) -> Vec<u8> {
    about(&["cache", &scope.component, &scope.tenant, key])
}

#[async_trait]
impl Attempts for Sealed<dyn Attempts> {
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<Entry>, StoreError> {
        let Some(Entry { value, revision }) = self.store.get(visit, key).await? else { return Ok(None) };
        let value = self.keyring.open(&value, &of_attempt(visit, key))?;
        Ok(Some(Entry { value, revision }))
    }

    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let sealed = self.keyring.seal(value, &of_attempt(visit, key))?;
        self.store.put(visit, key, &sealed, lifetime).await
    }

    async fn replace(&self, visit: &Visit, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        let sealed = self.keyring.seal(value, &of_attempt(visit, key))?;
        self.store.replace(visit, key, revision, &sealed, lifetime).await
    }

    async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.store.leave(visit).await
    }
}

#[async_trait]
impl Journeys for Sealed<dyn Journeys> {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        let seal = |write: &Write| -> Result<Write, StoreError> {
            let about = of_variable(&visit.tenant, &visit.journey, &write.name);
            // A JSON text is kept: a string, so that a store may look at what it keeps.
            let json = write.json.as_ref().map(|json| self.keyring.seal(json, &about)).transpose()?;
            Ok(Write { name: write.name.clone(), json: json.map(|sealed| format!("\"{sealed}\"")) })
        };
        let settle = |settlement: &Settlement| {
            each_text(settlement, |text, name| Ok(self.keyring.seal(text, &of_settlement(visit, name))?))
        };
        let effect = match &change.effect {
            Effect::Wait { expires_in } => Effect::Wait { expires_in: *expires_in },
            Effect::Settle(settlement) => Effect::Settle(settle(settlement)?),
            Effect::SettleUnlessPending(settlement) => Effect::SettleUnlessPending(settle(settlement)?),
        };
        let writes = change.writes.iter().map(seal).collect::<Result<_, _>>()?;
        self.store.apply(visit, &Change { id: change.id, writes, effect }).await
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        let Some(settlement) = self.store.settlement(visit).await? else { return Ok(None) };
        each_text(&settlement, |text, name| Ok(self.keyring.open(text, &of_settlement(visit, name))?)).map(Some)
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        let Some(json) = self.store.variable(tenant, journey, name).await? else { return Ok(None) };
        let sealed = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).ok_or(Unsealable::NotSealed)?;
        Ok(Some(self.keyring.open(sealed, &of_variable(tenant, journey, name))?))
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.store.forget(tenant, journey).await
    }
}

#[async_trait]
impl TenantCache for Sealed<dyn TenantCache> {
    async fn get(&self, scope: &CacheScope, key: &str) -> Result<Option<String>, StoreError> {
        let sealed = self.store.get(scope, key).await?;
        // A cache may lose an entry at any time, and the step then fetches it anew.
        Ok(sealed.and_then(|sealed| self.keyring.open(&sealed, &of_cache(scope, key)).ok()))
    }

    async fn put(&self, scope: &CacheScope, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let sealed = self.keyring.seal(value, &of_cache(scope, key))?;
        self.store.put(scope, key, &sealed, lifetime).await
    }
}

/// The settlement with each text changed that is about a person or was chosen by somebody else.
fn each_text(
    settlement: &Settlement,
    change: impl Fn(&str, &'static str) -> Result<String, StoreError>,
) -> Result<Settlement, StoreError> {
    let optional = |text: &Option<String>, name| text.as_deref().map(|text| change(text, name)).transpose();
    Ok(match settlement {
        Settlement::Authenticated(who) => {
            let Authentication { user_pool_id, subject, issuer } = who.clone();
            Settlement::Authenticated(Authentication { user_pool_id, subject: change(&subject, "subject")?, issuer })
        }
        Settlement::Failed(Failed { failure, behavior }) => {
            let provider = ProviderAnswer {
                error: optional(&failure.provider.error, "error")?,
                error_description: optional(&failure.provider.error_description, "error_description")?,
                ..failure.provider.clone()
            };
            Settlement::Failed(Failed { failure: Failure { provider, ..failure.clone() }, behavior: *behavior })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::memory::{MemoryAttempts, MemoryCache, MemoryJourneys};
    use super::super::{ChangeId, Stores};
    use super::*;
    use crate::clock::SystemClock;
    use crate::outcome::{Category, FailureBehavior};

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    fn memory() -> Stores {
        let clock = Arc::new(SystemClock);
        Stores {
            journeys: Arc::new(MemoryJourneys::new(clock.clone())),
            attempts: Arc::new(MemoryAttempts::new(clock.clone())),
            cache: Arc::new(MemoryCache::new(clock)),
        }
    }

    fn sealed(stores: &Stores, keys: &str) -> Stores {
        stores.clone().sealed(Keyring::parse(keys).unwrap())
    }

    fn visit() -> Visit {
        Visit::first("tenant", "journey", "step")
    }

    fn is_refused<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
        assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    }

    fn settled(id: u8, settlement: Settlement, out: &str) -> Change {
        let writes = vec![Write { name: "out".into(), json: Some(out.into()) }, Write { name: "gone".into(), json: None }];
        Change { id: ChangeId([id; 16]), writes, effect: Effect::Settle(settlement) }
    }

    fn authenticated() -> Settlement {
        let (user_pool_id, subject, issuer) = ("pool".into(), "a person".into(), "https://issuer.example".into());
        Settlement::Authenticated(Authentication { user_pool_id, subject, issuer })
    }

    fn failed() -> Settlement {
        let provider = ProviderAnswer {
            error: Some("an error".into()),
            error_description: Some("of a person".into()),
            status: Some(400),
            request_id: Some("8f5c".into()),
        };
        let (code, message) = ("trigger_refused".into(), "refused".into());
        let failure = Failure { code, category: Category::Flow, message, retryable: false, path: None, provider };
        Settlement::Failed(Failed { failure, behavior: FailureBehavior::Abort })
    }

    #[tokio::test]
    async fn what_was_kept_comes_back_and_lies_there_sealed() {
        let raw = memory();
        let stores = sealed(&raw, OLD);
        for (round, settlement) in [(1, authenticated()), (2, failed())] {
            let own = Visit { round, ..visit() };
            stores.attempts.put(&own, "key", "pending", 60).await.unwrap();
            let entry = stores.attempts.get(&own, "key").await.unwrap().unwrap();
            assert_eq!(entry.value, "pending");
            assert_eq!(stores.attempts.replace(&own, "key", &entry.revision, "taken", 60).await, Ok(true));
            assert_eq!(stores.attempts.replace(&own, "key", &entry.revision, "again", 60).await, Ok(false));
            assert_eq!(stores.attempts.get(&own, "key").await.unwrap().unwrap().value, "taken");
            assert!(raw.attempts.get(&own, "key").await.unwrap().unwrap().value.starts_with("s1."));

            let change = settled(1, settlement.clone(), r#"{"a": 1}"#);
            assert_eq!(stores.journeys.apply(&own, &change).await, Ok(Applied::Yes));
            assert_eq!(stores.journeys.apply(&own, &change).await, Ok(Applied::Yes), "repeated, though sealed anew");
            assert_eq!(stores.journeys.settlement(&own).await, Ok(Some(settlement)));
            assert_eq!(stores.journeys.variable("tenant", "journey", "out").await.unwrap().as_deref(), Some(r#"{"a": 1}"#));
            assert_eq!(stores.journeys.variable("tenant", "journey", "gone").await, Ok(None));
            let kept = format!("{:?}", raw.journeys.settlement(&own).await.unwrap().unwrap());
            for word in ["a person", "of a person", "an error"] {
                assert!(!kept.contains(word), "{kept}");
            }
        }
        let json = raw.journeys.variable("tenant", "journey", "out").await.unwrap().unwrap();
        assert!(serde_json::from_str::<String>(&json).unwrap().starts_with("s1."), "a store may look for JSON");
        let scope = CacheScope::new("component", "tenant");
        stores.cache.put(&scope, "key", "value", 60).await.unwrap();
        assert_eq!(stores.cache.get(&scope, "key").await.unwrap().as_deref(), Some("value"));
        assert!(raw.cache.get(&scope, "key").await.unwrap().unwrap().starts_with("s1."));
    }

    #[tokio::test]
    async fn an_attempt_that_was_moved_is_refused() {
        let raw = memory();
        let stores = sealed(&raw, OLD);
        stores.attempts.put(&visit(), "key", "value", 60).await.unwrap();
        let kept = raw.attempts.get(&visit(), "key").await.unwrap().unwrap().value;
        let elsewhere = [
            (Visit::first("other", "journey", "step"), "key"),
            (Visit::first("tenant", "other", "step"), "key"),
            (Visit::first("tenant", "journey", "other"), "key"),
            (visit().next(), "key"),
            (visit(), "other"),
            // The same characters, cut at another place.
            (Visit::first("tenantj", "ourney", "step"), "key"),
        ];
        for (other, key) in elsewhere {
            raw.attempts.put(&other, key, &kept, 60).await.unwrap();
            is_refused(stores.attempts.get(&other, key).await);
        }
        // Nor does one pass that was never sealed, or under a key of somebody's own.
        raw.attempts.put(&visit(), "key", "value", 60).await.unwrap();
        is_refused(stores.attempts.get(&visit(), "key").await);
        sealed(&raw, NEW).attempts.put(&visit(), "key", "value", 60).await.unwrap();
        is_refused(stores.attempts.get(&visit(), "key").await);
    }

    #[tokio::test]
    async fn a_variable_and_a_settlement_that_were_moved_are_refused() {
        let raw = memory();
        let stores = sealed(&raw, OLD);
        stores.journeys.apply(&visit(), &settled(1, authenticated(), "1")).await.unwrap();
        let json = raw.journeys.variable("tenant", "journey", "out").await.unwrap();
        let kept = raw.journeys.settlement(&visit()).await.unwrap().unwrap();
        for (tenant, journey, name) in [("other", "journey", "out"), ("tenant", "other", "out"), ("tenant", "journey", "error")] {
            let other = Visit::first(tenant, journey, "another step");
            let writes = vec![Write { name: name.into(), json: json.clone() }];
            let change = Change { id: ChangeId([2; 16]), writes, effect: Effect::Settle(kept.clone()) };
            raw.journeys.apply(&other, &change).await.unwrap();
            is_refused(stores.journeys.variable(tenant, journey, name).await);
            is_refused(stores.journeys.settlement(&other).await);
        }
        raw.journeys.apply(&visit().next(), &settled(3, authenticated(), "\"in clear\"")).await.unwrap();
        is_refused(stores.journeys.variable("tenant", "journey", "out").await);
        is_refused(stores.journeys.settlement(&visit().next()).await);
        // One text of a failure isn't another one.
        stores.journeys.apply(&visit().next().next(), &settled(4, failed(), "1")).await.unwrap();
        let Ok(Some(Settlement::Failed(mut kept))) = raw.journeys.settlement(&visit().next().next()).await else {
            unreachable!()
        };
        std::mem::swap(&mut kept.failure.provider.error, &mut kept.failure.provider.error_description);
        let swapped = memory();
        let change = settled(4, Settlement::Failed(kept), "1");
        swapped.journeys.apply(&visit().next().next(), &change).await.unwrap();
        is_refused(sealed(&swapped, OLD).journeys.settlement(&visit().next().next()).await);
    }

    #[tokio::test]
    async fn a_planted_entry_of_the_cache_is_as_good_as_absent() {
        let raw = memory();
        let stores = sealed(&raw, OLD);
        let scope = CacheScope::new("component", "tenant");
        stores.cache.put(&scope, "key", "value", 60).await.unwrap();
        let kept = raw.cache.get(&scope, "key").await.unwrap().unwrap();
        for (other, key) in [
            (CacheScope::new("other", "tenant"), "key"),
            (CacheScope::new("component", "other"), "key"),
            (scope.clone(), "other"),
        ] {
            raw.cache.put(&other, key, &kept, 60).await.unwrap();
            assert_eq!(stores.cache.get(&other, key).await, Ok(None));
        }
        raw.cache.put(&scope, "key", "planted", 60).await.unwrap();
        assert_eq!(stores.cache.get(&scope, "key").await, Ok(None));
    }

    #[tokio::test]
    async fn keys_are_rotated_without_losing_a_pending_login() {
        let raw = memory();
        let get = async |keys: &str| sealed(&raw, keys).attempts.get(&visit(), "key").await.map(|entry| entry.unwrap().value);
        let put = async |keys: &str, value: &str| sealed(&raw, keys).attempts.put(&visit(), "key", value, 60).await.unwrap();
        let (only_old, reads_new, writes_new, only_new) = (OLD, format!("{OLD},{NEW}"), format!("{NEW},{OLD}"), NEW);
        // Each step reaches one host after the other: what either wrote, both read.
        put(only_old, "1").await;
        assert_eq!(get(&reads_new).await.unwrap(), "1");
        put(&reads_new, "2").await;
        assert_eq!(get(only_old).await.unwrap(), "2");
        assert_eq!(get(&writes_new).await.unwrap(), "2");
        put(&writes_new, "3").await;
        assert_eq!(get(&reads_new).await.unwrap(), "3");
        assert_eq!(get(only_new).await.unwrap(), "3");
        is_refused(get(only_old).await);
    }
}
