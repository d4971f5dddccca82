//! What the provider knows while it runs. Requests are served one by one and each is served at once, so plain locks do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::grants::{AccessGrant, Codes, Federations};
use super::request_log::RequestLog;
use super::sessions::Sessions;
use crate::cognito::faults::Faults;
use crate::cognito::keys::key_ring::KeyRing;
use crate::cognito::pool::config::Config;

/// The provider's whole state.
pub(in crate::cognito) struct Provider {
    config: Mutex<Arc<Config>>,
    /// The issuer's origin, such as `http://127.0.0.1:4000`.
    pub(in crate::cognito) issuer_origin: String,
    /// The domain's origin.
    pub(in crate::cognito) domain_origin: String,
    pub(in crate::cognito) keys: Mutex<KeyRing>,
    pub(in crate::cognito) codes: Mutex<Codes>,
    pub(in crate::cognito) sessions: Mutex<Sessions>,
    pub(in crate::cognito) federations: Mutex<Federations>,
    pub(in crate::cognito) access_tokens: Mutex<HashMap<String, AccessGrant>>,
    /// By kind, in order.
    pub(in crate::cognito) issued: Mutex<Vec<(&'static str, String)>>,
    pub(in crate::cognito) revoked: Mutex<Vec<String>>,
    pub(in crate::cognito) faults: Faults,
    pub(in crate::cognito) requests: RequestLog,
}

impl Provider {
    pub(in crate::cognito) fn new(config: Config, issuer_origin: String, domain_origin: String) -> Self {
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
    pub(in crate::cognito) fn config(&self) -> Arc<Config> {
        Arc::clone(&lock(&self.config))
    }

    pub(in crate::cognito) fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(Arc::make_mut(&mut lock(&self.config)));
    }

    /// Seconds since the epoch.
    pub(in crate::cognito) fn now(&self) -> u64 {
        (self.config().clock)()
    }
}

/// Locks, also after a test panicked while it held the lock.
pub(in crate::cognito) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
