//! Whole tests of a connection against the scripted provider: what is asked, and what each answer comes to.

mod authorization;
mod credentials;
mod metadata;
mod secrecy;
mod whole;

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::finding::{Check, Finding, Status};
use super::test;
use crate::host::Request;
use crate::step::error::Code;
use crate::testing::Fetched;
use crate::testing::provider::{AUTHORIZE, CLIENT, POOL, Provider, USERINFO};
use crate::testing::{FakeHost, response};

const CALLBACK_URL: &str = "https://app.example.com/callback";
const CLIENT_SECRET: &str = "1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0z1x2c3v4b5n6m";
/// What the fake host's clock says.
const DATE: &str = "Fri, 15 Jan 2027 08:00:00 GMT";

type Script = Box<dyn Fn(&Request) -> Option<Fetched>>;

/// A connection to be tested, whose provider answers as Cognito does unless a test says otherwise.
struct Connection {
    settings: Option<Value>,
    connector: Value,
    secret: Option<&'static str>,
    host: FakeHost,
    provider: Rc<RefCell<Provider>>,
    /// Asked before the provider.
    answers: Rc<RefCell<Vec<Script>>>,
}

fn redirect(location: &str) -> Fetched {
    let mut response = response(302, "", "");
    response.headers.push(("location".into(), location.into()));
    Ok(response)
}

fn back(parameters: &str) -> Fetched {
    redirect(&format!("{CALLBACK_URL}?{parameters}"))
}

fn kept(error: &str) -> Fetched {
    redirect(&format!("https://login.example.com/error?error={error}&client_id={CLIENT}"))
}

fn dated(answer: Fetched) -> Fetched {
    answer.map(|mut response| {
        response.headers.push(("date".into(), DATE.into()));
        response.headers.push(("x-amz-cognito-request-id".into(), "8f5c1d0e".into()));
        response
    })
}

/// The good answers of the endpoints that a test asks otherwise than a login.
fn endpoint(request: &Request) -> Option<Fetched> {
    match request.url.split('?').next()? {
        AUTHORIZE => Some(redirect("/login?client_id=client")),
        USERINFO => {
            let mut refused = response(401, "", "");
            refused.headers.push(("www-authenticate".into(), r#"error="invalid_request", error_description="x""#.into()));
            Some(Ok(refused))
        }
        _ => None,
    }
}

impl Connection {
    fn new() -> Self {
        let mut host = FakeHost::new();
        let provider = Rc::new(RefCell::new(Provider::new(1_800_000_000)));
        let answers: Rc<RefCell<Vec<Script>>> = Rc::default();
        let (script, others) = (Rc::clone(&provider), Rc::clone(&answers));
        host.respond_with(move |request| {
            let other = others.borrow().iter().find_map(|answer| answer(request));
            other.or_else(|| endpoint(request)).or_else(|| script.borrow_mut().respond(request)).map(dated)
        });
        let connector = json!({"user_pool_id": POOL, "domain": "login.example.com", "client_id": CLIENT});
        Self {
            settings: Some(json!({"callback_url": CALLBACK_URL})),
            connector,
            secret: Some(CLIENT_SECRET),
            host,
            provider,
            answers,
        }
    }

    /// An endpoint, by its URL without query, answers this.
    fn answer(&mut self, url: &'static str, answer: Fetched) -> &mut Self {
        let answered = move |request: &Request| (request.url.split('?').next() == Some(url)).then(|| answer.clone());
        self.answers.borrow_mut().insert(0, Box::new(answered));
        self
    }

    fn set(&mut self, name: &str, value: Value) -> &mut Self {
        self.settings.as_mut().unwrap()[name] = value;
        self
    }

    fn connect(&mut self, name: &str, value: Value) -> &mut Self {
        self.connector[name] = value;
        self
    }

    fn metadata(&mut self, change: impl Fn(&mut Value) + 'static) -> &mut Self {
        self.provider.borrow_mut().change_metadata = Box::new(change);
        self
    }

    fn test(&mut self) -> Vec<Finding> {
        let settings = self.settings.as_ref().map(Value::to_string);
        test(&mut self.host, settings.as_deref(), &self.connector.to_string(), self.secret)
    }

    /// What differs from a connection in order: check, status, code, path.
    fn wrong(&mut self) -> Vec<(Check, Status, &'static str, Option<String>)> {
        let findings =
            self.test().into_iter().filter(|finding| finding.status != Status::Passed && finding.check != Check::Untested);
        findings
            .map(|finding| {
                let path = finding.path.map(|path| path.into_owned());
                (finding.check, finding.status, finding.code.map_or("", Code::as_str), path)
            })
            .collect()
    }
}

fn failed(check: Check, code: &'static str, path: &str) -> (Check, Status, &'static str, Option<String>) {
    (check, Status::Failed, code, Some(path).filter(|path| !path.is_empty()).map(str::to_owned))
}

fn unknown(check: Check, code: &'static str) -> (Check, Status, &'static str, Option<String>) {
    (check, Status::Unknown, code, None)
}

fn skipped(check: Check) -> (Check, Status, &'static str, Option<String>) {
    (check, Status::Skipped, "", None)
}
