//! The span of one HTTP exchange, by OpenTelemetry's semantic conventions for HTTP clients (stable since 1.23).
//!
//! `url.full`, which they ask for, is left out: a query can hold what nobody may see. What was asked is in `endpoint`.

use std::time::Duration;

use tracing::Span;
use tracing::field::Empty;
use url::Url;

use super::metric;
use crate::text::one_line;

/// Characters of a host name (RFC 1035 2.3.4), and of an address in brackets.
const MAX_HOST: usize = 255;

/// Which of a provider's endpoints an exchange is with, as far as the request itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Token,
    Revocation,
    Userinfo,
    Metadata,
    Keys,
    Other,
}

impl Endpoint {
    /// By what the protocol has each of them asked for, since a connector may have it anywhere: a POST that names its grant, a
    /// POST of a token, a GET with an access token, a GET whose path ends as OpenID Connect Discovery 4 has it, a GET of what is
    /// called keys.
    pub(crate) fn of(is_post: bool, url: &str, bears_token: bool, body: &[u8]) -> Self {
        let names = |field: &[u8]| body.split(|byte| *byte == b'&').any(|pair| pair.starts_with(field));
        match (is_post, bears_token) {
            (true, _) if names(b"grant_type=") => Self::Token,
            (true, _) if names(b"token=") => Self::Revocation,
            (false, true) => Self::Userinfo,
            (false, false) => Url::parse(url).map_or(Self::Other, |url| Self::at(&url.path().to_ascii_lowercase())),
            _ => Self::Other,
        }
    }

    /// That of a GET without an access token, by its path in lower case.
    fn at(path: &str) -> Self {
        if path.ends_with("/openid-configuration") {
            Self::Metadata
        } else if ["jwks", "keys", "certs"].iter().any(|name| path.contains(name)) {
            Self::Keys
        } else {
            Self::Other
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Revocation => "revocation",
            Self::Userinfo => "userinfo",
            Self::Metadata => "metadata",
            Self::Keys => "keys",
            Self::Other => "other",
        }
    }
}

/// An exchange under way. To be told how it ended.
pub(crate) struct FetchSpan {
    span: Span,
    endpoint: Endpoint,
}

impl FetchSpan {
    pub(crate) fn open(is_post: bool, url: &str, endpoint: Endpoint) -> Self {
        let method = if is_post { "POST" } else { "GET" };
        let span = tracing::info_span!(
            target: "journey_host::fetch",
            "http.fetch",
            otel.kind = "client",
            otel.name = method,
            otel.status_code = Empty,
            http.request.method = method,
            http.response.status_code = Empty,
            server.address = Empty,
            server.port = Empty,
            url.scheme = Empty,
            error.type = Empty,
            endpoint = endpoint.name(),
        );
        if let Ok(url) = Url::parse(url) {
            let host = url.host_str().unwrap_or_default();
            span.record("server.address", one_line(host, MAX_HOST).as_str());
            span.record("url.scheme", one_line(url.scheme(), 16).as_str());
            if let Some(port) = url.port_or_known_default() {
                span.record("server.port", port);
            }
        }
        Self { span, endpoint }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// With a response of this status; or without one, for this reason.
    pub(crate) fn ended(self, answer: Result<u16, &'static str>, took: Duration) {
        if let Ok(status) = answer {
            self.span.record("http.response.status_code", status);
        }
        let error = match answer {
            Ok(status) => (status >= 400).then(|| status.to_string()),
            Err(why) => Some(why.to_owned()),
        };
        if let Some(error) = error {
            self.span.record("error.type", error.as_str());
            self.span.record("otel.status_code", "ERROR");
        }
        metric::fetch_over(self.endpoint.name(), class(answer), took);
    }
}

fn class(answer: Result<u16, &'static str>) -> &'static str {
    match answer {
        Ok(100..=199) => "1xx",
        Ok(200..=299) => "2xx",
        Ok(300..=399) => "3xx",
        Ok(400..=499) => "4xx",
        Ok(500..=599) => "5xx",
        Ok(_) => "other",
        Err(why) => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_known_by_what_it_is_asked() {
        let token = "https://a.example/any?x=grant_type";
        for (is_post, url, bears_token, body, endpoint) in [
            (true, token, true, "grant_type=authorization_code&code=x", Endpoint::Token),
            (true, token, false, "client_id=a&grant_type=authorization_code", Endpoint::Token),
            (true, token, false, "token=x&client_id=a", Endpoint::Revocation),
            (true, token, false, "x=token=", Endpoint::Other),
            (false, "https://a.example/me", true, "", Endpoint::Userinfo),
            (false, "https://a.example/p/.well-known/openid-configuration", false, "", Endpoint::Metadata),
            (false, "https://a.example/p/.well-known/jwks.json", false, "", Endpoint::Keys),
            (false, "https://a.example/oauth2/v3/certs", false, "", Endpoint::Keys),
            (false, "https://a.example/?jwks", false, "", Endpoint::Other),
            (false, "no URL, but jwks", false, "", Endpoint::Other),
        ] {
            assert_eq!(Endpoint::of(is_post, url, bears_token, body.as_bytes()), endpoint, "{url} {body}");
        }
    }

    #[test]
    fn an_answer_has_a_class_or_a_reason() {
        for (answer, name) in [(Ok(200), "2xx"), (Ok(302), "3xx"), (Ok(429), "4xx"), (Ok(503), "5xx"), (Ok(999), "other")] {
            assert_eq!(class(answer), name);
        }
        assert_eq!(class(Err("timeout")), "timeout");
    }
}
