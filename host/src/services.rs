//! What a host brings along for its steps.

use std::sync::Arc;

use crate::callbacks::Callbacks;
use crate::clock::{Clock, Random, SystemClock, SystemRandom};
#[cfg(feature = "testing")]
use crate::intercept::Interceptor;
use crate::network::Network;
use crate::stores::keyring::Keyring;
use crate::stores::memory::{MemoryAttempts, MemoryCache, MemoryJourneys};
use crate::stores::{Attempts, Journeys, Stores, TenantCache};

/// What a host provides its steps with. All of it is shared by all tenants, and scoped by [`Visit`](crate::visit::Visit) at each
/// use.
#[derive(Clone)]
pub struct Services {
    /// Variables and outcomes.
    pub journeys: Arc<dyn Journeys>,
    /// What lies between `begin` and `complete`.
    pub attempts: Arc<dyn Attempts>,
    /// Keys and metadata of identity providers.
    pub cache: Arc<dyn TenantCache>,
    /// The network: egress policy, resolver and HTTP client.
    pub network: Network,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The callback URLs that this host serves.
    pub callbacks: Arc<Callbacks>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Watches the host calls.
    #[cfg(feature = "testing")]
    pub interceptor: Option<Arc<dyn Interceptor>>,
}

impl Services {
    /// Stores in memory, system time and system random bytes; no callback URL is served yet.
    pub fn in_memory(network: Network) -> Self {
        Self::in_memory_at(network, Arc::new(SystemClock))
    }

    /// Stores in memory, their lifetimes and the component's time by this clock, and system random bytes.
    pub fn in_memory_at(network: Network, clock: Arc<dyn Clock>) -> Self {
        let stores = Stores {
            journeys: Arc::new(MemoryJourneys::new(Arc::clone(&clock))),
            attempts: Arc::new(MemoryAttempts::new(Arc::clone(&clock))),
            cache: Arc::new(MemoryCache::new(Arc::clone(&clock))),
        };
        Self::new(network, stores, clock)
    }

    /// Stores that outlive the process, which needs keys to encrypt them by: there is no way to have the one without the other.
    /// System time and system random bytes; no callback URL is served yet.
    ///
    /// [`Stores::of`] makes the three of one `RedisStores` or `PostgresStores`.
    pub fn lasting(network: Network, stores: Stores, keyring: Keyring) -> Self {
        Self::new(network, stores.sealed(keyring), Arc::new(SystemClock))
    }

    fn new(network: Network, stores: Stores, clock: Arc<dyn Clock>) -> Self {
        let Stores { journeys, attempts, cache } = stores;
        Self {
            journeys,
            attempts,
            cache,
            network,
            clock,
            callbacks: Arc::new(Callbacks::none()),
            random: Arc::new(SystemRandom),
            #[cfg(feature = "testing")]
            interceptor: None,
        }
    }

    /// The same, which serves these callback URLs.
    #[must_use]
    pub fn serving(self, callbacks: Callbacks) -> Self {
        Self { callbacks: Arc::new(callbacks), ..self }
    }
}
