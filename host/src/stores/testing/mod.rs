//! Real servers for tests: Debian's `redis-server` and `postgres`, each in a folder of its own, on a Unix socket or a loopback
//! port that the system chose. They end with whoever started them, however that one ends.
//!
//! [`redis_url`] and [`postgres_url`] are what most tests want: the servers that `REDIS_URL` and `DATABASE_URL` name, or else one
//! for the whole process. What stops, pauses or fills a server starts one of its own. Whatever is missing is an error that names
//! the package.

mod postgres;
mod process;
mod redis;

use std::sync::OnceLock;

pub use postgres::PostgresServer;
pub use redis::{RedisCluster, RedisSentinel, RedisServer, free_port};

/// Why there is no server.
pub type NoServer = String;

/// A Redis for the whole process: the one that `REDIS_URL` names, or one of its own. Tests keep apart by a prefix of keys.
///
/// # Errors
///
/// Where there is none, and none can be started.
pub fn redis_url() -> Result<String, NoServer> {
    static SHARED: OnceLock<Result<RedisServer, NoServer>> = OnceLock::new();
    if let Ok(url) = std::env::var("REDIS_URL") {
        return Ok(url);
    }
    SHARED.get_or_init(|| RedisServer::start(&[])).as_ref().map(RedisServer::url).map_err(Clone::clone)
}

/// A PostgreSQL for the whole process: the one that `DATABASE_URL` names, or one of its own. Tests keep apart by a schema.
///
/// # Errors
///
/// Where there is none, and none can be started.
pub fn postgres_url() -> Result<String, NoServer> {
    static SHARED: OnceLock<Result<PostgresServer, NoServer>> = OnceLock::new();
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Ok(url);
    }
    SHARED.get_or_init(PostgresServer::start).as_ref().map(PostgresServer::url).map_err(Clone::clone)
}

/// A name that no other test has: for a prefix, a schema, a tenant.
pub fn unique_name() -> String {
    let mut bytes = [0; 8];
    // Only a name: a failing generator shows up where it matters.
    let _ = getrandom::fill(&mut bytes);
    format!("t{:016x}", u64::from_be_bytes(bytes))
}
