//! The three stores in PostgreSQL 13 or later: for whoever keeps journeys in SQL already.
//!
//! | act | why it holds |
//! |---|---|
//! | `apply` | one transaction, which locks the journey's and the visit's rows before it looks: under READ COMMITTED a look without lock lets two decide |
//! | `apply`, repeated after a lost COMMIT | the change's id is kept with the settlement |
//! | `replace` | one `UPDATE … WHERE revision = …`: PostgreSQL looks again at a row that it had to wait for |
//! | a settlement outlives the visit's attempts | a journey is collected only when no attempt of it is left |
//! | lifetimes | by the database's clock, at each look; garbage is collected in batches, by one host at a time |
//! | any host sees what was put | only a server that takes writes is asked |
//!
//! `schema.sql` has the tables; [`PostgresStores::migrate`] runs it, or an operator does.

mod config;
mod entries;
mod garbage;
mod journeys;
mod pool;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;
use std::time::Duration;

pub use config::PostgresConfig;

use super::StoreError;
use super::warning::StoreWarning;
use pool::{Connections, Failed};

/// Longest value: a variable of 512 KiB as the contract says, sealed, in base64, and some.
const MAX_VALUE: usize = 1 << 20;

/// Entries of a visit or a cache: as many open tabs less one.
const MAX_ENTRIES: i64 = 128;

/// Variables that one change writes at most: a step has two.
const MAX_WRITES: usize = 64;

/// Bytes of each name. Five of them, and what comes with them, fit into a row of an index (2,704 bytes).
const MAX_NAME: usize = 512;

/// How much longer than an attempt its journey is kept: an outcome is applied 75 s after its call began at the latest.
const MARGIN: Duration = Duration::from_secs(3600);

/// The version of the tables that this code works on.
const SCHEMA: i32 = 1;

/// Journeys, attempts and caches in PostgreSQL. Values lie there as they were given:
/// [`Services::lasting`](crate::Services::lasting) seals them.
pub struct PostgresStores {
    connections: Arc<Connections>,
    journey_lifetime: Duration,
    server: String,
    warnings: Vec<StoreWarning>,
    collector: Option<tokio::task::JoinHandle<()>>,
}

impl PostgresStores {
    /// Makes the tables, where they aren't there: runs `schema.sql`. Any number of hosts may do so at once.
    ///
    /// # Errors
    ///
    /// `Unavailable` where the database can't be reached, or doesn't let this user make tables.
    pub async fn migrate(config: &PostgresConfig) -> Result<(), StoreError> {
        let connections = Connections::new(config)?;
        let mut lent = connections.lend().await?;
        let answer = connections.run(async {
            let transaction = lent.client()?.transaction().await?;
            // `IF NOT EXISTS` alone lets two who do it at once collide.
            transaction.batch_execute("SELECT pg_advisory_xact_lock(hashtext('journey-host: schema'))").await?;
            transaction.batch_execute(include_str!("schema.sql")).await?;
            transaction.commit().await?;
            Ok(())
        });
        let answer = answer.await;
        connections.conclude(lent, answer)
    }

    /// Connects, looks at how the server is set up, and collects garbage from now on.
    ///
    /// # Errors
    ///
    /// `Unavailable` where it can't be reached, or lacks the tables; `Refused` where it is older than PostgreSQL 13, its database
    /// isn't in UTF8, or the tables are of another version.
    pub async fn connect(config: &PostgresConfig) -> Result<Self, StoreError> {
        let connections = Arc::new(Connections::new(config)?);
        let (server, warnings) = check(&connections).await?;
        let collector =
            config.collect_every.map(|every| tokio::spawn(garbage::collect_for_ever(Arc::clone(&connections), every)));
        let journey_lifetime = config.journey_lifetime;
        Ok(Self { connections, journey_lifetime, server, warnings, collector })
    }

    /// What it runs on, such as `PostgreSQL 15.18`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What may be lost as the server is set up: to be logged when the host starts.
    pub fn warnings(&self) -> &[StoreWarning] {
        &self.warnings
    }

    /// Removes what has expired, and says how many rows that were; 0 where another host is doing so.
    ///
    /// # Errors
    ///
    /// Where the database fails. What was removed stays removed.
    pub async fn collect_garbage(&self) -> Result<u64, StoreError> {
        garbage::collect(&self.connections).await
    }
}

impl Drop for PostgresStores {
    fn drop(&mut self) {
        if let Some(collector) = &self.collector {
            collector.abort();
        }
    }
}

async fn check(connections: &Connections) -> Result<(String, Vec<StoreWarning>), StoreError> {
    let mut lent = connections.lend().await?;
    let answer = connections
        .run(async {
            let client = lent.client()?;
            let facts = "SELECT current_setting('server_version_num')::integer, current_setting('server_version'), \
                         current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes')";
            let facts = client.query_one(facts, &[]).await?;
            let refused = |why: String| Err(Failed::Store(StoreError::Refused(why)));
            let (number, version, encoding): (i32, String, String) = (facts.try_get(0)?, facts.try_get(1)?, facts.try_get(2)?);
            if number < 130_000 {
                return refused(format!("expected PostgreSQL 13 or later: this is {version}"));
            }
            if encoding != "UTF8" {
                return refused(format!("expected a database in UTF8: this one is in {encoding}"));
            }
            let schema: i32 = client.query_one("SELECT max(version) FROM journey_schema", &[]).await?.try_get(0)?;
            if schema != SCHEMA {
                return refused(format!("expected the tables of version {SCHEMA}: these are of version {schema}"));
            }
            let is_off = |at: usize| facts.try_get(at).map(|setting: String| setting == "off");
            let mut warnings = Vec::new();
            for (name, is_off) in [("fsync", is_off(3)?), ("full_page_writes", is_off(4)?)] {
                if is_off {
                    let loses = "a crash of the machine may lose or break everything: pending logins, variables and settlements";
                    let message = format!("{name} is off, expected on: {loses}");
                    warnings.push(StoreWarning { code: "not_persistent", message });
                }
            }
            let version = version.split(' ').next().unwrap_or_default();
            Ok((format!("PostgreSQL {version}"), warnings))
        })
        .await;
    connections.conclude(lent, answer)
}

/// # Errors
/// Where a name is longer than the tables' indexes take.
fn judge_names(names: &[&str]) -> Result<(), StoreError> {
    match names.iter().any(|name| name.len() > MAX_NAME) {
        true => Err(StoreError::Refused(format!("a name is longer than {MAX_NAME} bytes"))),
        false => Ok(()),
    }
}
