//! A stage for one login: the sealed component in the reference host, a local Cognito, a user's browser, and a clock that the
//! test moves.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use host_test::browser::{Arrival as Landing, Browser as UserAgent, Navigation};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, Endpoint, Fault, LocalCognito, Times};
use journey_host::{
    Arrival, AuthorizationRequest, AuthorizationResponse, Begun, Browser, CacheScope, Callbacks, Called, Capacity, ClientSecret,
    Clock, Compiled, Completed, Egress, Failure, Invocation, Journeys, Limits, ManualClock, MemoryAttempts, MemoryCache,
    MemoryJourneys, Network, PublicOrigin, Runtime, Services, Step, SystemRandom, TenantPolicy, Visit,
};
use serde_json::Value;

/// Nothing listens there: browsers stop before it.
pub(crate) const CALLBACK_URL: &str = "http://127.0.0.1:9/callback";
/// The stage's one connector, in its operator's terms.
pub(crate) const CONNECTOR: &str = "pool";
const NOW: u64 = 1_800_000_000;

/// Where a login is played.
pub(crate) struct Stage {
    pub(crate) cognito: LocalCognito,
    pub(crate) step: Step,
    pub(crate) visit: Visit,
    pub(crate) settings: Value,
    pub(crate) connector: Value,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) browser: Browser,
    pub(crate) user_agent: UserAgent,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) journeys: Arc<MemoryJourneys>,
    pub(crate) attempts: Arc<MemoryAttempts>,
    pub(crate) cache: Arc<MemoryCache>,
    number: u32,
}

/// The sealed component, compiled once for all tests.
pub(crate) fn compiled() -> Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    // All tests are one tenant, and some of them make hundreds of calls at once.
    let capacity = Capacity { per_tenant: 64, waiting: 4096, waiting_per_tenant: 4096, ..Capacity::default() };
    let compile = || {
        let runtime = Runtime::new(capacity).expect("an engine");
        runtime.load("cognito-oidc", &component()).expect("the sealed component compiles")
    };
    COMPILED.get_or_init(compile).clone()
}

/// Where the component caches for the stage's tenant.
pub(crate) fn cache_scope() -> CacheScope {
    CacheScope::new("cognito-oidc", "tenant")
}

fn component() -> PathBuf {
    component_artifact::fresh().unwrap_or_else(|stale| panic!("{stale}"))
}

impl Stage {
    /// With the default pool and the default settings.
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    /// With a pool of one's own; the callback URL is registered, and the clock is the stage's.
    pub(crate) async fn with(mut config: Config) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let pool_clock = Arc::clone(&clock);
        config.clock = Arc::new(move || pool_clock.now().as_secs());
        config.client.redirect_uris.push(CALLBACK_URL.to_owned());
        let user_agent = UserAgent::with_clock(Arc::clone(&config.clock));
        let cognito = LocalCognito::start(config).await.expect("a free port");

        let http = http_client(&cognito);
        let dyn_clock = || Arc::clone(&clock) as Arc<dyn Clock>;
        let (journeys, attempts, cache) = (
            Arc::new(MemoryJourneys::new(dyn_clock())),
            Arc::new(MemoryAttempts::new(dyn_clock())),
            Arc::new(MemoryCache::new(dyn_clock())),
        );
        let services = Services {
            journeys: Arc::clone(&journeys) as _,
            attempts: Arc::clone(&attempts) as _,
            cache: Arc::clone(&cache) as _,
            network: http,
            clock: dyn_clock(),
            callbacks: Arc::new(callbacks()),
            random: Arc::new(SystemRandom),
            interceptor: None,
        };
        Self {
            step: Step::new(compiled(), services, Limits::default()),
            visit: Visit::first("tenant", "journey", "login"),
            settings: cognito.settings(CALLBACK_URL),
            connector: cognito.connector(),
            client_secret: cognito.client_secret().map(ClientSecret::new),
            browser: Browser::from_session("the user's session"),
            user_agent,
            clock,
            journeys,
            attempts,
            cache,
            cognito,
            number: 0,
        }
    }

    /// Another journey on the same stage: nothing is cached, and nothing goes wrong unless it is set to.
    pub(crate) fn next_journey(&mut self) {
        self.number += 1;
        self.visit = Visit::first("tenant", &format!("journey-{}", self.number), "login");
        self.cache.clear(&cache_scope());
        self.cognito.faults().clear();
    }

    /// Moves the clock of all parties.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn invocation(&self) -> Invocation {
        Invocation {
            settings: self.settings.to_string(),
            connector: self.connector.to_string(),
            connector_id: CONNECTOR.to_owned(),
            browser: self.browser.clone(),
        }
    }

    /// `begin`, whatever comes of it.
    pub(crate) async fn call_begin(&self) -> Called<Begun> {
        self.step.begin(&self.visit, &self.invocation()).await
    }

    /// `begin`, which sends the user agent away.
    pub(crate) async fn begin(&self) -> AuthorizationRequest {
        match self.call_begin().await.outcome {
            Begun::Redirect(request) => request,
            other => panic!("{other:?}"),
        }
    }

    /// `begin`, which fails.
    pub(crate) async fn begin_failure(&self) -> Failure {
        match self.call_begin().await.outcome {
            Begun::Failed(failed) => failed.failure,
            other => panic!("{other:?}"),
        }
    }

    /// The default user signs in; what then arrives at the callback URL.
    pub(crate) async fn sign_in(&self, request: &AuthorizationRequest) -> AuthorizationResponse {
        self.sign_in_as(&self.user_agent, request, DEFAULT_USERNAME, DEFAULT_PASSWORD).await
    }

    /// A user signs in with a user agent; what then arrives at the callback URL.
    pub(crate) async fn sign_in_as(
        &self,
        user_agent: &UserAgent,
        request: &AuthorizationRequest,
        username: &str,
        password: &str,
    ) -> AuthorizationResponse {
        let landing = user_agent.open_until(&request.url, CALLBACK_URL).await.expect("an answer");
        let landing = match landing {
            // A session at the provider, or an error: no page is shown.
            Landing::Stopped { .. } => landing,
            Landing::Page(page) => {
                let form = page.form().expect("a login form");
                let fields = [("username", username), ("password", password)];
                user_agent.submit_until(&form, &fields, CALLBACK_URL).await.expect("an answer")
            }
        };
        response(&landing.stopped().expect("a response at the callback URL"))
    }

    /// `complete`.
    pub(crate) async fn complete(&self, response: &AuthorizationResponse) -> Called<Completed> {
        self.step.complete(&self.visit, &self.invocation(), self.client_secret.as_ref(), response).await
    }

    /// `complete`, on a host that dies while it waits for this endpoint.
    pub(crate) async fn lose(&self, response: &AuthorizationResponse, endpoint: Endpoint) {
        let asked = self.cognito.requests().count(endpoint);
        self.cognito.faults().set(endpoint, Times::Always, Fault::Hang);
        let is_asked = async {
            while self.cognito.requests().count(endpoint) == asked {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // A runtime of its own: calls run to their end though nobody waits for them, but not longer than their host.
        let host = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (step, visit, invocation) = (self.step.clone(), self.visit.clone(), self.invocation());
        let (secret, response) = (self.client_secret.clone(), response.clone());
        host.spawn(async move { step.complete(&visit, &invocation, secret.as_ref(), &response).await });
        is_asked.await;
        host.shutdown_background();
        self.cognito.faults().clear();
    }

    /// `begin`, the user's part, `complete`.
    pub(crate) async fn login(&self) -> Called<Completed> {
        let request = self.begin().await;
        let response = self.sign_in(&request).await;
        self.complete(&response).await
    }

    /// A variable of the journey.
    pub(crate) async fn variable(&self, name: &str) -> Option<Value> {
        let json = self.journeys.variable(&self.visit.tenant, &self.visit.journey, name).await.expect("a store that works");
        json.map(|json| serde_json::from_str(&json).expect("JSON"))
    }

    /// The output variable.
    pub(crate) async fn output(&self) -> Option<Value> {
        self.variable("cognito_oidc_output").await
    }

    /// The journey has failed with this code: the error variable is whole, and there is nothing beside it.
    pub(crate) async fn assert_failed(&self, code: &str, context: &str) {
        assert!(self.output().await.is_none(), "{context}: no output");
        let error = self.variable("error_output").await.unwrap_or_else(|| panic!("{context}: an error variable"));
        assert_eq!(error["code"], code, "{context}");
        assert_eq!(error["version"], 1, "{context}");
        for member in ["category", "retryable", "message", "path", "provider"] {
            assert!(error.get(member).is_some(), "{context}: {member}");
        }
        for member in ["error", "error_description", "status", "request_id"] {
            assert!(error["provider"].get(member).is_some(), "{context}: {member}");
        }
        assert!(error.to_string().len() < 4096, "{context}: {} bytes", error.to_string().len());
    }

    /// The error variable's code.
    pub(crate) async fn error_code(&self) -> Option<String> {
        let error = self.variable("error_output").await?;
        Some(error["code"].as_str().expect("a code").to_owned())
    }
}

/// An HTTP client that reaches what the step names, and the domain that only discovery tells.
pub(crate) fn http_client(cognito: &LocalCognito) -> Network {
    let policy = TenantPolicy::trusting_the_step().with_discovered(&[cognito.domain_origin()]).expect("an origin");
    Network::new(Egress::deny_all().with_loopback().with_tenant("tenant", policy)).expect("an HTTP client")
}

/// What is served on the stage: one callback URL, of one connector.
pub(crate) fn callbacks() -> Callbacks {
    Callbacks::none().with(CALLBACK_URL, "tenant", CONNECTOR).expect("a URL")
}

/// What a navigation to the callback URL brings.
pub(crate) fn response(navigation: &Navigation) -> AuthorizationResponse {
    let target = &navigation.url[url::Position::BeforePath..url::Position::AfterQuery];
    let origin = origin();
    match &navigation.body {
        Some(body) => AuthorizationResponse::FormPost(Arrival::posted(&origin, target, body.clone())),
        None => AuthorizationResponse::Query(Arrival::at(&origin, target)),
    }
}

/// A response by GET with these parameters, at the callback URL.
pub(crate) fn query(parameters: &str) -> AuthorizationResponse {
    AuthorizationResponse::Query(Arrival::at(&origin(), &format!("/callback?{parameters}")))
}

/// A response by POST with this body, at the callback URL.
pub(crate) fn form_post(body: &str) -> AuthorizationResponse {
    AuthorizationResponse::FormPost(Arrival::posted(&origin(), "/callback", body))
}

fn origin() -> PublicOrigin {
    PublicOrigin::parse("http://127.0.0.1:9").expect("an origin")
}

/// The verdict of a login for which a row of a table names a code, or `authenticated`.
pub(crate) fn verdict_of(expected: &str) -> String {
    if expected == "authenticated" { expected.to_owned() } else { format!("failed: {expected}") }
}

/// As it displays, and why where the host ended the call: `redirect`, `failed: <code>`, `ignored: <code>`.
pub(crate) fn verdict<T: std::fmt::Display>(called: &Called<T>) -> String {
    match &called.trapped {
        Some(trapped) => format!("{} ({trapped})", called.outcome),
        None => called.outcome.to_string(),
    }
}
