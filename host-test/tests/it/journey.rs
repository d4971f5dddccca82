//! The journey server's own duties, with a step that echoes what it is given.

use std::sync::Arc;
use std::time::Duration;

use host_test::journey::{Bound, Definition, Running};
use journey_host::{
    Browser, Capacity, Clock, Compiled, Egress, HostCall, Injection, Interceptor, Invocation, Limits, ManualClock, Network,
    Runtime, Services, Step, Visit,
};
use sha2::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::guest::Guest;

/// Redirects to the URL, for 60 s; by form post where the connector has three bytes.
pub(crate) const BEGIN: &str = "
    (i32.store (i32.const 1028) (i32.const 2304)) (i32.store (i32.const 1032) (i32.const 21))
    (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
    (i32.store8 (i32.const 1044) (i32.eq (local.get 3) (i32.const 3)))
    (i32.store (i32.const 1048) (i32.const 60))";

/// The same, with an attempt whose state is the URL's text.
const BEGIN_NAMED: &str = "
    (i32.store (i32.const 1028) (i32.const 2304)) (i32.store (i32.const 1032) (i32.const 21))
    (i32.store (i32.const 1036) (i32.const 2304)) (i32.store (i32.const 1040) (i32.const 21))
    (i32.store (i32.const 1048) (i32.const 60))";

/// Fails with the response, or with an attempt's state, for a code; ignores what begins with an `i`.
pub(crate) const COMPLETE: &str = "
    (local $text i32) (local $bytes i32)
    (local.set $text (select (local.get 11) (local.get 13) (i32.eq (local.get 10) (i32.const 2))))
    (local.set $bytes (select (local.get 12) (local.get 14) (i32.eq (local.get 10) (i32.const 2))))
    (i32.store (i32.const 1024) (i32.add (i32.const 1) (i32.eq (i32.load8_u (local.get $text)) (i32.const 0x69))))
    (i32.store (i32.const 1028) (local.get $text)) (i32.store (i32.const 1032) (local.get $bytes))";

fn echo() -> Guest {
    Guest { begin: BEGIN, complete: COMPLETE, url: "https://idp.example/a".to_owned(), ..Guest::default() }
}

struct Site {
    running: Running,
    address: String,
    clock: Arc<ManualClock>,
}

impl Site {
    async fn new(connector: &str) -> Self {
        Self::of(echo().compile(), connector).await
    }

    async fn of(compiled: Compiled, connector: &str) -> Self {
        let clock = Arc::new(ManualClock::at(1_700_000_000));
        let http = Network::new(Egress::deny_all()).unwrap();
        let services = Services::in_memory_at(http, Arc::clone(&clock) as Arc<dyn Clock>);
        Self::over(services, clock, compiled, connector, false).await
    }

    /// Two servers over one store.
    async fn fleet(connector: &str) -> [Self; 2] {
        let (clock, compiled) = (Arc::new(ManualClock::at(1_700_000_000)), echo().compile());
        let http = Network::new(Egress::deny_all()).unwrap();
        let services = Services::in_memory_at(http, Arc::clone(&clock) as Arc<dyn Clock>);
        let server = || Self::over(services.clone(), Arc::clone(&clock), compiled.clone(), connector, true);
        [server().await, server().await]
    }

    async fn over(services: Services, clock: Arc<ManualClock>, compiled: Compiled, connector: &str, is_shared: bool) -> Self {
        let step = Step::new(compiled, services, Limits::default());
        let definition = Definition {
            tenant: "tenant".to_owned(),
            settings: "{}".to_owned(),
            connector: connector.to_owned(),
            connector_id: "pool".to_owned(),
            client_secret: None,
            has_failure_branch: true,
        };
        let bound = Bound::loopback().await.unwrap();
        let bound = if is_shared { bound.sharing_sessions() } else { bound };
        let running = bound.serve(step, definition).unwrap();
        let address = running.base_url().trim_start_matches("http://").to_owned();
        Self { running, address, clock }
    }

    async fn send(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> RawResponse {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may answer, and hang up, before it has read all of it.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        RawResponse(String::from_utf8(answer).unwrap())
    }

    async fn get(&self, target: &str, cookie: &str) -> RawResponse {
        self.send("GET", target, &format!("cookie: {cookie}\r\nsec-fetch-site: none\r\n"), b"").await
    }

    async fn post(&self, cookie: &str, content_type: &str, body: &[u8]) -> RawResponse {
        self.send("POST", "/callback?query=left-alone", &format!("cookie: {cookie}\r\ncontent-type: {content_type}\r\n"), body)
            .await
    }

    /// Cookies of a session that has begun.
    async fn begin(&self) -> String {
        self.get("/start", "none=0").await.cookies()
    }

    async fn status(&self, cookie: &str) -> serde_json::Value {
        let answer = self.send("GET", "/journey", &format!("cookie: {cookie}\r\naccept: application/json\r\n"), b"").await;
        serde_json::from_str(answer.0.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn completes(&self) -> Vec<String> {
        let events = self.running.events();
        events.into_iter().filter(|event| event.call == "complete").map(|event| event.outcome.to_string()).collect()
    }
}

struct RawResponse(String);

impl RawResponse {
    fn status(&self) -> u16 {
        self.0[9..12].parse().unwrap()
    }

    fn header(&self, name: &str) -> Vec<&str> {
        let lines = self.0.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_once(": ")).filter(|(key, _)| *key == name).map(|(_, value)| value).collect()
    }

    fn cookies(&self) -> String {
        let pairs: Vec<_> = self.header("set-cookie").iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
        pairs.join("; ")
    }
}

#[tokio::test]
async fn b18_a_login_is_sent_away_with_nothing_kept_and_a_session_of_its_own() {
    let site = Site::new("{}").await;
    let answer = site.get("/start", "journey=chosen-by-another-site").await;
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.header("location"), ["https://idp.example/a"]);
    assert_eq!(answer.header("cache-control"), ["no-store"]);
    assert_eq!(answer.header("referrer-policy"), ["no-referrer"]);
    let cookie = answer.header("set-cookie")[0].to_owned();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax") && !cookie.contains("chosen"), "{cookie}");
    assert_eq!(cookie.split(['=', ';']).nth(1).unwrap().len(), 64);
    assert_eq!(site.status(&answer.cookies()).await["status"], "waiting");
}

#[tokio::test]
async fn c17_a_response_is_passed_on_undecoded_and_its_url_is_left() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    let answer = site.get("/callback?code=%20a+b&code=&&%zz", &cookie).await;
    assert_eq!((answer.status(), answer.header("location")), (303, vec!["/journey"]));
    assert_eq!(site.completes(), ["failed: code=%20a+b&code=&&%zz"]);
    assert_eq!(site.status(&cookie).await, serde_json::json!({"status": "failure_branch", "code": "code=%20a+b&code=&&%zz"}));

    let page = site.get("/journey", &cookie).await;
    assert!(
        page.header("content-security-policy")[0].starts_with("default-src 'none';"),
        "nothing of third parties is on the page"
    );

    let replayed = site.get("/callback?code=%20a+b&code=&&%zz", &cookie).await;
    assert_eq!(replayed.status(), 303);
    assert_eq!(site.completes().len(), 1, "the journey has left the step");
}

#[tokio::test]
async fn a_response_without_the_session_calls_nothing() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    for stranger in ["none=0", "journey=0", &format!("{cookie}; journey=0"), &cookie.replace("journey=", "journey-form-post=")] {
        let answer = site.get("/callback?state=x", stranger).await;
        assert_eq!((answer.status(), answer.header("location")), (303, vec!["/journey"]), "{stranger}");
    }
    assert!(site.completes().is_empty());
}

#[tokio::test]
async fn a_session_is_known_to_each_server_of_a_fleet() {
    let [first, second] = Site::fleet("{}").await;
    let cookie = first.begin().await;
    assert_eq!(second.status(&cookie).await["status"], "waiting");
    assert_eq!(second.get("/callback?x", &cookie).await.status(), 303);
    assert_eq!((first.completes().len(), second.completes()), (0, vec!["failed: x".to_owned()]));
    for server in [&first, &second] {
        assert_eq!(server.status(&cookie).await["code"], "x");
    }
    // The next journey of that session, begun on the other one: neither shows the first one's any more.
    second.get("/start", &cookie).await;
    for server in [&first, &second] {
        assert_eq!(server.status(&cookie).await["status"], "waiting");
    }
    assert_eq!(first.status("journey=0").await["status"], "none", "and a stranger's is none's");
}

#[tokio::test]
async fn a_form_post_finds_its_session_on_another_server_of_a_fleet() {
    let [first, second] = Site::fleet("{ }").await;
    let cookies = first.begin().await;
    let (session, form_post) = cookies.split_once("; ").expect("two cookies");
    assert!(form_post.starts_with("journey-form-post="), "{cookies}");
    let form = "application/x-www-form-urlencoded";
    assert_eq!(second.post(form_post, form, b"x").await.status(), 303);
    assert_eq!(second.completes(), ["failed: x"]);
    assert_eq!(first.status(session).await["code"], "x");
    assert_eq!(second.get("/callback?y", form_post).await.status(), 303);
    assert_eq!(second.completes().len(), 1, "good for a form post alone");
}

#[tokio::test]
async fn what_the_step_ignores_moves_nothing() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    assert_eq!(site.get("/callback?i", &cookie).await.status(), 303);
    assert_eq!(site.completes(), ["ignored: i"]);
    assert_eq!(site.status(&cookie).await["status"], "waiting");
    site.get("/callback?x", &cookie).await;
    assert_eq!(site.completes(), ["ignored: i", "failed: x"]);
}

#[tokio::test]
async fn requests_that_only_look_call_nothing() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    let with = |more: &str| format!("cookie: {cookie}\r\n{more}");
    assert_eq!(site.send("HEAD", "/callback?x", &with(""), b"").await.status(), 200);
    for header in ["sec-purpose: prefetch\r\n", "sec-purpose: prefetch;prerender\r\n", "purpose: prefetch\r\n"] {
        assert_eq!(site.send("GET", "/callback?x", &with(header), b"").await.status(), 503, "{header}");
        assert_eq!(site.send("GET", "/start", &with(header), b"").await.status(), 503, "{header}");
    }
    assert_eq!(site.send("HEAD", "/start", "", b"").await.status(), 200);
    assert_eq!(site.running.events().len(), 1);
}

#[tokio::test]
async fn what_is_no_authorization_response_is_answered_by_the_server_itself() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    let form = "application/x-www-form-urlencoded";
    let put = site.send("PUT", "/callback", &format!("cookie: {cookie}\r\n"), b"").await;
    assert_eq!((put.status(), put.header("allow")), (405, vec!["GET, HEAD, POST"]));
    assert_eq!(site.post(&cookie, "application/json", b"{}").await.status(), 415);
    assert_eq!(site.post(&cookie, "multipart/form-data", b"").await.status(), 415);
    assert_eq!(site.post(&cookie, form, b"code=\xff").await.status(), 400);
    assert_eq!(site.post(&cookie, form, &vec![b'x'; (64 << 10) + 1]).await.status(), 413);
    assert_eq!(site.get(&format!("/callback?{}", "x".repeat((64 << 10) + 1)), &cookie).await.status(), 414);
    assert!(site.completes().is_empty());
}

#[tokio::test]
async fn a_form_post_comes_with_a_cookie_of_its_own() {
    let site = Site::new("{ }").await;
    let answer = site.get("/start", "none=0").await;
    let set = answer.header("set-cookie")[1].to_owned();
    assert!(
        set.starts_with("journey-form-post=") && set.ends_with("; Path=/; HttpOnly; SameSite=None; Secure; Max-Age=60"),
        "{set}"
    );
    let second = set.split(';').next().unwrap();

    assert_eq!(site.status(second).await["status"], "none", "it opens nothing else");
    site.get("/callback?x", second).await;
    assert!(site.completes().is_empty(), "nor does it by GET");

    let answer = site.post(second, "Application/X-WWW-Form-Urlencoded; charset=utf-8", b"code=%41").await;
    assert_eq!((answer.status(), answer.header("location")), (303, vec!["/journey"]));
    assert_eq!(site.completes(), ["failed: code=%41"]);
}

#[tokio::test]
async fn a_user_cancels_from_this_site_alone() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    for origin in ["", "origin: null\r\n", "origin: https://evil.test\r\n"] {
        assert_eq!(site.send("POST", "/cancel", &format!("cookie: {cookie}\r\n{origin}"), b"").await.status(), 403, "{origin}");
    }
    assert_eq!(site.send("GET", "/cancel", &format!("cookie: {cookie}\r\n"), b"").await.status(), 405);
    assert!(site.completes().is_empty());

    // Under `no-referrer` a browser would send this page's own form with the origin "null".
    assert_eq!(site.get("/journey", &cookie).await.header("referrer-policy"), ["same-origin"]);
    let own = format!("cookie: {cookie}\r\norigin: {}\r\n", site.running.base_url());
    assert_eq!(site.send("POST", "/cancel", &own, b"").await.status(), 303);
    assert_eq!(site.completes(), ["failed: x"], "the attempt's state");
}

#[tokio::test]
async fn a_login_that_nobody_answers_is_ended_in_time() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    site.clock.advance(Duration::from_secs(59));
    assert_eq!(site.status(&cookie).await["status"], "waiting");
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.status(&cookie).await["status"], "failure_branch");
    assert_eq!(site.completes(), ["failed: x"]);
}

#[tokio::test]
async fn a_connection_is_tested_by_a_session_of_this_site_alone() {
    let site = Site::new("{}").await;
    let page = site.get("/connection", "none=0").await;
    assert_eq!((page.status(), page.header("cache-control")), (200, vec!["no-store"]));
    assert!(page.0.contains("<form method=\"post\" action=\"/connection\">"), "{}", page.0);
    let cookie = page.cookies();
    let known = site.get("/connection", &cookie).await;
    assert_eq!((known.status(), known.header("set-cookie")), (200, vec![]), "its session is the one that a login has");

    let own = format!("origin: {}\r\n", site.running.base_url());
    let post = async |headers: &str| site.send("POST", "/connection", headers, b"").await;
    for origin in ["", "origin: null\r\n", "origin: https://evil.example\r\n"] {
        assert_eq!(post(&format!("cookie: {cookie}\r\n{origin}")).await.status(), 403, "{origin}");
    }
    for cookie in ["", "cookie: journey=made-up\r\n"] {
        assert_eq!(post(&format!("{cookie}{own}")).await.status(), 403, "{cookie}");
    }
    for (method, status) in [("HEAD", 200), ("PUT", 405)] {
        assert_eq!(
            site.send(method, "/connection", &format!("cookie: {cookie}\r\n{own}"), b"").await.status(),
            status,
            "{method}"
        );
    }

    let of_this_site = format!("cookie: {cookie}\r\n{own}");
    let tested = post(&of_this_site).await;
    assert!(tested.status() == 200 && tested.0.contains("Nothing failed."), "{}", tested.0);
    assert_eq!(post(&format!("cookie: {}\r\n{own}", site.begin().await)).await.status(), 200, "a login's session will do");
    // Ten a minute of one tenant, of which two were made: what was refused was none.
    for _ in 0..8 {
        assert_eq!(post(&of_this_site).await.status(), 200);
    }
    let refused = post(&of_this_site).await;
    assert_eq!((refused.status(), refused.header("retry-after").len()), (429, 1));
}

#[tokio::test]
async fn a_test_that_the_host_ends_is_said_to_have_found_nothing() {
    let site = Site::of(Guest { test: "(unreachable)", ..echo() }.compile(), "{}").await;
    let cookie = site.get("/connection", "none=0").await.cookies();
    let headers = format!("cookie: {cookie}\r\norigin: {}\r\n", site.running.base_url());
    let ended = site.send("POST", "/connection", &headers, b"").await;
    assert!(ended.status() == 503 && ended.0.contains("before it had found anything"), "{}", ended.0);
}

/// By its name: the reason that the host gives is the step's to read, and an overdue login isn't a cancelled one.
#[tokio::test]
async fn an_overdue_login_is_timed_out_and_a_cancelled_one_is_cancelled() {
    /// Fails with the reason's number for a code's length.
    const REASON: &str = "
        (i32.store (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1028) (local.get 11))
        (i32.store (i32.const 1032) (i32.add (local.get 13) (i32.const 1)))";
    let guest = || Guest { begin: BEGIN_NAMED, complete: REASON, url: "https://idp.example/a".to_owned(), ..Guest::default() };
    let overdue = Site::of(guest().compile(), "{}").await;
    let cookie = overdue.begin().await;
    overdue.clock.advance(Duration::from_secs(60));
    overdue.status(&cookie).await;
    assert_eq!(overdue.completes(), ["failed: h"], "timed-out is the first of the reasons");

    let cancelled = Site::of(guest().compile(), "{}").await;
    let cookie = cancelled.begin().await;
    let own = format!("cookie: {cookie}\r\norigin: {}\r\n", cancelled.running.base_url());
    cancelled.send("POST", "/cancel", &own, b"").await;
    assert_eq!(cancelled.completes(), ["failed: ht"], "cancelled the second");
}

#[tokio::test]
async fn a_form_post_finds_the_session_of_its_own_cookie_among_several() {
    let site = Site::new("{ }").await;
    let sessions = [site.begin().await, site.begin().await, site.begin().await];
    for (number, session) in sessions.iter().enumerate().rev() {
        let second = session.split("; ").find(|pair| pair.starts_with("journey-form-post=")).unwrap();
        site.post(second, "application/x-www-form-urlencoded", format!("n={number}").as_bytes()).await;
        let first = session.split("; ").find(|pair| pair.starts_with("journey=")).unwrap();
        assert_eq!(site.status(first).await["code"], format!("n={number}"));
    }
    let none = site.post("journey-form-post=0", "application/x-www-form-urlencoded", b"n=9").await;
    assert_eq!((none.status(), site.completes().len()), (303, 3), "a cookie that no session has calls nothing");
}

/// What binds an attempt is a hash of the session's cookie: whoever reads the sandbox's memory can't take the session over.
#[tokio::test]
async fn the_sessions_cookie_does_not_enter_the_sandbox() {
    // Fails with the binding, byte by byte as a letter of sixteen, for a code.
    let complete = "
        (loop $again
          (i32.store8 (i32.add (i32.const 40000) (local.get $i))
            (i32.add (i32.const 97) (i32.and (i32.load8_u (i32.add (local.get 4) (local.get $i))) (i32.const 15))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (local.get 5))))
        (i32.store (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1028) (i32.const 40000))
        (i32.store (i32.const 1032) (local.get 5))";
    let guest = Guest { begin: BEGIN, complete, url: "https://idp.example/a".to_owned(), ..Guest::default() };
    let site = Site::of(guest.compile(), "{}").await;
    let cookie = site.begin().await;
    site.get("/callback?x", &cookie).await;
    let letters = |bytes: &[u8]| bytes.iter().map(|byte| char::from(b'a' + (byte & 15))).collect::<String>();
    let value = cookie.split_once('=').unwrap().1;
    let hash: [u8; 32] = sha2::Sha256::digest(value).into();
    assert_eq!(site.completes(), [format!("failed: {}", letters(&hash))]);
}

/// An aborted journey tells its client the code of a `flow` error, and of any other nothing.
#[tokio::test]
async fn an_abort_does_not_tell_the_client_the_internal_code() {
    // The category is the byte after the code.
    for (category, expected) in
        [(0, "authentication_failed"), (1, "n=1"), (3, "authentication_failed"), (4, "authentication_failed")]
    {
        let complete: &'static str = format!("{COMPLETE} (i32.store8 (i32.const 1036) (i32.const {category}))").leak();
        let guest =
            Guest { begin: BEGIN, complete, failure_behavior: 1, url: "https://idp.example/a".to_owned(), ..Guest::default() };
        let site = Site::of(guest.compile(), "{}").await;
        let cookie = site.begin().await;
        site.get("/callback?n=1", &cookie).await;
        assert_eq!(site.status(&cookie).await, serde_json::json!({"status": "aborted", "error": expected}));
        let page = site.get("/journey", &cookie).await;
        assert_eq!(page.0.contains("n=1"), expected == "n=1", "{}", page.0);
    }
}

/// The timer names the newest attempt alone, or a newer tab's login would die with an older one.
#[tokio::test]
async fn an_older_tabs_time_is_up_and_the_newer_ones_is_not() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    site.clock.advance(Duration::from_secs(59));
    site.get("/start", &cookie).await;
    site.clock.advance(Duration::from_secs(59));
    assert_eq!(site.status(&cookie).await["status"], "waiting");
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.status(&cookie).await["status"], "failure_branch");
}

#[tokio::test]
async fn a_user_agent_that_hangs_up_does_not_take_its_call_with_it() {
    // Long enough for the user agent to be gone.
    let complete: &'static str = format!("{COMPLETE} (call $burn (i32.const 20000000))").leak();
    let guest = Guest { begin: BEGIN, complete, url: "https://idp.example/a".to_owned(), ..Guest::default() };
    let site = Site::of(guest.compile(), "{}").await;
    let cookie = site.begin().await;
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    let request = format!("GET /callback?x HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n\r\n", site.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    drop(stream);
    while site.completes().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(site.status(&cookie).await["status"], "failure_branch");
}

#[tokio::test]
async fn a_second_start_is_another_attempt_of_the_same_journey_until_it_moves_on() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    assert_eq!(site.get("/start", &cookie).await.cookies(), cookie);
    site.get("/callback?x", &cookie).await;
    site.get("/start", &cookie).await;
    let journeys: Vec<_> =
        site.running.events().into_iter().filter(|event| event.call == "begin").map(|event| event.journey).collect();
    assert_eq!(journeys[0], journeys[1]);
    assert_ne!(journeys[0], journeys[2]);
    assert_eq!(site.status(&cookie).await["status"], "waiting");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_responses_at_once_one_moves_the_journey() {
    let site = Site::new("{}").await;
    let cookie = site.begin().await;
    tokio::join!(
        site.get("/callback?n=1", &cookie),
        site.get("/callback?n=2", &cookie),
        site.get("/callback?n=3", &cookie),
        site.get("/callback?n=4", &cookie),
    );
    let told = site.completes();
    let applied: Vec<_> = told.iter().filter(|outcome| outcome.starts_with("failed")).collect();
    assert_eq!(applied.len(), 1, "{told:?}");
    assert_eq!(format!("failed: {}", site.status(&cookie).await["code"].as_str().unwrap()), *applied[0]);
}

/// Answers no host call until it is told to.
#[derive(Clone, Default)]
struct Hangs(Arc<Notify>);

#[async_trait::async_trait]
impl Interceptor for Hangs {
    async fn before(&self, _call: &HostCall) -> Option<Injection> {
        self.0.notified().await;
        None
    }
}

/// Takes the one sandbox of a host.
async fn hold(runtime: &Runtime, hangs: &Hangs) -> JoinHandle<()> {
    let guest = Guest { begin: "(call $now (i32.const 3072))", ..Guest::default() };
    let services = Services::in_memory(Network::new(Egress::deny_all()).unwrap());
    let step =
        Step::new(guest.compile_in(runtime, "guest"), services, Limits::default()).with_interceptor(Arc::new(hangs.clone()));
    let holding = tokio::spawn(async move {
        let invocation = Invocation {
            settings: "{}".to_owned(),
            connector: "{}".to_owned(),
            connector_id: "pool".to_owned(),
            browser: Browser::from_session("another"),
        };
        let _ = step.begin(&Visit::first("another", "another", "login"), &invocation).await;
    });
    tokio::task::yield_now().await;
    holding
}

#[tokio::test]
async fn a_host_at_its_limit_answers_503_and_the_same_response_counts_afterwards() {
    let runtime = Runtime::new(Capacity { sandboxes: 1, per_tenant: 1, waiting: 0, waiting_per_tenant: 0 }).unwrap();
    let site = Site::of(echo().compile_in(&runtime, "guest"), "{ }").await;
    let cookie = site.begin().await;

    let hangs = Hangs::default();
    let holding = hold(&runtime, &hangs).await;
    let started = site.get("/start", "none=0").await;
    let returned = site.get("/callback?code=x&state=y", &cookie).await;
    for answer in [&started, &returned] {
        assert_eq!((answer.status(), answer.header("retry-after")), (503, vec!["2"]));
        assert_eq!(answer.header("refresh"), ["2"], "the page asks again, with the same URL");
        assert_eq!(answer.header("cache-control"), ["no-store"]);
    }
    let posted = site.post(&cookie, "application/x-www-form-urlencoded", b"code=%22%3Cx&state=y+z").await;
    assert_eq!((posted.status(), posted.header("retry-after"), posted.header("refresh")), (503, vec!["2"], vec![]));
    assert!(
        posted.0.contains(r#"name="code" value="&quot;&lt;x""#) && posted.0.contains(r#"name="state" value="y z""#),
        "{}",
        posted.0
    );
    let origin = format!("cookie: {cookie}\r\norigin: http://{}\r\n", site.address);
    assert_eq!(site.send("POST", "/cancel", &origin, b"").await.status(), 503);
    assert_eq!(site.status(&cookie).await["status"], "waiting");

    // Over time while the host is busy: ended with the next look, not a minute later.
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(site.status(&cookie).await["status"], "waiting");
    assert!(site.completes().iter().all(|outcome| outcome == "busy"), "{:?}", site.completes());
    hangs.0.notify_one();
    holding.await.unwrap();
    assert_eq!(site.get("/callback?code=x&state=y", &cookie).await.status(), 303);
    assert_ne!(site.status(&cookie).await["status"], "waiting");
}
