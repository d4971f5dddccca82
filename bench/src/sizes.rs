//! How large the component is, and how much memory it takes.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use wasmtime::Result;
use wasmtime::error::Context as _;

use crate::alone::Alone;
use crate::fixture::Fixture;

/// Sandboxes that are alive at a time.
const ALIVE: usize = 32;

/// In bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub component: usize,
    pub gzipped: usize,
    /// Linear memory after `complete`.
    pub linear_memory: usize,
    /// Resident, of a sandbox that was instantiated and of one that has completed a login.
    pub resident_fresh: usize,
    pub resident_used: usize,
}

/// To be called before anything else has left pages behind.
pub fn measure(component: &[u8], fixture: &Fixture) -> Result<Sizes> {
    let alone = Alone::new(component, fixture)?;
    let (login, tables) = alone.login(fixture)?;
    let mut sandbox = alone.instantiate(&tables)?;
    sandbox.complete(&alone, &login)?;
    let linear_memory = sandbox.store.data().memory.peak;
    drop(sandbox);

    // Another engine, whose pool nothing has used.
    let alone = Alone::new(component, fixture)?;
    let before = resident()?;
    let mut sandboxes = (0..ALIVE).map(|_| alone.instantiate(&tables)).collect::<Result<Vec<_>>>()?;
    let fresh = resident()?;
    for sandbox in &mut sandboxes {
        sandbox.complete(&alone, &login)?;
    }
    let used = resident()?;
    let each = |resident: usize| resident.saturating_sub(before) / ALIVE;
    Ok(Sizes {
        component: component.len(),
        gzipped: gzipped(component)?,
        linear_memory,
        resident_fresh: each(fresh),
        resident_used: each(used),
    })
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// Anonymous pages of this process that are in memory.
fn resident() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status").context("resident memory is read from /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon")?;
    let kibibytes: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes << 10)
}
