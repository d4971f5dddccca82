//! Attempts and caches: entries with a lifetime, each a row.

use async_trait::async_trait;

use super::super::{Attempts, CacheScope, Entry, StoreError, TenantCache, random_name};
use super::pool::Failed;
use super::{MAX_ENTRIES, MAX_VALUE, PostgresStores, judge_names};
use crate::visit::Visit;

const GET: &str = "SELECT value, revision FROM journey_attempt \
    WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4 AND key = $5 AND expires_at > clock_timestamp()";

/// One row, or none where the visit has too many others.
const PUT: &str = "INSERT INTO journey_attempt (tenant, journey, step, round, key, value, revision, expires_at) \
    SELECT $1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8) WHERE $9 > \
    (SELECT count(*) FROM journey_attempt WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4 AND key <> $5 \
    AND expires_at > clock_timestamp()) \
    ON CONFLICT (tenant, journey, step, round, key) \
    DO UPDATE SET value = excluded.value, revision = excluded.revision, expires_at = excluded.expires_at";

/// A row that another one is just changing is waited for, and then looked at again.
const REPLACE: &str = "UPDATE journey_attempt SET value = $6, revision = $7, expires_at = clock_timestamp() + make_interval(secs => $8) \
    WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4 AND key = $5 AND revision = $9 AND expires_at > clock_timestamp()";

pub(super) const LEAVE: &str = "DELETE FROM journey_attempt WHERE tenant = $1 AND journey = $2 AND step = $3 AND round = $4";

const GET_CACHE: &str = "SELECT value FROM journey_cache \
    WHERE component = $1 AND tenant = $2 AND key = $3 AND expires_at > clock_timestamp()";

const PUT_CACHE: &str = "INSERT INTO journey_cache (component, tenant, key, value, expires_at) \
    SELECT $1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5) WHERE $6 > \
    (SELECT count(*) FROM journey_cache WHERE component = $1 AND tenant = $2 AND key <> $3 AND expires_at > clock_timestamp()) \
    ON CONFLICT (component, tenant, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";

fn text(bytes: Vec<u8>) -> Result<String, Failed> {
    String::from_utf8(bytes).map_err(|_| Failed::Store(StoreError::Refused("the stored entry is malformed".to_owned())))
}

fn full() -> StoreError {
    StoreError::Refused(format!("{MAX_ENTRIES} entries are kept already"))
}

#[async_trait]
impl Attempts for PostgresStores {
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<Entry>, StoreError> {
        let Visit { tenant, journey, step, round } = visit;
        judge_names(&[tenant, journey, step, key])?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let get = client.prepare_cached(GET).await?;
            let row = client.query_opt(&get, &[tenant, journey, step, &i64::from(*round), &key]).await?;
            let Some(row) = row else { return Ok(None) };
            Ok(Some(Entry { value: text(row.try_get(0)?)?, revision: row.try_get(1)? }))
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)
    }

    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let Visit { tenant, journey, step, round } = visit;
        judge_names(&[tenant, journey, step, key])?;
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let revision = random_name()?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let put = client.prepare_cached(PUT).await?;
            let (round, lifetime) = (i64::from(*round), f64::from(lifetime));
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
                [tenant, journey, step, &round, &key, &value.as_bytes(), &revision, &lifetime, &MAX_ENTRIES];
            Ok(client.execute(&put, &parameters).await?)
        });
        let answer = answer.await;
        match self.connections.conclude(lent, answer)? {
            0 => Err(full()),
            _ => Ok(()),
        }
    }

    async fn replace(&self, visit: &Visit, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError> {
        let Visit { tenant, journey, step, round } = visit;
        judge_names(&[tenant, journey, step, key])?;
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let new = random_name()?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let replace = client.prepare_cached(REPLACE).await?;
            let (round, lifetime) = (i64::from(*round), f64::from(lifetime));
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
                [tenant, journey, step, &round, &key, &value.as_bytes(), &new, &lifetime, &revision];
            Ok(client.execute(&replace, &parameters).await?)
        });
        let answer = answer.await;
        Ok(self.connections.conclude(lent, answer)? == 1)
    }

    async fn leave(&self, visit: &Visit) -> Result<(), StoreError> {
        let Visit { tenant, journey, step, round } = visit;
        judge_names(&[tenant, journey, step])?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let leave = client.prepare_cached(LEAVE).await?;
            client.execute(&leave, &[tenant, journey, step, &i64::from(*round)]).await?;
            Ok(())
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)
    }
}

#[async_trait]
impl TenantCache for PostgresStores {
    async fn get(&self, scope: &CacheScope, key: &str) -> Result<Option<String>, StoreError> {
        let CacheScope { component, tenant } = scope;
        judge_names(&[component, tenant, key])?;
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let get = client.prepare_cached(GET_CACHE).await?;
            let row = client.query_opt(&get, &[component, tenant, &key]).await?;
            let Some(row) = row else { return Ok(None) };
            text(row.try_get(0)?).map(Some)
        });
        let answer = answer.await;
        self.connections.conclude(lent, answer)
    }

    async fn put(&self, scope: &CacheScope, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError> {
        let CacheScope { component, tenant } = scope;
        judge_names(&[component, tenant, key])?;
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let mut lent = self.connections.lend().await?;
        let answer = self.connections.run(async {
            let client = lent.client()?;
            let put = client.prepare_cached(PUT_CACHE).await?;
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [component, tenant, &key, &value.as_bytes(), &f64::from(lifetime), &MAX_ENTRIES];
            Ok(client.execute(&put, &parameters).await?)
        });
        let answer = answer.await;
        match self.connections.conclude(lent, answer)? {
            0 => Err(full()),
            _ => Ok(()),
        }
    }
}
