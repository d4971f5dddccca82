//! What a test can make go wrong.

pub(in crate::cognito) mod id_token_faults;
pub(in crate::cognito) mod times;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::authorization::authorization_error::AuthorizationError;
use super::endpoint::Endpoint;
use id_token_faults::{AlterIdToken, IdTokenFaults, Signing};
use times::{Queue, Times};

/// What an endpoint does in place of its work. The request is logged all the same.
#[derive(Clone, Debug)]
pub enum Fault {
    /// None: the request is served. Put before another fault, it lets the first requests through.
    Pass,
    /// Waits, then serves the request.
    Delay(Duration),
    /// Answers this.
    Respond(CannedResponse),
    /// Never answers and keeps the connection open.
    Hang,
    /// Closes the connection without an answer.
    Disconnect,
}

/// An answer that a test makes up.
#[derive(Clone, Debug)]
pub struct CannedResponse {
    /// The status.
    pub status: u16,
    /// The headers, content type and all; nothing is added but what HTTP needs.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

impl CannedResponse {
    /// An answer with a body of one content type.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body: Body::Bytes(body.into()) }
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json;charset=UTF-8", value.to_string())
    }

    /// An answer without headers or body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Vec::new()) }
    }

    /// A firewall's page: 403 and HTML.
    #[must_use]
    pub fn firewall() -> Self {
        Self::new(403, "text/html", "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>")
    }

    /// A firewall that challenges browsers, in answer to a request that isn't one's: 202 and a page of script.
    #[must_use]
    pub fn firewall_challenge() -> Self {
        Self::new(202, "text/html", "<html><script>challenge()</script></html>").header("x-amzn-waf-action", "challenge")
    }

    /// A firewall's riddle: 405 and a page.
    #[must_use]
    pub fn firewall_captcha() -> Self {
        Self::new(405, "text/html", "<html><h1>Human Verification</h1></html>").header("x-amzn-waf-action", "captcha")
    }

    /// Too many requests, as AWS's JSON protocols say it.
    #[must_use]
    pub fn throttled() -> Self {
        let body = r#"{"__type":"TooManyRequestsException","message":"Rate exceeded"}"#;
        Self::new(400, "application/x-amz-json-1.1", body)
    }

    /// A redirect elsewhere.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::empty(status).header("location", location)
    }

    /// The same answer with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer with another body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

/// The body of an answer that a test makes up.
#[derive(Clone, Debug)]
pub enum Body {
    /// These bytes, with their length announced.
    Bytes(Vec<u8>),
    /// So many bytes, all spaces after the first part; chunked, so that no length is announced.
    Huge(Vec<u8>, usize),
    /// The first part, then spaces without end.
    Endless(Vec<u8>),
    /// One byte at a time with a pause before each.
    Drip(Vec<u8>, Duration),
    /// These bytes, then the connection breaks before the body is complete.
    Truncated(Vec<u8>),
}

type AlterJson = Arc<dyn Fn(&mut Value) + Send + Sync>;
type AlterParameters = Arc<dyn Fn(&mut Vec<(String, String)>) + Send + Sync>;

/// Everything that's set to go wrong with one provider. Faults of one kind queue up: the earliest that isn't used up applies.
#[derive(Default)]
pub struct Faults(Mutex<State>);

#[derive(Default)]
struct State {
    endpoints: HashMap<Endpoint, Queue<Fault>>,
    json: HashMap<Endpoint, Queue<AlterJson>>,
    id_token: Queue<AlterIdToken>,
    signing: Queue<Signing>,
    replacement: Queue<String>,
    login: Queue<AuthorizationError>,
    authorization_response: Queue<AlterParameters>,
}

impl State {
    /// What was set and never took effect.
    fn idle(&self) -> Vec<String> {
        let endpoints = self.endpoints.iter().filter(|(_, queue)| queue.is_idle()).map(|(endpoint, _)| format!("{endpoint:?}"));
        let json = self.json.iter().filter(|(_, queue)| queue.is_idle()).map(|(endpoint, _)| format!("JSON of {endpoint:?}"));
        let others = [
            ("ID token", self.id_token.is_idle()),
            ("signature", self.signing.is_idle()),
            ("text in the ID token's place", self.replacement.is_idle()),
            ("login", self.login.is_idle()),
            ("authorization response", self.authorization_response.is_idle()),
        ];
        let others = others.into_iter().filter(|(_, is_idle)| *is_idle).map(|(name, _)| name.to_owned());
        endpoints.chain(json).chain(others).collect()
    }
}

impl Faults {
    /// Makes an endpoint misbehave.
    pub fn set(&self, endpoint: Endpoint, times: Times, fault: Fault) {
        self.lock().endpoints.entry(endpoint).or_default().push(times, fault);
    }

    /// Makes an endpoint answer this: [`Fault::Respond`] in short.
    pub fn answer(&self, endpoint: Endpoint, times: Times, answer: CannedResponse) {
        self.set(endpoint, times, Fault::Respond(answer));
    }

    /// Changes the JSON of a good response: of the token, userInfo, JWKS or discovery endpoint.
    pub fn alter_json(&self, endpoint: Endpoint, times: Times, alter: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.lock().json.entry(endpoint).or_default().push(times, Arc::new(alter));
    }

    /// Changes the ID token's header (first argument) and claims (second) before it's signed.
    pub fn alter_id_token(&self, times: Times, alter: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) {
        self.lock().id_token.push(times, Arc::new(alter));
    }

    /// Signs the ID token otherwise.
    pub fn sign_id_token(&self, times: Times, signing: Signing) {
        self.lock().signing.push(times, signing);
    }

    /// Puts another string in the ID token's place.
    pub fn replace_id_token(&self, times: Times, text: impl Into<String>) {
        self.lock().replacement.push(times, text.into());
    }

    /// Ends logins with an error, after the user has signed in, instead of a code.
    pub fn refuse_login(&self, times: Times, error: AuthorizationError) {
        self.lock().login.push(times, error);
    }

    /// Changes the parameters of authorization responses, good ones and errors: adds `iss`, drops `state`, doubles `code`.
    pub fn alter_authorization_response(&self, times: Times, alter: impl Fn(&mut Vec<(String, String)>) + Send + Sync + 'static) {
        self.lock().authorization_response.push(times, Arc::new(alter));
    }

    /// Puts everything in order again.
    ///
    /// # Panics
    /// Something was set that never took effect: what a test says about it would hold without it.
    pub fn clear(&self) {
        let idle = std::mem::take(&mut *self.lock()).idle();
        assert!(idle.is_empty() || std::thread::panicking(), "these faults never took effect: {}", idle.join(", "));
    }

    /// As [`Self::clear`], where what was set was meant not to take effect.
    pub fn forget(&self) {
        *self.lock() = State::default();
    }

    pub(super) fn next(&self, endpoint: Endpoint) -> Option<Fault> {
        self.lock().endpoints.get_mut(&endpoint)?.next()
    }

    /// The JSON as it goes out.
    pub(super) fn altered(&self, endpoint: Endpoint, mut value: Value) -> Value {
        let alter = self.lock().json.get_mut(&endpoint).and_then(Queue::next);
        if let Some(alter) = alter {
            alter(&mut value);
        }
        value
    }

    pub(super) fn for_id_token(&self) -> IdTokenFaults {
        let mut state = self.lock();
        IdTokenFaults { alter: state.id_token.next(), signing: state.signing.next(), replacement: state.replacement.next() }
    }

    pub(super) fn for_login(&self) -> Option<AuthorizationError> {
        self.lock().login.next()
    }

    /// The parameters of an authorization response as they go out.
    pub(super) fn altered_parameters(&self, mut parameters: Vec<(String, String)>) -> Vec<(String, String)> {
        let alter = self.lock().authorization_response.next();
        if let Some(alter) = alter {
            alter(&mut parameters);
        }
        parameters
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Faults").finish_non_exhaustive()
    }
}
