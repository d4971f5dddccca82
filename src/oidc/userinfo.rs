//! The userinfo endpoint (OpenID Connect Core 5.3).

use std::time::Duration;

use super::exchange::{self, Answer};
use super::response::ProviderError;
use crate::host::{FetchError, Request, Response};
use crate::json::Object;
use crate::secret::Secret;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Claims whose `sub` is the ID token's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo(Object);

impl UserInfo {
    /// As received.
    #[must_use]
    pub fn claims(&self) -> &Object {
        &self.0
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
            let Answer { object, .. } = exchange::answer(&response)?;
            match object.get("sub").and_then(|sub| sub.as_str()) {
                Some(sub) if sub == subject => Ok(UserInfo(object)),
                _ => Err(Rejection::SubjectMismatch),
            }
        }
        400 | 401 => Err(refusal(&response).into()),
        _ => Err(exchange::Rejection::Unavailable(Some(exchange::trace(&response))).into()),
    }
}

/// The error stands in `WWW-Authenticate` (RFC 6750 3), or in the body for want of the header.
fn refusal(response: &Response) -> exchange::Rejection {
    let challenge = response.header("www-authenticate").unwrap_or_default();
    let error = parameter(challenge, "error").unwrap_or_default();
    let description = parameter(challenge, "error_description");
    exchange::Rejection::Refused(ProviderError::new(error, description), exchange::trace(response))
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
    use crate::oidc::exchange::Trace;
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
        let trace = Trace { status: 200, request_id: None };
        assert_eq!(not_json, exchange::Rejection::Unavailable(Some(trace)).into());
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
            let trace = Trace { status: 401, request_id: None };
            let expected = exchange::Rejection::Refused(ProviderError::new(error, description), trace);
            assert_eq!(judge(Ok(response), "ada"), Err(expected.into()), "{challenge}");
        }
        assert!(matches!(judge_text(400, "{}"), Err(Rejection::Exchange(exchange::Rejection::Refused(..)))));
    }

    #[test]
    fn any_other_status_is_not_the_endpoint_speaking() {
        for status in [201, 302, 403, 404, 500] {
            let trace = Trace { status, request_id: None };
            let unavailable = exchange::Rejection::Unavailable(Some(trace));
            assert_eq!(judge_text(status, r#"{"sub":"ada"}"#), Err(unavailable.into()));
        }
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
