//! `POST /oauth2/revoke`.

use super::client_authentication::{self, EndpointError};
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::wire::http::{Request, Response, respond};

pub(in crate::cognito) fn revoke(provider: &Provider, request: &Request) -> Response {
    match forget(provider, request) {
        Ok(()) => respond(200, &[], ""),
        Err(error) => error.response(),
    }
}

fn forget(provider: &Provider, request: &Request) -> Result<(), EndpointError> {
    if request.method != "POST" {
        return Err(EndpointError::new("invalid_request"));
    }
    client_authentication::authenticate(request, &provider.config())?;
    let token = request.field("token").ok_or(EndpointError::new("invalid_request"))?;
    if lock(&provider.access_tokens).contains_key(&token) {
        // Only refresh tokens can be revoked.
        return Err(EndpointError::new("unsupported_token_type"));
    }
    // A token that isn't known isn't an error (RFC 7009, 2.2).
    if lock(&provider.issued).iter().any(|(kind, issued)| *kind == "refresh token" && *issued == token) {
        lock(&provider.access_tokens).retain(|_, grant| grant.refresh_token != token);
        lock(&provider.revoked).push(token);
    }
    Ok(())
}
