//! A row of the table: how a module's provider misbehaves, and how the login must end.

use host_test::cognito::{Request, ResponseModes};
use serde_json::{Value, json};

use crate::arranged::{Arrange, Arranged, Parameters};

/// Back-channel calls, by the last part of their paths.
pub(super) type Calls = &'static [&'static str];

pub(super) const NOTHING: Calls = &[];
pub(super) const TOKEN: Calls = &["token"];
pub(super) const KEYS: Calls = &["token", "jwks.json"];
pub(super) const USERINFO: Calls = &["token", "jwks.json", "userInfo"];

/// What is to be proved, and whether it holds.
type Proof = (&'static str, Box<dyn Fn(&Seen) -> bool + Send + Sync>);

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
    pub(super) arranged: Arranged,
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
            arranged: Arranged::default(),
            proofs: Vec::new(),
        }
    }

    /// What else must hold afterwards.
    pub(super) fn proves(mut self, what: &'static str, holds: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Self {
        self.proofs.push((what, Box::new(holds)));
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
        self.setup(|config| config.response_modes = ResponseModes::FormPost).setting("response_mode", json!("form_post"))
    }
}

impl Arrange for Row {
    fn arranged(&mut self) -> &mut Arranged {
        &mut self.arranged
    }
}
