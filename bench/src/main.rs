//! Measures the component, the reference host, and what others wrote for the same job, all in one run. `cargo xtask bench` builds
//! what it needs, calls it, and makes a table of what it writes.
//!
//! What is measured stands in [`rows`], how it is in [`sampler`]; `docs/performance.md` says what the rows mean.

mod alone;
mod fixture;
mod hosted;
mod loading;
mod native;
mod peers;
mod rows;
mod sampler;
mod signature;
mod sizes;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

use alone::{Alone, Tables};
use fixture::{Fixture, Login};
use hosted::Hosted;
use peers::Peer;
use rows::Subjects;
use sampler::measure;
use serde_json::json;
use signature::Signature;

/// Of each round, what one row takes, about: long enough for caches to be warm, short enough for a drift to hit all rows.
const SHARE: Duration = Duration::from_millis(4);
const ROUNDS: usize = 150;
const QUICK_ROUNDS: usize = 5;

/// Where everything is; `cargo xtask bench` says so.
struct Arguments {
    component: PathBuf,
    /// The signature by itself, as a core module.
    guest: PathBuf,
    /// Programs and packages of the peers.
    peers: PathBuf,
    /// A folder of this program's own.
    scratch: PathBuf,
    /// What was measured is written there.
    output: PathBuf,
    is_quick: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let component = std::fs::read(&arguments.component).with_context(|| arguments.component.display().to_string())?;
    let fixture = Fixture::new()?;
    // First, while this process has no other pages.
    let sizes = sizes::measure(&component, &fixture)?;

    let alone = Alone::new(&component, &fixture)?;
    let (login, tables) = alone.login(&fixture)?;
    let rounds = if arguments.is_quick { QUICK_ROUNDS } else { ROUNDS };
    let measured = {
        let hosted = Hosted::new(&arguments.component, &fixture, &login)?;
        let guest = std::fs::read(&arguments.guest).with_context(|| arguments.guest.display().to_string())?;
        let signature = Signature::new(&guest, &fixture, &login)?;
        let (node, python) = programs(&arguments, &fixture, &login, &tables)?;
        let subjects = Subjects { fixture: &fixture, login: &login, alone: &alone, tables: &tables, hosted: &hosted };
        measure(subjects.rows(signature, &node, &python)?, rounds, SHARE)?
    };
    let loading = loading::measure(&component, &arguments.scratch, if arguments.is_quick { 1 } else { 5 })?;

    let rows = measured.iter().map(|row| {
        json!({
            "name": row.name, "about": row.about, "minimum_ns": nanoseconds(row.minimum), "median_ns": nanoseconds(row.median),
            "p90_ns": nanoseconds(row.p90), "samples": row.samples,
            "round_medians_ns": row.medians.iter().copied().map(nanoseconds).collect::<Vec<_>>(),
        })
    });
    let document = json!({
        "rows": rows.collect::<Vec<_>>(), "rounds": rounds, "compile_ns": nanoseconds(loading.compile),
        "load_from_cache_ns": nanoseconds(loading.from_cache), "bytes": sizes.component, "gzipped_bytes": sizes.gzipped,
        "linear_memory_bytes": sizes.linear_memory, "resident_fresh_bytes": sizes.resident_fresh,
        "resident_used_bytes": sizes.resident_used,
    });
    std::fs::write(&arguments.output, document.to_string()).with_context(|| arguments.output.display().to_string())
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What runs in Node.js and in Python.
fn programs(arguments: &Arguments, fixture: &Fixture, login: &Login, tables: &Tables) -> Result<(Peer, Peer)> {
    let folder = &arguments.peers;
    let file = folder.join("fixture.json");
    peers::write_fixture(&file, fixture, login, tables)?;
    let mut node = Command::new("node");
    node.arg(folder.join("peer.mjs")).arg(&file).arg(folder.join("transpiled"));
    let mut python = Command::new("python3");
    python.arg(folder.join("peer.py")).arg(&file).arg(&arguments.component).env("PYTHONPATH", folder.join("python"));
    Ok((Peer::start(&mut node)?, Peer::start(&mut python)?))
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut given = std::env::args().skip(1);
        let mut path =
            |name: &str| given.next().map(PathBuf::from).with_context(|| format!("which {name}? `cargo xtask bench` says"));
        let (component, guest, peers) = (path("component")?, path("guest")?, path("folder of peers")?);
        let (scratch, output) = (path("folder")?, path("output")?);
        match given.next().as_deref() {
            None => Ok(Self { component, guest, peers, scratch, output, is_quick: false }),
            Some("--quick") => Ok(Self { component, guest, peers, scratch, output, is_quick: true }),
            Some(other) => bail!("there is no argument `{other}`"),
        }
    }
}
