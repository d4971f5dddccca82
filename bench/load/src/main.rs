//! Logins on a host that has many under way: what one takes, and whether that stays the same. `cargo xtask load` builds what it
//! needs, calls it, and makes a table of what it writes.
//!
//! | process | what |
//! |---|---|
//! | this one | the reference host; and, between what is measured, the users' browser |
//! | the same program as `pools` | the user pools of the local Cognito |
//! | `redis-server`, one for each case | the store |
//!
//! So the processor time of this process, while calls of the step run, is the host's. `docs/performance.md` says what the figures
//! mean.

mod case;
mod cost;
mod host;
mod pools;
mod rounds;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use journey_host::servers::RedisServer;
use journey_host::{Capacity, Runtime};
use serde_json::json;

use case::{Case, Store};
use host::Tenants;
use pools::Pools;

/// How much is done.
struct Extent {
    /// Logins that are pending while others are measured, in each case of one tenant.
    pending: &'static [usize],
    /// In the case of many tenants. Each has a login pending.
    tenants: usize,
    /// Logins of a case before anything is measured of it, so that code, connections and sandboxes are there; one of each tenant
    /// at least.
    beforehand: usize,
    /// Each takes a batch of logins in every case, one at a time and eight at a time.
    rounds: usize,
    logins_a_batch: usize,
    /// No further round begins after that.
    time: Duration,
}

/// What is published.
const WHOLE: Extent = Extent {
    pending: &[1, 10, 100, 1_000, 10_000],
    tenants: 10_000,
    beforehand: 200,
    rounds: 40,
    logins_a_batch: 40,
    time: Duration::from_secs(150),
};

/// To see that it runs: the same kinds of cases, each prepared in a second or two.
const QUICK: Extent =
    Extent { pending: &[1, 10, 100], tenants: 100, beforehand: 20, rounds: 2, logins_a_batch: 10, time: Duration::from_secs(10) };

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let given: Vec<String> = std::env::args().skip(1).collect();
    match given.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pools"] => runtime.block_on(pools::serve()),
        [component, output] => runtime.block_on(load(component.into(), output.into(), &WHOLE)),
        [component, output, "--quick"] => runtime.block_on(load(component.into(), output.into(), &QUICK)),
        _ => bail!("which component, which output? `cargo xtask load` says"),
    }
}

async fn load(component: PathBuf, output: PathBuf, extent: &Extent) -> Result<()> {
    let runtime = Runtime::new(Capacity::default()).map_err(|error| anyhow!("{error:#}"))?;
    let compiled = runtime.load("cognito-oidc", &component).map_err(|error| anyhow!("{error:#}"))?;
    // A tenant of its own for each case of one tenant, and then all of them in the case of many.
    let mut pools = Pools::start(extent.tenants.max(extent.pending.len()))?;
    pools.sign_in().await?;

    let mut cases = Vec::new();
    for store in [Store::Memory, Store::Redis] {
        let of_one = extent.pending.iter().zip(0..).map(|(pending, tenant)| (Tenants { first: tenant, count: 1 }, *pending));
        let of_many = (Tenants { first: 0, count: extent.tenants }, extent.tenants);
        for (tenants, pending) in of_one.chain([of_many]) {
            cases.push(Case::prepare(&compiled, store, &pools, tenants, pending, extent.beforehand).await?);
        }
    }
    let rounds = rounds::measure(&mut cases, &mut pools, extent).await?;

    let document = json!({
        "rounds": rounds, "logins_a_batch": extent.logins_a_batch, "pools": pools::COUNT,
        "redis": RedisServer::version().map_err(anyhow::Error::msg)?,
        "cases": cases.iter().map(Case::to_json).collect::<Vec<_>>(),
    });
    std::fs::write(&output, document.to_string()).with_context(|| output.display().to_string())
}
