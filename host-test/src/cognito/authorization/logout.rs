//! `/logout`: ends the login session. It takes Cognito's own parameters, not those of OpenID Connect RP-Initiated Logout.

use super::pages;
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::wire::http::{Request, Response, redirect};

/// `GET /logout?client_id=…&logout_uri=…`.
pub(in crate::cognito) fn logout(provider: &Provider, request: &Request) -> Response {
    let config = provider.config();
    let known = request.parameter("client_id").is_some_and(|id| id == config.client.id);
    let target = request.parameter("logout_uri").filter(|uri| known && config.client.logout_uris.contains(uri));
    let mut response = match target {
        Some(uri) => redirect(&uri),
        None => pages::error(400, "invalid_request", config.way_back.as_deref()),
    };
    if known {
        lock(&provider.sessions).end(request, &mut response);
    }
    response
}
