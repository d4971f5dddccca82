//! What all endpoints that speak JSON have in common: how they are asked, and judging an HTTP response before its content.

use std::time::Duration;

use super::response::ProviderError;
use crate::host::{A_BODY, FetchError, Method, Request, Response};
use crate::json::{self, Object};
use crate::oidc::provider_text;

/// What every request says of its sender (RFC 9110 10.1.5). Firewalls refuse a request that says nothing: the Core rule set of
/// AWS WAF does, which operators put in front of user pools.
pub const USER_AGENT: &str = concat!("cognito-oidc/", env!("CARGO_PKG_VERSION"));

/// What the requests of a test of the connection say: an operator who reads the provider's log can tell them from logins.
pub const TEST_USER_AGENT: &str = concat!("cognito-oidc/", env!("CARGO_PKG_VERSION"), " (connection-test)");

/// Which response it was, and what was said in it: for an error message and for the provider's support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// HTTP status.
    pub status: u16,
    /// The provider's own name for the request, from its response header.
    pub request_id: Option<String>,
    /// What the response says of itself, where it isn't an error of the protocol's own form.
    pub words: Option<Box<ProviderError>>,
}

/// Why an endpoint gave nothing to judge further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The host's policy doesn't allow the destination.
    Denied,
    /// No response, or a server error.
    Unavailable(Option<Trace>),
    /// Status 429, or AWS's name for it in a response of another status.
    RateLimited(Trace),
    /// A status that the endpoint never gives: something in front of it answered, or it isn't the endpoint.
    UnexpectedStatus(Trace),
    /// Success with content of another type; what was expected.
    UnexpectedType(&'static str, Trace),
    /// A response that isn't what the protocol says; what was expected.
    Invalid(&'static str, Option<Trace>),
    /// The provider refused, in the protocol's own form.
    Refused(ProviderError, Trace),
}

impl Rejection {
    /// Whether the endpoint itself didn't get to speak: what was known of it before still holds.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::RateLimited(_) | Self::UnexpectedStatus(_) | Self::UnexpectedType(..) => true,
            Self::Denied | Self::Invalid(..) | Self::Refused(..) => false,
        }
    }
}

/// A response with a JSON object in it.
#[derive(Debug)]
pub struct JsonResponse {
    /// Which response it was.
    pub trace: Trace,
    /// Its content.
    pub object: Object,
}

/// For a document that a provider publishes: it comes from a cache of the provider's, or not at all.
pub(crate) const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(3);

/// A GET for a document that a provider publishes: its metadata, or its key set.
#[must_use]
pub fn document_request(url: &str) -> Request {
    get(url, DOCUMENT_TIMEOUT)
}

/// A GET for JSON.
#[must_use]
pub fn get(url: &str, timeout: Duration) -> Request {
    request(Method::Get, url, JSON, Vec::new(), timeout)
}

/// A GET for a page, as a user agent sends it.
#[must_use]
pub fn page(url: &str, timeout: Duration) -> Request {
    request(Method::Get, url, "text/html", Vec::new(), timeout)
}

/// A POST of a form (`application/x-www-form-urlencoded`), for JSON.
#[must_use]
pub fn post(url: &str, form: String, timeout: Duration) -> Request {
    let mut request = request(Method::Post, url, JSON, form.into_bytes(), timeout);
    request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    request
}

/// The one place in which requests are made.
fn request(method: Method, url: &str, accept: &str, body: Vec<u8>, timeout: Duration) -> Request {
    let headers = vec![("user-agent", USER_AGENT.to_owned()), ("accept", accept.to_owned())];
    Request { method, url: url.to_owned(), headers, body, timeout }
}

const JSON: &str = "application/json";
/// Response headers that name a request, the most telling first.
const REQUEST_ID_HEADERS: &[&str] = &["x-amz-cognito-request-id", "x-amzn-requestid", "x-amz-cf-id"];
/// AWS's names for too many requests, as its JSON protocols write them in `__type`.
const THROTTLED: &[&str] = &[
    "LimitExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];
const JSON_EXPECTED: &str = "expected the content type `application/json`, but another one came";

/// Names the response.
#[must_use]
pub fn trace(response: &Response) -> Trace {
    let request_id = REQUEST_ID_HEADERS.iter().find_map(|name| response.header(name));
    Trace { status: response.status, request_id: request_id.map(provider_text::clean), words: None }
}

/// Names the response, and keeps its own words.
#[must_use]
pub fn told(response: &Response) -> Trace {
    Trace { words: words(response).map(Box::new), ..trace(response) }
}

/// The response, where one arrived; of any status but 429 and those of a server error.
///
/// # Errors
/// [`Rejection::Denied`], [`Rejection::Unavailable`], [`Rejection::RateLimited`], or [`Rejection::Invalid`] for too long a body.
pub fn arrived(result: Result<Response, FetchError>) -> Result<Response, Rejection> {
    let response = result.map_err(|error| match error {
        FetchError::Denied => Rejection::Denied,
        FetchError::TooLarge => Rejection::Invalid(A_BODY, None),
        FetchError::Unreachable | FetchError::Timeout | FetchError::Other => Rejection::Unavailable(None),
    })?;
    match response.status {
        200 => Ok(response),
        429 => Err(Rejection::RateLimited(told(&response))),
        _ if is_throttled(&response) => Err(Rejection::RateLimited(told(&response))),
        500..=599 => Err(Rejection::Unavailable(Some(told(&response)))),
        _ => Ok(response),
    }
}

/// The JSON object of a success.
///
/// # Errors
/// [`Rejection::UnexpectedType`] for another content type; [`Rejection::Invalid`] for JSON that isn't an object, or isn't JSON at
/// all.
pub fn answer(response: &Response) -> Result<JsonResponse, Rejection> {
    if !response.header("content-type").is_some_and(is_json) {
        return Err(Rejection::UnexpectedType(JSON_EXPECTED, told(response)));
    }
    match json::object(&response.body) {
        Ok(object) => Ok(JsonResponse { trace: trace(response), object }),
        Err(fault) => Err(Rejection::Invalid(fault.expected(), Some(trace(response)))),
    }
}

/// The object of a 200; [`Rejection::UnexpectedStatus`] for any other status.
///
/// # Errors
/// As [`arrived`] and [`answer`].
pub fn document(result: Result<Response, FetchError>) -> Result<JsonResponse, Rejection> {
    let response = arrived(result)?;
    if response.status != 200 {
        return Err(Rejection::UnexpectedStatus(told(&response)));
    }
    answer(&response)
}

/// The error that a body names in the protocol's own form (RFC 6749 5.2), whatever its content type.
#[must_use]
pub fn protocol_error(response: &Response) -> Option<ProviderError> {
    named(&json::object(&response.body).ok()?, "error", "error_description")
}

/// Whether a response says that it is JSON, or is.
#[must_use]
pub fn is_of_json(response: &Response) -> bool {
    response.header("content-type").is_some_and(is_json) || json::object(&response.body).is_ok()
}

/// What an object says of an error.
pub(super) fn named(object: &Object, name: &str, description: &str) -> Option<ProviderError> {
    let text = |name: &str| object.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    text(name).map(|error| ProviderError::new(error, text(description)))
}

/// The protocol's form first, then AWS's own: `__type` and `message`, of which one may be missing; a firewall's header last.
fn words(response: &Response) -> Option<ProviderError> {
    let in_body = |object: &Object| {
        let text = |name: &str| object.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
        let (kind, message) = (text("__type").or_else(|| text("code")), text("message").or_else(|| text("Message")));
        let by_aws = || (kind.is_some() || message.is_some()).then(|| ProviderError::new(kind.unwrap_or_default(), message));
        named(object, "error", "error_description").or_else(by_aws)
    };
    let of_firewall = || response.header("x-amzn-waf-action").map(|action| ProviderError::new("x-amzn-waf-action", Some(action)));
    json::object(&response.body).ok().as_ref().and_then(in_body).or_else(of_firewall)
}

/// AWS names the exception in `__type`, with or without a namespace in front, or in a header with an address behind.
fn is_throttled(response: &Response) -> bool {
    let is_one = |text: &str| {
        let name = text.rsplit('#').next().unwrap_or_default();
        let name = name.split(':').next().unwrap_or_default().trim();
        THROTTLED.contains(&name)
    };
    let body = json::object(&response.body).ok();
    let in_body = |name: &str| body.as_ref()?.get(name)?.as_str();
    ["__type", "code", "error"].into_iter().filter_map(in_body).any(is_one)
        || response.header("x-amzn-errortype").is_some_and(is_one)
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
        let trace = |status| Trace { status, ..Trace::default() };
        let other_type = |status| Rejection::UnexpectedType(JSON_EXPECTED, trace(status));
        let check = |status: u16, content_type: &str, body: &str| {
            document(Ok(response(status, content_type, body))).map(|answer| answer.object)
        };
        assert!(check(200, "application/json", "{}").is_ok());
        assert!(check(200, "Application/JSON ; charset=UTF-8", "{}").is_ok());
        assert!(check(200, "application/jwk-set+json", "{}").is_ok());
        for (status, content_type, body, rejection) in [
            (200, "text/html", "{}", other_type(200)),
            (200, "text/x+json", "{}", other_type(200)),
            (200, "application/jsonp", "{}", other_type(200)),
            (200, "application/json5", "{}", other_type(200)),
            (200, "application/json-seq", "{}", other_type(200)),
            (200, "application/x+jsonp", "{}", other_type(200)),
            (200, "application/xjson", "{}", other_type(200)),
            (200, "json", "{}", other_type(200)),
            (200, "x-application/json", "{}", other_type(200)),
            (200, "text/html; application/json", "{}", other_type(200)),
            (200, "application/x-amz-json-1.0", "{}", other_type(200)),
            (200, "", "{}", other_type(200)),
            (200, "application/json", "[]", Rejection::Invalid("expected a JSON object", Some(trace(200)))),
            (200, "application/json", "", Rejection::Invalid("expected JSON", Some(trace(200)))),
            (204, "application/json", "", Rejection::UnexpectedStatus(trace(204))),
            (302, "application/json", "{}", Rejection::UnexpectedStatus(trace(302))),
            (403, "text/html", "no", Rejection::UnexpectedStatus(trace(403))),
            (429, "application/json", "{}", Rejection::RateLimited(trace(429))),
            (499, "application/json", "{}", Rejection::UnexpectedStatus(trace(499))),
            (500, "application/json", "{}", Rejection::Unavailable(Some(trace(500)))),
            (503, "text/html", "", Rejection::Unavailable(Some(trace(503)))),
        ] {
            assert_eq!(check(status, content_type, body), Err(rejection), "{status} {content_type} {body}");
        }
    }

    #[test]
    fn too_many_requests_are_known_by_status_and_by_awss_name() {
        for (status, body) in [
            (429, ""),
            (400, r#"{"__type":"TooManyRequestsException"}"#),
            (400, r#"{"__type":"com.amazonaws.cognito#TooManyRequestsException","message":"Rate exceeded"}"#),
            (400, r#"{"__type":"TooManyRequestsException:http://internal.amazon.com/coral/"}"#),
            (403, r#"{"code":"ThrottlingException"}"#),
            (503, r#"{"__type":"ThrottlingException"}"#),
            (400, r#"{"error":"TooManyRequestsException"}"#),
        ] {
            for content_type in ["application/json", "application/x-amz-json-1.1", ""] {
                let rejection = arrived(Ok(response(status, content_type, body))).map(drop).unwrap_err();
                assert!(
                    matches!(&rejection, Rejection::RateLimited(trace) if trace.status == status),
                    "{status} {body}: {rejection:?}"
                );
            }
        }
        let mut named = response(400, "", "");
        named.headers.push(("x-amzn-errortype".into(), "TooManyRequestsException:".into()));
        assert!(matches!(arrived(Ok(named)).map(drop), Err(Rejection::RateLimited(_))));
        for (status, body) in [
            (200, r#"{"__type":"TooManyRequestsException"}"#),
            (400, r#"{"__type":"InvalidParameterException","message":"TooManyRequestsException"}"#),
            (400, r#"{"error":"invalid_grant"}"#),
            (400, "TooManyRequestsException"),
        ] {
            assert!(arrived(Ok(response(status, "application/json", body))).is_ok(), "{status} {body}");
        }
    }

    #[test]
    fn a_responses_own_words_are_kept_wherever_they_stand() {
        for (body, words) in [
            (r#"{"error":"e","error_description":"d"}"#, Some(("e", Some("d")))),
            (r#"{"__type":"ResourceNotFoundException","message":"m"}"#, Some(("ResourceNotFoundException", Some("m")))),
            (r#"{"message":"Forbidden"}"#, Some(("", Some("Forbidden")))),
            (r#"{"Message":"Forbidden"}"#, Some(("", Some("Forbidden")))),
            (r#"{"code":"AccessDenied"}"#, Some(("AccessDenied", None))),
            ("{}", None),
            ("<html>", None),
        ] {
            let expected = words.map(|(error, description)| Box::new(ProviderError::new(error, description)));
            assert_eq!(told(&response(403, "", body)).words, expected, "{body}");
        }
        let mut challenge = response(202, "text/html", "<html>");
        challenge.headers.push(("x-amzn-waf-action".into(), "challenge".into()));
        assert_eq!(told(&challenge).words, Some(Box::new(ProviderError::new("x-amzn-waf-action", Some("challenge")))));
    }

    #[test]
    fn an_outage_is_where_the_endpoint_did_not_get_to_speak() {
        let trace = Trace::default;
        for (rejection, is_outage) in [
            (Rejection::Denied, false),
            (Rejection::Unavailable(None), true),
            (Rejection::RateLimited(trace()), true),
            (Rejection::UnexpectedStatus(trace()), true),
            (Rejection::UnexpectedType("", trace()), true),
            (Rejection::Invalid("", None), false),
            (Rejection::Refused(ProviderError::new("x", None), trace()), false),
        ] {
            assert_eq!(rejection.is_outage(), is_outage, "{rejection:?}");
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
