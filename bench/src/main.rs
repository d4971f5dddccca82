//! Measures the component, the reference host, and what others wrote for the same job, all in one run. `cargo xtask bench` builds what it needs,
//! calls it, and makes a table of what it writes.
//!
//! What is measured stands in [`rows`], how in [`sampler`]; `docs/performance.md` says what the rows mean.

mod alone;
mod fixture;
mod hosted;
mod loading;
mod native;
mod peers;
mod sampler;
mod signature;
mod sizes;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

use alone::{Alone, Tables};
use fixture::{Fixture, Login};
use hosted::{Hosted, Keys};
use native::OpenIdConnect;
use peers::{Peer, PeerRow};
use sampler::{Row, Timed, measure};
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
        let rows = rows(&fixture, &login, &alone, &tables, &hosted, signature, &node, &python)?;
        measure(rows, rounds, SHARE)?
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

/// Every row, in the order of the table. The unit comes first.
#[expect(clippy::too_many_arguments, reason = "each is what some rows measure")]
fn rows<'a>(
    fixture: &'a Fixture,
    login: &'a Login,
    alone: &'a Alone,
    tables: &'a Arc<Tables>,
    hosted: &'a Hosted,
    mut signature: Signature,
    node: &Peer,
    python: &Peer,
) -> Result<Vec<Row<'a>>> {
    let ring = native::ring(fixture, login)?;
    let cold = tables.without_cache();
    let (openidconnect, same) = (OpenIdConnect::new(login)?, OpenIdConnect::new(login)?);
    let nothing = || Ok(());
    // In a fresh sandbox: from instantiating it to having dropped it.
    macro_rules! fresh {
        ($name:literal, $about:literal, $tables:expr, $call:expr) => {{
            let tables = Arc::clone($tables);
            let call = $call;
            Row::new(
                $name,
                $about,
                Timed(nothing, move |()| {
                    let mut sandbox = alone.instantiate(&tables)?;
                    call(&mut sandbox)
                }),
            )
        }};
    }
    // In one that has run it before.
    macro_rules! used {
        ($name:literal, $about:literal, $tables:expr, $call:expr) => {{
            let mut sandbox = alone.instantiate($tables)?;
            let call = $call;
            Row::new($name, $about, Timed(nothing, move |()| call(&mut sandbox)))
        }};
    }
    let peer = |name, about, peer: &Peer| Row::new(name, about, PeerRow(peer.clone(), name));
    Ok(vec![
        Row::new("ring", "one RS256 signature verified natively: the unit", Timed(nothing, move |()| ring())),
        Row::new("signature", "the component's verification of it, in a sandbox", Timed(nothing, move |()| signature.verify())),
        fresh!("instantiate", "a sandbox, instantiated and dropped", tables, |_: &mut alone::Sandbox| Ok(())),
        fresh!("describe_fresh", "`describe` alone, in a fresh sandbox", tables, |sandbox: &mut alone::Sandbox| sandbox
            .describe(alone)),
        used!("describe_used", "`describe` alone, in a used one", tables, |sandbox: &mut alone::Sandbox| sandbox.describe(alone)),
        fresh!("begin_fresh", "`begin` alone, in a fresh sandbox", tables, |sandbox: &mut alone::Sandbox| sandbox.begin(alone)),
        used!("begin_used", "`begin` alone, in a used one", tables, |sandbox: &mut alone::Sandbox| sandbox.begin(alone)),
        fresh!("complete_fresh_warm", "`complete` alone, fresh, keys cached", tables, |sandbox: &mut alone::Sandbox| sandbox
            .complete(alone, login)),
        used!("complete_used_warm", "`complete` alone, used, keys cached", tables, |sandbox: &mut alone::Sandbox| sandbox
            .complete(alone, login)),
        fresh!("complete_fresh_cold", "`complete` alone, fresh, keys fetched", &cold, |sandbox: &mut alone::Sandbox| sandbox
            .complete(alone, login)),
        used!("complete_used_cold", "`complete` alone, used, keys fetched", &cold, |sandbox: &mut alone::Sandbox| sandbox
            .complete(alone, login)),
        Row::new("host_describe", "`describe` through the host", hosted::Describe(hosted)),
        Row::new("host_begin", "`begin` through the host", hosted::Begin(hosted)),
        Row::new("host_complete_warm", "`complete` through the host, keys cached", hosted::Complete(hosted, Keys::Warm)),
        Row::new("host_complete_cold", "`complete` through the host, keys fetched", hosted::Complete(hosted, Keys::Cold)),
        Row::new(
            "openidconnect_begin",
            "authorization request by `openidconnect`, native",
            Timed(nothing, move |()| Ok(openidconnect.begin())),
        ),
        Row::new(
            "openidconnect_complete",
            "login completed by `openidconnect`, native",
            Timed(nothing, move |()| same.complete()),
        ),
        peer("openid_client_begin", "authorization request by `openid-client`, Node.js", node),
        peer("openid_client_complete", "login completed by `openid-client`, Node.js", node),
        peer("aws_jwt_verify", "ID token alone by `aws-jwt-verify`, Node.js", node),
        peer("node_begin", "`begin` in Node.js by jco, fresh", node),
        peer("node_complete", "`complete` in Node.js by jco, fresh, keys cached", node),
        peer("python_begin", "`begin` in Python by wasmtime, fresh", python),
        peer("python_complete", "`complete` in Python by wasmtime, fresh, keys cached", python),
    ])
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
