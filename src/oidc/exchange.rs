//! What all endpoints that speak JSON have in common: how they are asked, and judging an HTTP response before its content.

use std::time::Duration;

use super::response::ProviderError;
use crate::host::{FetchError, Method, Request, Response};
use crate::json::{self, Object};
use crate::oidc::provider_text;

/// What every request says of its sender (RFC 9110 10.1.5). Firewalls refuse a request that says nothing: the Core rule set of AWS WAF does,
/// which operators put in front of user pools.
pub const USER_AGENT: &str = concat!("cognito-oidc/", env!("CARGO_PKG_VERSION"));

/// Which response it was: for an error message and for the provider's support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// HTTP status.
    pub status: u16,
    /// The provider's own name for the request, from its response header.
    pub request_id: Option<String>,
}

/// Why an endpoint gave nothing to judge further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The host's policy doesn't allow the destination.
    Denied,
    /// No response, a server error, or a page of something that stands in front of the provider.
    Unavailable(Option<Trace>),
    /// Status 429.
    RateLimited(Trace),
    /// A response that isn't what the protocol says; what was expected.
    Invalid(&'static str, Option<Trace>),
    /// The provider said no, in the protocol's own form.
    Refused(ProviderError, Trace),
}

/// A response with a JSON object in it.
#[derive(Debug)]
pub struct Answer {
    /// Which response it was.
    pub trace: Trace,
    /// Its content.
    pub object: Object,
}

/// A GET for JSON.
#[must_use]
pub fn get(url: &str, timeout: Duration) -> Request {
    request(Method::Get, url, Vec::new(), timeout)
}

/// A POST of a form (`application/x-www-form-urlencoded`), for JSON.
#[must_use]
pub fn post(url: &str, form: String, timeout: Duration) -> Request {
    let mut request = request(Method::Post, url, form.into_bytes(), timeout);
    request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    request
}

/// The one place in which requests are made.
fn request(method: Method, url: &str, body: Vec<u8>, timeout: Duration) -> Request {
    let headers = vec![("user-agent", USER_AGENT.to_owned()), ("accept", "application/json".to_owned())];
    Request { method, url: url.to_owned(), headers, body, timeout }
}

/// Response headers that name a request, the most telling first.
const REQUEST_ID_HEADERS: &[&str] = &["x-amz-cognito-request-id", "x-amzn-requestid", "x-amz-cf-id"];

/// Names the response.
#[must_use]
pub fn trace(response: &Response) -> Trace {
    let request_id = REQUEST_ID_HEADERS.iter().find_map(|name| response.header(name));
    Trace { status: response.status, request_id: request_id.map(provider_text::clean) }
}

/// The response, where one arrived; of any status but 429.
///
/// # Errors
/// [`Rejection::Denied`], [`Rejection::Unavailable`], [`Rejection::RateLimited`], or [`Rejection::Invalid`] for too long a body.
pub fn arrived(result: Result<Response, FetchError>) -> Result<Response, Rejection> {
    let response = result.map_err(|error| match error {
        FetchError::Denied => Rejection::Denied,
        FetchError::TooLarge => Rejection::Invalid("expected a body of at most 512 KiB", None),
        FetchError::Unreachable | FetchError::Timeout | FetchError::Other => Rejection::Unavailable(None),
    })?;
    if response.status == 429 { Err(Rejection::RateLimited(trace(&response))) } else { Ok(response) }
}

/// The JSON object of a response.
///
/// # Errors
/// [`Rejection::Unavailable`] for another content type, since that isn't the endpoint that speaks; [`Rejection::Invalid`] for JSON
/// that isn't an object, or isn't JSON at all.
pub fn answer(response: &Response) -> Result<Answer, Rejection> {
    let trace = trace(response);
    if !response.header("content-type").is_some_and(is_json) {
        return Err(Rejection::Unavailable(Some(trace)));
    }
    match json::object(&response.body) {
        Ok(object) => Ok(Answer { trace, object }),
        Err(fault) => Err(Rejection::Invalid(fault.expected(), Some(trace))),
    }
}

/// The object of a 200; [`Rejection::Unavailable`] for any other status.
///
/// # Errors
/// As [`arrived`] and [`answer`].
pub fn document(result: Result<Response, FetchError>) -> Result<Answer, Rejection> {
    let response = arrived(result)?;
    if response.status != 200 {
        return Err(Rejection::Unavailable(Some(trace(&response))));
    }
    answer(&response)
}

/// `application/json` with any parameters, or a type with the suffix `+json` (RFC 6839).
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::login::{Login, verdict};
    use crate::testing::provider::{KEYS, METADATA, REVOKE, TOKEN, USERINFO};
    use crate::testing::response;
    use serde_json::json;

    #[test]
    fn every_request_of_a_login_names_its_sender_once() {
        let mut login = Login::discovering();
        login.set("tokens", json!("revoke"));
        assert_eq!(verdict(&login.run()), "authenticated");
        assert_eq!(login.fetches(), [METADATA, TOKEN, KEYS, USERINFO, REVOKE]);
        for request in &login.host.requests {
            let values = |header: &str| -> Vec<&str> {
                request.headers.iter().filter(|(name, _)| *name == header).map(|(_, value)| value.as_str()).collect()
            };
            assert_eq!(values("user-agent"), [format!("cognito-oidc/{}", env!("CARGO_PKG_VERSION"))], "{}", request.url);
            assert_eq!(values("accept"), ["application/json"], "{}", request.url);
        }
    }

    #[test]
    fn what_did_not_arrive_is_told_apart() {
        let invalid = Rejection::Invalid("expected a body of at most 512 KiB", None);
        for (error, rejection) in [
            (FetchError::Denied, Rejection::Denied),
            (FetchError::Unreachable, Rejection::Unavailable(None)),
            (FetchError::Timeout, Rejection::Unavailable(None)),
            (FetchError::Other, Rejection::Unavailable(None)),
            (FetchError::TooLarge, invalid),
        ] {
            assert_eq!(document(Err(error)).unwrap_err(), rejection);
        }
    }

    #[test]
    fn only_a_200_with_json_is_a_document() {
        let trace = |status| Trace { status, request_id: None };
        let check = |status: u16, content_type: &str, body: &str| {
            document(Ok(response(status, content_type, body))).map(|answer| answer.object)
        };
        assert!(check(200, "application/json", "{}").is_ok());
        assert!(check(200, "Application/JSON ; charset=UTF-8", "{}").is_ok());
        assert!(check(200, "application/jwk-set+json", "{}").is_ok());
        for (status, content_type, body, rejection) in [
            (200, "text/html", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "text/x+json", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "application/jsonp", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "application/json5", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "application/json-seq", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "application/x+jsonp", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "application/xjson", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "json", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "x-application/json", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "text/html; application/json", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "", "{}", Rejection::Unavailable(Some(trace(200)))),
            (200, "application/json", "[]", Rejection::Invalid("expected a JSON object", Some(trace(200)))),
            (200, "application/json", "", Rejection::Invalid("expected JSON", Some(trace(200)))),
            (204, "application/json", "", Rejection::Unavailable(Some(trace(204)))),
            (302, "application/json", "{}", Rejection::Unavailable(Some(trace(302)))),
            (403, "text/html", "no", Rejection::Unavailable(Some(trace(403)))),
            (429, "application/json", "{}", Rejection::RateLimited(trace(429))),
            (499, "application/json", "{}", Rejection::Unavailable(Some(trace(499)))),
            (500, "application/json", "{}", Rejection::Unavailable(Some(trace(500)))),
            (503, "text/html", "", Rejection::Unavailable(Some(trace(503)))),
        ] {
            assert_eq!(check(status, content_type, body), Err(rejection), "{status} {content_type} {body}");
        }
    }

    #[test]
    fn a_request_id_is_kept_and_cleaned() {
        let mut response = response(500, "text/plain", "");
        response.headers.push(("x-amzn-requestid".into(), "second".into()));
        response.headers.push(("x-amz-cognito-request-id".into(), "first\u{202e}".into()));
        assert_eq!(trace(&response).request_id.as_deref(), Some("first"));
    }
}
