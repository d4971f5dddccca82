//! An egress proxy that the embedder names, and the tunnel through it (RFC 9110 9.3.6).

use std::fmt;
use std::sync::Arc;

use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use url::Url;

use super::connect::{self, Stream};
use super::meter::Budget;
use super::{beside, handshake};
use crate::network::exchange::FetchError;

/// An HTTP proxy by which an organisation's traffic has to go. Named by the embedder, never by the environment.
///
/// Its own address is the embedder's word: it isn't judged, since such proxies lie inside the operator's network.
#[derive(Clone)]
pub struct EgressProxy {
    url: Url,
    authorization: Option<HeaderValue>,
}

impl EgressProxy {
    /// At `http://host[:port]`, or `https` where TLS is spoken with the proxy itself.
    ///
    /// # Errors
    ///
    /// Where it is anything else than an origin. Credentials aren't part of it: see
    /// [`with_authorization`](Self::with_authorization).
    pub fn at(url: &str) -> Result<Self, String> {
        let expected = || "expected http://host or https://host, perhaps with a port, and nothing else".to_owned();
        let parsed = Url::parse(url).map_err(|_| expected())?;
        let origin = parsed.origin().ascii_serialization();
        let is_http = matches!(parsed.scheme(), "http" | "https");
        // Compared whole, so that nothing is silently left aside: a path, a query, user information.
        if !is_http || parsed.as_str().strip_suffix('/') != Some(origin.as_str()) {
            return Err(expected());
        }
        Ok(Self { url: parsed, authorization: None })
    }

    /// Sends this value as `Proxy-Authorization` (RFC 9110 11.7.2), `Basic dXNlcjpwYXNz` for example, and to the proxy alone.
    ///
    /// # Errors
    ///
    /// Where it can't be a header field's value.
    pub fn with_authorization(mut self, value: &str) -> Result<Self, String> {
        let mut value = HeaderValue::from_str(value).map_err(|_| "expected visible ASCII".to_owned())?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// A stream to the URL's host and port.
    pub(super) async fn tunnel(
        &self,
        url: &Url,
        config: &Arc<rustls::ClientConfig>,
        budget: &Budget,
    ) -> Result<Box<dyn Stream>, FetchError> {
        let request = self.request(url)?;
        let (sender, connection) = handshake(self.connect(config, budget).await?).await?;
        let tunnel = async {
            let mut sender = sender;
            let response = sender.send_request(request).await.map_err(|_| unreachable("the proxy broke off".to_owned()))?;
            if !response.status().is_success() {
                return Err(unreachable(format!("the proxy answered {}", response.status().as_u16())));
            }
            hyper::upgrade::on(response).await.map_err(|_| unreachable("the proxy broke off".to_owned()))
        };
        let upgraded = beside(connection.with_upgrades(), tunnel).await?;
        Ok(Box::new(TokioIo::new(upgraded)))
    }

    async fn connect(&self, config: &Arc<rustls::ClientConfig>, budget: &Budget) -> Result<Box<dyn Stream>, FetchError> {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.url.port_or_known_default().unwrap_or(80);
        let addresses = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<_> = addresses.map_err(|_| unreachable("the proxy has no address".to_owned()))?.collect();
        let stream = connect::tcp(&addresses, budget).await?;
        if self.url.scheme() == "https" { connect::tls(stream, &self.url, config).await } else { Ok(stream) }
    }

    fn request(&self, url: &Url) -> Result<Request<Full<Bytes>>, FetchError> {
        let target = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let mut request = Request::connect(&target).header(HOST, &target);
        if let Some(authorization) = &self.authorization {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        request.body(Full::default()).map_err(|_| FetchError::Denied("the host can't be sent to the proxy".to_owned()))
    }
}

/// Shows where it is, and nothing of its credentials.
impl fmt::Debug for EgressProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EgressProxy").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

fn unreachable(why: String) -> FetchError {
    FetchError::Unreachable(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_origin_and_nothing_else() {
        for url in
            ["http://proxy.test:3128", "http://proxy.test", "https://proxy.test:443", "http://10.0.0.1:8080/", "http://[fd00::1]"]
        {
            assert!(EgressProxy::at(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "proxy.test:3128",
            "socks5://proxy.test",
            "http://user@proxy.test",
            "http://user:password@proxy.test",
            "http://proxy.test/path",
            "http://proxy.test?query",
            "http://proxy.test#fragment",
        ] {
            assert!(EgressProxy::at(url).is_err(), "{url}");
        }
    }

    #[test]
    fn its_credentials_are_shown_to_nobody() {
        let proxy = EgressProxy::at("http://proxy.test:3128").unwrap();
        assert!(proxy.clone().with_authorization("Basic secret\r\nx: y").is_err());
        let proxy = proxy.with_authorization("Basic secret").unwrap();
        assert_eq!(format!("{proxy:?}"), r#"EgressProxy { url: "http://proxy.test:3128/", .. }"#);
    }
}
