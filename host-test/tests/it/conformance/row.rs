//! A row of the table: how a module's provider misbehaves, and how the login must end.

use host_test::cognito::{Answer, Config, Endpoint, Request, ResponseModes, Signing, Times};
use serde_json::{Value, json};

use crate::stage::Stage;

/// Back-channel calls, by the last part of their paths.
pub(super) type Calls = &'static [&'static str];

pub(super) const NOTHING: Calls = &[];
pub(super) const TOKEN: Calls = &["token"];
pub(super) const KEYS: Calls = &["token", "jwks.json"];
pub(super) const USERINFO: Calls = &["token", "jwks.json", "userInfo"];

/// The parameters of an authorization response.
pub(super) type Parameters = Vec<(String, String)>;

type Change<T> = Box<dyn FnOnce(&mut T) + Send>;
type Proof = Box<dyn Fn(&Seen) -> bool + Send + Sync>;

/// How a login must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// With the user.
    Accept,
    /// With this error, in the error variable.
    Reject(&'static str),
    /// With this error and nothing changed: the journey waits on, and the right response still completes it.
    Ignore(&'static str),
    /// With this error, before the user agent is sent anywhere.
    Stop(&'static str),
}

/// What a login left to be looked at.
pub(super) struct Seen {
    /// The output variable; null if there is none.
    pub(super) output: Value,
    /// The error variable; null if there is none.
    pub(super) error: Value,
    /// The authorization request; empty if there was none.
    pub(super) authorization: Parameters,
    /// Back-channel requests since `begin`, in order.
    pub(super) requests: Vec<Request>,
}

impl Seen {
    /// The request whose path ends with this part.
    pub(super) fn request(&self, name: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.path.ends_with(name))
    }

    /// A parameter of the authorization request.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.authorization.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One module.
pub(super) struct Row {
    pub(super) module: &'static str,
    pub(super) expected: Expected,
    /// Made by `complete`, or by `begin` where it stops there.
    pub(super) calls: Calls,
    pub(super) by_form_post: bool,
    pub(super) after_a_login: bool,
    pub(super) after_the_same_response: bool,
    pub(super) setup: Vec<Change<Config>>,
    pub(super) arrangements: Vec<Change<Stage>>,
    pub(super) interludes: Vec<Change<Stage>>,
    pub(super) responses: Vec<Change<Parameters>>,
    pub(super) proofs: Vec<Proof>,
}

/// The login succeeds.
pub(super) fn accept(module: &'static str) -> Row {
    Row::new(module, Expected::Accept, USERINFO)
}

/// The login fails with this error, after these calls and none further.
pub(super) fn reject(module: &'static str, code: &'static str, calls: Calls) -> Row {
    Row::new(module, Expected::Reject(code), calls)
}

/// The response is ignored with this error.
pub(super) fn ignore(module: &'static str, code: &'static str) -> Row {
    Row::new(module, Expected::Ignore(code), NOTHING)
}

/// The login isn't even begun; found by discovery.
pub(super) fn stop(module: &'static str, code: &'static str) -> Row {
    Row::new(module, Expected::Stop(code), &["openid-configuration"]).by_discovery()
}

impl Row {
    fn new(module: &'static str, expected: Expected, calls: Calls) -> Self {
        Self {
            module,
            expected,
            calls,
            by_form_post: false,
            after_a_login: false,
            after_the_same_response: false,
            setup: Vec::new(),
            arrangements: Vec::new(),
            interludes: Vec::new(),
            responses: Vec::new(),
            proofs: Vec::new(),
        }
    }

    /// Another pool than the default one.
    pub(super) fn setup(mut self, change: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        self.setup.push(Box::new(change));
        self
    }

    /// Before `begin`.
    pub(super) fn arrange(mut self, change: impl FnOnce(&mut Stage) + Send + 'static) -> Self {
        self.arrangements.push(Box::new(change));
        self
    }

    /// Between the user's part and `complete`.
    pub(super) fn meanwhile(mut self, change: impl FnOnce(&mut Stage) + Send + 'static) -> Self {
        self.interludes.push(Box::new(change));
        self
    }

    /// Changes the authorization response on its way.
    pub(super) fn response(mut self, change: impl FnOnce(&mut Parameters) + Send + 'static) -> Self {
        self.responses.push(Box::new(change));
        self
    }

    /// What else must hold afterwards.
    pub(super) fn proves(mut self, proof: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Self {
        self.proofs.push(Box::new(proof));
        self
    }

    /// Another login filled the caches before.
    pub(super) fn after_a_login(self) -> Self {
        Self { after_a_login: true, ..self }
    }

    /// The same response came before, and completed the login.
    pub(super) fn after_the_same_response(self) -> Self {
        Self { after_the_same_response: true, ..self }
    }

    /// The response is asked for by form post, and comes that way.
    pub(super) fn by_form_post(mut self) -> Self {
        self.by_form_post = true;
        self.setup(|config| config.response_modes = ResponseModes::FormPost)
            .arrange(|stage| stage.settings["response_mode"] = json!("form_post"))
    }

    /// Endpoints are found by discovery.
    pub(super) fn by_discovery(self) -> Self {
        self.arrange(|stage| stage.connector = stage.cognito.connector_by_discovery())
    }

    /// A setting of its own.
    pub(super) fn setting(self, name: &'static str, value: Value) -> Self {
        self.arrange(move |stage| stage.settings[name] = value)
    }

    /// Changes the ID token's header and claims before it is signed.
    pub(super) fn id_token(self, alter: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) -> Self {
        self.arrange(|stage| stage.cognito.faults().alter_id_token(Times::Always, alter))
    }

    /// Gives the ID token another claim; none where the value is null.
    pub(super) fn claim(self, name: &'static str, value: Value) -> Self {
        self.id_token(move |_, claims| replace(claims, name, value.clone()))
    }

    /// Gives the ID token's header another member; none where the value is null.
    pub(super) fn header(self, name: &'static str, value: Value) -> Self {
        self.id_token(move |header, _| replace(header, name, value.clone()))
    }

    /// Signs the ID token otherwise.
    pub(super) fn signed(self, signing: Signing) -> Self {
        self.arrange(|stage| stage.cognito.faults().sign_id_token(Times::Always, signing))
    }

    /// Changes the JSON of an endpoint's good responses.
    pub(super) fn json(self, endpoint: Endpoint, alter: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.arrange(move |stage| stage.cognito.faults().alter_json(endpoint, Times::Always, alter))
    }

    /// Gives an endpoint's good responses another member; none where the value is null.
    pub(super) fn member(self, endpoint: Endpoint, name: &'static str, value: Value) -> Self {
        self.json(endpoint, move |document| replace(document, name, value.clone()))
    }

    /// An endpoint answers this.
    pub(super) fn answer(self, endpoint: Endpoint, answer: Answer) -> Self {
        self.arrange(move |stage| stage.cognito.faults().answer(endpoint, Times::Always, answer))
    }
}

/// Sets a member, or takes it out.
pub(super) fn replace(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
}

/// Makes a text wrong the way the suite does.
pub(super) fn append_1(object: &mut Value, name: &str) {
    let text = object[name].as_str().expect("a text").to_owned();
    object[name] = json!(text + "1");
}

/// Sets a parameter, or takes it out.
pub(super) fn put(parameters: &mut Parameters, name: &str, value: Option<&str>) {
    parameters.retain(|(key, _)| key != name);
    parameters.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}
