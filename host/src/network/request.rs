//! What a step asks for, before anything of it is judged.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::exchange::{FetchError, MAX_FIELDS, MAX_HEADER};
use crate::telemetry::Endpoint;

/// A request in the contract's own terms, with the host's limits already in it.
pub(crate) struct Request {
    pub post: bool,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Of the response's body, in bytes, decoded.
    pub max_body: usize,
}

impl Request {
    /// Which endpoint it is for, as far as the request itself says.
    pub(super) fn endpoint(&self) -> Endpoint {
        let bears_token = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        Endpoint::of(self.post, &self.url, bears_token, &self.body)
    }

    /// The header fields, each checked. Values are marked as sensitive: whoever prints them gets none.
    ///
    /// Bounded before a map is made of them: that of `http` takes no more than 32,768 names, and `append` panics at the next.
    pub(super) fn checked_headers(&self) -> Result<HeaderMap, FetchError> {
        let denied = |why: String| Err(FetchError::Denied(why));
        if self.headers.len() > MAX_FIELDS {
            return denied(format!("the request has more than {MAX_FIELDS} header fields"));
        }
        if self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_HEADER {
            return denied(format!("the request's header is longer than {MAX_HEADER} bytes"));
        }
        let mut map = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                return denied("a header name is not a token".to_owned());
            };
            if HOST_HEADERS.contains(&name.as_str()) {
                return denied(format!("the header {name} is the host's"));
            }
            let Ok(mut value) = HeaderValue::from_str(value) else {
                return denied("a header value is not visible ASCII".to_owned());
            };
            value.set_sensitive(true);
            if map.try_append(name, value).is_err() {
                return denied("the request has too many header fields".to_owned());
            }
        }
        Ok(map)
    }
}

/// The names that are the host's: RFC 9110 7.6.1's connection-specific fields, framing, the target, and the codings that the
/// client can decode.
const HOST_HEADERS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: Vec<(String, String)>) -> Result<HeaderMap, FetchError> {
        let request =
            Request { post: false, url: String::new(), headers, body: Vec::new(), timeout: Duration::ZERO, max_body: 0 };
        request.checked_headers()
    }

    fn one(name: &str, value: &str) -> Result<HeaderMap, FetchError> {
        checked(vec![(name.to_owned(), value.to_owned())])
    }

    fn many(fields: usize, bytes_each: usize) -> Vec<(String, String)> {
        (0..fields).map(|number| (format!("x-{number:06}"), "v".repeat(bytes_each - 8))).collect()
    }

    #[test]
    fn headers_that_are_the_hosts_are_denied() {
        for name in HOST_HEADERS {
            for name in [(*name).to_owned(), name.to_uppercase()] {
                let expected = format!("the header {} is the host's", name.to_lowercase());
                assert_eq!(one(&name, "value"), Err(FetchError::Denied(expected)));
            }
        }
    }

    #[test]
    fn names_are_tokens_and_values_have_no_line_of_their_own() {
        for name in ["", "not a token", "x:", "x\r\ny", "ü"] {
            assert_eq!(one(name, "value"), Err(FetchError::Denied("a header name is not a token".to_owned())), "{name:?}");
        }
        for value in ["Basic c2VjcmV0\r\nx: y", "a\nb", "a\0b", "\u{7f}"] {
            let error = one("authorization", value).unwrap_err();
            assert_eq!(error, FetchError::Denied("a header value is not visible ASCII".to_owned()), "{value:?}");
        }
        let headers = one("Authorization", "Bearer secret").unwrap();
        assert_eq!(headers.get("authorization").unwrap(), "Bearer secret");
        assert!(!format!("{headers:?}").contains("secret"));
    }

    #[test]
    fn more_headers_than_a_map_can_hold_are_denied_like_any_that_are_too_many() {
        assert_eq!(checked(many(64, 1024)).unwrap().len(), 64);
        for fields in [65, 26_000, 40_000] {
            let error = checked(many(fields, 8)).unwrap_err();
            assert_eq!(error, FetchError::Denied("the request has more than 64 header fields".to_owned()));
        }
        let repeated = vec![("x".to_owned(), String::new()); 40_000];
        assert!(matches!(checked(repeated), Err(FetchError::Denied(_))));
        let error = checked(many(64, 1025)).unwrap_err();
        assert_eq!(error, FetchError::Denied("the request's header is longer than 65536 bytes".to_owned()));
    }
}
