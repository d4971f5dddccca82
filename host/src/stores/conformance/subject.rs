//! What is run: anybody's store, the ways into it, and what else the kit may do to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::stores::{Attempts, Journeys, TenantCache};

/// One way into the store, as one host of a fleet has it. A store that is only one of the three has the others as `None`: what is
/// promised of those isn't claimed.
#[derive(Clone, Default)]
pub struct Connection {
    /// Variables and settlements.
    pub journeys: Option<Arc<dyn Journeys>>,
    /// What lies between `begin` and `complete`.
    pub attempts: Option<Arc<dyn Attempts>>,
    /// What is kept for a tenant across journeys.
    pub cache: Option<Arc<dyn TenantCache>>,
}

impl Connection {
    /// To a store of all three.
    pub fn to_all(journeys: Arc<dyn Journeys>, attempts: Arc<dyn Attempts>, cache: Arc<dyn TenantCache>) -> Self {
        Self { journeys: Some(journeys), attempts: Some(attempts), cache: Some(cache) }
    }
}

/// How the time passes by which the store counts lifetimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// As everywhere: the kit puts entries that live for seconds, and waits.
    Passes,
    /// By [`Subject::advance`] alone: the kit judges to the second.
    Moved,
}

/// The network between the connections and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It works.
    Sound,
    /// Connections break, and none can be made.
    Cut,
    /// What is sent arrives nowhere, and no connection breaks.
    Silent,
    /// The server gets everything, and so many of its answers pass. The next one is lost, with its connection; what comes then
    /// passes again.
    LosesAnswer {
        /// How many answers pass before.
        after: u32,
    },
}

/// Why the kit couldn't do something to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Powerless {
    /// The subject doesn't offer it. The promises that need it are `not claimed`.
    NotClaimed,
    /// The subject offers it, and it went wrong.
    Failed(String),
}

impl fmt::Display for Powerless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotClaimed => f.write_str("the subject can't do that"),
            Self::Failed(why) => write!(f, "the subject failed: {why}"),
        }
    }
}

impl std::error::Error for Powerless {}

/// A store to be judged. Only [`connect`](Self::connect) must be written; each further method lets the kit judge more.
///
/// The store may hold entries of others, and of earlier runs: each run has tenants of its own.
#[async_trait]
pub trait Subject: Send + Sync {
    /// A new way into the same store, as another host of the fleet would open it: a client, a pool of its own. Not a clone of an
    /// earlier one, or what the two share (a cache of reads, a lock in this process) is not judged.
    ///
    /// # Errors
    ///
    /// What went wrong. Then nothing else is judged.
    async fn connect(&self) -> Result<Connection, String>;

    /// How its time passes. As everywhere, if nothing else is said.
    fn time(&self) -> Time {
        Time::Passes
    }

    /// Lets time pass: waits, if nothing else is said.
    async fn advance(&self, by: Duration) {
        tokio::time::sleep(by).await;
    }

    /// Stops the server and starts it again, as an operator would, where what it has acknowledged is to survive. Connections that
    /// are open stay with the kit, and must recover by themselves.
    ///
    /// # Errors
    ///
    /// Where it can't, or fails.
    async fn restart(&self) -> Result<(), Powerless> {
        Err(Powerless::NotClaimed)
    }

    /// Sets the network between all connections and the server: see [`Relay`](super::Relay).
    ///
    /// # Errors
    ///
    /// Where it can't, or fails.
    async fn network(&self, _network: Network) -> Result<(), Powerless> {
        Err(Powerless::NotClaimed)
    }

    /// How long a call may take at most where the server doesn't answer: 10 s, as the traits say. Whoever promises less says so.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// How many answers [`Network::LosesAnswer`] has lost so far. A row that lost none proves nothing, and is broken.
    fn answers_lost(&self) -> u64 {
        0
    }
}
