//! How a login that a test plays is arranged: the one language of the rows of [`conformance`](crate::conformance) and of the
//! scenarios of [`outcomes`](crate::outcomes). What a row expects is its own.

use std::sync::Arc;

use host_test::cognito::{AuthorizationError, CannedResponse, Config, Endpoint, Signing, Times};
use journey_host::{Arrival, AuthorizationResponse};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::stage::{Stage, form_post, query};

/// The parameters of an authorization response.
pub(crate) type Parameters = Vec<(String, String)>;

type Change<T> = Box<dyn Fn(&mut T) + Send + Sync>;

/// What is changed, and when.
#[derive(Default)]
pub(crate) struct Arranged {
    setup: Vec<Change<Config>>,
    arrangements: Vec<Change<Stage>>,
    interludes: Vec<Change<Stage>>,
    responses: Vec<Change<Parameters>>,
}

impl Arranged {
    /// A stage with the pool as it is set up; nothing else is arranged yet.
    pub(crate) async fn stage(&self) -> Stage {
        let mut config = Config::default();
        self.setup.iter().for_each(|change| change(&mut config));
        Stage::with(config).await
    }

    pub(crate) fn before_begin(&self, stage: &mut Stage) {
        self.arrangements.iter().for_each(|change| change(stage));
    }

    pub(crate) fn before_complete(&self, stage: &mut Stage) {
        self.interludes.iter().for_each(|change| change(stage));
    }

    /// The response as it arrives.
    pub(crate) fn response(&self, genuine: &AuthorizationResponse) -> AuthorizationResponse {
        let alter = |text: &str| {
            let mut parameters: Parameters = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            self.responses.iter().for_each(|change| change(&mut parameters));
            form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
        };
        match genuine {
            _ if self.responses.is_empty() => genuine.clone(),
            AuthorizationResponse::Query(Arrival { parameters, .. }) => query(&alter(parameters)),
            AuthorizationResponse::FormPost(Arrival { parameters, .. }) => form_post(&alter(parameters)),
            AuthorizationResponse::Abandoned(_) => panic!("no response"),
        }
    }
}

/// Whatever is arranged.
pub(crate) trait Arrange: Sized {
    fn arranged(&mut self) -> &mut Arranged;

    /// Another pool than the default one.
    fn setup(mut self, change: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        self.arranged().setup.push(Box::new(change));
        self
    }

    /// Before `begin`.
    fn arrange(mut self, change: impl Fn(&mut Stage) + Send + Sync + 'static) -> Self {
        self.arranged().arrangements.push(Box::new(change));
        self
    }

    /// Between the user's part and `complete`.
    fn meanwhile(mut self, change: impl Fn(&mut Stage) + Send + Sync + 'static) -> Self {
        self.arranged().interludes.push(Box::new(change));
        self
    }

    /// Changes the authorization response on its way.
    fn response(mut self, change: impl Fn(&mut Parameters) + Send + Sync + 'static) -> Self {
        self.arranged().responses.push(Box::new(change));
        self
    }

    /// Endpoints are found by discovery.
    fn by_discovery(self) -> Self {
        self.arrange(|stage| stage.connector = stage.cognito.connector_by_discovery())
    }

    /// A setting of its own.
    fn setting(self, name: &'static str, value: Value) -> Self {
        self.arrange(move |stage| stage.settings[name] = value.clone())
    }

    /// The provider refuses the login.
    fn refused(self, error: AuthorizationError) -> Self {
        self.arrange(move |stage| stage.cognito.faults().refuse_login(Times::Always, error.clone()))
    }

    /// Changes the ID token's header and claims before it is signed.
    fn id_token(self, alter: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) -> Self {
        let alter = Arc::new(alter);
        self.arrange(move |stage| {
            let alter = Arc::clone(&alter);
            stage.cognito.faults().alter_id_token(Times::Always, move |header, claims| alter(header, claims));
        })
    }

    /// Gives the ID token another claim; none where the value is null.
    fn claim(self, name: &'static str, value: Value) -> Self {
        self.id_token(move |_, claims| replace(claims, name, value.clone()))
    }

    /// Gives the ID token's header another member; none where the value is null.
    fn header(self, name: &'static str, value: Value) -> Self {
        self.id_token(move |header, _| replace(header, name, value.clone()))
    }

    /// Signs the ID token otherwise.
    fn signed(self, signing: Signing) -> Self {
        self.arrange(move |stage| stage.cognito.faults().sign_id_token(Times::Always, signing.clone()))
    }

    /// Changes the JSON of an endpoint's good responses.
    fn json(self, endpoint: Endpoint, alter: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        let alter = Arc::new(alter);
        self.arrange(move |stage| {
            let alter = Arc::clone(&alter);
            stage.cognito.faults().alter_json(endpoint, Times::Always, move |document| alter(document));
        })
    }

    /// Gives an endpoint's good responses another member; none where the value is null.
    fn member(self, endpoint: Endpoint, name: &'static str, value: Value) -> Self {
        self.json(endpoint, move |document| replace(document, name, value.clone()))
    }

    /// An endpoint answers this.
    fn answer(self, endpoint: Endpoint, answer: CannedResponse) -> Self {
        self.arrange(move |stage| stage.cognito.faults().answer(endpoint, Times::Always, answer.clone()))
    }
}

/// Sets a member, or takes it out.
pub(crate) fn replace(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
}

/// Makes a text wrong the way the suite does.
pub(crate) fn append_1(object: &mut Value, name: &str) {
    let text = object[name].as_str().expect("a text").to_owned();
    object[name] = json!(text + "1");
}

/// Sets a parameter, or takes it out.
pub(crate) fn put(parameters: &mut Parameters, name: &str, value: Option<&str>) {
    parameters.retain(|(key, _)| key != name);
    parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

/// Adds a parameter, whatever is there.
pub(crate) fn add(parameters: &mut Parameters, name: &str, value: &str) {
    parameters.push((name.to_owned(), value.to_owned()));
}

/// A parameter that is there.
pub(crate) fn parameter(parameters: &Parameters, name: &str) -> String {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).expect("the parameter")
}
