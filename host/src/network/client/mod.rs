//! The default client: one connection for each exchange, and nothing that is kept after it.
//!
//! It stands on hyper's own connection rather than on a client with a pool above it. What such a client does by itself
//! (redirects, second tries, cookies, proxies of the environment, pooled connections that skip the judgement of addresses) would
//! have to be switched off one by one; here there is none of it. And every byte that comes off the wire passes a [`meter`] that
//! bounds it, below TLS and HTTP, where no coding can hide it.

mod body;
mod connect;
mod meter;
pub(super) mod proxy;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use self::body::{Coding, Decoder};
use self::connect::Stream;
use self::meter::Budget;
use self::proxy::EgressProxy;
use super::exchange::{Exchange, FetchError, HttpClient, MAX_FIELDS, MAX_HEADER, Response, Route};

/// Bytes that hyper may keep of what it has read and not yet handed on. Beyond [`MAX_HEADER`], since a status line, line ends and
/// the beginning of a body lie beside the header fields.
const MAX_BUFFER: usize = 128 << 10;

/// The HTTP client of a host that has no other wish: HTTP/1.1, one connection for each exchange, TLS 1.2 or 1.3 verified against
/// the system's root certificates.
///
/// | it never | since |
/// |---|---|
/// | follows a redirect | that would carry a client secret elsewhere |
/// | sends twice, keeps a connection | a code works once; a kept connection skips the judgement of its address |
/// | reads `HTTPS_PROXY` or any other environment variable | a proxy is the embedder's decision: [`with_proxy`](Self::with_proxy) |
/// | keeps or sends a cookie, sends a `Referer` or credentials | exchanges of all tenants pass here |
/// | reads on beyond a bound | see below |
///
/// | bound | what ends it |
/// |---|---|
/// | 128 KiB on the wire before a response's body begins, and 64 header fields in 64 KiB | endless `100 Continue` or `103 Early Hints`, header lines, TLS records |
/// | [`Exchange::max_body`] after decoding | a body without end, a gzip bomb |
/// | twice that and 64 KiB on the wire | empty gzip blocks, chunk extensions, trailers |
/// | [`Exchange::timeout`] for all of it | a server that is slow, or silent |
#[derive(Clone)]
pub struct HardenedClient {
    tls: Arc<rustls::ClientConfig>,
    proxy: Option<EgressProxy>,
}

impl HardenedClient {
    /// With the system's root certificates.
    ///
    /// # Errors
    ///
    /// Where the TLS configuration doesn't come about. A system without any root certificate shows when a connection fails.
    pub fn new() -> wasmtime::Result<Self> {
        Self::with_roots(b"")
    }

    /// With these root certificates, in PEM, beside the system's: those of an organisation's own identity provider, or of a proxy
    /// that looks into TLS.
    ///
    /// # Errors
    ///
    /// Where one of them is malformed, or the TLS configuration doesn't come about.
    pub fn with_roots(pem: &[u8]) -> wasmtime::Result<Self> {
        let mut store = rustls::RootCertStore::empty();
        // Systems ship certificates that no verifier takes: a bad one of theirs is left out, one of the caller's is an error.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in CertificateDer::pem_slice_iter(pem) {
            store.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut tls = versions.with_root_certificates(store).with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: Arc::new(tls), proxy: None })
    }

    /// Sends everything through this proxy, but what goes to a loopback address.
    ///
    /// The proxy resolves the names then, and the host can't judge the address that is connected to: **the proxy has to refuse
    /// what lies inside the operator's network.** The URL is judged as ever, its origin and an address that stands in place of a
    /// name. TLS is spoken with the identity provider, through the proxy: it sees the host name and the port, and nothing else.
    #[must_use]
    pub fn with_proxy(mut self, proxy: EgressProxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    async fn perform(&self, exchange: Exchange) -> Result<Response, FetchError> {
        let budget = Budget::default();
        let stream = self.connect(&exchange, &budget).await?;
        let (sender, connection) = handshake(stream).await?;
        beside(connection, answer(sender, exchange, &budget)).await
    }

    async fn connect(&self, exchange: &Exchange, budget: &Budget) -> Result<Box<dyn Stream>, FetchError> {
        let is_tls = exchange.url.scheme() == "https";
        let stream = match (&self.proxy, exchange.addresses.as_slice()) {
            (_, addresses @ [_, ..]) => connect::tcp(addresses, budget).await?,
            (Some(proxy), []) if is_tls => proxy.tunnel(&exchange.url, &self.tls, budget).await?,
            _ => return Err(FetchError::Unreachable("no address to connect to".to_owned())),
        };
        if is_tls { connect::tls(stream, &exchange.url, &self.tls).await } else { Ok(stream) }
    }
}

impl fmt::Debug for HardenedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HardenedClient").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for HardenedClient {
    fn route(&self, _url: &Url) -> Route {
        if self.proxy.is_some() { Route::Proxied } else { Route::Direct }
    }

    async fn exchange(&self, exchange: Exchange) -> Result<Response, FetchError> {
        tokio::time::timeout(exchange.timeout, self.perform(exchange)).await.unwrap_or(Err(FetchError::Timeout))
    }
}

type Connection = http1::Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

async fn handshake(stream: Box<dyn Stream>) -> Result<(http1::SendRequest<Full<Bytes>>, Connection), FetchError> {
    http1::Builder::new()
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEADER)
        .max_buf_size(MAX_BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| broke_off())
}

/// Sends the request, and reads the whole response.
async fn answer(
    mut sender: http1::SendRequest<Full<Bytes>>,
    exchange: Exchange,
    budget: &Budget,
) -> Result<Response, FetchError> {
    let max_body = exchange.max_body;
    let response = sender.send_request(request(exchange)?).await.map_err(|error| before_the_body(&error, budget))?;
    budget.admit_body(max_body);
    let (head, body) = response.into_parts();
    let mut headers = head.headers;
    let coding = Coding::of(&headers)?;
    let body = read(body, Decoder::new(coding, max_body), budget).await?;
    if coding == Coding::Gzip {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    let mut response = Response::new(head.status);
    response.headers = headers;
    response.body = body;
    Ok(response)
}

fn request(exchange: Exchange) -> Result<Request<Full<Bytes>>, FetchError> {
    let Exchange { method, url, mut headers, body, .. } = exchange;
    let malformed = |_| FetchError::Denied("the URL can't be sent by HTTP/1.1".to_owned());
    let host = HeaderValue::try_from(authority(&url)).map_err(|_| FetchError::Denied("the host can't be sent".to_owned()))?;
    headers.insert(HOST, host);
    if method == Method::POST {
        // A body that is empty has a length too (RFC 9110 8.6), and some servers insist on it.
        headers.insert(CONTENT_LENGTH, body.len().into());
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::builder().method(method).uri(target).body(Full::from(body)).map_err(malformed)?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// As in a `Host` header field: the port stands there where it isn't the scheme's own (RFC 9110 7.2).
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn read(mut body: Incoming, mut decoder: Decoder, budget: &Budget) -> Result<Vec<u8>, FetchError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| if budget.is_spent() { FetchError::TooLarge } else { broke_off() })?;
        // A frame that isn't data is a trailer: nobody asked for one.
        if let Ok(data) = frame.into_data() {
            decoder.write(&data)?;
        }
    }
    decoder.finish()
}

fn before_the_body(error: &hyper::Error, budget: &Budget) -> FetchError {
    match error {
        _ if budget.is_spent() => FetchError::Other("too many bytes before the response's body".to_owned()),
        error if error.is_parse() => FetchError::Other("the response is not HTTP/1.1, or its header is too large".to_owned()),
        _ => broke_off(),
    }
}

fn broke_off() -> FetchError {
    FetchError::Other("the exchange broke off".to_owned())
}

/// Drives a connection while something is done over it, and drops it afterwards.
async fn beside<T>(connection: impl Future, act: impl Future<Output = T>) -> T {
    // A connection that has ended may have left something to read.
    let connection = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        value = act => value,
        never = connection => match never {},
    }
}

#[cfg(test)]
mod tests;
