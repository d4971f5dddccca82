//! The stores of a host: what its steps remember, and its journeys' variables and settlements. In memory ([`memory`]) for one
//! process; in Redis or PostgreSQL for a fleet, encrypted at rest ([`sealed`]).
//!
//! The journeys are the one arbiter of each visit: whatever a step says counts once [`Journeys::apply`] has said
//! [`Applied::Yes`].

#[cfg(feature = "conformance")]
pub mod conformance;
pub(crate) mod keyring;
pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "redis")]
pub(crate) mod redis;
mod sealed;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod settlement;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod warning;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::outcome::{Authentication, Failed};
use crate::visit::Visit;
use keyring::Keyring;
use sealed::Sealed;

/// The three stores of a host.
#[derive(Clone)]
pub struct Stores {
    /// Variables and settlements.
    pub journeys: Arc<dyn Journeys>,
    /// What lies between `begin` and `complete`.
    pub attempts: Arc<dyn Attempts>,
    /// Keys and metadata of identity providers.
    pub cache: Arc<dyn TenantCache>,
}

impl Stores {
    /// One store that is all three.
    pub fn of(store: Arc<impl Journeys + Attempts + TenantCache + 'static>) -> Self {
        Self { journeys: Arc::clone(&store) as _, attempts: Arc::clone(&store) as _, cache: store }
    }

    /// The same, encrypted at rest.
    #[must_use]
    pub fn sealed(self, keyring: Keyring) -> Self {
        let keyring = Arc::new(keyring);
        Self {
            journeys: Arc::new(Sealed { store: self.journeys, keyring: Arc::clone(&keyring) }),
            attempts: Arc::new(Sealed { store: self.attempts, keyring: Arc::clone(&keyring) }),
            cache: Arc::new(Sealed { store: self.cache, keyring }),
        }
    }
}

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
    /// The journey goes on as [`Failed::behavior`] says: the error variable holds the failure.
    Failed(Failed),
}

/// Names a change, so that it can be repeated where its answer was lost. 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeId(pub [u8; 16]);

/// What one call changes in its journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Fresh for each call, the same in each repetition.
    pub id: ChangeId,
    /// In the order of the calls; of several writes to one name the last one counts.
    pub writes: Vec<Write>,
    /// What it does to the visit.
    pub effect: Effect,
}

/// What a change does to its visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An attempt is pending from now on, for so many seconds.
    Wait {
        /// By the store's own clock.
        expires_in: u32,
    },
    /// The visit ends, whatever is pending.
    Settle(Settlement),
    /// The visit ends, where no attempt is pending that has not expired.
    SettleUnlessPending(Settlement),
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// All of it is in effect, now or since an earlier try.
    Yes,
    /// Nothing: another change has settled the visit.
    Settled,
    /// Nothing: an attempt is pending, and the change was to end the visit only otherwise.
    Pending,
}

/// The journeys of all tenants: their variables, and how each visit of a step ended.
///
/// Every store has these in common; the kit in `journey_host::conformance` (feature `conformance`) judges an implementation by
/// them:
///
/// - Names of tenants, journeys and steps are any text; no two of them are ever taken for one another. What holds NUL may be
///   refused.
/// - A value of 512 KiB is taken.
/// - Each function answers within 10 s, by [`StoreError::Unavailable`] where the server doesn't, and recovers by itself. No error
///   shows a value.
/// - A call may be dropped before it has ended. Then it happens whole or not at all, and holds no other caller up.
/// - Each call may be made by any number of hosts at once, and be repeated.
#[async_trait]
pub trait Journeys: Send + Sync {
    /// Applies the whole change in one act, or nothing of it.
    ///
    /// A reader sees all of it or nothing. Of any number of concurrent callers on any hosts one settles a visit, and from then on
    /// no other change of this visit is applied. The id of the change that settled the visit is kept with the settlement: the
    /// same change again is answered `Yes`, and writes nothing. Settlements outlive every attempt of their visit: each that
    /// [`Effect::Wait`] has told of.
    ///
    /// Of attempts that wait, the one that expires last counts. A [`Wait`](Effect::Wait) that comes again may be done again,
    /// where the visit isn't settled; where it is, it writes nothing, and is answered `Settled`, or `Yes` where it is known.
    ///
    /// # Errors
    ///
    /// Where the store fails. After `Unavailable`, whether the change was applied is unknown, and it may be repeated.
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError>;

    /// How the visit ended; `None` while it is open.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError>;

    /// A variable's JSON text, letter by letter as it was written, for the journey's later steps.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError>;

    /// The journey is over: its variables and settlements are dropped, of this tenant and this journey alone. Called once no
    /// response to any of its attempts can come any more. Forgetting what isn't there isn't an error.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError>;
}

/// What lies under a key of a visit.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it was put.
    pub value: String,
    /// Names this state of the entry, and no other one ever: at most 128 bytes.
    pub revision: String,
}

/// The value holds secrets.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// What a step remembers between `begin` and `complete`: private to one visit. Holds secrets: encrypt it at rest, and never log a
/// value. What [`Journeys`] says of every store holds here, too.
///
/// `replace` is linearizable over the whole fleet, and a `get` sees every `put` and `replace` that has returned before it, on any
/// host.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Reads.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    async fn get(&self, visit: &Visit, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Stores, whatever was there; kept for `lifetime` seconds at least, from this call on, then dropped at any time. Any number
    /// of seconds is taken, or refused.
    ///
    /// A visit holds 128 entries at least, and a thousand at most.
    ///
    /// # Errors
    ///
    /// As [`StoreError`] says; also where it couldn't drop the entry later, and where the visit has too many, which is `Refused`
    /// and changes nothing.
    async fn put(&self, visit: &Visit, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError>;

    /// Stores only where that revision still stands, in one indivisible act; `false` where another revision stands, or none. Kept
    /// for `lifetime` seconds at least, from this call on.
    ///
    /// # Errors
    ///
    /// Where the store fails. What it refuses for want of room, it refuses before it changes anything.
    async fn replace(&self, visit: &Visit, key: &str, revision: &str, value: &str, lifetime: u32) -> Result<bool, StoreError>;

    /// Drops everything of this visit, and of no other: it is settled. Leaving what isn't there isn't an error.
    ///
    /// # Errors
    ///
    /// Where the store fails; lifetimes collect what stays behind.
    async fn leave(&self, visit: &Visit) -> Result<(), StoreError>;
}

/// Whose cache: one component's, for one tenant. Signing keys lie here, so no other component and no other tenant may write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheScope {
    /// The name under which the operator has loaded the component: an upgrade keeps the cache.
    pub component: String,
    /// The tenant.
    pub tenant: String,
}

impl CacheScope {
    /// Of a component and a tenant.
    pub fn new(component: &str, tenant: &str) -> Self {
        Self { component: component.to_owned(), tenant: tenant.to_owned() }
    }
}

/// What a component remembers for one tenant across journeys. Best effort, and trusted no more than the network: an entry may be
/// gone at any time, but it is never another one's, and never older than the last `put` that has returned. What [`Journeys`] says
/// of every store holds here, too.
#[async_trait]
pub trait TenantCache: Send + Sync {
    /// Reads.
    ///
    /// # Errors
    ///
    /// Where the store fails, which costs time, not logins.
    async fn get(&self, scope: &CacheScope, key: &str) -> Result<Option<String>, StoreError>;

    /// Stores or replaces; dropped after `lifetime` seconds at the latest.
    ///
    /// # Errors
    ///
    /// As [`StoreError`] says.
    async fn put(&self, scope: &CacheScope, key: &str, value: &str, lifetime: u32) -> Result<(), StoreError>;
}

/// 128 random bits as text, for a revision.
#[cfg(any(feature = "postgres", feature = "redis"))]
fn random_name() -> Result<String, StoreError> {
    use base64::Engine as _;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Unavailable("no random bytes".to_owned()))?;
    Ok(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
