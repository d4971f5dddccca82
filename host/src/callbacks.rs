//! Which callback URLs a host serves, and whose each of them is.
//!
//! A callback URL belongs to one connector of one tenant. Otherwise a provider's response that was meant for one connector could
//! be completed with another one, whose owner would receive the code (mix-up, RFC 9700 4.4): comparing where a response arrived
//! with where it was asked to arrive distinguishes connectors only where their URLs differ.
//!
//! | of two URLs | they are apart where |
//! |---|---|
//! | scheme, host, port | these differ, after normalisation (RFC 3986 6.2.2) |
//! | path | it differs: `/a` and `/b`, `/cb` and `/cb/`; not `/%63b` and `/cb` |
//! | query | a parameter that both have differs: `?c=1` and `?c=2`; not `?c=1` and none, since the response adds parameters |
//!
//! As it starts, nothing is served, and every `begin` is refused.

mod location;

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use location::{Location, Parameters, Place, are_apart, are_received};

/// The callback URLs of one host. May change while it runs.
///
/// Found by place and connector, so that a login of one tenant takes no longer where there are thousands.
#[derive(Debug, Default)]
pub struct Callbacks(RwLock<Served>);

#[derive(Debug, Default)]
struct Served {
    places: HashMap<Place, HashMap<Connector, Vec<Own>>>,
    /// Each URL as it was written: a login begins with the same text as a rule, and then it needn't be read anew.
    written: HashMap<String, Connector>,
}

/// One URL of a connector at its place, in all the ways in which it was written.
#[derive(Debug)]
struct Own {
    parameters: Parameters,
    written: Vec<String>,
}

/// Whose a URL is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Connector {
    tenant: String,
    id: String,
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
            Self::NotServed => "expected a callback URL that this host serves",
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

    /// From now on, responses at this URL are this connector's. Make the URL of the same public origin and route that arrivals
    /// are made of ([`PublicOrigin::url_of`](crate::PublicOrigin::url_of)): what a proxy rewrites then shows at `begin`, and not
    /// in every login.
    ///
    /// # Errors
    ///
    /// Where it isn't a URL, or isn't apart from another connector's.
    pub fn serve(&self, url: &str, tenant: &str, connector_id: &str) -> Result<(), String> {
        let Location { place, parameters } = Location::read(url).ok_or("not an absolute URL")?;
        let mut served = self.writing();
        let Served { places, written } = &mut *served;
        let there = places.entry(place).or_default();
        let connector = Connector::new(tenant, connector_id);
        let mut others = there.iter().filter(|(other, _)| **other != connector).flat_map(|(_, theirs)| theirs);
        if others.any(|other| !are_apart(&other.parameters, &parameters)) {
            return Err("this callback URL is another connector's, or one that its responses can't be told from".to_owned());
        }
        if written.insert(url.to_owned(), connector.clone()).is_some() {
            return Ok(());
        }
        let own = there.entry(connector).or_default();
        match own.iter_mut().find(|own| own.parameters == parameters) {
            Some(own) => own.written.push(url.to_owned()),
            None => own.push(Own { parameters, written: vec![url.to_owned()] }),
        }
        Ok(())
    }

    /// From now on, nothing begins with this URL, and no response there is passed on. Served for another connector, it completes
    /// nothing that was begun for this one.
    pub fn withdraw(&self, url: &str) {
        let Some(Location { place, parameters }) = Location::read(url) else { return };
        let mut served = self.writing();
        let Served { places, written } = &mut *served;
        let Some(there) = places.get_mut(&place) else { return };
        there.retain(|_, own| {
            for withdrawn in own.extract_if(.., |own| own.parameters == parameters) {
                for text in withdrawn.written {
                    written.remove(&text);
                }
            }
            !own.is_empty()
        });
        if there.is_empty() {
            places.remove(&place);
        }
    }

    /// Whether a login may begin with this callback URL.
    pub(crate) fn judge(&self, url: &str, tenant: &str, connector_id: &str) -> Result<(), CallbackRefused> {
        let served = self.reading();
        if served.written.get(url).is_some_and(|connector| connector.is(tenant, connector_id)) {
            return Ok(());
        }
        let Location { place, parameters } = Location::read(url).ok_or(CallbackRefused::NotServed)?;
        let there = served.places.get(&place).ok_or(CallbackRefused::NotServed)?;
        let is_its = |own: &Vec<Own>| own.iter().any(|own| own.parameters == parameters);
        if there.get(&Connector::new(tenant, connector_id)).is_some_and(is_its) {
            return Ok(());
        }
        Err(if there.values().any(is_its) { CallbackRefused::AnotherConnectors } else { CallbackRefused::NotServed })
    }

    /// Whether a response that arrived there is this connector's.
    pub(crate) fn owns(&self, arrived_at: &str, tenant: &str, connector_id: &str) -> bool {
        let Some(arrival) = Location::read(arrived_at) else { return false };
        let served = self.reading();
        let own = served.places.get(&arrival.place).and_then(|there| there.get(&Connector::new(tenant, connector_id)));
        own.is_some_and(|own| own.iter().any(|own| are_received(&own.parameters, &arrival.parameters)))
    }

    fn reading(&self) -> RwLockReadGuard<'_, Served> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, Served> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connector {
    fn new(tenant: &str, id: &str) -> Self {
        Self { tenant: tenant.to_owned(), id: id.to_owned() }
    }

    fn is(&self, tenant: &str, id: &str) -> bool {
        self.tenant == tenant && self.id == id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_was_expected() {
        for (refused, words) in
            [(CallbackRefused::NotServed, "this host serves"), (CallbackRefused::AnotherConnectors, "this connector")]
        {
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }

    #[test]
    fn a_callback_url_is_one_connectors() {
        let callbacks = Callbacks::none().with("https://login.example.com/a", "acme", "pool").unwrap();
        for (url, tenant, connector, expected) in [
            ("https://login.example.com/a", "acme", "pool", Ok(())),
            ("https://LOGIN.example.com:443/a", "acme", "pool", Ok(())),
            ("https://login.example.com/%61", "acme", "pool", Ok(())),
            ("https://login.example.com/a", "acme", "other", Err(CallbackRefused::AnotherConnectors)),
            ("https://login.example.com/%61", "other", "pool", Err(CallbackRefused::AnotherConnectors)),
            ("https://login.example.com/b", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("https://login.example.com/a/", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("https://login.example.com/a?connector=1", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("http://login.example.com/a", "acme", "pool", Err(CallbackRefused::NotServed)),
            ("nonsense", "acme", "pool", Err(CallbackRefused::NotServed)),
        ] {
            assert_eq!(callbacks.judge(url, tenant, connector), expected, "{url} {tenant} {connector}");
        }
        assert!(callbacks.serve("https://login.example.com/a", "acme", "pool").is_ok());
        callbacks.withdraw("https://login.example.com/a");
        assert_eq!(callbacks.judge("https://login.example.com/a", "acme", "pool"), Err(CallbackRefused::NotServed));
        callbacks.serve("https://login.example.com/a", "acme", "other").unwrap();
    }

    #[test]
    fn a_callback_url_is_withdrawn_however_it_was_written() {
        let written = ["https://a.example/cb?c=1", "https://A.example:443/%63b?c=1", "https://a.example/cb?c=1"];
        let callbacks = written.iter().fold(Callbacks::none(), |all, url| all.with(url, "acme", "pool").unwrap());
        callbacks.serve("https://a.example/cb?c=2", "acme", "pool").unwrap();
        for url in written {
            assert_eq!(callbacks.judge(url, "acme", "pool"), Ok(()), "{url}");
            assert_eq!(callbacks.judge(url, "acme", "other"), Err(CallbackRefused::AnotherConnectors), "{url}");
            assert_eq!(callbacks.judge(url, "other", "pool"), Err(CallbackRefused::AnotherConnectors), "{url}");
        }
        callbacks.withdraw("https://a.example:443/cb?c=1");
        for url in written {
            assert_eq!(callbacks.judge(url, "acme", "pool"), Err(CallbackRefused::NotServed), "{url}");
        }
        assert_eq!(callbacks.judge("https://a.example/cb?c=2", "acme", "pool"), Ok(()));
        callbacks.serve(written[0], "acme", "other").unwrap();
        assert_eq!(callbacks.judge(written[0], "acme", "other"), Ok(()));
        assert_eq!(callbacks.judge(written[0], "acme", "pool"), Err(CallbackRefused::AnotherConnectors));
        callbacks.serve(written[0], "acme", "other").unwrap();
        callbacks.withdraw(written[0]);
        assert_eq!(callbacks.judge(written[0], "acme", "other"), Err(CallbackRefused::NotServed));
    }

    #[test]
    fn two_connectors_urls_are_apart() {
        for (one, other, apart) in [
            ("https://a.example/a", "https://a.example/b", true),
            ("https://a.example/a", "https://b.example/a", true),
            ("https://a.example/a", "https://a.example:444/a", true),
            ("https://a.example/a", "https://a.example/a/", true),
            ("https://a.example/a?c=1", "https://a.example/a?c=2", true),
            ("https://a.example/a?c=1&d=1", "https://a.example/a?d=2", true),
            ("https://a.example/a?c=%FF", "https://a.example/a?c=%FE", true),
            ("myapp://a", "myapp:/a", true),
            ("https://a.example/a", "https://a.example/a", false),
            ("https://a.example/a", "https://A.example:443/a", false),
            ("https://a.example/a", "https://a.example/a?", false),
            ("https://a.example/a", "https://a.example/a?c=1", false),
            ("https://a.example/a?c=1", "https://a.example/a?d=2", false),
            ("https://a.example/a?b=2&a=1", "https://a.example/a?a=1&b=2", false),
            ("https://a.example/a?c", "https://a.example/a?c=", false),
            ("https://a.example/a?c=a+b", "https://a.example/a?c=a%20b", false),
            ("https://a.example/%61", "https://a.example/a", false),
            ("https://a.example/c%3ab", "https://a.example/c%3Ab", false),
            ("https://a.example/x/../a", "https://a.example/a", false),
            ("myapp://CB", "myapp://cb", false),
            ("myapp://cb", "myapp://cb/", false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let callbacks = Callbacks::none().with(one, "acme", "pool").unwrap();
                assert_eq!(callbacks.serve(other, "acme", "attackers").is_ok(), apart, "{one} {other}");
                let callbacks = Callbacks::none().with(one, "acme", "pool").unwrap();
                assert!(callbacks.serve(other, "acme", "pool").is_ok(), "one connector may have both");
            }
        }
    }

    #[test]
    fn a_response_is_the_connectors_whose_url_it_arrived_at() {
        let callbacks = Callbacks::none().with("https://a.example/cb?c=1", "acme", "pool").unwrap();
        let callbacks = callbacks.with("https://a.example/cb?c=2", "acme", "other").unwrap();
        for (arrived_at, owns) in [
            ("https://a.example/cb?c=1&code=x&state=y", true),
            ("https://a.example/cb?code=x&c=1", true),
            ("https://a.example/cb?c=2&code=x", false),
            ("https://a.example/cb?c=1&c=2&code=x", false),
            ("https://a.example/cb?code=x", false),
            ("https://b.example/cb?c=1", false),
            ("cb?c=1", false),
        ] {
            assert_eq!(callbacks.owns(arrived_at, "acme", "pool"), owns, "{arrived_at}");
        }
        callbacks.withdraw("https://a.example/cb?c=1");
        callbacks.serve("https://a.example/cb?c=1", "acme", "other").unwrap();
        assert!(!callbacks.owns("https://a.example/cb?c=1&code=x", "acme", "pool"), "what was begun for the one isn't completed");
    }

    #[test]
    fn as_it_starts_nothing_is_served() {
        assert_eq!(Callbacks::none().judge("https://a/", "", ""), Err(CallbackRefused::NotServed));
        assert!(!Callbacks::none().owns("https://a/", "", ""));
        assert!(Callbacks::none().with("/callback", "acme", "pool").is_err());
    }
}
