//! Demos that are a fleet: they share a store, and the user pool of the one that was started first.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::documents::{Documents, TENANT};
use crate::stores::{self, Opened};
use journey_host::{Change, ChangeId, Effect, Egress, Keyring, Random as _, Stores, SystemRandom, TenantPolicy, Visit, Write};

/// Where the keys come from.
pub(super) const KEYS: &str = "JOURNEY_KEYS";

/// What everybody knows who reads this: it keeps nothing secret, and is said to.
const KNOWN_KEY: &str = "ZGVtbyBkZW1vIGRlbW8gZGVtbyBkZW1vIGRlbW8gMDE=";

/// The journey that holds the pool, and its variable.
const POOL: &str = "pool";

/// A store that demos share.
pub(super) struct Fleet {
    pub(super) stores: Stores,
    /// What is to be said of it, once.
    pub(super) notes: Vec<String>,
    keys: String,
}

/// The user pool of the demo that was started first.
pub(super) struct Pool {
    pub(super) documents: Documents,
    pub(super) secret: Option<String>,
    origins: Vec<String>,
}

impl Fleet {
    /// # Errors
    /// The store can't be reached, or the keys can't be read.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let Opened { stores, server, warnings } = stores::open(url).await?;
        let mut notes = vec![format!("the store is {server}")];
        notes.extend(warnings);
        let keys = std::env::var(KEYS).ok().filter(|keys| !keys.is_empty());
        if keys.is_none() {
            notes.push(format!("{KEYS} isn't set: what is stored is encrypted by a key that everybody knows"));
        }
        let fleet = Self { stores, notes, keys: keys.unwrap_or_else(|| KNOWN_KEY.to_owned()) };
        fleet.keyring()?;
        Ok(fleet)
    }

    /// # Errors
    /// The keys can't be read. The error shows none.
    pub(super) fn keyring(&self) -> anyhow::Result<Keyring> {
        Keyring::parse(&self.keys).context(KEYS)
    }

    /// The pool that is there already; none where its demo has ended.
    ///
    /// # Errors
    /// The store fails, or was filled by other keys.
    pub(super) async fn pool(&self) -> anyhow::Result<Option<Pool>> {
        let journeys = self.stores.clone().sealed(self.keyring()?).journeys;
        let Some(text) = journeys.variable(TENANT, POOL, POOL).await? else { return Ok(None) };
        let value: Value = serde_json::from_str(&text)?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let documents = Documents {
            settings: text("settings").context("no settings")?,
            connector: text("connector").context("no connector")?,
        };
        let origins = value["origins"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let pool = Pool { documents, secret: text("secret"), origins };
        Ok(if pool.is_there().await { Some(pool) } else { None })
    }

    /// For the demos to come.
    ///
    /// # Errors
    /// The store fails.
    pub(super) async fn share(&self, documents: &Documents, secret: Option<&str>, origins: [&str; 2]) -> anyhow::Result<()> {
        let journeys = self.stores.clone().sealed(self.keyring()?).journeys;
        let Documents { settings, connector } = documents;
        let value = json!({ "settings": settings, "connector": connector, "secret": secret, "origins": origins });
        let mut id = [0; 16];
        SystemRandom.fill(&mut id).map_err(anyhow::Error::msg)?;
        let writes = vec![Write { name: POOL.to_owned(), json: Some(value.to_string()) }];
        let change = Change { id: ChangeId(id), writes, effect: Effect::Wait { expires_in: 0 } };
        journeys.apply(&Visit::first(TENANT, POOL, POOL), &change).await?;
        Ok(())
    }
}

impl Pool {
    async fn is_there(&self) -> bool {
        let address = self.origins.first().and_then(|origin| origin.strip_prefix("http://")?.parse::<SocketAddr>().ok());
        match address {
            Some(address) => tokio::net::TcpStream::connect(address).await.is_ok(),
            None => false,
        }
    }

    pub(super) fn egress(&self, tenant: &str) -> Result<Egress, String> {
        let origins: Vec<&str> = self.origins.iter().map(String::as_str).collect();
        let policy = TenantPolicy::permitting(&origins)?.with_discovered(origins.get(1..).unwrap_or_default())?;
        Ok(Egress::deny_all().with_loopback().with_tenant(tenant, policy))
    }
}
