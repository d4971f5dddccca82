//! One HTTP exchange at a time: no redirect, cookie, proxy, retry or cache; TLS verified; addresses judged before they are used.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;

use super::address::{Refused, judge_address};
use super::egress::Egress;

/// What a step asks for, with the host's limits already in it.
pub(crate) struct Exchange {
    pub post: bool,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub timeout: Duration,
    /// In bytes, decoded.
    pub max_body: usize,
}

/// What came back.
pub(crate) struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why nothing came back. Texts hold neither headers nor bodies nor a URL beyond its origin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FetchError {
    Denied(String),
    Unreachable(String),
    Timeout,
    TooLarge,
    Other(String),
}

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

/// The HTTP client of a host, shared by all calls and tenants.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    egress: Arc<Egress>,
}

impl HttpClient {
    /// With the system's resolver and the system's root certificates.
    ///
    /// # Errors
    ///
    /// Where the TLS configuration doesn't come about.
    pub fn new(egress: Egress) -> wasmtime::Result<Self> {
        Self::with(egress, Arc::new(SystemResolver), Vec::new())
    }

    /// With a resolver, and with root certificates beside the system's.
    ///
    /// # Errors
    ///
    /// Where the TLS configuration doesn't come about.
    pub fn with(egress: Egress, resolver: Arc<dyn Resolver>, roots: Vec<CertificateDer<'static>>) -> wasmtime::Result<Self> {
        let resolver = JudgingResolver { resolver, allow_loopback: egress.allows_loopback() };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(roots)?)
            .dns_resolver(resolver)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // A pooled connection that the server has closed is answered with a second try, which a code exchange can't afford.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .referer(false)
            .build()?;
        Ok(Self { client, egress: Arc::new(egress) })
    }

    /// Performs the exchange. `named`: the step's own `settings.origins`.
    pub(crate) async fn fetch(&self, exchange: Exchange, named: &[String], tenant: &str) -> Result<Response, FetchError> {
        let url = self.egress.judge_url(&exchange.url, named, tenant).map_err(FetchError::Denied)?;
        let request = self
            .client
            .request(if exchange.post { reqwest::Method::POST } else { reqwest::Method::GET }, url)
            .headers(request_headers(&exchange.headers)?)
            .body(exchange.body);
        let answer = async {
            let mut response = request.send().await.map_err(classify)?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(classify)? {
                if body.len() + chunk.len() > exchange.max_body {
                    return Err(FetchError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Response { status: response.status().as_u16(), headers: response_headers(response.headers()), body })
        };
        tokio::time::timeout(exchange.timeout, answer).await.unwrap_or(Err(FetchError::Timeout))
    }
}

/// The names that are the host's: RFC 9110 7.6.1's connection-specific fields, framing, and the target.
const HOST_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn request_headers(headers: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    let denied = |why: &str| FetchError::Denied(why.to_owned());
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| denied("a header name is not a token"))?;
        if HOST_HEADERS.contains(&name.as_str()) {
            return Err(FetchError::Denied(format!("the header {name} is the host's")));
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| denied("a header value is not visible ASCII"))?;
        value.set_sensitive(true);
        map.append(name, value);
    }
    Ok(map)
}

fn response_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let utf8 = |value: &HeaderValue| std::str::from_utf8(value.as_bytes()).map(str::to_owned).ok();
    headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), utf8(value)?))).collect()
}

fn classify(error: reqwest::Error) -> FetchError {
    let mut root: &dyn Error = &error;
    while let Some(source) = root.source() {
        if let Some(refused) = source.downcast_ref::<Refused>() {
            return FetchError::Denied(format!("the name resolves to a {refused}"));
        }
        root = source;
    }
    if error.is_connect() {
        // The root cause is the system's or the TLS library's own text: nothing has been received but certificates.
        FetchError::Unreachable(root.to_string().chars().take(200).collect())
    } else if error.is_timeout() {
        FetchError::Timeout
    } else if error.is_decode() {
        FetchError::Other("the body could not be decoded".to_owned())
    } else {
        FetchError::Other("the exchange broke off".to_owned())
    }
}

/// Hands the connector nothing but addresses that were judged, so that the address checked is the address connected to.
struct JudgingResolver {
    resolver: Arc<dyn Resolver>,
    allow_loopback: bool,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.resolver);
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let mut addresses = Vec::new();
            let mut refused = None;
            for address in resolver.resolve(name.as_str()).await? {
                match judge_address(address, allow_loopback) {
                    // Plain http goes to this name, so it must not mean another machine.
                    Ok(()) if name.as_str() == "localhost" && !address.is_loopback() => {}
                    Ok(()) => addresses.push(SocketAddr::new(address, 0)),
                    Err(why) => refused = Some(why),
                }
            }
            match refused {
                Some(why) if addresses.is_empty() => Err(why.into()),
                _ => Ok(Box::new(addresses.into_iter()) as Addrs),
            }
        })
    }
}

/// Roots that don't parse, or a system without any, show when a connection fails, and only to those that need TLS.
fn tls(roots: Vec<CertificateDer<'static>>) -> wasmtime::Result<rustls::ClientConfig> {
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    store.add_parsable_certificates(roots);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests;
