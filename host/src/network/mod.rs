//! The network as a step sees it: one HTTP exchange at a time, to origins that it names and its tenant's operator permits.
//!
//! Whoever writes a step's settings chooses URLs that this host then asks for, from inside the operator's network; and whoever
//! answers chooses what comes back. It all fails closed: what no rule allows is refused, and an embedder who sets nothing has a
//! host that reaches nothing.
//!
//! | Refused | Since | Where |
//! |---|---|---|
//! | an origin that the step doesn't name, or its tenant's operator doesn't permit | server-side request forgery (CWE-918, OWASP ASVS 5.0 V1.3.6) | [`Egress`], [`OriginPattern`] |
//! | plain `http`, except to a loopback address where the embedder allows it | a code and a client secret would travel in the open (RFC 6749 3.2) | [`Egress`] |
//! | user information, a fragment, a host with an empty label, a URL over 8 KiB | readers differ on what such a URL means | [`Egress`] |
//! | an address that isn't global unicast, the services of a cloud, ranges that the operator denies | the network inside is trusted too far (IANA's special-purpose registries, RFC 6890) | [`AddressRange`] |
//! | the same by way of a name | DNS rebinding: the address judged is the one connected to | [`Resolver`], [`Route`] |
//! | more than 64 header fields or 64 KiB of them, in either direction; fields that are the host's own | memory; request smuggling (RFC 9112 11.2) | [`Exchange`] |
//! | a body with GET | it has no meaning (RFC 9110 9.3.1) | [`Exchange`] |
//! | a redirect, a second try, a cookie, a proxy of the environment | each takes a secret somewhere else, or sends it twice (RFC 9700 4.12) | [`HardenedClient`] |
//! | a certificate that isn't trusted or isn't the host's | the URL's host is all that an origin stands on (RFC 9525) | [`HardenedClient`] |
//! | more bytes than a bound, decoded or on the wire; more time than the exchange has | a server answers at length, or never | [`HardenedClient`] |
//!
//! [`Network`] joins the policy, the resolver and the client. It judges; the client ([`HttpClient`]) performs and decides
//! nothing, so that another one can take its place, behind an egress proxy for example, without widening what a step may reach.
//!
//! Tests of each row stand beside it, and in `client/tests.rs` and `tests.rs` against real servers.

mod address;
mod client;
mod egress;
mod exchange;
mod origin;
mod request;
mod resolver;
#[cfg(test)]
mod testing;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::Method;
use tokio::time::Instant;
use tracing::Instrument as _;
use url::Url;

pub use self::address::{AddressRange, Refused};
pub use self::client::HardenedClient;
pub use self::client::proxy::EgressProxy;
use self::egress::is_loopback;
pub use self::egress::{Egress, TenantPolicy};
pub use self::exchange::{Exchange, FetchError, HttpClient, Response, Route};
pub use self::origin::OriginPattern;
pub(crate) use self::request::Request;
use self::resolver::judged_addresses;
pub use self::resolver::{Resolver, SystemResolver};
use crate::telemetry::{FetchSpan, Limit, limit_hit};

/// The network of a host: the egress policy, the resolver and the HTTP client, shared by all calls and tenants. A clone is the
/// same network.
#[derive(Clone)]
pub struct Network {
    egress: Arc<RwLock<Arc<Egress>>>,
    resolver: Arc<dyn Resolver>,
    client: Arc<dyn HttpClient>,
}

impl Network {
    /// With the default client, and the system's resolver and root certificates.
    ///
    /// # Errors
    ///
    /// Where the TLS configuration doesn't come about.
    pub fn new(egress: Egress) -> wasmtime::Result<Self> {
        Ok(Self::with_client(egress, Arc::new(HardenedClient::new()?)))
    }

    /// With another client, and the system's resolver.
    pub fn with_client(egress: Egress, client: Arc<dyn HttpClient>) -> Self {
        Self { egress: Arc::new(RwLock::new(Arc::new(egress))), resolver: Arc::new(SystemResolver), client }
    }

    /// Finds addresses by this resolver.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// The egress policy as it stands.
    pub fn egress(&self) -> Arc<Egress> {
        // Nothing can panic while it holds the lock: the value is whole, whatever became of the thread.
        Arc::clone(&self.egress.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another egress policy in the place of the one that stands, whole and at once, for every clone of this network.
    ///
    /// It judges each exchange that begins from now on, those of calls under way too: what an operator forbids stays reachable no
    /// longer than one exchange lasts. An exchange under way is judged by one policy from beginning to end, and isn't cut off.
    pub fn set_egress(&self, egress: Egress) {
        *self.egress.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(egress);
    }

    /// Judges the request, and has the client perform it. `named`: the step's own `settings.origins`.
    pub(crate) async fn fetch(&self, request: Request, named: &[String], tenant: &str) -> Result<Response, FetchError> {
        let (begun, timeout) = (Instant::now(), request.timeout);
        let watch = FetchSpan::open(request.post, &request.url, request.endpoint());
        let exchange = self.perform(request, named, tenant).instrument(watch.span().clone());
        let response = tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(FetchError::Timeout));
        watch.ended(response.as_ref().map(|response| response.status.as_u16()).map_err(FetchError::name), begun.elapsed());
        if response.as_ref().is_err_and(|error| *error == FetchError::TooLarge) {
            limit_hit(Limit::ResponseBody);
        }
        response.map_err(FetchError::bounded)
    }

    async fn perform(&self, request: Request, named: &[String], tenant: &str) -> Result<Response, FetchError> {
        let begun = Instant::now();
        let egress = self.egress();
        let url = egress.judge_url(&request.url, named, tenant).map_err(FetchError::Denied)?;
        let headers = request.checked_headers()?;
        if !request.post && !request.body.is_empty() {
            return Err(FetchError::Denied("a GET with a body".to_owned()));
        }
        let addresses = match self.route(&url) {
            Route::Direct => judged_addresses(self.resolver.as_ref(), &url, &egress).await?,
            Route::Proxied => Vec::new(),
        };
        let max_body = request.max_body;
        let exchange = Exchange {
            method: if request.post { Method::POST } else { Method::GET },
            url,
            addresses,
            headers,
            body: request.body,
            timeout: left(request.timeout, begun),
            max_body,
        };
        self.client.exchange(exchange).await?.within(max_body)
    }

    /// A proxy's loopback is another machine, and plain `http` would travel there in the open.
    fn route(&self, url: &Url) -> Route {
        if is_loopback(url) { Route::Direct } else { self.client.route(url) }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("egress", &self.egress()).finish_non_exhaustive()
    }
}

fn left(timeout: Duration, begun: Instant) -> Duration {
    timeout.saturating_sub(begun.elapsed())
}

#[cfg(test)]
mod tests;
