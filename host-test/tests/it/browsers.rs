//! Two browsers and one login: whoever mixes them moves nothing. Through the journey server, as real user agents would.

use host_test::browser::{Browser, Navigation, Page};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, Endpoint, LocalCognito};
use host_test::journey::{Bound, Definition, Running};
use journey_host::{ClientSecret, Limits, Services, Step};
use serde_json::Value;

use crate::stage::{compiled, http_client};

struct Site {
    cognito: LocalCognito,
    running: Running,
    callback_url: String,
}

impl Site {
    async fn new() -> Self {
        let bound = Bound::loopback().await.unwrap();
        let callback_url = bound.callback_url();
        let cognito = LocalCognito::start(Config::default()).await.unwrap();
        cognito.register_redirect_uri(&callback_url);
        let step = Step::new(compiled(), Services::in_memory(http_client(&cognito)), Limits::default());
        let definition = Definition {
            tenant: "tenant".to_owned(),
            settings: cognito.settings(&callback_url).to_string(),
            connector: cognito.connector().to_string(),
            connector_id: "pool".to_owned(),
            client_secret: cognito.client_secret().map(ClientSecret::new),
            has_failure_branch: true,
        };
        let running = bound.serve(step, definition).unwrap();
        Self { cognito, running, callback_url }
    }

    /// Starts a journey; the login page that it leads to.
    async fn start(&self, browser: &Browser) -> Page {
        browser.open(&format!("{}/start", self.running.base_url())).await.unwrap()
    }

    /// The authorization URL that a journey of this browser's leads to.
    async fn authorization_url(&self, browser: &Browser) -> String {
        let url = format!("{}/start", self.running.base_url());
        let arrival = browser.open_until(&url, &self.cognito.authorization_endpoint()).await.unwrap();
        arrival.stopped().unwrap().url.to_string()
    }

    /// Signs in on a login page; stops before the callback.
    async fn sign_in(&self, browser: &Browser, login_page: &Page) -> Navigation {
        let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
        let form = login_page.form().unwrap();
        browser.submit_until(&form, &fields, &self.callback_url).await.unwrap().stopped().unwrap()
    }

    async fn status(&self, browser: &Browser) -> Value {
        let url = format!("{}/journey", self.running.base_url());
        let navigation = Navigation::get(&url).unwrap().header("accept", "application/json");
        serde_json::from_str(&browser.follow(navigation).await.unwrap().text()).unwrap()
    }

    fn outcomes(&self) -> Vec<String> {
        let events = self.running.events();
        events.into_iter().filter(|event| event.call == "complete").map(|event| event.outcome.to_string()).collect()
    }
}

#[tokio::test]
async fn a_user_logs_in_and_the_next_step_creates_the_user() {
    let site = Site::new().await;
    let browser = Browser::new();
    let login_page = site.start(&browser).await;
    let callback = site.sign_in(&browser, &login_page).await;
    let page = browser.follow(callback).await.unwrap();
    assert!(page.url.path().ends_with("/journey"), "the user agent is moved off the URL that holds the code");
    let status = site.status(&browser).await;
    assert_eq!(status["status"], "create_user");
    assert_eq!(status["user"]["email"]["value"], DEFAULT_USERNAME);
}

/// Login CSRF: the attacker's finished login must not become the victim's.
#[tokio::test]
async fn c02_a_victim_who_opens_the_attackers_callback_moves_nothing() {
    let site = Site::new().await;
    let (attacker, victim) = (Browser::new(), Browser::new());
    let login_page = site.start(&attacker).await;
    let callback = site.sign_in(&attacker, &login_page).await;
    site.start(&victim).await;

    victim.open(callback.url.as_str()).await.unwrap();
    assert_eq!(site.status(&victim).await["status"], "waiting");
    assert_eq!(site.status(&attacker).await["status"], "waiting");
    assert_eq!(site.cognito.requests().count(Endpoint::Token), 0, "the attacker's code stays unused");
    assert_eq!(site.outcomes(), ["ignored: state_unknown"], "the victim's journey has no such attempt");

    attacker.follow(callback).await.unwrap();
    assert_eq!(site.status(&attacker).await["status"], "create_user", "and the attacker's own login wasn't harmed");
}

/// The victim finishes the attacker's login: the victim's identity must not land in the attacker's journey.
#[tokio::test]
async fn c02_a_victim_who_opens_the_attackers_authorization_url_moves_nothing() {
    let site = Site::new().await;
    let (attacker, victim) = (Browser::new(), Browser::new());
    let url = site.authorization_url(&attacker).await;
    let login_page = victim.open(&url).await.unwrap();
    let callback = site.sign_in(&victim, &login_page).await;

    victim.follow(callback).await.unwrap();
    assert_eq!(site.status(&attacker).await["status"], "waiting");
    assert_eq!(site.cognito.requests().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn c03_a_reload_of_the_callback_changes_nothing() {
    let site = Site::new().await;
    let browser = Browser::new();
    let login_page = site.start(&browser).await;
    let callback = site.sign_in(&browser, &login_page).await;
    browser.follow(callback.clone()).await.unwrap();
    let before = site.status(&browser).await;
    browser.follow(callback).await.unwrap();
    assert_eq!(site.status(&browser).await, before);
    assert_eq!(site.cognito.requests().count(Endpoint::Token), 1);
}
