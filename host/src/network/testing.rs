//! What the tests of this room share: names that mean what a test says, servers on loopback, requests.

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Network;
use super::client::HardenedClient;
use super::egress::{Egress, TenantPolicy};
use super::exchange::{FetchError, HttpClient, Response};
use super::request::Request;
use super::resolver::Resolver;

pub(crate) type Names = &'static [(&'static str, &'static [&'static str])];

/// Names mean what the table says.
pub(crate) struct Table(pub Names);

#[async_trait]
impl Resolver for Table {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let row = self.0.iter().find(|(name, _)| *name == host).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(row.1.iter().map(|address| address.parse().unwrap()).collect())
    }
}

/// Permits what the step names, loopback too.
pub(crate) fn open() -> Egress {
    Egress::deny_all().with_loopback().with_default(TenantPolicy::trusting_the_step())
}

/// The hardened client, with these names.
pub(crate) fn network(names: Names) -> Network {
    network_of(HardenedClient::new().unwrap(), names)
}

pub(crate) fn network_of(client: impl HttpClient, names: Names) -> Network {
    Network::with_client(open(), Arc::new(client)).with_resolver(Arc::new(Table(names)))
}

pub(crate) fn get_request(url: &str) -> Request {
    Request {
        post: false,
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(20),
        max_body: 1000,
    }
}

/// Fetches it, with its own origin named.
pub(crate) async fn fetch(network: &Network, request: Request) -> Result<Response, FetchError> {
    let named = [url::Url::parse(&request.url).unwrap().origin().ascii_serialization()];
    network.fetch(request, &named, "tenant").await
}

pub(crate) async fn fails(network: &Network, request: Request) -> FetchError {
    fetch(network, request).await.expect_err("an error")
}

pub(crate) async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Hands each connection to `answer` when a request has begun to arrive, and counts them. The URL has a path and a query.
pub(crate) async fn raw_server<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> (String, Arc<AtomicUsize>)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?code=secret", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if stream.read(&mut [0; 4096]).await.is_ok_and(|bytes| bytes > 0) {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream));
            }
        }
    });
    (url, requests)
}

/// Answers each connection by `first`, and then by `again` until nobody reads any more.
pub(crate) async fn endless_server(first: impl Into<Vec<u8>>, again: impl Into<Vec<u8>>) -> String {
    let (first, again) = (Arc::new(first.into()), Arc::new(again.into()));
    let answer = move |mut stream: TcpStream| {
        let (first, again) = (Arc::clone(&first), Arc::clone(&again));
        async move {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
            }
        }
    };
    raw_server(answer).await.0
}

/// A certificate for `idp.test` that is its own root, in PEM, and a server's configuration with it.
pub(crate) fn tls_identity() -> (String, tokio_rustls::TlsAcceptor) {
    let certified = rcgen::generate_simple_self_signed(["idp.test".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    (certified.cert.pem(), tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}

/// Answers "here" over TLS as `idp.test`. Returns its port and its root.
pub(crate) async fn tls_server() -> (u16, String) {
    let (root, acceptor) = tls_identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere").await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, root)
}

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
