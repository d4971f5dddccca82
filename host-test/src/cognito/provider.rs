//! What the provider knows while it runs. Requests are served one by one and each is served at once, so plain locks do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::Config;
use super::faults::Faults;
use super::grants::{AccessGrant, Codes, Federations};
use super::key_ring::KeyRing;
use super::request_log::RequestLog;
use super::sessions::Sessions;

/// The provider's whole state.
pub(super) struct Provider {
    config: Mutex<Arc<Config>>,
    /// The issuer's origin, such as `http://127.0.0.1:4000`.
    pub(super) issuer_origin: String,
    /// The domain's origin.
    pub(super) domain_origin: String,
    pub(super) keys: Mutex<KeyRing>,
    pub(super) codes: Mutex<Codes>,
    pub(super) sessions: Mutex<Sessions>,
    pub(super) federations: Mutex<Federations>,
    pub(super) access_tokens: Mutex<HashMap<String, AccessGrant>>,
    /// By kind, in order.
    pub(super) issued: Mutex<Vec<(&'static str, String)>>,
    pub(super) revoked: Mutex<Vec<String>>,
    pub(super) faults: Faults,
    pub(super) requests: RequestLog,
}

impl Provider {
    pub(super) fn new(config: Config, issuer_origin: String, domain_origin: String) -> Self {
        Self {
            config: Mutex::new(Arc::new(config)),
            issuer_origin,
            domain_origin,
            keys: Mutex::default(),
            codes: Mutex::default(),
            sessions: Mutex::default(),
            federations: Mutex::default(),
            access_tokens: Mutex::default(),
            issued: Mutex::default(),
            revoked: Mutex::default(),
            faults: Faults::default(),
            requests: RequestLog::default(),
        }
    }

    /// The setup at this moment.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&lock(&self.config))
    }

    pub(super) fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(Arc::make_mut(&mut lock(&self.config)));
    }

    /// Seconds since the epoch.
    pub(super) fn now(&self) -> u64 {
        (self.config().clock)()
    }
}

/// Locks, also after a test panicked while it held the lock.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
