//! The page on which a person edits the step: what it accepts, from whom, and what it shows of a secret.

use std::sync::{Arc, Mutex};

use host_test::browser::{Browser, Form, Page};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};
use host_test::journey::{Bound, Definition, Editor, Offer, Running};
use journey_host::{ClientSecret, Limits, Services, Step};

use crate::stage::{compiled, http_client};

/// A server with a step that is edited, at a pool.
struct Desk {
    cognito: LocalCognito,
    running: Running,
    /// The settings that were saved, in order.
    saved: Arc<Mutex<Vec<String>>>,
}

impl Desk {
    async fn new() -> Self {
        let listening = Bound::loopback().await.unwrap();
        let callback_url = listening.callback_url();
        let edited_url = format!("{callback_url}/edited");
        let cognito = LocalCognito::start(Config::default()).await.unwrap();
        let definition = |callback_url: &str, connector_id: &str| {
            cognito.register_redirect_uri(callback_url);
            Definition {
                tenant: "tenant".to_owned(),
                settings: cognito.settings(callback_url).to_string(),
                connector: cognito.connector().to_string(),
                connector_id: connector_id.to_owned(),
                client_secret: cognito.client_secret().map(ClientSecret::new),
                has_failure_branch: true,
            }
        };
        let own = definition(&callback_url, "pool");
        let offer = Offer {
            name: "edited".to_owned(),
            title: String::new(),
            about: String::new(),
            heading: "",
            callback_path: "/callback/edited".to_owned(),
            definition: definition(&edited_url, "edited"),
            next_step: None,
        };
        let saved: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&saved);
        let editor = Editor::new(offer, move |definition| told.lock().unwrap().push(definition.settings.clone())).unwrap();
        let step = Step::new(compiled(), Services::in_memory(http_client(&cognito)), Limits::default());
        let running = listening.editing(Some(editor)).serve(step, own).unwrap();
        Self { cognito, running, saved }
    }

    async fn open(&self, browser: &Browser) -> Page {
        browser.open(&format!("{}/step", self.running.base_url())).await.unwrap()
    }

    async fn form(&self, browser: &Browser) -> Form {
        self.open(browser).await.form().unwrap()
    }

    /// Sends the form with these fields, as its first button does.
    async fn save(&self, browser: &Browser, fields: &[(&str, &str)]) -> String {
        let form = self.form(browser).await;
        browser.submit(&form, fields).await.unwrap().text()
    }

    async fn log_in(&self) -> String {
        let browser = Browser::new();
        let page = browser.open(&format!("{}/start?journey=edited", self.running.base_url())).await.unwrap();
        let form = page.form().unwrap();
        browser.submit(&form, &[("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)]).await.unwrap().text()
    }

    fn saved(&self) -> usize {
        self.saved.lock().unwrap().len()
    }
}

#[tokio::test]
async fn what_the_check_refuses_is_told_beside_the_field_and_not_saved() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let page = desk.save(&browser, &[("/settings/login_lifetime", "soon"), ("/settings/advanced/prompt", "none login")]).await;
    for text in [
        "Not saved.",
        "<a href=\"#settings-login_lifetime\">Login lifetime</a>: expected whole seconds, 60 to 86400",
        "value=\"soon\"",
        "id=\"settings-login_lifetime-problem\">expected whole seconds, 60 to 86400",
        "id=\"settings-advanced-prompt-problem\"><code>none</code> can&#39;t be combined with other values",
        "<details id=\"settings-advanced\" open>",
    ] {
        assert!(page.contains(text), "{text} isn't in {page}");
    }
    assert_eq!(desk.saved(), 0);
    assert!(desk.open(&browser).await.text().contains("name=\"/settings/login_lifetime\" value=\"900\""));
    assert!(desk.log_in().await.contains("Ada Lovelace"), "the step as it was");
}

#[tokio::test]
async fn the_journey_runs_with_the_step_as_it_was_saved_until_that_is_undone() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let page = desk.save(&browser, &[("/settings/advanced/required_amr", "mfa")]).await;
    assert!(page.contains("Saved.") && page.contains("holds for every browser"), "{page}");
    assert!(page.contains("name=\"/settings/advanced/required_amr\" value=\"mfa\""), "{page}");
    assert_eq!(desk.saved(), 1);
    assert!(desk.log_in().await.contains("amr_not_met"), "a login without a second factor no longer does");
    desk.cognito.configure(|config| config.amr = vec!["mfa".to_owned()]);
    assert!(desk.log_in().await.contains("Ada Lovelace"));

    desk.cognito.configure(|config| config.amr = Vec::new());
    let page = desk.save(&browser, &[("do", "undo")]).await;
    assert!(page.contains("name=\"/settings/advanced/required_amr\" value=\"\""), "{page}");
    assert!(desk.log_in().await.contains("Ada Lovelace"));
}

#[tokio::test]
async fn a_callback_url_that_nobody_serves_is_refused_with_the_one_that_is_served() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let served = format!("{}/callback/edited", desk.running.base_url());
    let of_the_server = format!("{}/callback", desk.running.base_url());
    for (callback_url, told) in [
        // The step's own check has nothing against these.
        ("https://login.example.com/callback", ""),
        (of_the_server.as_str(), ""),
        (&format!("{served}/"), ""),
        (&format!("{served}?x=1"), ""),
        ("", "<br>expected a URL as a string"),
        ("/callback", "<br>expected an absolute URL"),
    ] {
        let page = desk.save(&browser, &[("/settings/callback_url", callback_url)]).await;
        let beside = format!(
            "id=\"settings-callback_url-problem\">expected <code>{served}</code>, the one address that this demo serves for the step{told}</p>"
        );
        assert!(page.contains("Not saved.") && page.contains(&beside), "{callback_url}: {page}");
        assert!(page.contains(&format!("name=\"/settings/callback_url\" value=\"{callback_url}\"")), "{page}");
    }
    assert_eq!(desk.saved(), 0);
    assert!(desk.save(&browser, &[("/settings/callback_url", &served)]).await.contains("Saved."));
}

#[tokio::test]
async fn who_logs_in_from_the_forms_does_so_with_what_was_typed() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let log_in = ("do", "log-in");
    let form = desk.form(&browser).await;
    let page = browser.submit(&form, &[("/settings/advanced/lang", "de"), log_in]).await.unwrap();
    // Not by a redirect: a browser would hold it to the page's `form-action`.
    let path = page.header("refresh").and_then(|refresh| refresh.strip_prefix("0; url=")).unwrap().to_owned();
    assert!(page.status == 200 && page.text().contains(&format!("href=\"{path}\"")), "{}", page.text());
    assert_eq!(desk.saved(), 1);
    let sign_in = browser.open(&format!("{}{path}", desk.running.base_url())).await.unwrap();
    assert!(sign_in.text().contains("<html lang=\"de\""), "{}", sign_in.text());

    // What is refused begins no login, and loses nothing.
    let fields = [("/settings/advanced/lang", "fr"), ("/settings/advanced/max_age", "-1"), log_in];
    let page = browser.submit(&form, &fields).await.unwrap();
    let text = page.text();
    assert!(page.header("refresh").is_none() && text.contains("expected whole seconds, 0 to 4294967295"), "{text}");
    assert!(text.contains("value=\"fr\"") && text.contains("value=\"-1\""), "{text}");
    assert_eq!(desk.saved(), 1);
}

#[tokio::test]
async fn a_login_of_the_edited_step_leads_back_to_its_forms_however_it_ends() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let back = "<a class=\"button\" href=\"/step\">Edit the step again</a>";
    assert!(desk.log_in().await.contains(back), "logged in");
    desk.save(&browser, &[("/settings/advanced/required_amr", "mfa")]).await;
    let page = desk.log_in().await;
    assert!(page.contains("amr_not_met") && page.contains(back), "{page}");
    let (start, journey) = ["/start?journey=edited", "/journey"].map(|path| format!("{}{path}", desk.running.base_url())).into();
    browser.open(&start).await.unwrap();
    let page = browser.open(&journey).await.unwrap().text();
    assert!(page.contains("Waiting for the login") && page.contains(back), "{page}");
    // A login of another step doesn't.
    browser.open(&format!("{}/start", desk.running.base_url())).await.unwrap();
    assert!(!browser.open(&journey).await.unwrap().text().contains(back));
}

#[tokio::test]
async fn a_connection_is_tested_with_what_was_just_saved() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    assert!(desk.save(&browser, &[("do", "test")]).await.contains("Nothing failed."));
    let page = desk.save(&browser, &[("/connector/user_pool_id", "eu-west-1_Other"), ("secret", "x"), ("do", "test")]).await;
    assert!(page.contains("failed: metadata") || page.contains("unknown: metadata"), "{page}");
    assert!(page.contains("Saved."), "{page}");
}

#[tokio::test]
async fn another_site_edits_nothing_and_nobody_does_without_a_session() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let form = desk.form(&browser).await;
    let fields = [("/settings/tokens", "revoke")];
    for initiator in [None, Some("https://evil.example/")] {
        let mut navigation = form.filled_in(&fields);
        navigation.initiator = initiator.map(|page| page.parse().unwrap());
        assert_eq!(browser.follow(navigation).await.unwrap().status, 403, "{initiator:?}");
    }
    let stranger = Browser::new();
    assert_eq!(stranger.follow(form.filled_in(&fields)).await.unwrap().status, 403);
    assert_eq!(desk.saved(), 0);
    assert!(desk.save(&browser, &fields).await.contains("Saved."), "the same from the page itself");
}

#[tokio::test]
async fn a_client_secret_is_on_no_page_and_is_entered_anew_where_it_would_go_elsewhere() {
    let (desk, browser) = (Desk::new().await, Browser::new());
    let secret = desk.cognito.client_secret().unwrap();
    assert!(!desk.open(&browser).await.text().contains(&secret));
    let elsewhere = ("/connector/custom_endpoints/token_endpoint", "http://127.0.0.1:9/oauth2/token");
    let page = desk.save(&browser, &[elsewhere]).await;
    assert!(
        page.contains("Enter the client secret anew")
            && page.contains("id=\"secret\" name=\"secret\" autocomplete=\"off\" aria-invalid")
    );
    assert_eq!(desk.saved(), 0);
    // With something else wrong, what was entered isn't shown again either: so that it isn't forgotten, the page says so.
    let page = desk.save(&browser, &[elsewhere, ("secret", "entered-by-hand"), ("/settings/login_lifetime", "1")]).await;
    assert!(page.contains("Not saved.") && !page.contains("entered-by-hand"), "{page}");
    assert_eq!(page.matches("enter it again").count(), 2, "in the list and at the field: {page}");
    assert!(!desk.save(&browser, &[("/settings/login_lifetime", "1")]).await.contains("enter it again"));
    let page = desk.save(&browser, &[elsewhere, ("secret", "entered-by-hand")]).await;
    assert!(page.contains("Saved.") && !page.contains("entered-by-hand") && !page.contains(&secret), "{page}");
    assert_eq!(desk.saved(), 1);
    // Back again: that secret is the other endpoint's.
    let back = ("/connector/custom_endpoints/token_endpoint", desk.cognito.token_endpoint());
    let page = desk.save(&browser, &[(back.0, &back.1)]).await;
    assert!(page.contains("Enter the client secret anew"), "{page}");
}

#[tokio::test]
async fn a_server_without_a_step_to_edit_has_no_such_page() {
    let listening = Bound::loopback().await.unwrap();
    let cognito = LocalCognito::start(Config::default()).await.unwrap();
    let definition = Definition {
        tenant: "tenant".to_owned(),
        settings: cognito.settings(&listening.callback_url()).to_string(),
        connector: cognito.connector().to_string(),
        connector_id: "pool".to_owned(),
        client_secret: None,
        has_failure_branch: true,
    };
    let step = Step::new(compiled(), Services::in_memory(http_client(&cognito)), Limits::default());
    let running = listening.serve(step, definition).unwrap();
    let browser = Browser::new();
    assert_eq!(browser.open(&format!("{}/step", running.base_url())).await.unwrap().status, 404);
    assert!(!browser.open(&format!("{}/", running.base_url())).await.unwrap().text().contains("Edit the step"));
}
