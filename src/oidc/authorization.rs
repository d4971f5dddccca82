//! The authorization request (OpenID Connect Core 3.1.2.1): a URL to send the user agent to.

use serde::Serialize;
use serde_json::Value;

use super::form;
use super::pkce::{CHALLENGE_METHOD, CodeVerifier};
use super::scope::Scope;
use crate::json::FromJson;
use crate::secret::Secret;

/// Room for most requests, in bytes.
const USUAL_LENGTH: usize = 512;

/// How the authorization response is asked to come back (OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a GET.
    #[cfg_attr(test, schemars(title = "Query"))]
    #[default]
    Query,
    /// In the form body of a POST.
    #[cfg_attr(test, schemars(title = "Form post"))]
    FormPost,
}

impl FromJson for ResponseMode {
    fn from_json(value: Value) -> Option<Self> {
        match value.as_str()? {
            "query" => Some(Self::Query),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

/// Parameters that the protocol owns: nobody else may set them, in the endpoint's query or beside it.
const OWNED: &[&str] = &[
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "id_token_hint",
    "nonce",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// Whether a parameter belongs to the protocol. Names are case-sensitive, but nobody means well with `State`.
#[must_use]
pub fn is_owned(name: &str) -> bool {
    OWNED.iter().any(|owned| owned.eq_ignore_ascii_case(name))
}

/// An authorization request, ready to be written as a URL.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// Absolute; may have a query, which is kept (RFC 6749 3.1), but no fragment.
    pub endpoint: &'a str,
    /// `client_id`.
    pub client_id: &'a str,
    /// `redirect_uri`, as configured to the byte.
    pub redirect_uri: &'a str,
    /// `scope`.
    pub scope: &'a Scope,
    /// `response_mode`; not sent where it's the default (OpenID Connect Core 3.1.2.1).
    pub response_mode: ResponseMode,
    /// `state`.
    pub state: &'a Secret,
    /// `nonce`.
    pub nonce: &'a Secret,
    /// Gives `code_challenge`.
    pub verifier: &'a CodeVerifier,
    /// Further parameters, none of them owned by the protocol.
    pub parameters: &'a [(String, String)],
}

impl AuthorizationRequest<'_> {
    /// The URL, every value form-encoded (RFC 6749 appendix B).
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = String::with_capacity(USUAL_LENGTH);
        url.push_str(self.endpoint);
        if !self.endpoint.contains('?') {
            url.push('?');
        }
        let mut add = |name: &'static str, value: &str| form::append(&mut url, name, value);
        add("response_type", "code");
        add("client_id", self.client_id);
        add("redirect_uri", self.redirect_uri);
        add("scope", self.scope.as_str());
        add("state", self.state.expose());
        add("nonce", self.nonce.expose());
        add("code_challenge", &self.verifier.challenge());
        add("code_challenge_method", CHALLENGE_METHOD);
        if self.response_mode == ResponseMode::FormPost {
            add("response_mode", "form_post");
        }
        for (name, value) in self.parameters {
            form::append_any(&mut url, name, value);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    fn url(endpoint: &str, response_mode: ResponseMode, parameters: &[(&str, &str)]) -> url::Url {
        let verifier = CodeVerifier::new(Secret::random(&mut FakeHost::new()).unwrap());
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = AuthorizationRequest {
            endpoint,
            client_id: "client",
            redirect_uri: "https://app.example.com/callback?a=b&c=d",
            scope: &Scope::new(["openid", "email"]).unwrap(),
            response_mode,
            state: &Secret::new("the-state"),
            nonce: &Secret::new("the-nonce"),
            verifier: &verifier,
            parameters: &parameters,
        };
        url::Url::parse(&request.url()).unwrap()
    }

    fn parameters(url: &url::Url) -> Vec<(String, String)> {
        url.query_pairs().into_owned().collect()
    }

    #[test]
    fn b02_b03_b06_b07_b08_b14_the_request_has_exactly_the_protocols_parameters() {
        let url = url("https://idp.example.com/oauth2/authorize", ResponseMode::Query, &[]);
        let parameters = parameters(&url);
        let names: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"]
        );
        let value = |name: &str| parameters.iter().find(|(n, _)| n == name).unwrap().1.clone();
        assert_eq!(value("response_type"), "code");
        assert_eq!(value("redirect_uri"), "https://app.example.com/callback?a=b&c=d");
        assert_eq!(value("scope"), "openid email");
        assert_eq!(value("state"), "the-state");
        assert_eq!(value("nonce"), "the-nonce");
        assert_eq!(value("code_challenge").len(), 43);
        assert_eq!(value("code_challenge_method"), "S256");
    }

    #[test]
    fn b14_form_post_is_asked_for_by_name() {
        let url = url("https://idp.example.com/authorize", ResponseMode::FormPost, &[]);
        assert!(parameters(&url).contains(&("response_mode".into(), "form_post".into())));
    }

    #[test]
    fn b11_an_existing_query_is_kept() {
        for (endpoint, start) in [
            ("https://idp.example.com/authorize", "https://idp.example.com/authorize?response_type=code&"),
            ("https://idp.example.com/authorize?", "https://idp.example.com/authorize?response_type=code&"),
            ("https://idp.example.com/authorize?a=1", "https://idp.example.com/authorize?a=1&response_type=code&"),
            ("https://idp.example.com/authorize?a=1&", "https://idp.example.com/authorize?a=1&response_type=code&"),
        ] {
            let url = url(endpoint, ResponseMode::Query, &[]);
            assert!(url.as_str().starts_with(start), "{url}");
        }
    }

    #[test]
    fn b12_every_value_is_form_encoded() {
        let hostile = "a b+c&d=e#f%20ü";
        let url = url("https://idp.example.com/authorize", ResponseMode::Query, &[("login_hint", hostile)]);
        assert!(parameters(&url).contains(&("login_hint".into(), hostile.into())));
        assert_eq!(url.fragment(), None);
        assert!(url.as_str().ends_with("login_hint=a+b%2Bc%26d%3De%23f%2520%C3%BC"), "{url}");
    }

    #[test]
    fn b11_owned_parameters_are_known_in_any_case() {
        assert!(is_owned("state"));
        assert!(is_owned("Request_URI"));
        assert!(!is_owned("lang"));
    }
}
