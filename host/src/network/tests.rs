use std::sync::Mutex;

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use http::{HeaderValue, StatusCode};

use super::egress::TenantPolicy;
use super::testing::{fails, fetch, get_request, network, network_of, open, serve};
use super::*;

/// Keeps what it is asked for, and answers the same each time.
struct Recorder {
    route: Route,
    response: Result<Response, FetchError>,
    asked: Arc<Mutex<Vec<Exchange>>>,
}

#[async_trait]
impl HttpClient for Recorder {
    fn route(&self, _url: &Url) -> Route {
        self.route
    }

    async fn exchange(&self, exchange: Exchange) -> Result<Response, FetchError> {
        self.asked.lock().unwrap().push(exchange);
        self.response.clone()
    }
}

fn recorder(route: Route, response: Result<Response, FetchError>) -> (Recorder, Arc<Mutex<Vec<Exchange>>>) {
    let asked = Arc::default();
    (Recorder { route, response, asked: Arc::clone(&asked) }, asked)
}

fn ok() -> Result<Response, FetchError> {
    Ok(Response::new(StatusCode::OK))
}

#[tokio::test]
async fn a_client_of_ones_own_is_asked_for_nothing_that_the_host_has_not_judged() {
    for route in [Route::Direct, Route::Proxied] {
        let (client, asked) = recorder(route, ok());
        let policy = TenantPolicy::permitting(&["https://*.example.com", "https://10.0.0.1"]).unwrap();
        let names: testing::Names = &[("login.example.com", &["8.8.8.8"]), ("inner.example.com", &["10.0.0.1"])];
        let network = network_of(client, names);
        network.set_egress(Egress::deny_all().with_default(policy));
        for url in [
            "https://evilexample.com/",
            "https://a.b.example.com/",
            "http://login.example.com/",
            "https://10.0.0.1/",
            "https://user@login.example.com/",
            "https://login.example.com:8443/",
        ] {
            assert!(matches!(fails(&network, get_request(url)).await, FetchError::Denied(_)), "{route:?} {url}");
        }
        let many = Request { headers: vec![("x".to_owned(), String::new()); 65], ..get_request("https://login.example.com/") };
        assert!(matches!(fails(&network, many).await, FetchError::Denied(_)));
        let with_body = Request { body: b"x".to_vec(), ..get_request("https://login.example.com/") };
        assert_eq!(fails(&network, with_body).await, FetchError::Denied("a GET with a body".to_owned()));
        assert!(asked.lock().unwrap().is_empty(), "{route:?}");

        let inner = fetch(&network, get_request("https://inner.example.com/")).await;
        match route {
            Route::Direct => assert!(matches!(inner, Err(FetchError::Denied(_)))),
            // Nobody but the proxy can judge that.
            Route::Proxied => assert_eq!(inner.unwrap().status, StatusCode::OK),
        }
    }
}

#[tokio::test]
async fn a_client_gets_what_it_needs() {
    let (client, asked) = recorder(Route::Direct, ok());
    let network = network_of(client, &[("login.example.com", &["10.0.0.1", "8.8.8.8", "2600:1f14::1"])]);
    let headers = vec![("Accept".to_owned(), "application/json".to_owned())];
    let request =
        Request { post: true, headers, body: b"code=1".to_vec(), ..get_request("https://login.example.com:8443/token?a=b") };
    fetch(&network, request).await.unwrap();
    fetch(&network, get_request("https://login.example.com/")).await.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].method, Method::POST);
    assert_eq!(asked[0].url.as_str(), "https://login.example.com:8443/token?a=b");
    assert_eq!(asked[0].addresses, ["8.8.8.8:8443".parse().unwrap(), "[2600:1f14::1]:8443".parse().unwrap()]);
    assert_eq!(asked[0].headers.get("accept").unwrap(), "application/json");
    assert_eq!(asked[0].body, b"code=1");
    assert_eq!(asked[0].max_body, 1000);
    assert!(asked[0].timeout > Duration::from_secs(10) && asked[0].timeout <= Duration::from_secs(20));
    assert_eq!(asked[1].method, Method::GET);
}

#[tokio::test]
async fn a_proxy_is_given_no_address_and_no_loopback_url() {
    let (client, asked) = recorder(Route::Proxied, ok());
    // A name that this host can't resolve: the proxy can.
    let network = network_of(client, &[("localhost", &["127.0.0.1"])]);
    for (url, addresses) in [
        ("https://login.example.com/", &[][..]),
        ("https://8.8.8.8/", &[]),
        ("http://127.0.0.1:8080/", &["127.0.0.1:8080"]),
        ("http://localhost:8080/", &["127.0.0.1:8080"]),
        ("https://[::1]/", &["[::1]:443"]),
    ] {
        fetch(&network, get_request(url)).await.unwrap();
        let addresses: Vec<std::net::SocketAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        assert_eq!(asked.lock().unwrap().pop().unwrap().addresses, addresses, "{url}");
    }
}

#[tokio::test]
async fn what_a_client_of_ones_own_answers_is_held_to_the_bounds() {
    let answers = |response| async {
        let (client, _) = recorder(Route::Proxied, response);
        fetch(&network_of(client, &[]), get_request("https://login.example.com/")).await
    };
    let mut response = Response::new(StatusCode::OK);
    response.body = vec![b'x'; 1001];
    assert_eq!(answers(Ok(response)).await.unwrap_err(), FetchError::TooLarge);
    let mut response = Response::new(StatusCode::OK);
    for _ in 0..65 {
        response.headers.append("x-many", HeaderValue::from_static("v"));
    }
    assert!(matches!(answers(Ok(response)).await, Err(FetchError::Other(_))));
    let error = answers(Err(FetchError::Other("line\n".repeat(300_000)))).await.unwrap_err();
    assert!(matches!(error, FetchError::Other(text) if text.chars().count() == 200 && !text.contains('\n')));
}

#[tokio::test]
async fn a_client_that_never_answers_is_given_up() {
    struct Silent;

    #[async_trait]
    impl HttpClient for Silent {
        async fn exchange(&self, _exchange: Exchange) -> Result<Response, FetchError> {
            std::future::pending().await
        }
    }

    let request = Request { timeout: Duration::from_millis(50), ..get_request("https://8.8.8.8/") };
    assert_eq!(fails(&network_of(Silent, &[]), request).await, FetchError::Timeout);
    assert_eq!(Silent.route(&Url::parse("https://8.8.8.8/").unwrap()), Route::Direct);
}

#[tokio::test]
async fn a_resolver_that_never_answers_is_given_up() {
    struct Silent;

    #[async_trait]
    impl Resolver for Silent {
        async fn resolve(&self, _host: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
            std::future::pending().await
        }
    }

    let request = Request { timeout: Duration::from_millis(50), ..get_request("https://login.example.com/") };
    assert_eq!(fails(&network(&[]).with_resolver(Arc::new(Silent)), request).await, FetchError::Timeout);
}

#[tokio::test]
async fn a_client_has_what_is_left_of_the_time() {
    assert_eq!(left(Duration::from_secs(1), Instant::now() - Duration::from_secs(2)), Duration::ZERO);
    let some = left(Duration::from_secs(60), Instant::now() - Duration::from_secs(20));
    assert!(some > Duration::from_secs(30) && some <= Duration::from_secs(40), "{some:?}");
}

#[tokio::test]
async fn another_policy_takes_over_with_the_next_exchange_of_every_clone() {
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let (go, gone) = tokio::sync::watch::channel(false);
    let slow = get(move || {
        let (arrived, mut gone) = (arrived.clone(), gone.clone());
        async move {
            arrived.send(()).unwrap();
            gone.wait_for(|gone| *gone).await.unwrap();
            "here"
        }
    });
    let url = serve(Router::new().route("/slow", slow).route("/", get(|| async { "here" }))).await;
    let network = network(&[]);
    let clone = network.clone();
    let mut slow = tokio::spawn({
        let (network, url) = (network.clone(), format!("{url}/slow"));
        async move { fetch(&network, get_request(&url)).await }
    });
    tokio::select! {
        arrived = arrivals.recv() => arrived.unwrap(),
        early = &mut slow => panic!("it ended before it arrived: {early:?}"),
    }

    network.set_egress(Egress::deny_all());
    assert!(matches!(fails(&clone, get_request(&url)).await, FetchError::Denied(_)));
    go.send(true).unwrap();
    assert_eq!(slow.await.unwrap().unwrap().body, b"here", "an exchange under way isn't cut off");

    network.set_egress(open().with_denied(&["127.0.0.0/8"]).unwrap());
    assert!(matches!(fails(&clone, get_request(&url)).await, FetchError::Denied(_)));
    network.set_egress(open());
    assert_eq!(fetch(&clone, get_request(&url)).await.unwrap().body, b"here");
}

#[tokio::test]
async fn one_exchange_is_judged_by_one_policy() {
    /// Has the policy changed while it resolves.
    struct Changing(Arc<Mutex<Option<Network>>>);

    #[async_trait]
    impl Resolver for Changing {
        async fn resolve(&self, _host: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
            self.0.lock().unwrap().as_ref().unwrap().set_egress(Egress::deny_all());
            Ok(vec!["127.0.0.1".parse().unwrap()])
        }
    }

    let url = serve(Router::new().route("/", get(|| async { "here" }))).await;
    let url = url.replace("127.0.0.1", "localhost");
    let late = Arc::new(Mutex::new(None));
    let network = network(&[]).with_resolver(Arc::new(Changing(Arc::clone(&late))));
    *late.lock().unwrap() = Some(network.clone());
    assert_eq!(fetch(&network, get_request(&url)).await.unwrap().body, b"here");
    assert!(matches!(fails(&network, get_request(&url)).await, FetchError::Denied(_)));
}

#[test]
fn a_network_shows_its_policy() {
    let network = Network::new(Egress::deny_all().with_default(TenantPolicy::permitting(&["https://*.example.com"]).unwrap()));
    let shown = format!("{:?}", network.unwrap());
    assert!(shown.starts_with("Network") && shown.contains("example"), "{shown}");
}
