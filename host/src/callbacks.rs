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

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{PoisonError, RwLock};

use crate::table::Table;
use location::{Location, Names, Parameters, Place};

/// The callback URLs of one host. May change while it runs.
///
/// Found by place, and there by query or connector: a login of one tenant takes no longer where there are thousands, and neither
/// does taking a URL back. To serve one takes longer only where others at its place have parameters that it hasn't.
#[derive(Debug, Default)]
pub struct Callbacks(RwLock<Served>);

#[derive(Debug, Default)]
struct Served {
    places: Table<Place, There>,
    /// Each URL as it was written: a login begins with the same text as a rule, and then it needn't be read anew.
    written: Table<String, Connector>,
}

/// What is served at a place. Both say the same.
#[derive(Debug, Default)]
struct There {
    /// By which parameters a URL has, and then by their values. No two connectors' are the same: they would not be apart.
    owners: BTreeMap<Names, Table<Parameters, Owned>>,
    of: Table<Connector, HashSet<Parameters>>,
}

/// One URL, and all the ways in which it was written.
#[derive(Debug)]
struct Owned {
    by: Connector,
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
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Served { places, written } = &mut *served;
        let there = places.get_or_default(place);
        let connector = Connector::new(tenant, connector_id);
        let is_anothers = there.owners.iter().any(|(names, owners)| match parameters.of(names) {
            // Of those that it has all parameters of, one alone isn't apart.
            Some(the_same) => owners.get(&the_same).is_some_and(|owned| owned.by != connector),
            None => owners.iter().any(|(other, owned)| owned.by != connector && !other.are_apart(&parameters)),
        });
        if is_anothers {
            return Err("this callback URL is another connector's, or one that its responses can't be told from".to_owned());
        }
        if written.insert(url.to_owned(), connector.clone()).is_some() {
            return Ok(());
        }
        let owners = there.owners.entry(parameters.names()).or_default();
        match owners.get_mut(&parameters) {
            Some(owned) => owned.written.push(url.to_owned()),
            None => {
                owners.insert(parameters.clone(), Owned { by: connector.clone(), written: vec![url.to_owned()] });
                there.of.get_or_default(connector).insert(parameters);
            }
        }
        Ok(())
    }

    /// From now on, nothing begins with this URL, and no response there is passed on. Served for another connector, it completes
    /// nothing that was begun for this one.
    pub fn withdraw(&self, url: &str) {
        let Some(Location { place, parameters }) = Location::read(url) else { return };
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Served { places, written } = &mut *served;
        let Some(there) = places.get_mut(&place) else { return };
        for text in there.withdraw(&parameters) {
            written.remove(&text);
        }
        if there.owners.is_empty() {
            places.remove(&place);
        }
    }

    /// Whether a login may begin with this callback URL.
    pub(crate) fn judge(&self, url: &str, tenant: &str, connector_id: &str) -> Result<(), CallbackRefused> {
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if served.written.get(url).is_some_and(|owner| owner.is(tenant, connector_id)) {
            return Ok(());
        }
        let Location { place, parameters } = Location::read(url).ok_or(CallbackRefused::NotServed)?;
        let there = served.places.get(&place).ok_or(CallbackRefused::NotServed)?;
        let owner = there.owner(&parameters).ok_or(CallbackRefused::NotServed)?;
        match owner.is(tenant, connector_id) {
            true => Ok(()),
            false => Err(CallbackRefused::AnotherConnectors),
        }
    }

    /// Whether a response that arrived there is this connector's.
    pub(crate) fn owns(&self, arrived_at: &str, tenant: &str, connector_id: &str) -> bool {
        let Some(arrival) = Location::read(arrived_at) else { return false };
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let own = served.places.get(&arrival.place).and_then(|there| there.of.get(&Connector::new(tenant, connector_id)));
        own.is_some_and(|own| own.iter().any(|parameters| parameters.are_received(&arrival.parameters)))
    }
}

impl There {
    fn owner(&self, parameters: &Parameters) -> Option<&Connector> {
        Some(&self.owners.get(&parameters.names())?.get(parameters)?.by)
    }

    /// Returns the ways in which the URL was written.
    fn withdraw(&mut self, parameters: &Parameters) -> Vec<String> {
        let names = parameters.names();
        let Some(owners) = self.owners.get_mut(&names) else { return Vec::new() };
        let Some(Owned { by, written }) = owners.remove(parameters) else { return Vec::new() };
        if owners.is_empty() {
            self.owners.remove(&names);
        }
        if let Some(own) = self.of.get_mut(&by) {
            own.remove(parameters);
            if own.is_empty() {
                self.of.remove(&by);
            }
        }
        written
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
    use crate::table::testing::{AMONG, assert_constant, steps};

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
    fn a_url_is_served_and_taken_back_in_as_many_steps_however_many_are_served_beside_it() {
        let by_query = |number: u32| format!("https://login.example.com/callback?tenant={number}");
        let by_path = |number: u32| format!("https://login.example.com/callback/{number}");
        for url in [by_query as fn(u32) -> String, by_path] {
            assert_constant(AMONG.map(|others| {
                let callbacks = Callbacks::none();
                for number in 1..=others {
                    callbacks.serve(&url(number), &number.to_string(), "pool").unwrap();
                }
                steps(|| {
                    callbacks.serve(&url(0), "0", "pool").unwrap();
                    assert_eq!(callbacks.judge(&url(0), "another", "pool"), Err(CallbackRefused::AnotherConnectors));
                    callbacks.withdraw(&url(0));
                    assert_eq!(callbacks.judge(&url(0), "0", "pool"), Err(CallbackRefused::NotServed));
                })
            }));
        }
    }

    #[test]
    fn what_is_taken_back_leaves_nothing_behind() {
        let callbacks = Callbacks::none();
        let urls = ["https://a.example/a", "https://a.example/b?c=1", "https://a.example/b?c=2", "https://a.example/b?c=2&d=1"];
        for url in urls {
            callbacks.serve(url, "acme", "pool").unwrap();
        }
        for url in ["https://a.example/b", "https://a.example/b?c=3", "https://a.example/b?d=1", "https://b.example/"] {
            callbacks.withdraw(url);
        }
        assert!(urls.iter().all(|url| callbacks.judge(url, "acme", "pool").is_ok()), "only what was served is taken back");
        for url in urls {
            callbacks.withdraw(url);
            assert_eq!(callbacks.judge(url, "acme", "pool"), Err(CallbackRefused::NotServed), "{url}");
            assert!(!callbacks.owns(url, "acme", "pool"), "{url}");
        }
        let served = callbacks.0.read().unwrap();
        assert!(served.places.is_empty() && served.written.is_empty());
    }

    #[test]
    fn as_it_starts_nothing_is_served() {
        assert_eq!(Callbacks::none().judge("https://a/", "", ""), Err(CallbackRefused::NotServed));
        assert!(!Callbacks::none().owns("https://a/", "", ""));
        assert!(Callbacks::none().with("/callback", "acme", "pool").is_err());
    }
}
