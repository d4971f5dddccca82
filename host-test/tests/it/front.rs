//! The pages of the journey server: what they offer, what they explain for a demo, and what those of a real journey keep to
//! themselves.

use host_test::browser::{Browser, Page};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};
use host_test::journey::{Bound, Definition, NextStep, Offer, Received, Running};
use journey_host::{ClientSecret, Import, Limits, Services, Step};
use serde_json::{Value, json};

use crate::stage::{compiled, http_client};

/// A server with a journey of its own and one that it offers, both at one pool.
struct Front {
    cognito: LocalCognito,
    running: Running,
}

impl Front {
    async fn new(bound: impl FnOnce(Bound) -> Bound, change: impl FnOnce(&mut Value)) -> Self {
        let listening = Bound::loopback().await.unwrap();
        let callback_url = listening.callback_url();
        let cognito = LocalCognito::start(Config::default()).await.unwrap();
        cognito.register_redirect_uri(&callback_url);
        let mut settings = cognito.settings(&callback_url);
        let definition = |settings: &Value| Definition {
            tenant: "tenant".to_owned(),
            settings: settings.to_string(),
            connector: cognito.connector().to_string(),
            connector_id: "pool".to_owned(),
            client_secret: cognito.client_secret().map(ClientSecret::new),
            has_failure_branch: true,
        };
        let own = definition(&settings);
        change(&mut settings);
        let offer = Offer {
            name: "other".to_owned(),
            title: "Another <journey>".to_owned(),
            about: "To be chosen.".to_owned(),
            heading: "Offered",
            callback_path: "/callback".to_owned(),
            definition: definition(&settings),
            next_step: Some(NextStep::new(|output| Received {
                heading: "Welcome & in",
                told: format!("Hello & welcome, {}.", output["user"]["given_name"]),
            })),
        };
        let step = Step::new(compiled(), Services::in_memory(http_client(&cognito)), Limits::default());
        let running = bound(listening.offering(vec![offer])).serve(step, own).unwrap();
        Self { cognito, running }
    }

    async fn open(&self, browser: &Browser, path: &str) -> Page {
        browser.open(&format!("{}{path}", self.running.base_url())).await.unwrap()
    }

    async fn log_in(&self, browser: &Browser, path: &str) -> Page {
        let form = self.open(browser, path).await.form().unwrap();
        browser.submit(&form, &[("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)]).await.unwrap()
    }
}

fn straight_to_google(settings: &mut Value) {
    settings["advanced"] = json!({"identity_provider": "Google"});
}

#[tokio::test]
async fn host_calls_are_told_of_the_call_that_made_them_though_both_have_ended() {
    let front = Front::new(Bound::explaining, |_| {}).await;
    let browser = Browser::new();
    front.log_in(&browser, "/start").await;
    // Silent, since Cognito knows the user: nobody could look between the two calls.
    front.open(&browser, "/start").await;
    let events = front.running.events();
    assert_eq!(events.iter().map(|event| event.call).collect::<Vec<_>>(), ["begin", "complete", "begin", "complete"]);
    for event in events {
        let asked = |import| event.host_calls.iter().filter(|asked| asked.import == import).count();
        let (puts, replacements) = (asked(Import::PutAttempt), asked(Import::ReplaceAttempt));
        assert_eq!((puts, replacements), if event.call == "begin" { (2, 0) } else { (0, 1) }, "{}", event.call);
        assert_eq!(asked(Import::Fetch), event.usage.fetches as usize, "{}", event.call);
        assert!(event.host_calls.is_sorted_by_key(|asked| asked.at), "{:?}", event.host_calls);
    }
}

#[tokio::test]
async fn the_end_of_a_login_says_who_the_user_is_what_was_checked_and_how_it_came_about() {
    let front = Front::new(Bound::explaining, |settings| settings["tokens"] = json!("output")).await;
    let page = front.log_in(&Browser::new(), "/start?journey=other").await.text();
    for text in [
        "<h1>Welcome &amp; in</h1>\n<p>Hello &amp; welcome, &quot;Ada&quot;.</p>",
        "Ada Lovelace",
        "<bdi>ada@example.com</bdi> <span class=\"good\">verified</span>",
        "<span class=\"bad\">not verified</span>",
        "engineers, authors",
        "What was checked",
        "The step: <code>begin</code>",
        "At Cognito",
        "<code>http.fetch</code>",
        "/oauth2/token",
        "href=\"/start?journey=other\">Start again",
    ] {
        assert!(page.contains(text), "{text} isn't in {page}");
    }
    // Tokens are shown by their beginning.
    assert!(!page.contains("eyJraW"), "{page}");
    assert!(page.contains("characters)"), "{page}");
}

#[tokio::test]
async fn the_end_of_a_login_says_when_and_how_the_user_signed_in_and_whose_word_that_is() {
    let ask = |settings: &mut Value| settings["advanced"] = json!({"max_age": 300});
    let front = Front::new(|bound| bound.explaining().at_stand_in("Told by a stand-in."), ask).await;
    let browser = Browser::new();
    let page = front.log_in(&browser, "/start?journey=other").await.text();
    for text in [
        " s before this login was completed, by <code>auth_time</code>; asked for: at most 5 min before it began",
        "<dt>Level</dt><dd>not stated: no <code>acr</code></dd>",
        "<dt>Methods</dt><dd>not stated: no <code>amr</code></dd>",
        "Cognito’s word",
        "Told by a stand-in.",
    ] {
        assert!(page.contains(text), "{text} isn't in {page}");
    }
    front.cognito.configure(|config| (config.acr, config.amr) = (Some("urn:cognito:loa:4".to_owned()), vec!["mfa".to_owned()]));
    let page = front.open(&browser, "/start?journey=other").await.text();
    assert!(page.contains("<dt>Level</dt><dd><code>urn:cognito:loa:4</code>, by <code>acr</code></dd>"), "{page}");
    assert!(page.contains("<dt>Methods</dt><dd><code>mfa</code>, by <code>amr</code></dd>"), "{page}");
}

#[tokio::test]
async fn a_journey_that_explains_nothing_shows_its_user_and_its_code_alone() {
    let front = Front::new(|bound| bound, |settings| settings["advanced"] = json!({"required_amr": "mfa"})).await;
    let page = front.log_in(&Browser::new(), "/start").await.text();
    assert!(page.contains("<h1>Logged in</h1>") && page.contains("Ada Lovelace") && page.contains("Start again"), "{page}");
    for text in ["checked", "signed in", "auth_time", "as JSON", "http.fetch", "Cognito"] {
        assert!(!page.contains(text), "{text} is in {page}");
    }
    assert!(front.running.events().iter().all(|event| event.host_calls.is_empty()));
    let page = front.log_in(&Browser::new(), "/start?journey=other").await.text();
    assert!(page.contains("<code>amr_not_met</code>"), "{page}");
    assert!(!page.contains("What happened") && !page.contains("as JSON"), "{page}");
}

#[tokio::test]
async fn who_chooses_another_journey_leaves_the_first() {
    let front = Front::new(Bound::explaining, straight_to_google).await;
    let browser = Browser::new();
    front.open(&browser, "/start").await;
    let page = front.open(&browser, "/start?journey=other").await.text();
    assert!(page.contains("Grace Hopper") && page.contains("Google"), "{page}");
    let outcomes: Vec<String> = front.running.events().into_iter().map(|event| event.outcome.to_string()).collect();
    assert_eq!(outcomes, ["redirect", "failed: login_cancelled", "redirect", "authenticated"]);
    // The same one again is the same journey, where it waits.
    let (browser, before) = (Browser::new(), front.running.events().len());
    front.open(&browser, "/start").await;
    front.open(&browser, "/start").await;
    let begun: Vec<String> = front.running.events().into_iter().skip(before).map(|event| event.journey).collect();
    assert!(begun.len() == 2 && begun[0] == begun[1], "{begun:?}");
}

#[tokio::test]
async fn the_start_page_offers_the_journeys_and_no_address_is_a_dead_end() {
    let front = Front::new(|bound| bound, |_| {}).await;
    let browser = Browser::new();
    let page = front.open(&browser, "/").await;
    assert_eq!(page.status, 200);
    for text in
        ["href=\"/start\"", "href=\"/start?journey=other\">Another &lt;journey&gt;</a>", "Offered", "href=\"/connection\""]
    {
        assert!(page.text().contains(text), "{text} isn't in {}", page.text());
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for path in ["/start?journey=none", "/nowhere", "/journey"] {
        let page = front.open(&browser, path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.text().contains("href=\"/\""), "{path}: {}", page.text());
    }
    let icon = front.open(&browser, "/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
}
