//! The authorization response (OpenID Connect Core 3.1.2.5 and 3.1.2.6), parsed strictly.
//!
//! | parameter | accepted | else |
//! |---|---|---|
//! | `state` | once, not empty | malformed; missing |
//! | `code` | once, visible ASCII, up to 8 KiB, without `error` | malformed |
//! | `error` | once, visible ASCII, without `code` | malformed |
//! | `iss` | at most once | malformed |
//! | `error_description` | anything, read lossily: a third party may have chosen it | - |
//! | `id_token`, `access_token`, `refresh_token` | never in this flow (RFC 9700 2.1.2), in a fragment neither | unexpected token |
//! | others | ignored (RFC 6749 4.1.2) | - |
//! | a fragment | cut off: Facebook leaves `#_=_`, and an app gets the URL whole, which a server doesn't | - |

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::provider_text;
use crate::limit::limit;
use crate::secret::Secret;

limit! {
    /// Longest response read, in bytes.
    pub(crate) MAX_RESPONSE_BYTES: usize = 32 KiB;
    A_RESPONSE = "expected a response of at most ", "";
}
/// Longest code accepted, in bytes. RFC 6749 4.1.2 sets no limit; Cognito's have 36.
pub(crate) const MAX_CODE_BYTES: usize = 8 * 1024;
/// Tokens that a code flow never gets through the user agent.
const FRONT_CHANNEL_TOKENS: &[&str] = &["id_token", "access_token", "refresh_token"];

/// Parameters that a provider may add to a redirect URI (RFC 6749 4.1.2, RFC 9207 2, OpenID Connect Session Management 2, JARM
/// 2.3; and tokens, which no flow of this step uses).
const OWNED: &[&str] = &[
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "refresh_token",
    "response",
    "scope",
    "session_state",
    "state",
    "token_type",
];

/// Whether a parameter belongs to the authorization response: a redirect URI must not have it in a query of its own.
#[must_use]
pub fn is_owned(name: &str) -> bool {
    OWNED.contains(&name)
}

/// The parameters of a well-formed response. Nothing in them is believed yet.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Names the attempt that it claims to answer.
    pub state: Secret,
    /// `iss` (RFC 9207), as received.
    pub issuer: Option<String>,
    /// The code, or the provider's no.
    pub result: Result<Secret, ProviderError>,
}

/// An error that the provider named, in the authorization response or as an endpoint's answer. Cleaned: see [`provider_text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    /// `error`.
    pub error: String,
    /// `error_description`.
    pub description: Option<String>,
}

impl ProviderError {
    /// Cleans both texts.
    #[must_use]
    pub fn new(error: &str, description: Option<&str>) -> Self {
        let description = description.map(provider_text::clean).filter(|text| !text.is_empty());
        Self { error: provider_text::clean(error), description }
    }
}

/// Why a text isn't an authorization response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// What was expected.
    Malformed(&'static str),
    /// No `state`, or an empty one: it answers nobody.
    StateMissing,
    /// A token came through the user agent.
    UnexpectedToken,
}

/// Reads the query of a GET (without `?`) or the body of a form post.
///
/// # Errors
/// See [`Rejection`].
pub fn parse(encoded: &str) -> Result<Parameters, Rejection> {
    if encoded.len() > MAX_RESPONSE_BYTES {
        return Err(Rejection::Malformed(A_RESPONSE));
    }
    // Form-encoding writes a number sign of a value as `%23`.
    let (query, fragment) = encoded.split_once('#').unwrap_or((encoded, ""));
    let pairs = Pairs::new(query);
    let holds_token = |pairs: &Pairs<'_>| FRONT_CHANNEL_TOKENS.iter().any(|name| pairs.values(name).next().is_some());
    if holds_token(&pairs) || holds_token(&Pairs::new(fragment)) {
        return Err(Rejection::UnexpectedToken);
    }
    let state = pairs.once("state")?.filter(|state| !state.is_empty()).ok_or(Rejection::StateMissing)?;
    let code = pairs.once("code")?;
    let error = pairs.once("error")?;
    let issuer = pairs.once("iss")?;
    let result = match (code, error) {
        (Some(code), None) if is_visible(&code) && code.len() <= MAX_CODE_BYTES => Ok(Secret::new(code)),
        (None, Some(error)) if is_visible(&error) => {
            let description = pairs.values("error_description").next().map(decode_lossily);
            Err(ProviderError::new(&error, description.as_deref()))
        }
        (Some(_), Some(_)) => return Err(Rejection::Malformed("expected `code` or `error`, not both")),
        (None, None) => return Err(Rejection::Malformed("expected `code` or `error`")),
        _ => return Err(Rejection::Malformed("expected visible ASCII in `code` or `error`")),
    };
    Ok(Parameters { state: Secret::new(state), issuer, result })
}

/// The parameters, undecoded.
struct Pairs<'a>(Vec<(Option<String>, &'a str)>);

impl<'a> Pairs<'a> {
    fn new(encoded: &'a str) -> Self {
        let pair = |text: &'a str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (decode(name), value)
        };
        Self(encoded.split('&').filter(|text| !text.is_empty()).map(pair).collect())
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(candidate, _)| candidate.as_deref() == Some(name)).map(|(_, value)| *value)
    }

    /// The decoded value of a parameter that must not be repeated (RFC 6749 3.1).
    fn once(&self, name: &str) -> Result<Option<String>, Rejection> {
        let mut values = self.values(name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Rejection::Malformed("expected `state`, `code`, `iss` and `error` at most once"));
        }
        match decode(value) {
            Some(value) => Ok(Some(value)),
            None => Err(Rejection::Malformed("expected percent-encoded UTF-8")),
        }
    }
}

/// Undoes form-encoding, refusing what a lenient decoder would guess at.
fn decode(encoded: &str) -> Option<String> {
    let mut escapes = encoded.split('%').skip(1);
    let whole = escapes.all(|text| text.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)));
    let spaced = encoded.replace('+', " ");
    whole.then(|| percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)).flatten()
}

/// Undoes form-encoding, whatever comes.
fn decode_lossily(encoded: &str) -> String {
    percent_decode_str(&encoded.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Not empty and of the characters that RFC 6749 allows in codes and errors (appendix A.7, A.11).
fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONCE: Rejection = Rejection::Malformed("expected `state`, `code`, `iss` and `error` at most once");
    const ENCODING: Rejection = Rejection::Malformed("expected percent-encoded UTF-8");
    const VISIBLE: Rejection = Rejection::Malformed("expected visible ASCII in `code` or `error`");

    fn success(state: &str, code: &str, issuer: Option<&str>) -> Result<Parameters, Rejection> {
        Ok(Parameters { state: Secret::new(state), issuer: issuer.map(str::to_owned), result: Ok(Secret::new(code)) })
    }

    #[test]
    fn c01_c08_a_success_is_read_and_unknown_parameters_are_ignored() {
        for (text, expected) in [
            ("code=c&state=s", success("s", "c", None)),
            ("state=s&code=c&session_state=x&x=%ff&%zz=1&&y", success("s", "c", None)),
            ("code=a+b%2Bc&state=s", success("s", "a b+c", None)),
            ("code=c&state=s&iss=https%3A%2F%2Fidp.example.com", success("s", "c", Some("https://idp.example.com"))),
            ("code=a=b=&state=s", success("s", "a=b=", None)),
            ("code=c&st%61te=s", success("s", "c", None)),
            ("code=c&state=%EF%BF%BD", success("\u{fffd}", "c", None)),
            ("code=c&state=%c3%a4", success("ä", "c", None)),
            ("code=c&state=s#", success("s", "c", None)),
            ("code=c&state=s#_=_", success("s", "c", None)),
            ("code=c&state=s#/home?state=x", success("s", "c", None)),
            ("state=s&code=c#_=_", success("s", "c", None)),
            ("code=c&state=s%23_%3D_", success("s#_=_", "c", None)),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn c09_an_error_is_read_with_any_description() {
        for (text, error, description) in [
            ("error=access_denied&state=s", "access_denied", None),
            ("error_description=User+said+no&error=access_denied&state=s", "access_denied", Some("User said no")),
            ("state=s&error=invalid_request&error_description=a%FFb%zz", "invalid_request", Some("a\u{fffd}b%zz")),
            ("state=s&error=x&error_description=a&error_description=b", "x", Some("a")),
            ("state=s&error=x&error_description=", "x", None),
            ("state=s&error=x&error_uri=https%3A%2F%2Fevil.example", "x", None),
            ("error=access_denied&state=s&error_description=no#_=_", "access_denied", Some("no")),
        ] {
            let response = parse(text).unwrap();
            assert_eq!(response.result, Err(ProviderError::new(error, description)), "{text}");
        }
    }

    #[test]
    fn c02_a_response_without_state_answers_nobody() {
        for text in ["code=c", "code=c&state=", "error=access_denied", "", "code=c&State=s"] {
            assert_eq!(parse(text), Err(Rejection::StateMissing), "{text}");
        }
    }

    #[test]
    fn c07_c11_c14_c15_what_is_ambiguous_or_oversized_is_malformed() {
        let neither = Rejection::Malformed("expected `code` or `error`");
        let both = Rejection::Malformed("expected `code` or `error`, not both");
        for (text, rejection) in [
            ("state=s&state=s&code=c", ONCE),
            ("state=s&code=c&code=c", ONCE),
            ("state=s&code=c&c%6fde=d", ONCE),
            ("state=s&code=c&iss=a&iss=a", ONCE),
            ("state=s&error=a&error=b", ONCE),
            ("state=s&code=c&error=e", both),
            ("state=s", neither),
            ("state=s&code=%", ENCODING),
            ("state=s&code=%f", ENCODING),
            ("state=s&code=%zz", ENCODING),
            ("state=s&code=%ff", ENCODING),
            ("state=%c3&code=c", ENCODING),
            ("state=s&code=c&iss=%e2%28%a1", ENCODING),
            ("state=s&code=", VISIBLE),
            ("state=s&code=a%0d%0ab", VISIBLE),
            ("state=s&code=%C3%A4", VISIBLE),
            ("state=s&error=%00", VISIBLE),
            ("state=s&error=", VISIBLE),
        ] {
            assert_eq!(parse(text), Err(rejection), "{text}");
        }
        assert_eq!(parse(&format!("state=s&code={}", "c".repeat(8192))), success("s", &"c".repeat(8192), None));
        assert_eq!(parse(&format!("state=s&code={}", "c".repeat(8193))), Err(VISIBLE));
        let padded = |length: usize| format!("state=s&code=c&x={}", "x".repeat(length - 17));
        assert_eq!(parse(&padded(32 * 1024)), success("s", "c", None));
        assert_eq!(parse(&padded(32 * 1024 + 1)), Err(Rejection::Malformed("expected a response of at most 32 KiB")));
    }

    #[test]
    fn c12_a_token_through_the_user_agent_is_refused() {
        for name in ["id_token", "access_token", "refresh_token"] {
            assert_eq!(parse(&format!("code=c&state=s&{name}=x")), Err(Rejection::UnexpectedToken));
            assert_eq!(parse(&format!("{name}=")), Err(Rejection::UnexpectedToken));
            assert_eq!(parse(&format!("code=c&state=s#{name}=x")), Err(Rejection::UnexpectedToken));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn what_was_encoded_is_read_back(state in "[ -~ä€]{1,50}", code in "[ -~]{1,50}", issuer in ".{0,50}") {
            let text = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("iss", &issuer)
                .append_pair("state", &state)
                .append_pair("code", &code)
                .finish();
            prop_assert_eq!(parse(&text), success(&state, &code, Some(&issuer)));
        }
    }
}
