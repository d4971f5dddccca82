//! `/error`: Cognito's own page, where logins end that can't go back to the relying party.

use super::pages;
use crate::cognito::state::provider::Provider;
use crate::cognito::wire::http::{Request, Response, encode_form, redirect};

/// Sends the browser to the error page.
pub(in crate::cognito) fn redirect_to(provider: &Provider, error: &str, client_id: &str) -> Response {
    redirect(&format!("{}/error?{}", provider.domain_origin, encode_form([("error", error), ("client_id", client_id)])))
}

/// `GET /error`.
pub(in crate::cognito) fn show(provider: &Provider, request: &Request) -> Response {
    let error = request.parameter("error").unwrap_or_default();
    pages::error(400, &error, provider.config().way_back.as_deref())
}
