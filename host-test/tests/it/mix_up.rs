//! Mix-up (RFC 9700 4.4): a tenant with two connectors, one of them an attacker's. The honest provider names no issuer in its
//! responses, so where a response arrived is all that tells the one's from the other's.

use host_test::cognito::{Config, Endpoint, LocalCognito};
use journey_host::{
    Arrival, AuthorizationRequest, AuthorizationResponse, Begun, Callbacks, Egress, Invocation, Limits, Network, PublicOrigin,
    Services, Step, TenantPolicy, Visit,
};
use serde_json::Value;

use crate::stage::{CALLBACK_URL, CONNECTOR, Stage, compiled, verdict};

/// The attacker's connector has a callback URL of its own, as it must.
const ATTACKERS_URL: &str = "http://127.0.0.1:9/attackers";
const ATTACKERS_CONNECTOR: &str = "attackers";

struct Scene {
    stage: Stage,
    attacker: LocalCognito,
}

impl Scene {
    async fn new() -> Self {
        let mut config = Config { user_pool_id: "eu-west-1_Attacker1".to_owned(), ..Config::default() };
        config.client.id = "another-client".to_owned();
        config.client.redirect_uris.push(ATTACKERS_URL.to_owned());
        let attacker = LocalCognito::start(config).await.expect("a free port");
        let mut stage = Stage::new().await;
        let callbacks = Callbacks::none()
            .with(CALLBACK_URL, "tenant", CONNECTOR)
            .and_then(|callbacks| callbacks.with(ATTACKERS_URL, "tenant", ATTACKERS_CONNECTOR))
            .expect("two URLs");
        let egress = Egress::deny_all().with_loopback().with_default(TenantPolicy::trusting_the_step());
        let network = Network::new(egress).expect("an HTTP client");
        stage.step =
            Step::new(compiled(), Services { network, ..stage.step.services().clone() }.serving(callbacks), Limits::default());
        Self { stage, attacker }
    }

    /// The attacker's connector, with this callback URL.
    fn attackers(&self, callback_url: &str, connector_id: &str) -> Invocation {
        let mut settings: Value = self.attacker.settings(callback_url);
        settings["callback_url"] = callback_url.into();
        Invocation {
            settings: settings.to_string(),
            connector: self.attacker.connector().to_string(),
            connector_id: connector_id.to_owned(),
            browser: self.stage.browser.clone(),
        }
    }

    async fn begin(&self, visit: &Visit, invocation: &Invocation) -> AuthorizationRequest {
        match self.stage.step.begin(visit, invocation).await.outcome {
            Begun::Redirect(request) => request,
            other => panic!("{other:?}"),
        }
    }
}

/// The user begins at the attacker's connector, and the attacker sends the user agent on to the honest pool, with his own state:
/// the honest pool's code then arrives at the honest callback URL, and his connector's attempt is the one that it names.
#[tokio::test]
async fn an_honest_pools_code_is_not_sent_to_an_attackers_token_endpoint() {
    let scene = Scene::new().await;
    let visit = Visit::first("tenant", "journey", "login");
    let invocation = scene.attackers(ATTACKERS_URL, ATTACKERS_CONNECTOR);
    let attackers = scene.begin(&visit, &invocation).await;

    let honest = scene.stage.begin().await;
    let AuthorizationResponse::Query(arrival) = scene.stage.sign_in(&honest).await else { panic!("a query") };
    let mixed = Arrival {
        url: arrival.url.replace(&honest.state, &attackers.state),
        parameters: arrival.parameters.replace(&honest.state, &attackers.state),
    };
    let secret = journey_host::ClientSecret::new(scene.attacker.client_secret().expect("a secret"));
    let called = scene.stage.step.complete(&visit, &invocation, Some(&secret), &AuthorizationResponse::Query(mixed)).await;
    assert_eq!(verdict(&called), "ignored: callback_mismatch");
    assert_eq!(scene.attacker.requests().count(Endpoint::Token), 0, "the code stays with who issued it");
    assert_eq!(scene.stage.cognito.requests().count(Endpoint::Token), 0);

    // Nothing was taken: the honest login goes on.
    let response = AuthorizationResponse::Query(arrival);
    assert_eq!(verdict(&scene.stage.complete(&response).await), "authenticated");
}

#[tokio::test]
async fn a_login_does_not_begin_with_another_connectors_callback_url() {
    let scene = Scene::new().await;
    for (url, connector_id, why) in [
        (CALLBACK_URL, ATTACKERS_CONNECTOR, "belongs to this connector"),
        (ATTACKERS_URL, CONNECTOR, "belongs to this connector"),
        ("http://127.0.0.1:9/elsewhere", CONNECTOR, "this host serves"),
        // What a proxy that strips a prefix would make of it.
        ("http://127.0.0.1:9/prefix/callback", CONNECTOR, "this host serves"),
        ("https://evil.example/callback", CONNECTOR, "this host serves"),
    ] {
        let visit = Visit::first("tenant", &format!("{url} {connector_id}"), "login");
        let called = scene.stage.step.begin(&visit, &scene.attackers(url, connector_id)).await;
        let Begun::Failed(failed) = called.outcome else { panic!("{}", called.outcome) };
        assert_eq!(failed.failure.code, "callback_refused", "{url}");
        assert!(failed.failure.message.contains(why), "{}", failed.failure.message);
        assert_eq!(failed.failure.path.as_deref(), Some("/settings/callback_url"));
        let journeys = &scene.stage.step.services().journeys;
        let error =
            journeys.variable("tenant", &visit.journey, "error_output").await.expect("a store").expect("an error variable");
        let error: Value = serde_json::from_str(&error).expect("JSON");
        assert_eq!((&error["code"], &error["category"]), (&"callback_refused".into(), &"configuration".into()));
        assert!(scene.attacker.requests().all().is_empty());
    }
}

/// By form post, the body is the user agent's and the URL is the host's.
#[tokio::test]
async fn a_form_post_is_judged_by_where_it_arrived_too() {
    let scene = Scene::new().await;
    let mut stage = scene.stage;
    stage.settings["response_mode"] = "form_post".into();
    let request = stage.begin().await;
    let AuthorizationResponse::Query(arrival) = stage.sign_in(&request).await else { panic!("a query") };
    let origin = PublicOrigin::parse("http://127.0.0.1:9").expect("an origin");
    let posted = |path: &str| AuthorizationResponse::FormPost(Arrival::posted(&origin, path, arrival.parameters.clone()));
    assert_eq!(verdict(&stage.complete(&posted("/attackers")).await), "ignored: callback_mismatch");
    assert_eq!(verdict(&stage.complete(&posted("/callback")).await), "authenticated");
}
