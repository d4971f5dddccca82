//! `/error`: Cognito's own page, where logins end that can't go back to the relying party.

use super::http::{Request, Response, encode_form, redirect};
use super::pages;
use super::provider::Provider;

/// Sends the browser to the error page.
pub(super) fn redirect_to(provider: &Provider, error: &str, client_id: &str) -> Response {
    redirect(&format!("{}/error?{}", provider.domain_origin, encode_form([("error", error), ("client_id", client_id)])))
}

/// `GET /error`.
pub(super) fn show(provider: &Provider, request: &Request) -> Response {
    let error = request.parameter("error").unwrap_or_default();
    pages::error(400, &error, provider.config().way_back.as_deref())
}
