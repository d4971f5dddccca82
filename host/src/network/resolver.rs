//! From a host name to the addresses that may be connected to.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use url::{Host, Url};

use super::egress::Egress;
use super::exchange::FetchError;

/// Turns a host name into addresses. Injected, so that tests can have a name mean what an attacker would like.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a name; never called for an address.
    ///
    /// # Errors
    ///
    /// Where the name has none, or the name server doesn't answer.
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// The addresses of the URL's host that the policy allows. Never empty: a client connects to one of them, so that the address
/// judged is the address connected to.
pub(super) async fn judged_addresses(resolver: &dyn Resolver, url: &Url, egress: &Egress) -> Result<Vec<SocketAddr>, FetchError> {
    let port = url.port_or_known_default().unwrap_or(443);
    let (found, is_localhost) = match url.host() {
        Some(Host::Ipv4(address)) => (vec![address.into()], false),
        Some(Host::Ipv6(address)) => (vec![address.into()], false),
        Some(Host::Domain(name)) => {
            let found = resolver.resolve(name).await.map_err(|error| FetchError::Unreachable(error.to_string()))?;
            (found, name == "localhost")
        }
        None => (Vec::new(), false),
    };
    let mut addresses = Vec::new();
    let mut refused = None;
    for address in found {
        match egress.judge_address(address) {
            // Plain http goes to this name, so it must not mean another machine.
            Ok(()) if is_localhost && !address.is_loopback() => {}
            Ok(()) => addresses.push(SocketAddr::new(address, port)),
            Err(why) => refused = Some(why),
        }
    }
    match refused {
        _ if !addresses.is_empty() => Ok(addresses),
        Some(why) => Err(FetchError::Denied(format!("the name resolves to a {why}"))),
        None => Err(FetchError::Unreachable("the name has no address".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::testing::Table;

    async fn resolve(egress: &Egress, url: &str) -> Result<Vec<SocketAddr>, FetchError> {
        let table = Table(&[
            ("idp.test", &["8.8.8.8", "2600:1f14::1"]),
            ("mixed.test", &["10.0.0.1", "8.8.8.8", "fd00::1"]),
            ("metadata.test", &["169.254.169.254"]),
            ("azure.test", &["168.63.129.16"]),
            ("inner.test", &["10.0.0.1", "fd00::1"]),
            ("mapped.test", &["::ffff:192.168.0.1"]),
            ("own.test", &["127.0.0.1"]),
            ("nothing.test", &[]),
            ("localhost", &["8.8.8.8", "127.0.0.1"]),
        ]);
        judged_addresses(&table, &Url::parse(url).unwrap(), egress).await
    }

    #[tokio::test]
    async fn each_address_of_a_name_is_judged() {
        for (url, addresses) in [
            ("https://idp.test/", &["8.8.8.8:443", "[2600:1f14::1]:443"][..]),
            ("https://idp.test:8443/", &["8.8.8.8:8443", "[2600:1f14::1]:8443"]),
            ("https://mixed.test/", &["8.8.8.8:443"]),
            ("https://8.8.8.8/", &["8.8.8.8:443"]),
            ("https://[2600:1f14::1]/", &["[2600:1f14::1]:443"]),
        ] {
            let addresses: Vec<SocketAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(resolve(&Egress::deny_all(), url).await, Ok(addresses), "{url}");
        }
        for (url, kind) in [
            ("https://metadata.test/", "cloud metadata"),
            ("https://azure.test/", "cloud metadata"),
            ("https://inner.test/", "unique-local"),
            ("https://mapped.test/", "private"),
            ("https://own.test/", "loopback"),
            ("https://localhost/", "loopback"),
            ("https://10.0.0.1/", "private"),
            ("https://[fd00::1]/", "unique-local"),
        ] {
            let expected = FetchError::Denied(format!("the name resolves to a {kind} address"));
            assert_eq!(resolve(&Egress::deny_all(), url).await, Err(expected), "{url}");
        }
        let expected = FetchError::Unreachable("the name has no address".to_owned());
        assert_eq!(resolve(&Egress::deny_all(), "https://nothing.test/").await, Err(expected));
        assert!(matches!(resolve(&Egress::deny_all(), "https://unknown.test/").await, Err(FetchError::Unreachable(_))));
    }

    #[tokio::test]
    async fn localhost_means_loopback_or_nothing() {
        let open = Egress::deny_all().with_loopback();
        assert_eq!(resolve(&open, "http://localhost:8080/").await, Ok(vec!["127.0.0.1:8080".parse().unwrap()]));
        let own = open.with_denied(&["127.0.0.0/8"]).unwrap();
        let expected = FetchError::Denied("the name resolves to a denied address".to_owned());
        assert_eq!(resolve(&own, "http://localhost:8080/").await, Err(expected));
    }

    #[tokio::test]
    async fn the_systems_resolver_knows_localhost() {
        let found = SystemResolver.resolve("localhost").await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
