//! One HTTP exchange, and the trait of whatever performs it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// Characters of an error's text, at most.
const MAX_TEXT: usize = 200;

/// Header fields of a message, at most. Servers send 10 to 25.
pub(super) const MAX_FIELDS: usize = 64;

/// Bytes of all names and values of a message's header, at most. An access token may fill 16 KiB of it.
pub(super) const MAX_HEADER: usize = 64 << 10;

/// Performs HTTP exchanges for the steps of a host. [`HardenedClient`](super::client::HardenedClient) is the default; an
/// organisation whose traffic has to take another way brings its own.
///
/// The host has judged an exchange before it comes here: the URL's origin is one that the step names and the operator permits,
/// the header fields are within their bounds, and where the client connects by itself, the addresses are judged too. So a client
/// can't widen what a step may reach, as long as it does what it is asked for, and no more. It MUST
///
/// - send one request, once: follow no redirect, retry nothing, answer nothing from a cache;
/// - add no cookie, credential or `Referer`, and keep none; read nothing of that kind from the environment;
/// - verify TLS certificates against the URL's host;
/// - where [`Exchange::addresses`] has any, connect to one of these and to nothing else;
/// - end within [`Exchange::timeout`], and read no more than it takes to know that a body is longer than [`Exchange::max_body`].
///
/// Whatever comes back is held to the bounds once more by the host: time, body, header fields, texts of errors.
///
/// ```
/// use journey_host::{Egress, Exchange, FetchError, HttpClient, Network, Response, Route, TenantPolicy, http, url};
/// use std::sync::Arc;
///
/// /// Hands each exchange to the organisation's gateway.
/// struct ViaGateway;
///
/// #[async_trait::async_trait]
/// impl HttpClient for ViaGateway {
///     fn route(&self, _url: &url::Url) -> Route {
///         Route::Proxied
///     }
///
///     async fn exchange(&self, exchange: Exchange) -> Result<Response, FetchError> {
///         let _ = (exchange.method, exchange.url, exchange.headers, exchange.body);
///         let mut response = Response::new(http::StatusCode::OK);
///         response.body = b"{}".to_vec();
///         Ok(response)
///     }
/// }
///
/// let egress = Egress::deny_all().with_tenant("acme", TenantPolicy::permitting(&["https://*.example.com"])?);
/// let network = Network::with_client(egress, Arc::new(ViaGateway));
/// # Ok::<(), String>(())
/// ```
#[async_trait]
pub trait HttpClient: Send + Sync + 'static {
    /// Who finds the address of this URL's host. Asked before each exchange, but for loopback URLs, which are always
    /// [`Route::Direct`].
    fn route(&self, _url: &Url) -> Route {
        Route::Direct
    }

    /// Performs the exchange. A response is never an error, whatever its status.
    ///
    /// # Errors
    ///
    /// Where there is no whole response. The text is for a log, and says no more than [`FetchError`] allows.
    async fn exchange(&self, exchange: Exchange) -> Result<Response, FetchError>;
}

/// Who finds the address of a host, and so who can judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The host resolves the name and judges its addresses; the client connects to one of them.
    Direct,
    /// A proxy resolves the name. Nobody but that proxy can judge the address that is connected to: it MUST refuse what lies
    /// inside the operator's network. The host still judges the URL, with an address that stands in it.
    Proxied,
}

/// What is to be sent. `Debug` shows the method, the origin, and the lengths of the rest.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// GET or POST.
    pub method: Method,
    /// Absolute, without user information or fragment; `https`, or `http` to a loopback address.
    pub url: Url,
    /// Judged addresses of the URL's host, with its port, in the resolver's order. Empty for [`Route::Proxied`] alone.
    pub addresses: Vec<SocketAddr>,
    /// At most 64 fields. None of them is the host's own (RFC 9110 7.6.1's, framing, `host`, `accept-encoding`).
    pub headers: HeaderMap,
    /// Sent as it is; empty for GET.
    pub body: Vec<u8>,
    /// From the call of [`HttpClient::exchange`] to the whole response.
    pub timeout: Duration,
    /// Of the response's body, in bytes, decoded. A longer one is [`FetchError::TooLarge`], never cut.
    pub max_body: usize,
}

impl Exchange {
    /// A request without header fields and body, 10 s and 512 KiB for its response, and no address.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            addresses: Vec::new(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            timeout: Duration::from_secs(10),
            max_body: 512 << 10,
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", &self.method)
            .field("origin", &self.url.origin().ascii_serialization())
            .field("header_fields", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// What came back. `Debug` shows the status, and the lengths of the rest.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// Of any class.
    pub status: StatusCode,
    /// Those of the response itself, without `content-encoding` where the body was decoded. At most 64, and 64 KiB.
    pub headers: HeaderMap,
    /// Content-decoded.
    pub body: Vec<u8>,
}

impl Response {
    /// A response without header fields and body.
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// As the contract has them: repeated ones kept, in order; values that aren't UTF-8 left out.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let utf8 = |value: &http::HeaderValue| std::str::from_utf8(value.as_bytes()).map(str::to_owned).ok();
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), utf8(value)?))).collect()
    }

    /// Holds what a client hands over to the bounds.
    pub(super) fn within(self, max_body: usize) -> Result<Self, FetchError> {
        let header = |name: &http::HeaderName, value: &http::HeaderValue| name.as_str().len() + value.len();
        if self.body.len() > max_body {
            Err(FetchError::TooLarge)
        } else if self.headers.len() > MAX_FIELDS {
            Err(FetchError::Other(format!("the response has more than {MAX_FIELDS} header fields")))
        } else if self.headers.iter().map(|(name, value)| header(name, value)).sum::<usize>() > MAX_HEADER {
            Err(FetchError::Other(format!("the response's header is longer than {MAX_HEADER} bytes")))
        } else {
            Ok(self)
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("header_fields", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Why there is no response. The texts are for a log: they hold neither header fields nor bodies nor a URL beyond its origin. The
/// host cuts them to 200 characters, and replaces control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// By policy. Nothing was sent.
    Denied(String),
    /// No connection: the name, the address, the proxy or the certificate is at fault. Nothing was sent.
    Unreachable(String),
    /// Not within the exchange's time. Something may have been sent.
    Timeout,
    /// The body is longer than allowed, decoded or on the wire.
    TooLarge,
    /// Anything else: a response that breaks off, or breaks the rules of HTTP. Something may have been sent.
    Other(String),
}

impl FetchError {
    /// In one word, for spans and metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Other(_) => "failed",
        }
    }

    /// With a text that is fit for a log, whoever wrote it.
    pub(super) fn bounded(self) -> Self {
        let bound = |text: String| text.chars().take(MAX_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect();
        match self {
            Self::Denied(text) => Self::Denied(bound(text)),
            Self::Unreachable(text) => Self::Unreachable(bound(text)),
            Self::Other(text) => Self::Other(bound(text)),
            Self::Timeout | Self::TooLarge => self,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(why) => write!(f, "denied: {why}"),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
            Self::Timeout => f.write_str("no response within its time"),
            Self::TooLarge => f.write_str("the response is too large"),
            Self::Other(why) => write!(f, "no response: {why}"),
        }
    }
}

impl std::error::Error for FetchError {}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn response(fields: usize, bytes_each: usize, body: usize) -> Response {
        let mut response = Response::new(StatusCode::OK);
        response.body = vec![b'x'; body];
        for number in 0..fields {
            let name: HeaderName = format!("x-{number:06}").parse().unwrap();
            response.headers.append(name, HeaderValue::try_from("v".repeat(bytes_each - 8)).unwrap());
        }
        response
    }

    #[test]
    fn what_a_client_hands_over_is_held_to_the_bounds() {
        assert!(response(64, 1024, 1000).within(1000).is_ok());
        assert_eq!(response(0, 0, 1001).within(1000).err(), Some(FetchError::TooLarge));
        let error = response(65, 8, 0).within(1000).unwrap_err();
        assert_eq!(error, FetchError::Other("the response has more than 64 header fields".to_owned()));
        let error = response(64, 1025, 0).within(1000).unwrap_err();
        assert_eq!(error, FetchError::Other("the response's header is longer than 65536 bytes".to_owned()));
    }

    #[test]
    fn the_contract_gets_repeated_fields_in_order_and_utf8_alone() {
        let mut response = Response::new(StatusCode::OK);
        for (name, value) in
            [("x-twice", "1".as_bytes()), ("x-twice", b"2"), ("x-utf8", "zażółć".as_bytes()), ("x-latin1", b"\xff")]
        {
            response.headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let expected = [("x-twice", "1"), ("x-twice", "2"), ("x-utf8", "zażółć")];
        assert_eq!(response.fields(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn nobody_sees_a_secret_by_debug() {
        let mut exchange = Exchange::new(Method::POST, Url::parse("https://login.example.com/secret?secret#secret").unwrap());
        assert_eq!(exchange.max_body, 524_288);
        exchange.headers.append("authorization", HeaderValue::from_static("secret"));
        exchange.body = b"secret".to_vec();
        let mut response = Response::new(StatusCode::OK);
        response.headers.append("set-cookie", HeaderValue::from_static("secret"));
        response.body = b"secret".to_vec();
        let shown = format!("{exchange:?} {response:?}");
        assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
        for part in ["Exchange", "POST", "https://login.example.com", "header_fields: 1", "body_bytes: 6", "Response", "200"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn the_text_of_an_error_is_bounded_and_in_one_line() {
        let long = "é\n".repeat(500_000);
        for make in [FetchError::Denied, FetchError::Unreachable, FetchError::Other] {
            assert_eq!(make(long.clone()).bounded(), make("é ".repeat(100)));
            assert_eq!(make("short".to_owned()).bounded(), make("short".to_owned()));
        }
        assert_eq!(FetchError::Timeout.bounded(), FetchError::Timeout);
        assert_eq!(FetchError::TooLarge.bounded(), FetchError::TooLarge);
    }

    #[test]
    fn each_error_says_what_it_is() {
        let why = || "why".to_owned();
        for (error, text) in [
            (FetchError::Denied(why()), "denied: why"),
            (FetchError::Unreachable(why()), "unreachable: why"),
            (FetchError::Timeout, "no response within its time"),
            (FetchError::TooLarge, "the response is too large"),
            (FetchError::Other(why()), "no response: why"),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
