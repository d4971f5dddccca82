use std::io::Write as _;
use std::net::IpAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::network::egress::TenantPolicy;

/// Names mean what the table says.
struct Table(&'static [(&'static str, &'static [&'static str])]);

#[async_trait]
impl Resolver for Table {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let row = self.0.iter().find(|(name, _)| *name == host).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(row.1.iter().map(|address| address.parse().unwrap()).collect())
    }
}

fn client(table: &'static [(&'static str, &'static [&'static str])], roots: Vec<CertificateDer<'static>>) -> HttpClient {
    let egress = Egress::deny_all().with_loopback().with_default(TenantPolicy::trusting_the_step());
    HttpClient::with(egress, Arc::new(Table(table)), roots).unwrap()
}

fn get_request(url: &str) -> Exchange {
    Exchange {
        post: false,
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(5),
        max_body: 1000,
    }
}

/// Fetches it, with its own origin named.
async fn fetch(client: &HttpClient, exchange: Exchange) -> Result<Response, FetchError> {
    let named = [url::Url::parse(&exchange.url).unwrap().origin().ascii_serialization()];
    client.fetch(exchange, &named, "tenant").await
}

async fn fails(client: &HttpClient, exchange: Exchange) -> FetchError {
    fetch(client, exchange).await.err().expect("an error")
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn t05_a_redirect_is_an_answer_like_any_other_and_nothing_is_remembered() {
    let app = Router::new()
        .route("/away", get(|| async { (axum::http::StatusCode::FOUND, [("location", "/elsewhere"), ("set-cookie", "a=b")]) }))
        .route("/elsewhere", get(|headers: HeaderMap| async move { format!("{headers:?}") }));
    let url = serve(app).await;
    let client = client(&[], Vec::new());
    let response = fetch(&client, get_request(&format!("{url}/away"))).await.unwrap();
    assert_eq!(response.status, 302);
    assert!(response.headers.contains(&("location".to_owned(), "/elsewhere".to_owned())));

    let seen = String::from_utf8(fetch(&client, get_request(&format!("{url}/elsewhere"))).await.unwrap().body).unwrap();
    for header in ["cookie", "authorization", "referer", "user-agent"] {
        assert!(!seen.contains(header), "{seen}");
    }
}

/// The step says who asks, and the host adds no second voice: a firewall may want to know, and so may the provider's operator.
#[tokio::test]
async fn the_steps_user_agent_is_passed_on_unchanged_and_no_other_is_added() {
    let echo = |headers: HeaderMap| async move {
        let values = headers.get_all("user-agent").iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>().join("|")
    };
    let url = serve(Router::new().route("/", any(echo))).await;
    let client = client(&[], Vec::new());
    for (post, user_agents, seen) in [
        (false, &["cognito-oidc/0.1.0"][..], "cognito-oidc/0.1.0"),
        (true, &["cognito-oidc/0.1.0"], "cognito-oidc/0.1.0"),
        (true, &["a-step/2 (like Gecko) of/another+kind"], "a-step/2 (like Gecko) of/another+kind"),
        (false, &[], ""),
    ] {
        let headers = user_agents.iter().map(|value| ("user-agent".to_owned(), (*value).to_owned())).collect();
        let response = fetch(&client, Exchange { post, headers, ..get_request(&url) }).await.unwrap();
        assert_eq!(String::from_utf8(response.body).unwrap(), seen);
    }
}

#[tokio::test]
async fn a_post_arrives_as_it_was_asked_for() {
    let echo = |headers: HeaderMap, body: Bytes| async move {
        let all = |name: &str| {
            headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(",")
        };
        format!("{} {} {}", all("content-type"), all("x-twice"), String::from_utf8_lossy(&body))
    };
    let url = serve(Router::new().route("/", any(echo))).await;
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twice", "1"), ("x-twice", "2")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let exchange = Exchange { post: true, headers, body: b"code=a%20b".to_vec(), ..get_request(&url) };
    let response = fetch(&client(&[], Vec::new()), exchange).await.unwrap();
    assert_eq!(response.body, b"application/x-www-form-urlencoded 1,2 code=a%20b");
}

#[tokio::test]
async fn headers_that_are_the_hosts_are_denied() {
    let client = client(&[], Vec::new());
    for name in
        ["Host", "content-length", "Connection", "transfer-encoding", "te", "upgrade", "proxy-authorization", "not a token"]
    {
        let headers = vec![(name.to_owned(), "value".to_owned())];
        let error = fails(&client, Exchange { headers, ..get_request("http://127.0.0.1:1/") }).await;
        assert!(matches!(error, FetchError::Denied(_)), "{name}: {error:?}");
    }
    let headers = vec![("authorization".to_owned(), "Basic c2VjcmV0\r\nx: y".to_owned())];
    let error = fails(&client, Exchange { headers, ..get_request("http://127.0.0.1:1/") }).await;
    assert_eq!(error, FetchError::Denied("a header value is not visible ASCII".to_owned()));
}

#[tokio::test]
async fn response_headers_are_lower_case_repeated_and_utf8() {
    let headers = || async {
        let mut headers = HeaderMap::new();
        headers.append("x-twice", HeaderValue::from_static("1"));
        headers.append("x-twice", HeaderValue::from_static("2"));
        headers.append("x-utf8", HeaderValue::from_bytes("zażółć".as_bytes()).unwrap());
        headers.append("x-latin1", HeaderValue::from_bytes(b"\xff").unwrap());
        headers.into_response()
    };
    let url = serve(Router::new().route("/", get(headers))).await;
    let response = fetch(&client(&[], Vec::new()), get_request(&url)).await.unwrap();
    let own: Vec<_> = response.headers.iter().filter(|(name, _)| name.starts_with("x-")).cloned().collect();
    assert_eq!(
        own,
        [("x-twice", "1"), ("x-twice", "2"), ("x-utf8", "zażółć")].map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[tokio::test]
async fn t11_the_cap_counts_decoded_bytes() {
    let packed = |bytes: usize| move || async move { ([("content-encoding", "gzip")], gzip(&vec![b'x'; bytes])) };
    let plain = |bytes: usize| move || async move { vec![b'x'; bytes] };
    let app = Router::new()
        .route("/packed", get(packed(1000)))
        .route("/bomb", get(packed(1_000_000)))
        .route("/plain", get(plain(1000)))
        .route("/long", get(plain(1001)))
        .route("/broken", get(|| async { ([("content-encoding", "gzip")], "no gzip") }));
    let url = serve(app).await;
    let client = client(&[], Vec::new());
    for path in ["packed", "plain"] {
        let response = fetch(&client, get_request(&format!("{url}/{path}"))).await.unwrap();
        assert_eq!(response.body, vec![b'x'; 1000], "{path}");
    }
    for path in ["bomb", "long"] {
        assert_eq!(fails(&client, get_request(&format!("{url}/{path}"))).await, FetchError::TooLarge, "{path}");
    }
    let error = fails(&client, get_request(&format!("{url}/broken"))).await;
    assert_eq!(error, FetchError::Other("the body could not be decoded".to_owned()));
}

#[tokio::test]
async fn a_name_that_means_an_inner_address_is_denied_before_anything_is_sent() {
    let client = client(
        &[
            ("metadata.test", &["169.254.169.254"]),
            ("inner.test", &["10.0.0.1", "fd00::1"]),
            ("mapped.test", &["::ffff:192.168.0.1"]),
            ("localhost", &["8.8.8.8"]),
        ],
        Vec::new(),
    );
    for (url, kind) in [
        ("https://metadata.test/latest", "cloud metadata"),
        ("https://inner.test/", "unique-local"),
        ("https://mapped.test/", "private"),
    ] {
        let error = fails(&client, get_request(url)).await;
        assert_eq!(error, FetchError::Denied(format!("the name resolves to a {kind} address")), "{url}");
    }
    let error = fails(&client, get_request("http://localhost:1/")).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "localhost means loopback or nothing: {error:?}");
    let error = fails(&client, get_request("https://unknown.test/")).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn the_address_that_was_judged_is_the_one_connected_to() {
    let url = serve(Router::new().route("/", get(|| async { "here" }))).await;
    let port = url.rsplit(':').next().unwrap();
    let client = client(&[("localhost", &["10.0.0.1", "127.0.0.1"])], Vec::new());
    assert_eq!(fetch(&client, get_request(&format!("http://localhost:{port}/"))).await.unwrap().body, b"here");
}

/// Answers each connection by these bytes, and counts the requests.
async fn raw_server(answer: &'static [u8]) -> (String, Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?code=secret", listener.local_addr().unwrap());
    let requests = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let _ = stream.write_all(answer).await;
            }
        }
    });
    (url, requests)
}

#[tokio::test]
async fn c16_an_exchange_that_breaks_off_is_not_tried_again() {
    for answer in [b"".as_slice(), b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", b"no HTTP at all\r\n\r\n"] {
        let (url, requests) = raw_server(answer).await;
        let exchange = Exchange { post: true, body: b"code=secret".to_vec(), ..get_request(&url) };
        let error = fails(&client(&[], Vec::new()), exchange).await;
        assert!(matches!(&error, FetchError::Other(text) if !text.contains("secret")), "{error:?}");
        assert_eq!(requests.load(std::sync::atomic::Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_a_silent_one_times_out() {
    let client = client(&[], Vec::new());
    let error = fails(&client, get_request("http://127.0.0.1:1/path?code=secret")).await;
    assert!(matches!(&error, FetchError::Unreachable(text) if !text.contains("secret")), "{error:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let exchange = Exchange { timeout: Duration::from_millis(100), ..get_request(&url) };
    assert_eq!(fails(&client, exchange).await, FetchError::Timeout);
}

/// Answers "here" over TLS as `idp.test`; the certificate is its own root.
async fn tls_server() -> (u16, CertificateDer<'static>) {
    let certified = rcgen::generate_simple_self_signed(["idp.test".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
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
    (port, certificate)
}

#[tokio::test]
async fn t04_u07_a_certificate_must_be_trusted_and_of_that_name() {
    const NAMES: &[(&str, &[&str])] = &[("idp.test", &["127.0.0.1"]), ("other.test", &["127.0.0.1"])];
    let (port, certificate) = tls_server().await;
    let trusting = client(NAMES, vec![certificate]);
    let response = fetch(&trusting, get_request(&format!("https://idp.test:{port}/"))).await.unwrap();
    assert_eq!(response.body, b"here");

    let error = fails(&trusting, get_request(&format!("https://other.test:{port}/"))).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    let error = fails(&client(NAMES, Vec::new()), get_request(&format!("https://idp.test:{port}/"))).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
}
