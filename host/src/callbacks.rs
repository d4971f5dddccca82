//! Which callback URLs a host serves, and whose each of them is.
//!
//! A callback URL belongs to one connector of one tenant. Otherwise a provider's response that was meant for one connector could be
//! completed with another one, whose owner would receive the code (mix-up, RFC 9700 4.4): comparing where a response arrived with where it
//! was asked to arrive distinguishes connectors only where their URLs differ.
//!
//! As it starts, nothing is served, and every `begin` is refused.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use url::Url;

/// The callback URLs of one host. May change while it runs.
#[derive(Debug, Default)]
pub struct Callbacks(RwLock<Vec<Served>>);

#[derive(Debug)]
struct Served {
    url: Url,
    tenant: String,
    connector_id: String,
}

/// Why a login is not begun with a callback URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackRefused {
    /// Nothing at that URL would pass a response on.
    NotServed,
    /// It belongs to another connector.
    AnotherConnectors,
}

impl fmt::Display for CallbackRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotServed => "expected a callback URL that this host serves, written as it is registered with the host",
            Self::AnotherConnectors => "expected a callback URL that belongs to this connector: each has one of its own",
        })
    }
}

impl Callbacks {
    /// Serves none.
    pub fn none() -> Self {
        Self::default()
    }

    /// As [`Callbacks::serve`].
    ///
    /// # Errors
    ///
    /// As [`Callbacks::serve`].
    pub fn with(self, url: &str, tenant: &str, connector_id: &str) -> Result<Self, String> {
        self.serve(url, tenant, connector_id)?;
        Ok(self)
    }

    /// From now on, responses at this URL are this connector's. Make the URL of the same public origin and route that arrivals are made of
    /// ([`PublicOrigin::url_of`](crate::PublicOrigin::url_of)): what a proxy rewrites then shows at `begin`, and not in every login.
    ///
    /// # Errors
    ///
    /// Where it isn't a URL, or is another connector's.
    pub fn serve(&self, url: &str, tenant: &str, connector_id: &str) -> Result<(), String> {
        let url = Url::parse(url).map_err(|_| "not an absolute URL".to_owned())?;
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match served.iter().find(|other| other.url == url) {
            Some(other) if other.is(tenant, connector_id) => {}
            Some(_) => return Err("this callback URL is another connector's".to_owned()),
            None => served.push(Served { url, tenant: tenant.to_owned(), connector_id: connector_id.to_owned() }),
        }
        Ok(())
    }

    /// From now on, nothing begins with this URL.
    pub fn withdraw(&self, url: &str) {
        if let Ok(url) = Url::parse(url) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|served| served.url != url);
        }
    }

    pub(crate) fn judge(&self, url: &str, tenant: &str, connector_id: &str) -> Result<(), CallbackRefused> {
        let url = Url::parse(url).map_err(|_| CallbackRefused::NotServed)?;
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match served.iter().find(|served| served.url == url) {
            None => Err(CallbackRefused::NotServed),
            Some(served) if served.is(tenant, connector_id) => Ok(()),
            Some(_) => Err(CallbackRefused::AnotherConnectors),
        }
    }
}

impl Served {
    fn is(&self, tenant: &str, connector_id: &str) -> bool {
        self.tenant == tenant && self.connector_id == connector_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_url_is_one_connectors() {
        let callbacks = Callbacks::none().with("https://login.example.com/a", "acme", "pool").unwrap();
        for (url, tenant, connector, expected) in [
            ("https://login.example.com/a", "acme", "pool", Ok(())),
            ("https://LOGIN.example.com:443/a", "acme", "pool", Ok(())),
            ("https://login.example.com/a", "acme", "other", Err(CallbackRefused::AnotherConnectors)),
            ("https://login.example.com/a", "other", "pool", Err(CallbackRefused::AnotherConnectors)),
            ("https://login.example.com/b", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("https://login.example.com/a/", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("https://login.example.com/a?connector=1", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("http://login.example.com/a", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("nonsense", "acme", "pool", Err(CallbackRefused::NotServed)),
        ] {
            assert_eq!(callbacks.judge(url, tenant, connector), expected, "{url} {tenant} {connector}");
        }
        assert!(callbacks.serve("https://login.example.com/a", "acme", "other").is_err());
        assert!(callbacks.serve("https://login.example.com/a", "acme", "pool").is_ok());
        callbacks.withdraw("https://login.example.com/a");
        assert_eq!(callbacks.judge("https://login.example.com/a", "acme", "pool"), Err(CallbackRefused::NotServed));
        callbacks.serve("https://login.example.com/a", "acme", "other").unwrap();
    }

    #[test]
    fn as_it_starts_nothing_is_served() {
        assert_eq!(Callbacks::none().judge("https://a/", "", ""), Err(CallbackRefused::NotServed));
        assert!(Callbacks::none().with("/callback", "acme", "pool").is_err());
    }
}
