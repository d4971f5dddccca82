//! A request as it came and a response as it goes, both whole in memory.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::cognito::random;
use crate::html::policy;

/// A response with its whole body.
pub(in crate::cognito) type Response = ::http::Response<Bytes>;

/// Which of the provider's two listeners a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The stand-in for `cognito-idp.<region>.amazonaws.com`: discovery and keys.
    Issuer,
    /// The stand-in for the user pool domain: login pages, token, userInfo, revocation.
    Domain,
}

/// A request as the provider received it.
#[derive(Clone)]
pub struct Request {
    /// Its number, from 0; both origins count together.
    pub sequence: usize,
    /// When it came, in seconds since the epoch.
    pub at: u64,
    /// Where it came.
    pub origin: Origin,
    /// Its method, in capitals.
    pub method: String,
    /// Its path, as written.
    pub path: String,
    /// Its query without the question mark, as written; empty if none.
    pub query: String,
    /// Its headers: names in lower case, values as text.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

impl Request {
    /// The value of a header, whose name is given in lower case; the first of several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The query's parameters, decoded.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        decode_form(self.query.as_bytes())
    }

    /// A parameter of the query, decoded; the first of several.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        find(&self.parameters(), name).map(str::to_owned)
    }

    /// The body's fields, read as a form whatever its content type says.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        decode_form(&self.body)
    }

    /// A field of the body; the first of several.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        find(&self.fields(), name).map(str::to_owned)
    }

    /// A cookie that came with the request.
    pub(in crate::cognito) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.headers.iter().filter(|(header, _)| header == "cookie").flat_map(|(_, value)| value.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Names the request without any value that it carries: they may be secrets.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<String> = self.parameters().into_iter().map(|(name, _)| name).collect();
        write!(formatter, "#{} {} {} {parameters:?} ({} bytes)", self.sequence, self.method, self.path, self.body.len())
    }
}

/// The first value under a name.
pub(in crate::cognito) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn decode_form(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

/// Name-value pairs in `application/x-www-form-urlencoded`.
pub(in crate::cognito) fn encode_form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A response with a status, headers and a body. Panics on a header that HTTP can't carry: headers are the provider's own.
pub(in crate::cognito) fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
    let mut response = ::http::Response::builder()
        .status(status)
        .header("cache-control", "no-cache, no-store, max-age=0, must-revalidate")
        .header("x-amz-cognito-request-id", random::uuid());
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).expect("headers of the provider's own making are valid")
}

/// A JSON response.
pub(in crate::cognito) fn json(status: u16, value: &Value) -> Response {
    respond(status, &[("content-type", "application/json;charset=UTF-8")], value.to_string())
}

/// An HTML page with these scripts. `form_action`: where its forms lead beside its own origin.
pub(in crate::cognito) fn html(status: u16, page: String, scripts: &[&str], form_action: &str) -> Response {
    let policy = policy(scripts, form_action);
    let headers = [
        ("content-type", "text/html;charset=UTF-8"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", policy.as_str()),
    ];
    respond(status, &headers, page)
}

/// A redirect, by 302 as Cognito does.
pub(in crate::cognito) fn redirect(location: &str) -> Response {
    respond(302, &[("location", location)], "")
}

/// Adds a cookie to a response.
pub(in crate::cognito) fn set_cookie(response: &mut Response, cookie: &str) {
    let value = ::http::HeaderValue::from_str(cookie).expect("cookies of the provider's own making are valid");
    response.headers_mut().append("set-cookie", value);
}
