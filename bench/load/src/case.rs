//! A host with so many logins pending, over one store.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use journey_host::servers::RedisServer;
use journey_host::{Compiled, RedisConfig, RedisStores, Stores};
use serde_json::{Value, json};

use crate::cost::resident_memory;
use crate::host::{Host, Tenants, each};
use crate::pools::Pools;
use crate::rounds::{Batches, play};

/// How many logins are at the host at a time, in what is measured.
pub const AT_A_TIME: [usize; 2] = [1, 8];

/// Below that, what a login keeps is lost in what the allocator rounds up to.
const ENOUGH_FOR_MEMORY: usize = 1000;

/// Logins that are played from begin to end at once: more of them, and the codes of the first would expire.
const CHUNK: usize = 200;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Memory,
    Redis,
}

pub struct Case {
    pub host: Arc<Host>,
    store: Store,
    redis: Option<RedisServer>,
    pending: usize,
    tenants: usize,
    /// Of this process and of the store, for each pending login.
    memory: Option<(u64, Option<u64>)>,
    /// The same as [`AT_A_TIME`].
    pub batches: [Batches; 2],
}

impl Case {
    /// Begins the logins that stay pending, after those `beforehand`: one of each tenant at least, which fetches its keys.
    pub async fn prepare(
        compiled: &Compiled,
        store: Store,
        pools: &Pools,
        tenants: Tenants,
        pending: usize,
        beforehand: usize,
    ) -> Result<Self> {
        let redis = match store {
            Store::Memory => None,
            Store::Redis => Some(RedisServer::start(&[]).map_err(anyhow::Error::msg)?),
        };
        let stores = match &redis {
            None => None,
            Some(server) => Some(Stores::of(Arc::new(RedisStores::connect(&RedisConfig::parse(&server.url())?).await?))),
        };
        let host = Arc::new(Host::new(compiled, stores, pools, tenants)?);
        let mut left = tenants.count.max(beforehand);
        while left > 0 {
            let logins = left.min(CHUNK);
            play(&host, logins, AT_A_TIME[1], pools).await?;
            left -= logins;
        }

        let mut case = Self { host, store, redis, pending, tenants: tenants.count, memory: None, batches: Default::default() };
        let before = (resident_memory(), case.store_memory()?);
        let host = Arc::clone(&case.host);
        each(vec![(); pending], AT_A_TIME[1], move |()| Arc::clone(&host).begin()).await.map(drop)?;
        let after = (resident_memory(), case.store_memory()?);
        if pending >= ENOUGH_FOR_MEMORY {
            let each = |before: u64, after: u64| after.saturating_sub(before) / pending as u64;
            case.memory = Some((each(before.0, after.0), before.1.zip(after.1).map(|(before, after)| each(before, after))));
        }
        eprintln!("{}: {} logins pending, {} tenants", case.store.name(), case.pending, case.tenants);
        Ok(case)
    }

    /// Processor time of the store's own process so far.
    pub fn store_processor_time(&self) -> Result<Option<Duration>> {
        let Some(server) = &self.redis else { return Ok(None) };
        let info = server.cli(&["INFO", "cpu"]).map_err(anyhow::Error::msg)?;
        let seconds = |name: &str| -> Result<f64> { Ok(field(&info, name)?.parse()?) };
        Ok(Some(Duration::from_secs_f64(seconds("used_cpu_user:")? + seconds("used_cpu_sys:")?)))
    }

    fn store_memory(&self) -> Result<Option<u64>> {
        let Some(server) = &self.redis else { return Ok(None) };
        let info = server.cli(&["INFO", "memory"]).map_err(anyhow::Error::msg)?;
        Ok(Some(field(&info, "used_memory:")?.parse()?))
    }

    pub fn to_json(&self) -> Value {
        let batches = AT_A_TIME.iter().zip(&self.batches).map(|(at_a_time, batches)| batches.to_json(*at_a_time));
        json!({
            "store": self.store.name(), "pending": self.pending, "tenants": self.tenants,
            "bytes_a_pending_login": self.memory.map(|(host, _)| host),
            "store_bytes_a_pending_login": self.memory.and_then(|(_, store)| store),
            "batches": batches.collect::<Vec<_>>(),
        })
    }
}

impl Store {
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
        }
    }
}

fn field<'a>(info: &'a str, name: &str) -> Result<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).with_context(|| format!("Redis doesn't tell {name}"))
}
