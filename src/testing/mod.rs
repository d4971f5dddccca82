//! For unit tests: a host that answers as a test tells it, and the small things that many tests need.

pub(crate) mod arbiter;
mod faulty;
mod host;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod leaks;
pub(crate) mod login;
pub(crate) mod provider;

pub(crate) use faulty::{FaultAt, Faulty, FaultyCall, Function};
pub(crate) use host::{FakeHost, Fetched};

use std::path::PathBuf;

use crate::host::{Host, Response};
use crate::oidc::attempt::Attempt;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::id_token::AcrRequirement;
use crate::oidc::issuer::Issuer;
use crate::oidc::pkce::CodeVerifier;
use crate::secret::{self, Secret};

/// Where this package is: asked at run time, so that a copied checkout tests itself. Cargo runs tests in that folder, and names
/// it.
pub(crate) fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default()
}

/// A response with a content type, where one is named.
pub(crate) fn response(status: u16, content_type: &str, body: &str) -> Response {
    let mut headers = Vec::new();
    if !content_type.is_empty() {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    Response { status, headers, body: body.as_bytes().to_vec() }
}

/// The host's binding of the user agent.
pub(crate) const BROWSER: &[u8] = b"the browser";

/// An attempt of 15 minutes, begun now.
pub(crate) fn attempt(host: &mut FakeHost) -> Attempt {
    let begun_at = host.now().as_secs();
    Attempt {
        browser: secret::digest(BROWSER),
        issuers: vec![Issuer { issuer: "https://idp.example.com".into(), jwks_uri: "https://idp.example.com/jwks".into() }],
        names_issuer_in_responses: false,
        client_id: "client".into(),
        token_endpoint: "https://login.example.com/token".into(),
        userinfo_endpoint: "https://login.example.com/userinfo".into(),
        revocation_endpoint: None,
        logout_endpoint: None,
        redirect_uri: "https://app.example.com/callback".into(),
        scope: "openid".into(),
        response_mode: ResponseMode::Query,
        nonce: Secret::random(host).unwrap(),
        verifier: CodeVerifier::new(Secret::random(host).unwrap()),
        acr: AcrRequirement::None,
        amr: Vec::new(),
        auth_time_not_before: None,
        begun_at,
        expires_at: begun_at + 900,
    }
}
