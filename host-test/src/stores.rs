//! The stores that a URL names.

use std::sync::Arc;

use journey_host::{PostgresConfig, PostgresStores, RedisConfig, RedisStores, Stores};

/// A store that is open, and what to tell of it.
pub struct Opened {
    /// Its three parts. What they hold is yet to be sealed.
    pub stores: Stores,
    /// Such as `Redis 7.0.15`.
    pub server: String,
    /// What may be lost as it is set up.
    pub warnings: Vec<String>,
}

/// Opens `redis://…` and its relatives, or `postgres://…`.
///
/// # Errors
///
/// The URL is of no store, or the store can't be reached. The error doesn't show the URL: it may hold a password.
pub async fn open(url: &str) -> anyhow::Result<Opened> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "postgres" | "postgresql" => {
            let config = PostgresConfig::parse(url)?;
            PostgresStores::migrate(&config).await?;
            let store = PostgresStores::connect(&config).await?;
            let (server, warnings) = (store.server().to_owned(), store.warnings().iter().map(ToString::to_string).collect());
            Ok(Opened { stores: Stores::of(Arc::new(store)), server, warnings })
        }
        _ => {
            let store = RedisStores::connect(&RedisConfig::parse(url)?).await?;
            let (server, warnings) = (store.server().to_owned(), store.warnings().iter().map(ToString::to_string).collect());
            Ok(Opened { stores: Stores::of(Arc::new(store)), server, warnings })
        }
    }
}
