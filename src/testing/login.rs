//! A whole login: a journey's configuration, its host, and the provider.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::Fetched;
use super::provider::{CLIENT, POOL, Provider};
use super::{BROWSER, FakeHost};
use crate::begin::begin;
use crate::complete::complete;
use crate::host::Host;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::claim::{self, Claimant};
use crate::secret::Secret;
use crate::step::outcome::{
    Abandonment, AbandonmentReason, Arrival, AuthorizationResponse, Begun, Completed, Invocation, Redirect,
};

pub(crate) const OUTPUT: &str = "cognito_oidc_output";
pub(crate) const ERROR: &str = "error_output";
pub(crate) const CLIENT_SECRET: &str = "1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0z1x2c3v4b5n6m";

/// What the journey passes to each call.
#[derive(Clone)]
pub(crate) struct Journey {
    pub(crate) settings: Value,
    pub(crate) connector: Value,
    pub(crate) client_secret: Option<String>,
    pub(crate) browser: &'static [u8],
    pub(crate) round: u32,
    /// Where responses arrive, without their parameters; none where it is the callback URL.
    pub(crate) arrives_at: Option<String>,
}

pub(crate) struct Login {
    pub(crate) journey: Journey,
    pub(crate) host: FakeHost,
    pub(crate) provider: Rc<RefCell<Provider>>,
}

/// One call of the step.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Begin,
    Query(String),
    FormPost(String),
    Abandon(String, AbandonmentReason),
}

/// What came of it.
pub(crate) enum Ended {
    Begun(Begun),
    Completed(Completed),
}

impl Journey {
    pub(crate) fn begin(&self, host: &mut dyn Host) -> Begun {
        let (settings, connector) = (self.settings.to_string(), self.connector.to_string());
        begin(host, self.invocation(&settings, &connector))
    }

    pub(crate) fn complete(&self, host: &mut dyn Host, act: &Act) -> Completed {
        let (settings, connector) = (self.settings.to_string(), self.connector.to_string());
        let url = self.arrival_url(act);
        let arrival = |parameters| Arrival { url: &url, parameters };
        let response = match act {
            Act::Begin => panic!("no response"),
            Act::Query(query) => AuthorizationResponse::Query(arrival(query)),
            Act::FormPost(body) => AuthorizationResponse::FormPost(arrival(body)),
            Act::Abandon(state, reason) => AuthorizationResponse::Abandoned(Abandonment { state, reason: *reason }),
        };
        complete(host, self.invocation(&settings, &connector), self.client_secret.as_deref(), response)
    }

    fn invocation<'a>(&self, settings: &'a str, connector: &'a str) -> Invocation<'a> {
        Invocation { settings, connector, browser: self.browser, round: self.round }
    }

    /// As a host makes it: the parameters of a GET are in it, those of a POST are not.
    fn arrival_url(&self, act: &Act) -> String {
        let callback_url = self.settings["callback_url"].as_str().unwrap_or_default();
        let url = self.arrives_at.as_deref().unwrap_or(callback_url);
        match act {
            Act::Query(query) => format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' }),
            _ => url.to_owned(),
        }
    }
}

impl Login {
    /// A pool with a domain, so nothing needs to be discovered.
    pub(crate) fn new() -> Self {
        let mut host = FakeHost::new();
        let provider = Rc::new(RefCell::new(Provider::new(host.now().as_secs())));
        let script = Rc::clone(&provider);
        host.respond_with(move |request| script.borrow_mut().respond(request));
        let journey = Journey {
            settings: json!({"callback_url": "https://app.example.com/callback"}),
            connector: json!({"user_pool_id": POOL, "domain": "login.example.com", "client_id": CLIENT}),
            client_secret: Some(CLIENT_SECRET.to_owned()),
            browser: BROWSER,
            round: 1,
            arrives_at: None,
        };
        Self { journey, host, provider }
    }

    /// A pool whose endpoints are discovered.
    pub(crate) fn discovering() -> Self {
        let mut login = Self::new();
        login.connect("domain", json!(null));
        login
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.journey.settings[name] = value;
    }

    pub(crate) fn connect(&mut self, name: &str, value: Value) {
        self.journey.connector[name] = value;
    }

    /// Changes a claim of the ID token; null leaves it out.
    pub(crate) fn claim(&self, name: &'static str, value: Value) {
        self.provider.borrow_mut().change_claims = Box::new(move |claims| {
            claims[name] = value.clone();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            }
        });
    }

    /// Answers for an endpoint, instead of the provider.
    pub(crate) fn answer(&self, url: &'static str, answer: Fetched) {
        self.provider.borrow_mut().answer = Box::new(move |request| (request.url == url).then(|| answer.clone()));
    }

    pub(crate) fn advance(&mut self, seconds: u64) {
        self.host.advance(seconds);
        self.provider.borrow_mut().now += seconds;
    }

    pub(crate) fn begin(&mut self) -> Redirect {
        self.journey.begin(&mut self.host).outcome.unwrap()
    }

    /// Begins, logs in at the provider, and returns the response's query.
    pub(crate) fn authorized(&mut self) -> String {
        let redirect = self.begin();
        self.authorize(&redirect)
    }

    pub(crate) fn authorize(&self, redirect: &Redirect) -> String {
        let code = self.provider.borrow_mut().authorize(redirect.url.expose());
        format!("code={code}&state={}", redirect.state.expose())
    }

    /// Begins, and returns the query of a response that begins like this.
    pub(crate) fn responded(&mut self, beginning: &str) -> String {
        let redirect = self.begin();
        format!("{beginning}&state={}", redirect.state.expose())
    }

    pub(crate) fn complete(&mut self, query: &str) -> Completed {
        self.journey.complete(&mut self.host, &Act::Query(query.to_owned()))
    }

    /// From begin to end.
    pub(crate) fn run(&mut self) -> Completed {
        let query = self.authorized();
        self.complete(&query)
    }

    pub(crate) fn act(&mut self, act: &Act) -> Ended {
        match act {
            Act::Begin => Ended::Begun(self.journey.begin(&mut self.host)),
            act => Ended::Completed(self.journey.complete(&mut self.host, act)),
        }
    }

    /// A call takes the attempt and dies.
    pub(crate) fn lose(&mut self, state: &Secret) {
        let arrived_at = self.journey.arrival_url(&Act::Begin);
        let claimant =
            Claimant::UserAgent { browser: self.journey.browser, response_mode: ResponseMode::Query, arrived_at: &arrived_at };
        claim::claim(&mut self.host, state, claimant).unwrap();
    }

    pub(crate) fn output(&self) -> Option<Value> {
        self.variable(OUTPUT)
    }

    pub(crate) fn error(&self) -> Option<Value> {
        self.variable(ERROR)
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.host.variables.get(name).map(|json| serde_json::from_str(json).unwrap())
    }

    /// The URLs requested, in order.
    pub(crate) fn fetches(&self) -> Vec<&str> {
        self.host.requests.iter().map(|request| request.url.as_str()).collect()
    }
}

/// `authenticated`, or how it ended and with which code.
pub(crate) fn verdict(completed: &Completed) -> String {
    completed.outcome.to_string()
}
