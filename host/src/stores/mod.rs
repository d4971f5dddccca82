//! The three stores that a step asks its host for. In memory: [`memory`]; a fleet brings its own, Redis say.

pub(crate) mod memory;

use std::fmt;

use async_trait::async_trait;

use crate::outcome::{Authentication, Failure};
use crate::visit::Visit;

/// Why a store didn't do as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// It won't take this name or value. Nothing happened.
    Refused(String),
    /// The value is longer than it allows. Nothing happened.
    TooLarge,
    /// It didn't answer as it should: whether it happened is unknown.
    Unavailable(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::TooLarge => f.write_str("too large"),
            Self::Unavailable(why) => write!(f, "unavailable: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// One write of a journey variable. Its `Debug` shows no value: an output variable holds tokens and personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Write {
    /// The variable's name.
    pub name: String,
    /// Its new value as JSON text; `None` removes it.
    pub json: Option<String>,
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.json.as_ref().map(String::len);
        f.debug_struct("Write").field("name", &self.name).field("bytes", &bytes).finish()
    }
}

/// What ends a visit of the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The journey goes on: the output variable holds the result.
    Authenticated(Authentication),
    /// The journey goes on as [`Failure::behavior`] says: the error variable holds the failure.
    Failed(Failure),
}

/// What one call changes in its journey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// In the order of the calls; of several writes to one name the last one counts.
    pub writes: Vec<Write>,
    /// The outcome, where the visit ends with it.
    pub settlement: Option<Settlement>,
}

/// The journeys of all tenants: their variables, and how each visit of a step ended.
#[async_trait]
pub trait Journeys: Send + Sync {
    /// Applies the whole change in one act, unless the visit has been settled before: then nothing, and `false`.
    ///
    /// A reader sees all of it or nothing. Of any number of concurrent callers on any hosts at most one settles a visit.
    ///
    /// # Errors
    ///
    /// Where the store fails; the visit counts as not settled.
    async fn apply(&self, visit: &Visit, change: Change) -> Result<bool, StoreError>;

    /// How the visit ended; `None` while it is open.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError>;

    /// A variable's JSON text, for the journey's later steps.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError>;
}

/// What a step remembers between `begin` and `complete`: private to one step of one journey of one tenant, whatever the round.
/// Holds secrets: encrypt it at rest, and never log a value.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Stores or replaces; kept for `lifetime` seconds at least, then dropped at any time.
    ///
    /// # Errors
    ///
    /// As [`StoreError`] says; also where it couldn't drop the entry later.
    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError>;

    /// Reads.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<String>, StoreError>;

    /// Reads and deletes in one indivisible act, over the whole fleet (Redis: `GETDEL`).
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn take(&self, visit: &Visit, key: &str) -> Result<Option<String>, StoreError>;

    /// Drops everything of this step: the journey has left it.
    ///
    /// # Errors
    ///
    /// Where the store fails; lifetimes collect what stays behind.
    async fn leave(&self, visit: &Visit) -> Result<(), StoreError>;
}

/// What the component remembers for one tenant across journeys. Best effort, and trusted no more than the network.
#[async_trait]
pub trait TenantCache: Send + Sync {
    /// Reads.
    ///
    /// # Errors
    ///
    /// Where the store fails, which costs time, not logins.
    async fn get(&self, tenant: &str, key: &str) -> Result<Option<String>, StoreError>;

    /// Stores or replaces; dropped after `lifetime` seconds at the latest.
    ///
    /// # Errors
    ///
    /// As [`StoreError`] says.
    async fn put(&self, tenant: &str, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError>;
}
