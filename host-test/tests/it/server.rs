//! The journey server under load, under attack, and at its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use host_test::browser::{Browser as UserAgent, Navigation};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, Endpoint, Fault, LocalCognito, Times};
use host_test::journey::{Bound, Bounds, Definition, Running};
use journey_host::{
    Applied, Arrival, AuthorizationResponse, Browser, Change, ClientSecret, Clock, Compiled, Completed, Egress, HostCall,
    Injection, Interceptor, Invocation, Journeys, Limits, ManualClock, MemoryJourneys, Network, OutcomeKind, PublicOrigin,
    Services, Settlement, Step, StoreError, Visit,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::exported::Exported;
use crate::guest::Guest;
use crate::journey::{BEGIN, COMPLETE};
use crate::stage::{compiled, http_client};

const START: &str = "GET /start HTTP/1.1\r\nhost: x\r\nsec-fetch-site: none\r\nconnection: close\r\n\r\n";

/// A server around a step that echoes what it is given.
struct Site {
    running: Running,
    address: String,
    clock: Arc<ManualClock>,
    step: Step,
}

fn definition() -> Definition {
    Definition {
        tenant: "tenant".to_owned(),
        settings: "{}".to_owned(),
        connector: "{}".to_owned(),
        connector_id: "pool".to_owned(),
        client_secret: None,
        has_failure_branch: true,
    }
}

fn echo() -> Compiled {
    Guest { begin: BEGIN, complete: COMPLETE, url: "https://idp.example/a".to_owned(), ..Guest::default() }.compile()
}

/// Short enough for a test, long enough for a busy machine.
fn short() -> Bounds {
    Bounds { connections: 1024, head: Duration::from_millis(300), body: Duration::from_millis(300) }
}

impl Site {
    async fn new(bounds: Bounds, watched: Option<Arc<dyn Interceptor>>) -> Self {
        let clock = Arc::new(ManualClock::at(1_700_000_000));
        let http = Network::new(Egress::deny_all()).unwrap();
        let services = Services::in_memory_at(http, Arc::clone(&clock) as Arc<dyn Clock>);
        let mut step = Step::new(echo(), services, Limits::default());
        if let Some(watched) = watched {
            step = step.with_interceptor(watched);
        }
        let running = Bound::loopback().await.unwrap().within(bounds).serve(step.clone(), definition()).unwrap();
        let address = running.base_url().trim_start_matches("http://").to_owned();
        Self { running, address, clock, step }
    }

    /// Sends this, and reads until the server closes.
    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    /// The cookie of a session that has begun.
    async fn begin(&self) -> String {
        cookie(&self.send(START).await).expect("a session")
    }

    async fn get(&self, target: &str, cookie: &str) -> String {
        let head =
            format!("GET {target} HTTP/1.1\r\nhost: x\r\nsec-fetch-site: none\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n");
        self.send(&head).await
    }

    async fn status(&self, cookie: &str) -> Value {
        let accept = "accept: application/json\r\nconnection: close\r\n";
        let answer = self.send(&format!("GET /journey HTTP/1.1\r\nhost: x\r\n{accept}cookie: {cookie}\r\n\r\n")).await;
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

/// All that comes until the server closes the connection. One that it never closes fails the test, which would otherwise not end.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
    let _ = end.await.expect("the end of the connection");
    String::from_utf8(answer).unwrap()
}

fn cookie(answer: &str) -> Option<String> {
    let (_, value) = answer.split_once("set-cookie: ")?;
    Some(value.split([';', '\r']).next()?.to_owned())
}

/// Asks its operator's address.
async fn operations(running: &Running, path: &str) -> (u16, String) {
    let page = UserAgent::new().open(&format!("{}{path}", running.operations_url())).await.unwrap();
    (page.status, page.text())
}

#[tokio::test]
async fn half_a_request_is_not_waited_for() {
    let site = Site::new(short(), None).await;
    for half in ["", "GET /start HTTP/1.1\r\nhost:", "GET /callback?x HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(&site.address).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{half:?}: {answer}");
    }
    let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\nconnection: close\r\n";
    let answer = site.send(&format!("POST /callback HTTP/1.1\r\nhost: x\r\n{form}\r\ncode=half")).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    // A connection that is kept after an answer is no exception.
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    stream.write_all(b"GET /journey HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_out_for_long() {
    let site = Site::new(Bounds { connections: 4, ..short() }, None).await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(TcpStream::connect(&site.address).await.unwrap());
    }
    // Sixteen times the bound of others wait before this one.
    assert!(site.send(START).await.starts_with("HTTP/1.1 303"));
}

#[tokio::test]
async fn no_more_connections_are_served_than_the_bound_says() {
    let bounds = Bounds { connections: 2, head: Duration::from_secs(60), ..short() };
    let site = Site::new(bounds, None).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        // Answered, so it was accepted; and kept.
        let mut stream = TcpStream::connect(&site.address).await.unwrap();
        stream.write_all(b"HEAD /start HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        held.push(stream);
    }
    let third = site.send(START);
    let mut third = std::pin::pin!(third);
    assert!(tokio::time::timeout(Duration::from_millis(200), third.as_mut()).await.is_err(), "it waits");
    held.pop();
    assert!(third.await.starts_with("HTTP/1.1 303"), "and comes as soon as another one is over");
}

/// Holds up each call of one journey, the first that it sees, in `complete`.
#[derive(Default)]
struct HoldsUp {
    armed: AtomicBool,
    journey: std::sync::Mutex<Option<String>>,
    released: Notify,
}

#[async_trait::async_trait]
impl Interceptor for HoldsUp {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        if !self.armed.load(Ordering::SeqCst) {
            return None;
        }
        let is_it = self.journey.lock().unwrap().get_or_insert_with(|| call.visit.journey.clone()) == &call.visit.journey;
        if is_it {
            self.released.notified().await;
        }
        None
    }
}

/// A server whose step makes a host call in `complete`, and waits there where it is held up.
async fn held_up() -> (Site, Arc<HoldsUp>) {
    let holds_up = Arc::new(HoldsUp::default());
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    let http = Network::new(Egress::deny_all()).unwrap();
    let services = Services::in_memory_at(http, Arc::clone(&clock) as Arc<dyn Clock>);
    let complete: &'static str = format!("{COMPLETE} (call $now (i32.const 3072))").leak();
    let guest = Guest { begin: BEGIN, complete, url: "https://idp.example/a".to_owned(), ..Guest::default() };
    let step = Step::new(guest.compile(), services, Limits::default()).with_interceptor(Arc::clone(&holds_up) as _);
    let running = Bound::loopback().await.unwrap().serve(step.clone(), definition()).unwrap();
    let address = running.base_url().trim_start_matches("http://").to_owned();
    (Site { running, address, clock, step }, holds_up)
}

#[tokio::test]
async fn an_overdue_login_whose_call_takes_long_holds_up_nobody() {
    let (site, holds_up) = held_up().await;
    let sessions = [site.begin().await, site.begin().await, site.begin().await];
    holds_up.armed.store(true, Ordering::SeqCst);
    site.clock.advance(Duration::from_secs(61));
    // Nobody looks: the sweep alone ends the others, although the call that it began first doesn't come to its end.
    let ended = || site.running.events().iter().filter(|event| event.outcome.kind == OutcomeKind::Failed).count();
    let until = async |count: usize| {
        while ended() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until(2).await;
    assert!(site.send(START).await.starts_with("HTTP/1.1 303"), "and a stranger's request is answered meanwhile");
    assert_eq!(ended(), 2);
    // Its own user is told soon that it isn't over yet.
    let held = holds_up.journey.lock().unwrap().clone().expect("a journey");
    let journeys: Vec<_> =
        site.running.events().into_iter().filter(|event| event.call == "begin").map(|event| event.journey).collect();
    let number = journeys.iter().position(|journey| *journey == held).expect("its number");
    assert_eq!(site.status(&sessions[number]).await["status"], "waiting");
    holds_up.armed.store(false, Ordering::SeqCst);
    holds_up.released.notify_waiters();
    until(3).await;
}

#[tokio::test]
async fn events_sessions_and_settled_journeys_are_forgotten_after_their_time() {
    let site = Site::new(Bounds::default(), None).await;
    let cookie = site.begin().await;
    site.get("/callback?x", &cookie).await;
    // Another journey of the same session: the first one is in no session any more.
    site.get("/start", &cookie).await;
    site.get("/callback?y", &cookie).await;
    let journeys: Vec<_> =
        site.running.events().into_iter().filter(|event| event.call == "begin").map(|event| event.journey).collect();
    assert_eq!(journeys.len(), 2);
    let settlement = async |journey: &str| {
        let visit = Visit::first("tenant", journey, "login");
        site.step.services().journeys.settlement(&visit).await.unwrap()
    };
    for journey in &journeys {
        assert!(matches!(settlement(journey).await, Some(Settlement::Failed(_))));
    }
    site.clock.advance(Duration::from_secs(2 * 3600));
    for journey in &journeys {
        while settlement(journey).await.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let left = site.step.services().journeys.variable("tenant", journey, "login_error").await.unwrap();
        assert_eq!(left, None);
    }
    while !site.running.events().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(site.status(&cookie).await["status"], "none");
}

/// 63 of them pushed a victim's attempt out of the store.
#[tokio::test]
async fn another_site_starts_no_login_and_the_user_can_all_the_same() {
    let site = Site::new(Bounds::default(), None).await;
    let session = site.begin().await;
    for header in ["sec-fetch-site: cross-site\r\n", "", "referer: https://evil.test/\r\n"] {
        let head = format!("GET /start HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {session}\r\n{header}\r\n");
        let answer = site.send(&head).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("href=\"/start\""), "{header}: {answer}");
        assert!(!answer.contains("set-cookie"), "{answer}");
    }
    assert_eq!(site.running.events().len(), 1, "nothing has begun");
    let base = site.running.base_url();
    let referer = format!("referer: {base}/journey\r\n");
    for header in ["sec-fetch-site: same-origin\r\n", "sec-fetch-site: same-site\r\n", "sec-fetch-site: none\r\n", &referer] {
        let head = format!("GET /start HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {session}\r\n{header}\r\n");
        assert!(site.send(&head).await.starts_with("HTTP/1.1 303"), "{header}");
    }
    // A link on another site leads to the page, and its link on to the login.
    let browser = UserAgent::new();
    let linked = Navigation::get(&format!("{base}/start")).unwrap().from_page("https://shop.example/").unwrap();
    let page = browser.follow(linked).await.unwrap();
    assert_eq!(page.status, 200);
    let clicked = Navigation::get(&format!("{base}/start")).unwrap().from_page(page.url.as_str()).unwrap();
    let away = browser.follow_until(clicked, "https://idp.example/").await.unwrap();
    assert!(away.stopped().is_ok());
}

/// Counts how many calls of `begin` run at once.
#[derive(Default)]
struct Together {
    now: std::sync::atomic::AtomicUsize,
    most: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl Interceptor for Together {
    async fn before(&self, _call: &HostCall) -> Option<Injection> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        None
    }
}

#[tokio::test]
async fn of_two_tabs_that_start_at_once_one_begins_after_the_other() {
    let together = Arc::new(Together::default());
    let http = Network::new(Egress::deny_all()).unwrap();
    let begin: &'static str = format!("{BEGIN} (call $now (i32.const 3072))").leak();
    let guest = Guest { begin, complete: COMPLETE, url: "https://idp.example/a".to_owned(), ..Guest::default() };
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    let services = Services::in_memory_at(http, Arc::clone(&clock) as Arc<dyn Clock>);
    let step = Step::new(guest.compile(), services, Limits::default()).with_interceptor(Arc::clone(&together) as _);
    let running = Bound::loopback().await.unwrap().serve(step.clone(), definition()).unwrap();
    let address = running.base_url().trim_start_matches("http://").to_owned();
    let site = Site { running, address, clock, step };
    let session = site.begin().await;
    tokio::join!(site.get("/start", &session), site.get("/start", &session), site.get("/start", &session));
    assert_eq!(site.running.events().iter().filter(|event| event.outcome.kind == OutcomeKind::Redirect).count(), 4);
    assert_eq!(together.most.load(Ordering::SeqCst), 1);
    let [first, second] = [site.begin(), site.begin()];
    let (first, second) = tokio::join!(first, second);
    assert_ne!(first, second);
    assert_eq!(together.most.load(Ordering::SeqCst), 2, "two users don't wait for each other");
}

/// A whole site: the sealed component, a local Cognito, the journey server.
async fn whole() -> (LocalCognito, Running, String) {
    let bound = Bound::loopback().await.unwrap();
    let callback_url = bound.callback_url();
    let cognito = LocalCognito::start(Config::default()).await.unwrap();
    cognito.register_redirect_uri(&callback_url);
    let step = Step::new(compiled(), Services::in_memory(http_client(&cognito)), Limits::default());
    let definition = Definition {
        settings: cognito.settings(&callback_url).to_string(),
        connector: cognito.connector().to_string(),
        client_secret: cognito.client_secret().map(ClientSecret::new),
        ..definition()
    };
    let running = bound.serve(step, definition).unwrap();
    (cognito, running, callback_url)
}

async fn sign_in(browser: &UserAgent, running: &Running, callback_url: &str) -> Navigation {
    let login_page = browser.open(&format!("{}/start", running.base_url())).await.unwrap();
    let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
    browser.submit_until(&login_page.form().unwrap(), &fields, callback_url).await.unwrap().stopped().unwrap()
}

async fn standing(browser: &UserAgent, running: &Running, cookie: Option<&str>) -> Value {
    let mut asked = Navigation::get(&format!("{}/journey", running.base_url())).unwrap().header("accept", "application/json");
    if let Some(cookie) = cookie {
        asked = asked.header("cookie", &format!("journey={cookie}"));
    }
    serde_json::from_str(&browser.follow(asked).await.unwrap().text()).unwrap()
}

/// Session fixation: whoever knew the session before the login has nothing of it afterwards.
#[tokio::test]
async fn a_login_gives_the_session_a_new_name_and_the_old_one_opens_nothing() {
    let (_cognito, running, callback_url) = whole().await;
    let (browser, stranger) = (UserAgent::new(), UserAgent::new());
    let response = sign_in(&browser, &running, &callback_url).await;
    let before = browser.cookie(running.base_url(), "journey").expect("a session");
    assert_eq!(standing(&stranger, &running, Some(&before)).await["status"], "waiting");
    browser.follow(response).await.unwrap();
    let after = browser.cookie(running.base_url(), "journey").expect("a session");
    assert_ne!(before, after);
    assert_eq!(standing(&browser, &running, None).await["status"], "create_user");
    assert_eq!(standing(&stranger, &running, Some(&before)).await["status"], "none");
    assert_eq!(standing(&stranger, &running, Some(&after)).await["status"], "create_user", "it is the cookie that counts");
}

/// Another host of the fleet has settled the visit, or an answer of the store was lost: the session has its old name still, and
/// somebody else may know it. The user logs in again.
#[tokio::test]
async fn a_login_that_did_not_renew_its_session_is_shown_to_nobody() {
    let (cognito, running, callback_url) = whole().await;
    let browser = UserAgent::new();
    let response = sign_in(&browser, &running, &callback_url).await;
    let session = browser.cookie(running.base_url(), "journey").expect("a session");
    let journey = running.events()[0].journey.clone();
    let visit = Visit::first("tenant", &journey, "login");
    let invocation = Invocation {
        settings: cognito.settings(&callback_url).to_string(),
        connector: cognito.connector().to_string(),
        connector_id: "pool".to_owned(),
        browser: Browser::from_session(&session),
    };
    let origin = PublicOrigin::parse(running.base_url()).unwrap();
    let target = &response.url[url::Position::BeforePath..url::Position::AfterQuery];
    let arrival = AuthorizationResponse::Query(Arrival::at(&origin, target));
    let secret = cognito.client_secret().map(ClientSecret::new);
    let completed = running.step().complete(&visit, &invocation, secret.as_ref(), &arrival).await;
    assert!(matches!(completed.outcome, Completed::Authenticated(_)), "{:?}", completed.outcome);
    assert_eq!(standing(&browser, &running, None).await["status"], "none");
    // Cognito knows the user by now, and asks nothing.
    browser.open(&format!("{}/start", running.base_url())).await.unwrap();
    assert_eq!(standing(&browser, &running, None).await["status"], "create_user");
}

/// Journeys in a store that keeps what it is told and doesn't say so, while it is down.
struct Silent {
    inner: MemoryJourneys,
    is_down: AtomicBool,
}

#[async_trait::async_trait]
impl Journeys for Silent {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        let applied = self.inner.apply(visit, change).await;
        match self.is_down.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("no answer".to_owned())),
            false => applied,
        }
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        self.inner.settlement(visit).await
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.inner.variable(tenant, journey, name).await
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.inner.forget(tenant, journey).await
    }
}

#[tokio::test]
async fn a_begin_whose_effect_is_unknown_asks_again_in_the_same_journey_and_is_forgotten_with_it() {
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    let dyn_clock = || Arc::clone(&clock) as Arc<dyn Clock>;
    let silent = Arc::new(Silent { inner: MemoryJourneys::new(dyn_clock()), is_down: AtomicBool::new(true) });
    let services = Services::in_memory_at(Network::new(Egress::deny_all()).unwrap(), dyn_clock());
    let services = Services { journeys: Arc::clone(&silent) as _, ..services };
    let limits = Limits { apply: Duration::from_millis(100), ..Limits::default() };
    let step = Step::new(echo(), services, limits);
    let running = Bound::loopback().await.unwrap().serve(step.clone(), definition()).unwrap();
    let address = running.base_url().trim_start_matches("http://").to_owned();
    let site = Site { running, address, clock, step };

    let answer = site.send(START).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("refresh: 2"), "{answer}");
    let session = cookie(&answer).expect("a session");
    assert_eq!(site.status(&session).await["status"], "waiting");
    silent.is_down.store(false, Ordering::SeqCst);
    assert!(site.get("/start", &session).await.starts_with("HTTP/1.1 303"));
    let events = site.running.events();
    assert_eq!((events[0].outcome.kind, events[1].outcome.kind), (OutcomeKind::Unknown, OutcomeKind::Redirect));
    assert_eq!(events[0].journey, events[1].journey);
    site.clock.advance(Duration::from_secs(2 * 3600));
    while site.status(&session).await["status"] != "none" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_ends_lets_a_login_under_way_end_and_takes_no_other() {
    let (cognito, running, callback_url) = whole().await;
    let browser = UserAgent::new();
    let response = sign_in(&browser, &running, &callback_url).await;
    cognito.faults().set(Endpoint::Token, Times::Always, Fault::Delay(Duration::from_millis(500)));
    let (address, operations_url) = (running.base_url().to_owned(), running.operations_url().to_owned());
    let answered = tokio::spawn({
        let browser = browser.clone();
        async move { browser.request(response).await }
    });
    while cognito.requests().count(Endpoint::Token) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ending = tokio::spawn(running.end(Duration::from_secs(60)));
    let asked = async |url: String| UserAgent::new().open(&url).await.map(|page| page.status);
    while asked(format!("{operations_url}/readyz")).await.is_ok_and(|status| status == 200) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(asked(format!("{address}/start")).await.is_err(), "nobody is let in any more");
    let answer = answered.await.unwrap().expect("the answer to the request that was under way");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/journey")));
    assert!(ending.await.unwrap(), "and then it has ended");
    assert_eq!(cognito.requests().count(Endpoint::UserInfo), 1, "with the login whole");
}

#[tokio::test]
async fn a_server_that_ends_waits_for_a_call_whose_user_is_gone() {
    let (site, holds_up) = held_up().await;
    let session = site.begin().await;
    holds_up.armed.store(true, Ordering::SeqCst);
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    let request = format!("GET /callback?x HTTP/1.1\r\nhost: x\r\ncookie: {session}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    while holds_up.journey.lock().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    let journey = holds_up.journey.lock().unwrap().clone().unwrap();
    let (step, ending) = (site.step.clone(), site.running.end(Duration::from_secs(60)));
    let mut ending = std::pin::pin!(ending);
    assert!(tokio::time::timeout(Duration::from_millis(200), ending.as_mut()).await.is_err(), "it waits");
    holds_up.armed.store(false, Ordering::SeqCst);
    holds_up.released.notify_waiters();
    assert!(ending.await);
    let settlement = step.services().journeys.settlement(&Visit::first("tenant", &journey, "login")).await.unwrap();
    assert!(matches!(settlement, Some(Settlement::Failed(_))), "its outcome is in effect");
}

#[tokio::test]
async fn a_server_that_ends_waits_no_longer_than_it_is_told() {
    let (site, holds_up) = held_up().await;
    let session = site.begin().await;
    holds_up.armed.store(true, Ordering::SeqCst);
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    stream.write_all(format!("GET /callback?x HTTP/1.1\r\nhost: x\r\ncookie: {session}\r\n\r\n").as_bytes()).await.unwrap();
    while holds_up.journey.lock().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!site.running.end(Duration::from_millis(50)).await);
}

#[tokio::test]
async fn its_operator_asks_at_an_address_of_its_own() {
    let site = Site::new(Bounds::default(), None).await;
    site.begin().await;
    assert_eq!(operations(&site.running, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(operations(&site.running, "/readyz").await, (200, "ok\n".to_owned()));
    let (status, text) = operations(&site.running, "/metrics").await;
    assert_eq!(status, 200);
    assert!(text.contains("# TYPE journey_step_calls_total counter"), "{text}");
    assert_eq!(operations(&site.running, "/start").await.0, 404);
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert!(site.get(path, "none=0").await.starts_with("HTTP/1.1 404"), "{path} isn't for users");
    }
}

/// What a stranger sends is in no span: neither his path nor his method, and of the query nothing.
#[tokio::test]
async fn a_request_is_a_span_of_its_route_alone() {
    let captured = Exported::begin();
    let site = Site::new(Bounds::default(), None).await;
    site.get("/secret-path?code=secret-code", "none=0").await;
    site.get("/callback?code=secret-code", "none=0").await;
    site.send("SECRET /start HTTP/1.1\r\nhost: secret\r\nconnection: close\r\n\r\n").await;
    let spans = captured.spans("http.request");
    let told: Vec<_> = spans
        .iter()
        .map(|span| (span["otel.name"].as_str().unwrap(), span["http.response.status_code"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("GET", 404), ("GET /callback", 303), ("_OTHER /start", 405)]);
    assert!(!captured.text().to_lowercase().contains("secret"), "{}", captured.text());
}
