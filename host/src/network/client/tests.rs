use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes as Body;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::network::request::Request as Asked;
use crate::network::testing::{
    Names, endless_server, fails, fetch, get_request, gzip, network, network_of, raw_server, serve, tls_identity, tls_server,
};

fn other(text: &str) -> FetchError {
    FetchError::Other(text.to_owned())
}

#[tokio::test]
async fn t05_a_redirect_is_an_answer_like_any_other_and_nothing_is_remembered() {
    let app = Router::new()
        .route("/away", get(|| async { (http::StatusCode::FOUND, [("location", "/elsewhere"), ("set-cookie", "a=b")]) }))
        .route("/elsewhere", get(|headers: HeaderMap| async move { format!("{headers:?}") }));
    let url = serve(app).await;
    let network = network(&[]);
    let response = fetch(&network, get_request(&format!("{url}/away"))).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(response.headers.get("location").unwrap(), "/elsewhere");

    let seen = String::from_utf8(fetch(&network, get_request(&format!("{url}/elsewhere"))).await.unwrap().body).unwrap();
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
    let network = network(&[]);
    for (post, user_agents, seen) in [
        (false, &["cognito-oidc/0.1.0"][..], "cognito-oidc/0.1.0"),
        (true, &["cognito-oidc/0.1.0"], "cognito-oidc/0.1.0"),
        (true, &["a-step/2 (like Gecko) of/another+kind"], "a-step/2 (like Gecko) of/another+kind"),
        (false, &[], ""),
    ] {
        let headers = user_agents.iter().map(|value| ("user-agent".to_owned(), (*value).to_owned())).collect();
        let response = fetch(&network, Asked { post, headers, ..get_request(&url) }).await.unwrap();
        assert_eq!(String::from_utf8(response.body).unwrap(), seen);
    }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_asked_for() {
    let echo = |request: axum::extract::Request| async move {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1000).await.unwrap();
        let all =
            |name: &str| head.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join(",");
        let names = ["host", "content-type", "content-length", "x-twice", "accept", "accept-encoding", "connection"];
        let headers: Vec<String> = names.iter().map(|name| format!("{name}: {}", all(name))).collect();
        format!("{} {} {:?}\n{}\n{}", head.method, head.uri, head.version, headers.join("\n"), String::from_utf8_lossy(&body))
    };
    let url = serve(Router::new().route("/{*path}", any(echo)).route("/", any(echo))).await;
    let host = url.strip_prefix("http://").unwrap();
    let network = network(&[]);
    let seen = async |asked: Asked| String::from_utf8(fetch(&network, asked).await.unwrap().body).unwrap();

    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twice", "1"), ("x-twice", "2")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let asked = Asked { post: true, headers, body: b"code=a%20b".to_vec(), ..get_request(&format!("{url}/a%20b/c?d=e%20f&g")) };
    let expected = format!(
        "POST /a%20b/c?d=e%20f&g HTTP/1.1\nhost: {host}\ncontent-type: application/x-www-form-urlencoded\ncontent-length: 10\n\
         x-twice: 1,2\naccept: */*\naccept-encoding: gzip\nconnection: close\ncode=a%20b"
    );
    assert_eq!(seen(asked).await, expected);

    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let expected = format!(
        "GET / HTTP/1.1\nhost: {host}\ncontent-type: \ncontent-length: \nx-twice: \naccept: application/json\n\
         accept-encoding: gzip\nconnection: close\n"
    );
    assert_eq!(seen(Asked { headers, ..get_request(&url) }).await, expected);
    assert!(seen(Asked { post: true, ..get_request(&url) }).await.contains("\ncontent-length: 0\n"));
}

#[test]
fn the_host_field_names_the_port_where_it_is_not_the_schemes_own() {
    for (url, expected) in [
        ("https://idp.test/", "idp.test"),
        ("https://idp.test:443/", "idp.test"),
        ("https://idp.test:80/", "idp.test:80"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://[::1]:8443/", "[::1]:8443"),
    ] {
        assert_eq!(authority(&Url::parse(url).unwrap()), expected);
    }
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
        .route("/empty", get(|| async { (http::StatusCode::FOUND, [("content-encoding", "gzip")]) }))
        .route("/broken", get(|| async { ([("content-encoding", "gzip")], "no gzip") }))
        .route("/other", get(|| async { ([("content-encoding", "br")], "no gzip") }));
    let url = serve(app).await;
    let network = network(&[]);
    for path in ["packed", "plain"] {
        let response = fetch(&network, get_request(&format!("{url}/{path}"))).await.unwrap();
        assert_eq!(response.body, vec![b'x'; 1000], "{path}");
        assert!(!response.headers.contains_key("content-encoding"));
        assert_eq!(response.headers.contains_key("content-length"), path == "plain");
    }
    assert_eq!(fetch(&network, get_request(&format!("{url}/empty"))).await.unwrap().body, b"");
    for path in ["bomb", "long"] {
        assert_eq!(fails(&network, get_request(&format!("{url}/{path}"))).await, FetchError::TooLarge, "{path}");
    }
    assert_eq!(fails(&network, get_request(&format!("{url}/broken"))).await, other("the body could not be decoded"));
    let error = fails(&network, get_request(&format!("{url}/other"))).await;
    assert_eq!(error, other("the body has a coding that wasn't asked for"));
}

#[tokio::test]
async fn a_response_without_end_is_ended_by_a_bound() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    let before = || other("too many bytes before the response's body");
    let header = || other("the response is not HTTP/1.1, or its header is too large");
    let chunked = || format!("{OK}transfer-encoding: chunked\r\n");
    // A gzip member's header, and then stored blocks without content that aren't the last (RFC 1951 3.2.4).
    let gzip_header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff";
    let gzip_start = [OK.as_bytes(), b"content-encoding: gzip\r\n\r\n", gzip_header].concat();
    /// What it is, how the response begins, what is sent again and again, and how it may end.
    type Row = (&'static str, Vec<u8>, Vec<u8>, Vec<FetchError>);
    let rows: Vec<Row> = vec![
        ("100 Continue", vec![], b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100), vec![before()]),
        ("103 Early Hints", vec![], b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n".repeat(100), vec![before()]),
        ("header lines", OK.into(), b"x-more: and more\r\n".repeat(100), vec![header()]),
        ("one long header line", format!("{OK}x-more: ").into(), vec![b'x'; 1000], vec![header()]),
        ("a long status line", b"HTTP/1.1 200 ".into(), vec![b'x'; 1000], vec![header()]),
        ("a body of unknown length", format!("{OK}\r\n").into(), vec![b'x'; 1000], vec![FetchError::TooLarge]),
        ("chunks", format!("{}\r\n", chunked()).into(), b"1\r\nx\r\n".repeat(100), vec![FetchError::TooLarge]),
        ("a gzip bomb", gzip_start.clone(), gzip(&vec![0; 1 << 20])[10..].to_vec(), vec![FetchError::TooLarge]),
        ("empty gzip blocks", gzip_start, b"\x00\x00\x00\xff\xff".repeat(100), vec![FetchError::TooLarge]),
        (
            "empty gzip members",
            [OK.as_bytes(), b"content-encoding: gzip\r\n\r\n"].concat(),
            gzip(b""),
            vec![other("the body could not be decoded")],
        ),
        // hyper has bounds of its own for these three; without them, ours would end them.
        (
            "a chunk extension",
            format!("{}\r\n1;", chunked()).into(),
            vec![b'x'; 1000],
            vec![FetchError::TooLarge, other("the exchange broke off")],
        ),
        (
            "chunk extensions",
            format!("{}\r\n", chunked()).into(),
            format!("1;{}\r\nx\r\n", "x".repeat(1000)).into(),
            vec![FetchError::TooLarge, other("the exchange broke off")],
        ),
        (
            "trailers",
            format!("{}trailer: x\r\n\r\n0\r\n", chunked()).into(),
            b"x: y\r\n".repeat(100),
            vec![FetchError::TooLarge, other("the exchange broke off")],
        ),
        (
            "zeros of a chunk size",
            format!("{}\r\n", chunked()).into(),
            vec![b'0'; 1000],
            vec![FetchError::TooLarge, other("the exchange broke off")],
        ),
    ];
    let network = network(&[]);
    for (what, first, again, expected) in rows {
        let url = endless_server(first, again).await;
        let error = fails(&network, get_request(&url)).await;
        assert!(expected.contains(&error), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_drips_is_ended_by_the_clock() {
    for (first, drop) in [
        ("", "H"),
        ("HTTP/1.1 200 OK\r\nx: ", "x"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
    ] {
        let drip = move |mut stream: TcpStream| async move {
            stream.write_all(first.as_bytes()).await?;
            loop {
                stream.write_all(drop.as_bytes()).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let (url, _) = raw_server(drip).await;
        let asked = Asked { timeout: Duration::from_millis(200), ..get_request(&url) };
        assert_eq!(fails(&network(&[]), asked).await, FetchError::Timeout, "{first:?} {drop:?}");
    }
}

#[tokio::test]
async fn a_client_without_a_host_around_it_keeps_the_time_by_itself() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let mut exchange = Exchange::new(http::Method::GET, Url::parse(&format!("http://{address}/")).unwrap());
    exchange.addresses = vec![address];
    exchange.timeout = Duration::from_millis(50);
    assert_eq!(HardenedClient::new().unwrap().exchange(exchange).await.unwrap_err(), FetchError::Timeout);
}

#[tokio::test]
async fn a_response_has_64_header_fields_at_most() {
    let answer = |fields: usize| {
        move |mut stream: TcpStream| async move {
            let lines: String = (0..fields).map(|number| format!("x-{number}: v\r\n")).collect();
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{lines}\r\nhere").as_bytes()).await
        }
    };
    let (url, _) = raw_server(answer(64)).await;
    let response = fetch(&network(&[]), get_request(&url)).await.unwrap();
    assert_eq!((response.headers.len(), response.body), (64, b"here".to_vec()));
    let (url, _) = raw_server(answer(65)).await;
    assert_eq!(fails(&network(&[]), get_request(&url)).await, other("the response is not HTTP/1.1, or its header is too large"));
}

#[tokio::test]
async fn an_interim_response_is_passed_over() {
    let answer = |mut stream: TcpStream| async move {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        stream.write_all(format!("{interim}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere").as_bytes()).await
    };
    let (url, _) = raw_server(answer).await;
    let response = fetch(&network(&[]), get_request(&url)).await.unwrap();
    assert_eq!((response.status.as_u16(), response.headers.len(), response.body), (200, 1, b"here".to_vec()));
}

#[tokio::test]
async fn trailers_are_nobodys_header_fields() {
    let answer = |mut stream: TcpStream| async move {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n";
        stream.write_all(format!("{head}4\r\nhere\r\n0\r\nx-late: value\r\n\r\n").as_bytes()).await
    };
    let (url, _) = raw_server(answer).await;
    let response = fetch(&network(&[]), get_request(&url)).await.unwrap();
    assert_eq!(response.body, b"here");
    assert!(!response.headers.contains_key("x-late"));
}

#[tokio::test]
async fn no_connection_is_used_twice() {
    // Keeps each connection open and would answer any number of requests on it.
    let keep_alive = |mut stream: TcpStream| async move {
        loop {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: keep-alive\r\n\r\nhere").await?;
            if stream.read(&mut [0; 4096]).await? == 0 {
                return Ok(());
            }
        }
    };
    let (url, connections) = raw_server(keep_alive).await;
    let network = network(&[]);
    for _ in 0..3 {
        assert_eq!(fetch(&network, get_request(&url)).await.unwrap().body, b"here");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn c16_an_exchange_that_breaks_off_is_not_tried_again() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\nx: cut off",
        "no HTTP at all\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 1\r\n\r\n",
    ] {
        let (url, requests) =
            raw_server(move |mut stream: TcpStream| async move { stream.write_all(answer.as_bytes()).await }).await;
        let asked = Asked { post: true, body: b"code=secret".to_vec(), ..get_request(&url) };
        let error = fails(&network(&[]), asked).await;
        let expected = if answer.starts_with("no HTTP") {
            "the response is not HTTP/1.1, or its header is too large"
        } else {
            "the exchange broke off"
        };
        assert_eq!(error, other(expected), "{answer:?}");
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_a_silent_one_times_out() {
    let network = network(&[]);
    let error = fails(&network, get_request("http://127.0.0.1:1/path?code=secret")).await;
    assert!(matches!(&error, FetchError::Unreachable(text) if !text.contains("secret")), "{error:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let asked = Asked { timeout: Duration::from_millis(100), ..get_request(&url) };
    assert_eq!(fails(&network, asked).await, FetchError::Timeout);
}

#[tokio::test]
async fn without_an_address_nothing_is_connected_to() {
    let url = serve(Router::new().route("/", get(|| async { "here" }))).await;
    let direct = HardenedClient::new().unwrap();
    let proxied = direct.clone().with_proxy(EgressProxy::at(&url).unwrap());
    // What the host never asks for: plain http by way of a proxy.
    for client in [direct, proxied] {
        let exchange = Exchange::new(http::Method::GET, Url::parse(&url).unwrap());
        let error = client.exchange(exchange).await.unwrap_err();
        assert_eq!(error, FetchError::Unreachable("no address to connect to".to_owned()));
    }
}

const NAMES: Names = &[("idp.test", &["127.0.0.1"]), ("other.test", &["127.0.0.1"])];

fn trusting(root: &str) -> HardenedClient {
    HardenedClient::with_roots(root.as_bytes()).unwrap()
}

#[tokio::test]
async fn t04_u07_a_certificate_must_be_trusted_and_of_that_name() {
    let (port, root) = tls_server().await;
    let trusting = network_of(trusting(&root), NAMES);
    for host in ["idp.test", "127.0.0.1"] {
        let response = fetch(&trusting, get_request(&format!("https://{host}:{port}/"))).await.unwrap();
        assert_eq!(response.body, b"here", "{host}");
    }

    let error = fails(&trusting, get_request(&format!("https://other.test:{port}/"))).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    let error = fails(&trusting, get_request(&format!("https://[::1]:{port}/"))).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    let error = fails(&network(NAMES), get_request(&format!("https://idp.test:{port}/"))).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    let plain = serve(Router::new().route("/", get(|| async { "here" }))).await.replace("http:", "https:");
    let error = fails(&trusting, get_request(&plain)).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_over_tls_that_is_cut_off_is_an_error() {
    let (root, acceptor) = tls_identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").await.unwrap();
        stream.flush().await.unwrap();
        // No close_notify: anybody on the way can end a TCP connection.
        drop(stream.into_inner().0);
    });
    let error = fails(&network_of(trusting(&root), NAMES), get_request(&format!("https://idp.test:{port}/"))).await;
    assert_eq!(error, other("the exchange broke off"));
}

#[tokio::test]
async fn tls_that_never_gets_to_its_point_is_bounded_too() {
    // Alerts that mean nothing ("no_renegotiation", a warning), and a handshake that never ends.
    for record in [&b"\x15\x03\x03\x00\x02\x01\x64"[..], &[&b"\x16\x03\x03\x40\x00"[..], &[2; 16384]].concat()] {
        let url = endless_server([], record).await.replace("http:", "https:");
        let error = fails(&network(&[]), get_request(&url)).await;
        assert!(matches!(&error, FetchError::Unreachable(text) if text.len() < 300), "{error:?}");
    }
}

#[test]
fn roots_that_are_malformed_are_an_error() {
    let (root, _) = tls_identity();
    assert!(HardenedClient::with_roots(root.as_bytes()).is_ok());
    let broken = root.replacen('M', "!", 1);
    assert!(HardenedClient::with_roots(broken.as_bytes()).is_err());
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(HardenedClient::with_roots(no_certificate.as_bytes()).is_err());
}

/// A proxy that knows `CONNECT`, and answers it with this status line. Returns its URL and what it was asked for.
async fn proxy(status: &'static str, port: u16) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, asks) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let _ = asked.send(String::from_utf8(head).unwrap());
            stream.write_all(status.as_bytes()).await.unwrap();
            let Ok(mut origin) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut origin).await;
        }
    });
    (url, asks)
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[tokio::test]
async fn through_a_proxy_tls_is_spoken_with_the_identity_provider() {
    let (port, root) = tls_server().await;
    let (url, mut asks) = proxy(ESTABLISHED, port).await;
    let proxy = EgressProxy::at(&url).unwrap().with_authorization("Basic dXNlcjpwYXNz").unwrap();
    // No name resolves here: the proxy knows them.
    let network = network_of(trusting(&root).with_proxy(proxy.clone()), &[]);
    let headers = vec![("authorization".to_owned(), "Bearer secret".to_owned())];
    let asked = Asked { headers, ..get_request("https://idp.test/path?code=secret") };
    assert_eq!(fetch(&network, asked).await.unwrap().body, b"here");
    let ask = asks.recv().await.unwrap().to_lowercase();
    let expected = "connect idp.test:443 http/1.1\r\nhost: idp.test:443\r\nproxy-authorization: basic dxnlcjpwyxnz\r\n\r\n";
    assert_eq!(ask, expected);

    let error = fails(&network, get_request("https://other.test:8443/")).await;
    assert!(matches!(error, FetchError::Unreachable(_)), "another's certificate: {error:?}");
    assert!(asks.recv().await.unwrap().starts_with("CONNECT other.test:8443 HTTP/1.1\r\n"));

    let untrusting = network_of(HardenedClient::new().unwrap().with_proxy(proxy), &[]);
    assert!(matches!(fails(&untrusting, get_request("https://idp.test/")).await, FetchError::Unreachable(_)));
}

#[tokio::test]
async fn a_proxy_may_itself_speak_tls() {
    let (port, root) = tls_server().await;
    let (proxy_root, acceptor) = tls_identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(ESTABLISHED.as_bytes()).await.unwrap();
        let mut origin = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut origin).await;
    });
    let client = trusting(&format!("{root}{proxy_root}")).with_proxy(EgressProxy::at(&url).unwrap());
    assert_eq!(fetch(&network_of(client, &[]), get_request("https://idp.test/")).await.unwrap().body, b"here");
}

#[tokio::test]
async fn a_proxy_that_refuses_leaves_the_origin_unreachable() {
    let unreachable = |text: &str| FetchError::Unreachable(text.to_owned());
    for (status, expected) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "the proxy answered 407"),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n", "the proxy answered 302"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy answered 502"),
        ("no HTTP at all\r\n\r\n", "the proxy broke off"),
    ] {
        let (url, _asks) = proxy(status, 1).await;
        let client = HardenedClient::new().unwrap().with_proxy(EgressProxy::at(&url).unwrap());
        assert_eq!(fails(&network_of(client, &[]), get_request("https://idp.test/")).await, unreachable(expected), "{status}");
    }
    let url = endless_server([], b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)).await;
    let client = HardenedClient::new().unwrap().with_proxy(EgressProxy::at(&url.replace("/path?code=secret", "")).unwrap());
    assert_eq!(fails(&network_of(client, &[]), get_request("https://idp.test/")).await, unreachable("the proxy broke off"));
    let client = HardenedClient::new().unwrap().with_proxy(EgressProxy::at("http://127.0.0.1:1").unwrap());
    assert!(matches!(fails(&network_of(client, &[]), get_request("https://idp.test/")).await, FetchError::Unreachable(_)));
}

#[tokio::test]
async fn a_loopback_url_goes_past_the_proxy() {
    let url = serve(Router::new().route("/", get(|| async { "here" }))).await;
    let client = HardenedClient::new().unwrap().with_proxy(EgressProxy::at("http://127.0.0.1:1").unwrap());
    assert_eq!(fetch(&network_of(client, &[]), get_request(&url)).await.unwrap().body, b"here");
}

const PROXY_VARIABLES: [&str; 6] = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"];

/// In a process of its own, since the environment belongs to all threads of one.
#[tokio::test]
async fn a_proxy_of_the_environment_is_asked_for_nothing() {
    let (proxy, asked) = raw_server(|mut stream: TcpStream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy").await
    })
    .await;
    let proxy = proxy.replace("/path?code=secret", "");
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "network::client::tests::the_child_fetches_directly", "--ignored", "--nocapture"]);
    for variable in PROXY_VARIABLES {
        child.env(variable, &proxy);
    }
    for variable in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        child.env_remove(variable);
    }
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
#[ignore = "run by the test above, with variables set"]
async fn the_child_fetches_directly() {
    let url = serve(Router::new().route("/", get(|| async { "here" }))).await;
    assert_eq!(fetch(&network(&[]), get_request(&url)).await.unwrap().body, b"here");
    let (port, root) = tls_server().await;
    let network = network_of(trusting(&root), NAMES);
    assert_eq!(fetch(&network, get_request(&format!("https://idp.test:{port}/"))).await.unwrap().body, b"here");
}

#[test]
fn a_client_shows_its_proxy_and_no_credentials() {
    let proxy = EgressProxy::at("http://proxy.test:3128").unwrap().with_authorization("Basic secret").unwrap();
    let shown = format!("{:?}", HardenedClient::new().unwrap().with_proxy(proxy));
    assert!(shown.contains("HardenedClient") && shown.contains("proxy.test") && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_response_of_latin_letters_and_repeated_fields_comes_through() {
    let headers = || async {
        let mut headers = HeaderMap::new();
        headers.append("x-twice", HeaderValue::from_static("1"));
        headers.append("x-twice", HeaderValue::from_static("2"));
        headers.append("X-Utf8", HeaderValue::from_bytes("zażółć".as_bytes()).unwrap());
        headers.append("x-latin1", HeaderValue::from_bytes(b"\xff").unwrap());
        headers.into_response()
    };
    let url = serve(Router::new().route("/", get(headers))).await;
    let fields = fetch(&network(&[]), get_request(&url)).await.unwrap().fields();
    let own: Vec<_> = fields.into_iter().filter(|(name, _)| name.starts_with("x-")).collect();
    let expected = [("x-twice", "1"), ("x-twice", "2"), ("x-utf8", "zażółć")];
    assert_eq!(own, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_request_is_read_whole_while_the_response_waits() {
    let app = Router::new().route("/", any(|body: Body| async move { body.len().to_string() }));
    let url = serve(app.layer(axum::extract::DefaultBodyLimit::disable())).await;
    let asked = Asked { post: true, body: vec![b'x'; 2 << 20], ..get_request(&url) };
    assert_eq!(fetch(&network(&[]), asked).await.unwrap().body, (2 << 20).to_string().as_bytes());
}
