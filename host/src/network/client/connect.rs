//! A stream to one of some addresses, and TLS over it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::meter::{Budget, Meter};
use crate::network::exchange::FetchError;

/// How long one address is tried alone, before the next is tried beside it: RFC 8305 5's recommendation.
const HEAD_START: Duration = Duration::from_millis(250);

/// Addresses of a name that are tried. More than a name of some use has, and a bound for one that was made to have many.
const MAX_ADDRESSES: usize = 16;

/// Bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A metered connection to whichever of these addresses answers first, each tried a little after the one before it (RFC 8305), so
/// that a family of addresses that leads nowhere costs no login.
pub(super) async fn tcp(addresses: &[SocketAddr], budget: &Budget) -> Result<Box<dyn Stream>, FetchError> {
    let stream = first(addresses, TcpStream::connect::<SocketAddr>).await.map_err(|error| unreachable(&error))?;
    // A request is written at once: waiting for more to send along would only delay it.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(Meter::new(stream, budget)))
}

async fn first<S, F>(addresses: &[SocketAddr], connect: impl Fn(SocketAddr) -> F) -> io::Result<S>
where
    S: Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
{
    let mut untried = by_turns(addresses).into_iter().take(MAX_ADDRESSES);
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        match untried.next() {
            Some(address) => _ = attempts.spawn(connect(address)),
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        let ended = if untried.len() == 0 {
            attempts.join_next().await
        } else {
            tokio::time::timeout(HEAD_START, attempts.join_next()).await.unwrap_or(None)
        };
        match ended {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failure = error,
            Some(Err(lost)) => failure = lost.into(),
            None => {}
        }
    }
}

/// The two families by turns, beginning with that of the first address (RFC 8305 4).
fn by_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first_family = |address: &&SocketAddr| addresses.first().is_some_and(|first| first.is_ipv4() == address.is_ipv4());
    let (mut one, mut other) = (addresses.iter().filter(is_first_family), addresses.iter().filter(|a| !is_first_family(a)));
    let mut turns = Vec::with_capacity(addresses.len());
    while turns.len() < addresses.len() {
        turns.extend(one.next());
        turns.extend(other.next());
    }
    turns
}

/// TLS with the URL's host, its certificate verified.
pub(super) async fn tls(
    stream: Box<dyn Stream>,
    url: &Url,
    config: &Arc<rustls::ClientConfig>,
) -> Result<Box<dyn Stream>, FetchError> {
    let name = match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(address)) => Some(std::net::IpAddr::from(address).into()),
        Some(Host::Ipv6(address)) => Some(std::net::IpAddr::from(address).into()),
        None => None,
    };
    let name = name.ok_or_else(|| FetchError::Unreachable("no certificate can have this host name".to_owned()))?;
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(|error| unreachable(&error))?;
    Ok(Box::new(stream))
}

/// The system's or the TLS library's own text: nothing has been received but certificates.
fn unreachable(error: &io::Error) -> FetchError {
    FetchError::Unreachable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_families_take_turns() {
        for (given, expected) in [
            (&[][..], &[][..]),
            (&["1.1.1.1:1"], &["1.1.1.1:1"]),
            (&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"], &["1.1.1.1:1", "[::1]:1", "2.2.2.2:1"]),
            (&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"], &["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]),
        ] {
            assert_eq!(by_turns(&addresses(given)), addresses(expected));
        }
    }

    /// Port 1 answers, port 2 refuses, port 3 is never heard of, and port 4 answers when the next has been tried.
    async fn connect(address: SocketAddr) -> io::Result<SocketAddr> {
        match address.port() {
            1 => Ok(address),
            2 => Err(io::ErrorKind::ConnectionRefused.into()),
            4 => {
                tokio::time::sleep(2 * HEAD_START).await;
                Ok(address)
            }
            _ => std::future::pending().await,
        }
    }

    async fn connected(texts: &[&str]) -> Result<String, io::ErrorKind> {
        let connected = first(&addresses(texts), connect).await;
        connected.map(|address| address.to_string()).map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn the_first_address_that_answers_is_connected_to() {
        for (order, expected) in [
            (&["1.1.1.1:1", "2.2.2.2:1"][..], "1.1.1.1:1"),
            (&["1.1.1.1:2", "2.2.2.2:1"], "2.2.2.2:1"),
            (&["1.1.1.1:3", "2.2.2.2:1"], "2.2.2.2:1"),
            (&["1.1.1.1:4", "2.2.2.2:2"], "1.1.1.1:4"),
            (&["1.1.1.1:3", "2.2.2.2:3", "3.3.3.3:2", "[::1]:1"], "[::1]:1"),
        ] {
            assert_eq!(connected(order).await.as_deref(), Ok(expected), "{order:?}");
        }
        assert_eq!(connected(&["1.1.1.1:2", "2.2.2.2:2"]).await, Err(io::ErrorKind::ConnectionRefused));
        assert_eq!(connected(&[]).await, Err(io::ErrorKind::AddrNotAvailable));
    }

    #[tokio::test]
    async fn no_more_addresses_are_tried_than_a_bound() {
        let mut order = ["1.1.1.1:2"; MAX_ADDRESSES];
        order[MAX_ADDRESSES - 1] = "1.1.1.1:1";
        assert!(connected(&order).await.is_ok());
        assert!(connected(&[&["1.1.1.1:2"], &order[..]].concat()).await.is_err());
    }
}
