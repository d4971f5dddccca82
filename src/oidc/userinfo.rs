//! The userinfo endpoint (OpenID Connect Core 5.3).

use std::time::Duration;

use super::exchange::{self, JsonResponse, Trace};
use super::response::ProviderError;
use crate::host::{FetchError, Request, Response};
use crate::json::Object;
use crate::secret::Secret;

pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// Claims whose `sub` is the ID token's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo(Object);

impl UserInfo {
    /// As received.
    #[must_use]
    pub fn claims(&self) -> &Object {
        &self.0
    }

    /// As received, for keeps.
    #[must_use]
    pub fn into_claims(self) -> Object {
        self.0
    }
}

/// Why there are no claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing to judge, a refusal, or a response of the wrong shape.
    Exchange(exchange::Rejection),
    /// No `sub`, or somebody else's: a token substitution (OpenID Connect Core 5.3.2).
    SubjectMismatch,
}

impl From<exchange::Rejection> for Rejection {
    fn from(rejection: exchange::Rejection) -> Self {
        Self::Exchange(rejection)
    }
}

/// The request: GET, the token in the header and nowhere else (RFC 6750 2.1).
#[must_use]
pub fn request(endpoint: &str, access_token: &Secret) -> Request {
    let mut request = exchange::get(endpoint, TIMEOUT);
    request.headers.push(("authorization", format!("Bearer {}", access_token.expose())));
    request
}

/// Judges the response against the ID token's `sub`.
///
/// # Errors
/// See [`Rejection`].
pub fn judge(result: Result<Response, FetchError>, subject: &str) -> Result<UserInfo, Rejection> {
    let response = exchange::arrived(result)?;
    match response.status {
        200 => {
            let JsonResponse { object, .. } = exchange::answer(&response)?;
            match object.get("sub").and_then(|sub| sub.as_str()) {
                Some(sub) if sub == subject => Ok(UserInfo(object)),
                _ => Err(Rejection::SubjectMismatch),
            }
        }
        status => Err(refusal(&response, matches!(status, 400 | 401)).into()),
    }
}

/// A request without a token, which the endpoint is to refuse: it shows whether it is one.
#[must_use]
pub fn request_without_token(endpoint: &str) -> Request {
    exchange::get(endpoint, TIMEOUT)
}

/// Judges the response to a request without a token: the right one is a refusal in the form of RFC 6750 3, with or without an
/// error.
///
/// # Errors
/// Anything else. A 200 is [`exchange::Rejection::UnexpectedStatus`] here.
pub fn judge_without_token(result: Result<Response, FetchError>) -> Result<Trace, exchange::Rejection> {
    let response = exchange::arrived(result)?;
    let challenge = response.header("www-authenticate").unwrap_or_default();
    let asks_for_a_token = challenge.split([' ', ',']).next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
    let names_an_error = parameter(challenge, "error").is_some() || exchange::protocol_error(&response).is_some();
    match matches!(response.status, 400 | 401) && (asks_for_a_token || names_an_error) {
        true => Ok(exchange::trace(&response)),
        false => Err(exchange::Rejection::UnexpectedStatus(exchange::told(&response))),
    }
}

/// The error stands in `WWW-Authenticate` (RFC 6750 3), or in the body for want of the header; one with any status of the
/// client's counts, since `insufficient_scope` comes with 403.
fn refusal(response: &Response, is_the_endpoints: bool) -> exchange::Rejection {
    let challenge = response.header("www-authenticate").unwrap_or_default();
    let description = parameter(challenge, "error_description");
    let in_header = parameter(challenge, "error").map(|error| ProviderError::new(error, description));
    let told = exchange::told(response);
    let words = in_header.or_else(|| exchange::protocol_error(response));
    match words.filter(|_| (400..500).contains(&response.status)) {
        Some(error) => exchange::Rejection::Refused(error, exchange::trace(response)),
        None if is_the_endpoints => {
            let words = told.words.clone().map(|words| *words);
            exchange::Rejection::Refused(words.unwrap_or_else(|| ProviderError::new("", description)), exchange::trace(response))
        }
        None => exchange::Rejection::UnexpectedStatus(told),
    }
}

/// The value of a quoted parameter of a challenge, leniently: Cognito leaves the scheme out, and the text is for a person.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let marker = format!("{name}=\"");
    challenge.match_indices(marker.as_str()).find_map(|(start, _)| {
        let before = challenge.get(..start)?.chars().next_back();
        let value = challenge.get(start.checked_add(marker.len())?..)?;
        let end = value.find('"')?;
        before.is_none_or(|character| character == ' ' || character == ',').then(|| value.get(..end)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Method;
    use crate::testing::json::object as json_object;
    use crate::testing::response;
    use proptest::prelude::*;

    fn judge_text(status: u16, body: &str) -> Result<UserInfo, Rejection> {
        judge(Ok(response(status, "application/json", body)), "ada")
    }

    #[test]
    fn u01_the_token_goes_into_the_header_alone() {
        let request = request("https://idp.example.com/userInfo", &Secret::new("the-token"));
        assert_eq!(request.method, Method::Get);
        assert_eq!(request.url, "https://idp.example.com/userInfo");
        assert!(request.headers.contains(&("authorization", "Bearer the-token".to_owned())));
        assert!(request.body.is_empty());
    }

    #[test]
    fn u02_u06_claims_are_kept_as_received() {
        let info = judge_text(200, r#"{"sub":"ada","email_verified":"true","x":null}"#).unwrap();
        assert_eq!(info.claims().len(), 3);
        let not_json = judge(Ok(response(200, "application/jwt", "e.e.e")), "ada").unwrap_err();
        let trace = Trace { status: 200, ..Trace::default() };
        let expected = "expected the content type `application/json`, but another one came";
        assert_eq!(not_json, exchange::Rejection::UnexpectedType(expected, trace).into());
    }

    #[test]
    fn u03_another_or_no_subject_is_refused() {
        for body in [r#"{"sub":"Ada"}"#, r#"{"sub":"ada "}"#, r#"{"sub":1}"#, r#"{"sub":null}"#, "{}"] {
            assert_eq!(judge_text(200, body), Err(Rejection::SubjectMismatch), "{body}");
        }
    }

    #[test]
    fn u05_a_refusal_is_read_with_or_without_a_scheme() {
        for (challenge, error, description) in [
            (r#"error="invalid_token", error_description="Access token expired""#, "invalid_token", Some("Access token expired")),
            (r#"Bearer realm="x",error="insufficient_scope""#, "insufficient_scope", None),
            (r#"Bearer error_description="a", error="b""#, "b", Some("a")),
            (r#"xerror="a""#, "", None),
            (r#"error="unterminated"#, "", None),
            ("", "", None),
        ] {
            let mut response = response(401, "", "");
            response.headers.push(("www-authenticate".into(), challenge.into()));
            let trace = Trace { status: 401, ..Trace::default() };
            let expected = exchange::Rejection::Refused(ProviderError::new(error, description), trace);
            assert_eq!(judge(Ok(response), "ada"), Err(expected.into()), "{challenge}");
        }
        assert!(matches!(judge_text(400, "{}"), Err(Rejection::Exchange(exchange::Rejection::Refused(..)))));
    }

    #[test]
    fn u05_a_refusals_words_are_read_from_the_body_for_want_of_the_header() {
        for (status, body, words) in [
            (401, r#"{"error":"invalid_token","error_description":"expired"}"#, ("invalid_token", Some("expired"))),
            (403, r#"{"error":"insufficient_scope"}"#, ("insufficient_scope", None)),
            (400, r#"{"__type":"NotAuthorizedException","message":"no"}"#, ("NotAuthorizedException", Some("no"))),
            (401, r#"{"message":"Unauthorized"}"#, ("", Some("Unauthorized"))),
            (401, "<html>", ("", None)),
        ] {
            let trace = Trace { status, ..Trace::default() };
            let refused = exchange::Rejection::Refused(ProviderError::new(words.0, words.1), trace);
            assert_eq!(judge_text(status, body), Err(refused.into()), "{body}");
        }
    }

    #[test]
    fn any_other_status_is_not_the_endpoint_speaking() {
        for status in [201, 202, 302, 403, 404, 405] {
            let trace = Trace { status, ..Trace::default() };
            assert_eq!(judge_text(status, r#"{"sub":"ada"}"#), Err(exchange::Rejection::UnexpectedStatus(trace).into()));
        }
        let trace = Trace { status: 500, ..Trace::default() };
        assert_eq!(judge_text(500, r#"{"sub":"ada"}"#), Err(exchange::Rejection::Unavailable(Some(trace)).into()));
    }

    proptest! {

        #[test]
        fn u03_any_response_is_judged_and_only_the_subjects_passes(
            claims in json_object(&["sub", "email"]), status in prop::sample::select(vec![200_u16, 201, 400, 401, 500]), is_sound in any::<bool>(),
        ) {
            let mut claims = claims;
            if is_sound {
                claims.insert("sub".to_owned(), "ada".into());
            }
            let result = judge_text(status, &serde_json::Value::Object(claims.clone()).to_string());
            let passes = status == 200 && claims.get("sub").is_some_and(|sub| sub == "ada");
            prop_assert_eq!(result.is_ok(), passes);
        }

        #[test]
        fn u05_any_challenge_is_read_or_passed_over(challenge in "\\PC*", error in "[a-z_]{1,9}") {
            let _ = parameter(&challenge, "error");
            let whole = format!("{}, error=\"{error}\"", challenge.replace('"', ""));
            prop_assert_eq!(parameter(&whole, "error"), Some(error.as_str()));
        }
    }
}
