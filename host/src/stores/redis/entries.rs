//! Attempts and caches: entries with a lifetime and a revision, a hash for each visit and each cache.

use async_trait::async_trait;

use super::super::{Attempts, CacheScope, Entry, StoreError, TenantCache, random_name};
use super::script::Call;
use super::{MARGIN, MAX_ENTRIES, MAX_VALUE, RedisStores, keys, milliseconds};
use crate::visit::Visit;

impl RedisStores {
    async fn entry(&self, shelf: &[u8], key: &str) -> Result<Option<Entry>, StoreError> {
        let call = Call { keys: &[shelf], arguments: &[key.as_bytes()] };
        let Some(entry) = self.scripts.get.call::<Option<String>>(&self.connection, call).await? else { return Ok(None) };
        let mut parts = entry.splitn(3, ' ');
        let (Some(revision), Some(_), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(StoreError::Refused("the stored entry is malformed".to_owned()));
        };
        Ok(Some(Entry { value: value.to_owned(), revision: revision.to_owned() }))
    }

    /// `keys`: the shelf, and the journey that it belongs to, if any.
    async fn keep(&self, keys: &[&[u8]], key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let (revision, lifetime) = (random_name()?, milliseconds(lifetime));
        let (margin, most) = (MARGIN.as_millis().to_string(), MAX_ENTRIES.to_string());
        let arguments = [key, &revision, value, &lifetime, &margin, &most].map(str::as_bytes);
        match self.scripts.put.call(&self.connection, Call { keys, arguments: &arguments }).await? {
            true => Ok(()),
            false => Err(StoreError::Refused(format!("{MAX_ENTRIES} entries are kept already"))),
        }
    }
}

#[async_trait]
impl Attempts for RedisStores {
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<Entry>, StoreError> {
        self.entry(&keys::attempts(&self.prefix, visit), key).await
    }

    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let attempts = keys::attempts(&self.prefix, visit);
        let journey = keys::journey(&self.prefix, &visit.tenant, &visit.journey);
        self.keep(&[&attempts, &journey], key, value, lifetime).await
    }

    async fn replace(&self, visit: &Visit, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let attempts = keys::attempts(&self.prefix, visit);
        let (new, lifetime) = (random_name()?, milliseconds(lifetime));
        let arguments = [key, revision, &new, value, &lifetime].map(str::as_bytes);
        self.scripts.replace.call(&self.connection, Call { keys: &[&attempts], arguments: &arguments }).await
    }

    async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        self.connection.ask(redis::cmd("UNLINK").arg(keys::attempts(&self.prefix, visit))).await
    }
}

#[async_trait]
impl TenantCache for RedisStores {
    async fn get(&self, scope: &CacheScope, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.entry(&keys::cache(&self.prefix, scope), key).await?.map(|entry| entry.value))
    }

    async fn put(&self, scope: &CacheScope, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        self.keep(&[&keys::cache(&self.prefix, scope)], key, value, lifetime).await
    }
}
