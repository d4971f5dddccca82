//! The three stores in Redis 6.2 or later, or Valkey: for a fleet.
//!
//! | act | why it holds |
//! |---|---|
//! | `replace`, `apply` | one script each, which the server runs by itself; each may be sent twice: it finds its own revision, or the change's id |
//! | outcome and variables in one act | one hash a journey, written by one `HSET`; a removed variable is an empty one |
//! | a store without memory refuses before it changes anything | that `HSET` is the first command that needs memory, under `noeviction` |
//! | a settlement outlives the visit's attempts | whichever of both is written looks at how long the other one is kept |
//! | lifetimes | by the server's clock, in each script; `PEXPIRE` only collects |
//! | any host sees what was put | every command goes to a master |
//!
//! Not for what asynchronous replication can lose: after a failover, a response may be handled twice, or a login be lost; the
//! provider's single-use code stands behind it. `docs/stores.md` has the whole list.

mod address;
mod check;
mod connection;
mod entries;
mod journeys;
mod keys;
mod script;
#[cfg(test)]
mod tests;
mod timeouts;

use std::fmt;
use std::time::Duration;

use super::StoreError;
use super::warning::StoreWarning;
use address::{Address, Extras};
use connection::Connection;
use script::Scripts;
use timeouts::Timeouts;

/// Longest value: a variable of 512 KiB as the contract says, sealed, in base64, and some.
const MAX_VALUE: usize = 1 << 20;

/// Entries of a shelf: for a visit, as many open tabs less one.
const MAX_ENTRIES: usize = 128;

/// Variables that one change writes at most: a step has two.
const MAX_WRITES: usize = 64;

/// How much longer than an attempt its journey is kept: an outcome is applied 75 s after its call began at the latest.
const MARGIN: Duration = Duration::from_secs(3600);

/// Where the stores are, and how long to wait for them. Its `Debug` shows no password.
#[derive(Clone)]
pub struct RedisConfig {
    address: Address,
    extras: Extras,
    prefix: String,
    timeouts: Timeouts,
    journey_lifetime: Duration,
}

impl RedisConfig {
    /// `redis://`, `rediss://` (TLS) or `unix://` for one server; `redis-cluster://host:port,host:port` for a cluster;
    /// `redis-sentinel://host:port,host:port/service` for the master of a service. `rediss-cluster` and `rediss-sentinel` are by
    /// TLS.
    ///
    /// # Errors
    ///
    /// `Refused` where the URL is none of these. The error doesn't show it.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            address: Address::parse(url)?,
            extras: Extras::default(),
            prefix: "journey".to_owned(),
            timeouts: Timeouts { connect: Duration::from_secs(1), response: Duration::from_secs(2) },
            journey_lifetime: Duration::from_secs(7 * 24 * 3600),
        })
    }

    /// What all keys begin with, for several hosts' worlds in one server. `journey` where nothing is said.
    ///
    /// # Errors
    ///
    /// `Refused` where it isn't 1 to 64 characters of `a-z A-Z 0-9 . _ - :`: a brace would take a cluster's hash tag.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, StoreError> {
        let is_prefix = (1..=64).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte));
        if !is_prefix {
            return Err(StoreError::Refused("a prefix is 1 to 64 characters of a-z A-Z 0-9 . _ - :".to_owned()));
        }
        prefix.clone_into(&mut self.prefix);
        Ok(self)
    }

    /// How long to wait for a connection, and for an answer: 1 s and 2 s where nothing is said. A call waits for both together at
    /// most.
    #[must_use]
    pub fn with_timeouts(self, connect: Duration, response: Duration) -> Self {
        Self { timeouts: Timeouts { connect, response }, ..self }
    }

    /// How long a journey's variables and settlements are kept after the last change, where nobody forgets it; longer where an
    /// attempt is kept longer. 7 days where nothing is said.
    #[must_use]
    pub fn with_journey_lifetime(self, lifetime: Duration) -> Self {
        Self { journey_lifetime: lifetime, ..self }
    }

    /// The password that the Sentinels themselves ask for; that of the URL is the servers'.
    #[must_use]
    pub fn with_sentinel_password(mut self, password: &str) -> Self {
        self.extras.sentinel_password = Some(password.to_owned());
        self
    }

    /// Trusts these certificates alone, in PEM, in place of the system's.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Self {
        self.extras.certificates = Some(pem.to_owned());
        self
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("address", &self.address.shown())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Journeys, attempts and caches in Redis. Values lie there as they were given: [`Services::lasting`](crate::Services::lasting)
/// seals them.
pub struct RedisStores {
    connection: Connection,
    scripts: Scripts,
    prefix: String,
    journey_lifetime: Duration,
    server: String,
    warnings: Vec<StoreWarning>,
}

impl RedisStores {
    /// Connects, and looks at how the server is set up.
    ///
    /// # Errors
    ///
    /// `Unavailable` where it can't be reached; `Refused` where it is older than Redis 6.2, or a replica.
    pub async fn connect(config: &RedisConfig) -> Result<Self, StoreError> {
        let connection = Connection::new(&config.address, &config.extras, config.timeouts)?;
        let check::Checked { server, warnings } = check::check(&connection).await?;
        Ok(Self {
            connection,
            scripts: Scripts::new(),
            prefix: config.prefix.clone(),
            journey_lifetime: config.journey_lifetime,
            server,
            warnings,
        })
    }

    /// What it runs on, such as `Redis 7.0.15`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What may be lost as the server is set up: to be logged when the host starts.
    pub fn warnings(&self) -> &[StoreWarning] {
        &self.warnings
    }
}

fn milliseconds(seconds: u32) -> String {
    (u64::from(seconds) * 1000).to_string()
}
