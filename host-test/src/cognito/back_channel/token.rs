//! `POST /oauth2/token`: a code for tokens, once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::client_authentication::{self, EndpointError};
use super::tokens;
use crate::cognito::endpoint::Endpoint;
use crate::cognito::pool::config::Config;
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::wire::http::{Request, Response, json};

pub(in crate::cognito) fn token(provider: &Provider, request: &Request) -> Response {
    exchange(provider, request).unwrap_or_else(EndpointError::response)
}

fn exchange(provider: &Provider, request: &Request) -> Result<Response, EndpointError> {
    let config = provider.config();
    let form = request.header("content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if request.method != "POST" || !form {
        return Err(EndpointError::new("invalid_request"));
    }
    client_authentication::authenticate(request, &config)?;
    match request.field("grant_type").as_deref() {
        Some("authorization_code") if config.client.code_grant => {}
        Some("authorization_code") => return Err(EndpointError::new("unauthorized_client")),
        // The pool allows it, this stand-in doesn't offer it.
        Some("refresh_token" | "client_credentials") => {
            return Err(EndpointError::new("unauthorized_client"));
        }
        Some(_) => return Err(EndpointError::new("unsupported_grant_type")),
        None => return Err(EndpointError::new("invalid_request")),
    }
    let code = request.field("code").ok_or_else(|| EndpointError::new("invalid_request"))?;
    // Taken whatever becomes of it: a code works once, and a bad request spends it too.
    let grant = lock(&provider.codes).remove(&code).ok_or_else(|| EndpointError::new("invalid_grant"))?;
    let redirect_uri = request.field("redirect_uri").ok_or_else(|| EndpointError::new("invalid_request"))?;

    let sound = grant.client_id == config.client.id
        && provider.now() < grant.expires_at
        && redirect_uri == grant.redirect_uri
        && verifier_fits(request.field("code_verifier").as_deref(), grant.code_challenge.as_deref())
        && scopes_readable(&grant.scopes, &config);
    let user = config.user(&grant.username).filter(|_| sound).ok_or_else(|| EndpointError::new("invalid_grant"))?;
    let response = tokens::issue(provider, &config, &grant, user);
    Ok(json(200, &provider.faults.altered(Endpoint::Token, response)))
}

/// PKCE with S256 (RFC 7636, 4.6). Without a challenge there must be no verifier (RFC 9700, 2.1.1).
fn verifier_fits(verifier: Option<&str>, challenge: Option<&str>) -> bool {
    let of_valid_length = |verifier: &&str| (43..=128).contains(&verifier.len());
    let computed = verifier
        .filter(of_valid_length)
        .map(|verifier| URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes())));
    verifier.is_some() == challenge.is_some() && computed.as_deref() == challenge
}

/// Whether the app client may read every attribute that the scopes cover; if not, Cognito says `invalid_grant`.
fn scopes_readable(scopes: &[String], config: &Config) -> bool {
    let covered = |attribute: &str| scopes.iter().any(|scope| tokens::scope_covers(scope, attribute));
    !config.client.unreadable_attributes.iter().any(|attribute| covered(attribute))
}
