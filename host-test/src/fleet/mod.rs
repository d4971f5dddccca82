//! A fleet, tried: hosts that are processes of their own over one Redis, and over one PostgreSQL; what is done to them, and what
//! comes of it.
//!
//! | file | what it does |
//! |---|---|
//! | `setup`, `host`, `process` | a host that is a process: what it is set up with, what it does, how it is asked |
//! | `ground` | a local Cognito, a server behind a relay, three hosts |
//! | `logins`, `kills`, `outages` | what is done |
//!
//! The hosts' clocks are moved by hand, the stores' are not: lifetimes in a store are much longer than a run.

mod ground;
mod host;
mod kills;
mod logins;
mod outages;
mod process;
mod setup;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ground::{Ground, Server};

pub use host::serve;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Logins that take turns.
    pub logins: usize,
    /// Responses that arrive everywhere at once.
    pub races: usize,
    /// A host is killed at every n-th of the points: 1 for each. Points come in pairs, before a call and after it.
    pub kills: usize,
    /// How long a host asks a store that doesn't answer before it is `busy`.
    pub patience: Duration,
}

impl Extent {
    /// What `cargo xtask fleet` does.
    pub const WHOLE: Self = Self { logins: 1000, races: 50, kills: 1, patience: Duration::from_secs(10) };
    /// What a test does, in which every row is the same.
    pub const SMALL: Self = Self { logins: 12, races: 3, kills: 7, patience: Duration::from_secs(1) };
}

/// What has to be written before it is acknowledged.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Tries all of it, and prints a row for each thing done. True where every row holds.
///
/// # Errors
///
/// A server or a host can't be started, or `out` can't be written to.
pub async fn run(program: &Path, extent: Extent, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut table = Table { out, holds: true };
    table.on_redis(program, extent).await?;
    table.on_postgres(program, extent).await?;
    writeln!(table.out, "\n{}", if table.holds { "Every row holds." } else { "NOT every row holds." })?;
    Ok(table.holds)
}

/// Rows as they come.
struct Table<'a> {
    out: &'a mut dyn Write,
    holds: bool,
}

impl Table<'_> {
    async fn on_redis(&mut self, program: &Path, extent: Extent) -> anyhow::Result<()> {
        let ground = Arc::new(Ground::new(Server::redis(&DURABLE)?, program, extent).await?);
        self.heading(&ground)?;
        self.sound(&ground, extent).await?;
        self.row("Redis restarted, with persistence", outages::restarted(&ground)).await?;
        self.row("Redis killed and started again", outages::killed(&ground)).await?;
        self.row("Redis paused (SIGSTOP)", outages::paused(&ground)).await?;
        self.row("Redis full (maxmemory)", outages::full(&ground)).await?;
        self.broken(&ground).await?;
        let ground = Arc::new(Ground::new(Server::redis(&[])?, program, extent).await?);
        self.row("Redis restarted, without persistence", outages::restarted_without_persistence(&ground)).await
    }

    async fn on_postgres(&mut self, program: &Path, extent: Extent) -> anyhow::Result<()> {
        let ground = Arc::new(Ground::new(Server::postgres()?, program, extent).await?);
        self.heading(&ground)?;
        self.sound(&ground, extent).await?;
        self.row("PostgreSQL restarted", outages::restarted(&ground)).await?;
        self.row("PostgreSQL killed and started again", outages::killed(&ground)).await?;
        self.broken(&ground).await
    }

    async fn sound(&mut self, ground: &Arc<Ground>, extent: Extent) -> anyhow::Result<()> {
        self.row("logins: begun, completed and read on three hosts", logins::take_turns(ground, extent.logins)).await?;
        self.row("one response at all hosts at once", logins::at_all_hosts_at_once(ground, extent.races)).await?;
        self.row("two versions of the component side by side", logins::two_versions(ground, 20)).await?;
        self.row("a host killed between begin and complete", kills::between(ground, 20)).await?;
        self.row("a host killed at each call of complete", kills::of_complete(ground, extent.kills)).await?;
        self.row("a host killed at each call of begin", kills::of_begin(ground, extent.kills)).await
    }

    async fn broken(&mut self, ground: &Arc<Ground>) -> anyhow::Result<()> {
        self.row("a silent network", outages::silent(ground)).await?;
        self.row("each answer to a complete lost", outages::answers_lost(ground)).await?;
        let kept = async {
            let logins = ground.nothing_acknowledged_is_lost().await?;
            Ok(format!("{logins} of {logins} settled, their outputs whole"))
        };
        self.row("all that were told to be authenticated, in the end", kept).await
    }

    fn heading(&mut self, ground: &Ground) -> anyhow::Result<()> {
        let server = ground.hosts.first().map(|host| host.server.as_str()).unwrap_or_default();
        writeln!(self.out, "\n{} processes over {server}\n", ground.hosts.len())?;
        Ok(self.out.flush()?)
    }

    async fn row(&mut self, done: &str, came: impl Future<Output = anyhow::Result<String>>) -> anyhow::Result<()> {
        let since = Instant::now();
        let (verdict, came) = match came.await {
            Ok(came) => ("holds", came),
            Err(error) => {
                self.holds = false;
                ("FAILS", format!("{error:#}"))
            }
        };
        writeln!(self.out, "{done:<52} {verdict}  {came} ({} s)", since.elapsed().as_secs())?;
        Ok(self.out.flush()?)
    }
}
