//! The authorization response: a code or an error, carried back by the browser.

use super::authorization_error::AuthorizationError;
use super::authorization_request::{AuthorizationRequest, Refusal};
use super::error_page;
use super::pages;
use crate::cognito::pool::config::ResponseModes;
use crate::cognito::random;
use crate::cognito::state::grants::CodeGrant;
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::state::sessions::Session;
use crate::cognito::wire::http::{Response, encode_form, redirect};

/// Ends a login: issues a code, unless a test wants it refused.
pub(in crate::cognito) fn grant(provider: &Provider, request: &AuthorizationRequest, session: &Session) -> Response {
    if let Some(error) = provider.faults.for_login() {
        return refuse(provider, request, &error);
    }
    // Cognito answers to a request without a nonce with one of its own, if the user came through an identity provider.
    let nonce = request.nonce.clone().or_else(|| session.federated.then(random::token::<32>));
    let code = random::uuid();
    let grant = CodeGrant {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        scopes: request.scopes.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce,
        username: session.username.clone(),
        auth_time: session.auth_time,
        expires_at: provider.now().saturating_add(provider.config().code_lifetime),
    };
    lock(&provider.codes).insert(code.clone(), grant);
    let mut parameters = vec![("code".to_owned(), code)];
    parameters.extend(request.state.clone().map(|state| ("state".to_owned(), state)));
    send(provider, &request.redirect_uri, request.form_post, parameters)
}

/// Ends a login with an error for the relying party.
pub(in crate::cognito) fn refuse(provider: &Provider, request: &AuthorizationRequest, error: &AuthorizationError) -> Response {
    send(provider, &request.redirect_uri, request.form_post, error_parameters(error, request.state.as_deref()))
}

/// Answers a request that isn't sound.
pub(in crate::cognito) fn refused(provider: &Provider, refusal: &Refusal, client_id: &str) -> Response {
    match refusal {
        Refusal::ErrorPage(error) => error_page::redirect_to(provider, error, client_id),
        // By query whatever was asked: the request isn't trusted that far.
        Refusal::Redirect { redirect_uri, state, error } => {
            send(provider, redirect_uri, false, error_parameters(error, state.as_deref()))
        }
    }
}

fn error_parameters(error: &AuthorizationError, state: Option<&str>) -> Vec<(String, String)> {
    let description = error.error_description.clone().map(|text| ("error_description".to_owned(), text));
    let state = state.filter(|_| error.with_state).map(|state| ("state".to_owned(), state.to_owned()));
    description.into_iter().chain([("error".to_owned(), error.error.clone())]).chain(state).collect()
}

fn send(provider: &Provider, redirect_uri: &str, form_post: bool, parameters: Vec<(String, String)>) -> Response {
    let parameters = provider.faults.altered_parameters(parameters);
    if form_post && provider.config().response_modes == ResponseModes::FormPost {
        return pages::form_post(redirect_uri, &parameters);
    }
    let query = encode_form(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    redirect(&format!("{redirect_uri}{separator}{query}"))
}
