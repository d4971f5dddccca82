//! The code exchange (OpenID Connect Core 3.1.3): token request and token response.

use std::time::Duration;

use super::client::Client;
use super::exchange::{self, JsonResponse, Trace};
use super::pkce::CodeVerifier;
use crate::eight::{self, Eight};
use crate::host::{FetchError, Request, Response};
use crate::json::Object;
use crate::secret::Secret;
use serde_json::Value;

/// A provider may run code of its customer's before it answers; Cognito gives a trigger three attempts of 5 s.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(18);

/// A lifetime beyond this many seconds, some 30,000 years, is none.
const LONGEST_LIFETIME: f64 = 1e12;

/// What a provider issues for a code. Nothing in it is to be used before the ID token is verified (RFC 9700 4.5.3.2).
#[derive(Debug)]
pub struct TokenResponse {
    /// The ID token, unverified.
    pub id_token: Secret,
    /// Opaque to a relying party; of the characters that RFC 6750 2.1 allows.
    pub access_token: Secret,
    /// Opaque.
    pub refresh_token: Option<Secret>,
    /// `token_type` as received; `bearer` in some case.
    pub token_type: String,
    /// Lifetime of the access token in seconds.
    pub expires_in: Option<u64>,
    /// Granted scope, where it is said; absent means as requested (RFC 6749 5.1).
    pub scope: Option<String>,
    /// Which response it was.
    pub trace: Trace,
}

/// Why there are no tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing to judge, a refusal, or a response of the wrong shape.
    Exchange(exchange::Rejection),
    /// A token response without an ID token: `openid` wasn't granted.
    IdTokenMissing(Trace),
}

impl From<exchange::Rejection> for Rejection {
    fn from(rejection: exchange::Rejection) -> Self {
        Self::Exchange(rejection)
    }
}

/// The token request (OpenID Connect Core 3.1.3.1, RFC 7636 4.5). To be sent once, and never again: a code works once, and even a
/// refused exchange uses it up.
#[must_use]
pub fn request(endpoint: &str, client: &Client, code: &Secret, redirect_uri: &str, verifier: &CodeVerifier) -> Request {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.secret().expose()),
    ];
    client.post(endpoint, &parameters, TIMEOUT)
}

/// Judges the token response (OpenID Connect Core 3.1.3.3 to 3.1.3.5).
///
/// # Errors
/// See [`Rejection`].
pub fn judge(result: Result<Response, FetchError>) -> Result<TokenResponse, Rejection> {
    let response = exchange::arrived(result)?;
    match response.status {
        200 => tokens(exchange::answer(&response)?),
        status => Err(refusal(&response, matches!(status, 400 | 401)).into()),
    }
}

/// RFC 6749 5.2. The error counts with any status of the client's: some come with 403.
fn refusal(response: &Response, is_the_endpoints: bool) -> exchange::Rejection {
    let is_client_error = (400..500).contains(&response.status);
    match exchange::protocol_error(response).filter(|_| is_client_error) {
        Some(error) => exchange::Rejection::Refused(error, exchange::trace(response)),
        None if is_the_endpoints && exchange::is_of_json(response) => {
            exchange::Rejection::Invalid("expected `error` in the error response", Some(exchange::told(response)))
        }
        None => exchange::Rejection::UnexpectedStatus(exchange::told(response)),
    }
}

/// RFC 6749 5.1
fn tokens(JsonResponse { object, trace }: JsonResponse) -> Result<TokenResponse, Rejection> {
    // An error in a success is nobody's protocol, but the operator wants to read it.
    let words = || exchange::named(&object, "error", "error_description").map(Box::new);
    let invalid = |expected| exchange::Rejection::Invalid(expected, Some(Trace { words: words(), ..trace.clone() }));
    let text = |name, expected| optional_text(&object, name).map_err(|WrongType| invalid(expected));

    let access_token = text("access_token", "expected `access_token` as a string")?
        .filter(|token| is_bearer_token(token))
        .ok_or_else(|| invalid("expected `access_token` of the characters of RFC 6750"))?;
    let token_type = text("token_type", "expected `token_type` as a string")?
        .filter(|token_type| token_type.eq_ignore_ascii_case("bearer"))
        .ok_or_else(|| invalid("expected `token_type` Bearer"))?;
    let refresh_token = text("refresh_token", "expected `refresh_token` as a string")?;
    let scope = text("scope", "expected `scope` as a string")?;
    let expires_in = match object.get("expires_in") {
        None | Some(Value::Null) => None,
        Some(value) => Some(seconds(value).ok_or_else(|| invalid("expected `expires_in` as seconds"))?),
    };
    let id_token =
        text("id_token", "expected `id_token` as a string")?.ok_or_else(|| Rejection::IdTokenMissing(trace.clone()))?;
    Ok(TokenResponse {
        id_token: Secret::new(id_token),
        access_token: Secret::new(access_token),
        refresh_token: refresh_token.map(Secret::new),
        token_type: token_type.to_owned(),
        expires_in,
        scope: scope.map(str::to_owned),
        trace,
    })
}

/// As a number, or as a number's text; of a fraction, the whole seconds before it. Nothing is decided by it.
fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let are_digits = [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            are_digits.then(|| whole.parse().ok()).flatten()
        }
        _ => None,
    }
}

fn whole(seconds: f64) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (0.0..=LONGEST_LIFETIME).contains(&seconds).then_some(seconds as u64)
}

struct WrongType;

fn optional_text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, WrongType> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(WrongType),
    }
}

/// `b64token` (RFC 6750 2.1): fit for a header.
fn is_bearer_token(token: &str) -> bool {
    let one = |eight: Eight, mark: u8| eight.within(mark, mark);
    let marks =
        |eight: Eight| eight.within(b'-', b'/') | one(eight, b'_') | one(eight, b'~') | one(eight, b'+') | one(eight, b'=');
    !token.is_empty() && eight::all(token, |eight| eight.alphanumeric() | marks(eight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::client::ClientAuthentication;
    use crate::oidc::response::ProviderError;
    use crate::testing::json::object as json_object;
    use crate::testing::{FakeHost, response};
    use proptest::prelude::*;
    use serde_json::json;

    fn judge_json(status: u16, body: &Value) -> Result<TokenResponse, Rejection> {
        judge(Ok(response(status, "application/json", &body.to_string())))
    }

    fn full() -> Value {
        json!({"access_token": "at", "id_token": "it", "refresh_token": "rt", "token_type": "Bearer", "expires_in": 3600})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = full();
        body[name] = value;
        body
    }

    fn invalid(expected: &'static str) -> Rejection {
        exchange::Rejection::Invalid(expected, Some(Trace { status: 200, ..Trace::default() })).into()
    }

    #[test]
    fn t01_the_request_carries_code_redirect_uri_and_verifier() {
        let client = Client::new("id", ClientAuthentication::ClientSecretBasic, Some(Secret::new("secret"))).unwrap();
        let verifier = CodeVerifier::new(Secret::random(&mut FakeHost::new()).unwrap());
        let request =
            request("https://idp.example.com/token", &client, &Secret::new("the code"), "https://app/cb?a=b", &verifier);
        let body: Vec<(String, String)> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            body,
            [
                pair("grant_type", "authorization_code"),
                pair("code", "the code"),
                pair("redirect_uri", "https://app/cb?a=b"),
                pair("code_verifier", verifier.secret().expose()),
            ]
        );
        assert_eq!(request.timeout, Duration::from_secs(18));
        assert_eq!(request.url, "https://idp.example.com/token");
    }

    #[test]
    fn t06_t08_t09_a_whole_response_is_read() {
        let tokens = judge_json(200, &full()).unwrap();
        assert_eq!(tokens.id_token.expose(), "it");
        assert_eq!(tokens.access_token.expose(), "at");
        assert_eq!(tokens.refresh_token.unwrap().expose(), "rt");
        assert_eq!(tokens.expires_in, Some(3600));
        assert_eq!(tokens.scope, None);
        let tokens = judge_json(200, &with("scope", json!("openid"))).unwrap();
        assert_eq!(tokens.scope.as_deref(), Some("openid"));
    }

    #[test]
    fn t07_t09_optional_members_may_be_missing_and_bearer_has_any_case() {
        let tokens =
            judge_json(200, &json!({"access_token": "a", "id_token": "i", "token_type": "bEARER", "refresh_token": null}))
                .unwrap();
        assert_eq!(tokens.token_type, "bEARER");
        assert_eq!(tokens.expires_in, None);
        assert!(tokens.refresh_token.is_none());
    }

    #[test]
    fn t07_t08_a_response_of_the_wrong_shape_is_invalid() {
        let characters = "expected `access_token` of the characters of RFC 6750";
        for (name, value, expected) in [
            ("access_token", json!(null), characters),
            ("access_token", json!(""), characters),
            ("access_token", json!("a\r\nb"), characters),
            ("access_token", json!(7), "expected `access_token` as a string"),
            ("token_type", json!("DPoP"), "expected `token_type` Bearer"),
            ("token_type", json!("Bearer2"), "expected `token_type` Bearer"),
            ("token_type", json!("Bearer "), "expected `token_type` Bearer"),
            ("token_type", json!("x Bearer"), "expected `token_type` Bearer"),
            ("token_type", json!(null), "expected `token_type` Bearer"),
            ("token_type", json!([]), "expected `token_type` as a string"),
            ("id_token", json!({}), "expected `id_token` as a string"),
            ("refresh_token", json!(1), "expected `refresh_token` as a string"),
            ("scope", json!(["openid"]), "expected `scope` as a string"),
            ("expires_in", json!(""), "expected `expires_in` as seconds"),
            ("expires_in", json!("1 h"), "expected `expires_in` as seconds"),
            ("expires_in", json!("1e3"), "expected `expires_in` as seconds"),
            ("expires_in", json!("-1"), "expected `expires_in` as seconds"),
            ("expires_in", json!(-1), "expected `expires_in` as seconds"),
            ("expires_in", json!(1e300), "expected `expires_in` as seconds"),
            ("expires_in", json!([3600]), "expected `expires_in` as seconds"),
        ] {
            assert_eq!(judge_json(200, &with(name, value)).unwrap_err(), invalid(expected), "{name}");
        }
        let trace = Trace { status: 200, ..Trace::default() };
        assert_eq!(judge_json(200, &with("id_token", json!(null))).unwrap_err(), Rejection::IdTokenMissing(trace));
    }

    #[test]
    fn t09_a_lifetime_is_read_from_a_number_or_its_text() {
        for (value, seconds) in [
            (json!(3600), Some(3600)),
            (json!("3600"), Some(3600)),
            (json!(3600.0), Some(3600)),
            (json!("3600.0"), Some(3600)),
            (json!(3599.9), Some(3599)),
            (json!(0), Some(0)),
            (json!("0"), Some(0)),
            (json!(null), None),
        ] {
            assert_eq!(judge_json(200, &with("expires_in", value.clone())).unwrap().expires_in, seconds, "{value}");
        }
    }

    #[test]
    fn t06_an_error_counts_with_any_status_of_the_clients_and_in_any_content_type() {
        let error = ProviderError::new("unauthorized_client", None);
        for (status, content_type) in
            [(400, "application/json"), (401, "application/x-amz-json-1.1"), (403, "application/json"), (404, "text/plain")]
        {
            let answer = response(status, content_type, r#"{"error":"unauthorized_client"}"#);
            let refused = exchange::Rejection::Refused(error.clone(), Trace { status, ..Trace::default() });
            assert_eq!(judge(Ok(answer)).unwrap_err(), refused.into());
        }
        let answer = response(400, "application/json", r#"{"__type":"InvalidParameterException","message":"no"}"#);
        let words = Some(Box::new(ProviderError::new("InvalidParameterException", Some("no"))));
        let trace = Some(Trace { status: 400, words, ..Trace::default() });
        let expected = exchange::Rejection::Invalid("expected `error` in the error response", trace);
        assert_eq!(judge(Ok(answer)).unwrap_err(), expected.into());
    }

    #[test]
    fn t06_an_error_response_is_the_providers_no() {
        for status in [400, 401] {
            let trace = Trace { status, ..Trace::default() };
            let error = ProviderError::new("invalid_grant", Some("why"));
            let body = json!({"error": "invalid_grant", "error_description": "why"});
            assert_eq!(judge_json(status, &body).unwrap_err(), exchange::Rejection::Refused(error, trace.clone()).into());
            for body in [json!({}), json!({"error": ""}), json!({"error": 1})] {
                let expected = "expected `error` in the error response";
                assert_eq!(
                    judge_json(status, &body).unwrap_err(),
                    exchange::Rejection::Invalid(expected, Some(trace.clone())).into()
                );
            }
        }
    }

    #[test]
    fn t05_any_other_status_is_not_the_endpoint_speaking() {
        for status in [201, 202, 204, 302, 307, 403, 404, 405] {
            let trace = Trace { status, ..Trace::default() };
            assert_eq!(judge_json(status, &full()).unwrap_err(), exchange::Rejection::UnexpectedStatus(trace).into());
        }
        for status in [302, 400, 401, 403] {
            let trace = Trace { status, ..Trace::default() };
            let page = judge(Ok(response(status, "text/html", "<html>"))).unwrap_err();
            assert_eq!(page, exchange::Rejection::UnexpectedStatus(trace).into(), "{status}");
        }
        let body = r#"{"error":"invalid_grant"}"#;
        for status in [202, 302] {
            let refused = judge(Ok(response(status, "application/json", body))).unwrap_err();
            assert!(matches!(refused, Rejection::Exchange(exchange::Rejection::UnexpectedStatus(_))), "{status}");
        }
    }

    proptest! {

        #[test]
        fn t07_t08_any_response_is_judged_and_only_bearer_tokens_pass(
            body in json_object(&["access_token", "id_token", "token_type", "refresh_token", "expires_in", "scope", "error"]),
            status in prop::sample::select(vec![200_u16, 400, 401, 429, 500, 204]),
            is_sound in any::<bool>(),
        ) {
            let mut body = Value::Object(body);
            if is_sound {
                body["access_token"] = json!("at");
                body["token_type"] = json!("Bearer");
                body["id_token"] = json!("it");
            }
            if let Ok(tokens) = judge_json(status, &body) {
                prop_assert_eq!(status, 200);
                prop_assert!(is_bearer_token(tokens.access_token.expose()));
                prop_assert!(tokens.token_type.eq_ignore_ascii_case("bearer"));
                prop_assert_eq!(body["id_token"].as_str(), Some(tokens.id_token.expose()));
            }
        }

        #[test]
        fn t11_any_bytes_are_judged(body in prop::collection::vec(any::<u8>(), 0..64), status in 100..600_u16) {
            let mut answer = response(status, "application/json", "");
            answer.body = body;
            prop_assert!(judge(Ok(answer)).is_err());
        }
    }
}
