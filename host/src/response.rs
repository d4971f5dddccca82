//! What came back from the identity provider, and where; or that nothing will.

use std::fmt;

use url::Url;

/// What arrived at the callback URL.
#[derive(Clone, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// By GET.
    Query(Arrival),
    /// By POST with `application/x-www-form-urlencoded`.
    FormPost(Arrival),
    /// Nothing will arrive, says the host.
    Abandoned(Abandonment),
}

/// Where a response arrived, and what came with it. Nothing is decoded: that is the step's to judge.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The URL at which it arrived, with its query.
    pub url: String,
    /// For a GET its query without the `?`, for a POST the body.
    pub parameters: String,
}

/// An attempt that no response will answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Abandonment {
    /// [`AuthorizationRequest::state`](crate::AuthorizationRequest::state); by timer, of the visit's newest attempt alone.
    pub state: String,
    /// Why.
    pub reason: AbandonmentReason,
}

/// Why no response will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonmentReason {
    /// None came in time.
    TimedOut,
    /// The user, or the host for the user, gave up.
    Cancelled,
}

/// Where user agents reach this host, as its operator says. Never taken from a `Host` header: that is the user agent's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin(String);

impl PublicOrigin {
    /// Reads `https://login.example.com`, or `http` for a test over loopback.
    ///
    /// # Errors
    ///
    /// Where it is anything else than an origin (RFC 6454).
    pub fn parse(origin: &str) -> Result<Self, String> {
        let url = Url::parse(origin).map_err(|_| "not an origin".to_owned())?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !is_bare || url.password().is_some() || !matches!(url.scheme(), "https" | "http") || origin.ends_with('?') {
            return Err("not an origin: expected a scheme, a host and perhaps a port".to_owned());
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// With the path that a reverse proxy in front takes away from each request: `/app`.
    #[must_use]
    pub fn with_stripped_prefix(self, prefix: &str) -> Self {
        Self(format!("{}/{}", self.0, prefix.trim_matches('/')).trim_end_matches('/').to_owned())
    }

    /// The URL of a request for this path and query (its request target in origin form, RFC 9112 3.2.1).
    pub fn url_of(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.0)
    }
}

impl Arrival {
    /// A GET for this path and query.
    pub fn at(origin: &PublicOrigin, path_and_query: &str) -> Self {
        let parameters = path_and_query.split_once('?').map_or("", |(_, query)| query);
        Self { url: origin.url_of(path_and_query), parameters: parameters.to_owned() }
    }

    /// A POST to this path and query, with this body.
    pub fn posted(origin: &PublicOrigin, path_and_query: &str, body: impl Into<String>) -> Self {
        Self { url: origin.url_of(path_and_query), parameters: body.into() }
    }

    /// What an app was handed by its operating system.
    pub fn handed_over(url: &str) -> Self {
        let (without_fragment, _) = url.split_once('#').unwrap_or((url, ""));
        let parameters = without_fragment.split_once('?').map_or("", |(_, query)| query);
        Self { url: url.to_owned(), parameters: parameters.to_owned() }
    }
}

/// A response holds the code: neither is shown.
impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(_) => f.write_str("Query([redacted])"),
            Self::FormPost(_) => f.write_str("FormPost([redacted])"),
            Self::Abandoned(Abandonment { reason, .. }) => write!(f, "Abandoned({reason:?})"),
        }
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Abandonment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abandonment").field("reason", &self.reason).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_is_the_operators_origin_and_the_requests_own_path() {
        let origin = PublicOrigin::parse("https://Login.example.com:443/").unwrap();
        let arrival = Arrival::at(&origin, "/cb?code=a%20b&state=s");
        assert_eq!(arrival.url, "https://login.example.com/cb?code=a%20b&state=s");
        assert_eq!(arrival.parameters, "code=a%20b&state=s");
        assert_eq!(Arrival::at(&origin, "/cb").parameters, "");
        let posted = Arrival::posted(&origin, "/cb?connector=1", "code=a");
        assert_eq!((posted.url.as_str(), posted.parameters.as_str()), ("https://login.example.com/cb?connector=1", "code=a"));
        assert_eq!(Arrival::at(&origin.with_stripped_prefix("/app/"), "/cb").url, "https://login.example.com/app/cb");
    }

    #[test]
    fn an_app_is_handed_the_whole_url() {
        let arrival = Arrival::handed_over("myapp://cb?code=a&state=s#_=_");
        assert_eq!((arrival.url.as_str(), arrival.parameters.as_str()), ("myapp://cb?code=a&state=s#_=_", "code=a&state=s"));
    }

    #[test]
    fn an_origin_is_nothing_but_an_origin() {
        for origin in ["https://login.example.com", "http://127.0.0.1:8080", "https://[::1]:8443/"] {
            assert!(PublicOrigin::parse(origin).is_ok(), "{origin}");
        }
        for other in [
            "",
            "login.example.com",
            "https://a/path",
            "https://a/?",
            "https://a/?q",
            "ftp://a/",
            "https://u@a/",
            "https://:p@a/",
            "https://a/#f",
            "myapp://cb",
            "https://",
        ] {
            assert!(PublicOrigin::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn nothing_of_a_response_is_printed() {
        let response = AuthorizationResponse::Query(Arrival::handed_over("myapp://cb?code=secret"));
        let abandoned = Abandonment { state: "secret".into(), reason: AbandonmentReason::TimedOut };
        let printed = format!("{response:?} {abandoned:?} {:?}", AuthorizationResponse::Abandoned(abandoned.clone()));
        assert!(!printed.contains("secret"), "{printed}");
    }
}
