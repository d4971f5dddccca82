//! The hop through an identity provider. It answers at once, or lets the user choose an account.

use super::authorization_error::AuthorizationError;
use super::authorization_request::AuthorizationRequest;
use super::authorization_response;
use super::error_page;
use super::pages;
use super::words::Words;
use crate::cognito::pool::config::{Config, IdentityProvider, IdpAnswer};
use crate::cognito::random;
use crate::cognito::state::grants::Federation;
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::state::sessions::Session;
use crate::cognito::wire::http::{Request, Response, encode_form, find, redirect};

/// How long an identity provider may take, in seconds. After that the login ends on Cognito's own page.
const TIME_LIMIT: u64 = 300;
/// The longest `state` that survives the hop, in bytes.
const STATE_LIMIT: usize = 2000;

/// The account that the user chose, by its username.
const ACCOUNT: &str = "account";
/// That the user chose none.
const CANCELLED: &str = "cancelled";

/// The client isn't allowed the identity provider that the request asks for.
pub(in crate::cognito) struct NotEnabled;

/// The identity provider that the request asks for; none if it asks for the pool itself, or doesn't say.
pub(in crate::cognito) fn choose(
    config: &Config,
    request: &AuthorizationRequest,
) -> Result<Option<IdentityProvider>, NotEnabled> {
    let asked_for = match (&request.identity_provider, &request.idp_identifier) {
        (Some(name), _) if name == "COGNITO" => return Ok(None),
        (Some(name), _) => config.identity_providers.iter().find(|provider| provider.name == *name),
        (None, Some(identifier)) => config.identity_providers.iter().find(|provider| provider.identifiers.contains(identifier)),
        (None, None) => return Ok(None),
    };
    asked_for.cloned().map(Some).ok_or(NotEnabled)
}

/// Sends the browser to the identity provider.
pub(in crate::cognito) fn begin(
    provider: &Provider,
    request: &AuthorizationRequest,
    identity_provider: &IdentityProvider,
) -> Response {
    if request.state.as_ref().is_some_and(|state| state.len() > STATE_LIMIT) {
        return pages::error(400, "The request is too long for the identity provider.", None);
    }
    let state = random::token::<24>();
    let location = format!("{}/idp?{}", provider.domain_origin, encode_form([("state", state.as_str())]));
    let federation =
        Federation { request: request.clone(), identity_provider: identity_provider.clone(), began_at: provider.now() };
    lock(&provider.federations).insert(state, federation);
    redirect(&location)
}

/// `GET /idp`: the identity provider.
pub(in crate::cognito) fn identity_provider(provider: &Provider, request: &Request) -> Response {
    let state = request.parameter("state").unwrap_or_default();
    let back = |parameters: &[(&str, &str)]| {
        let parameters = [("state", state.as_str())].into_iter().chain(parameters.iter().copied());
        format!("{}/oauth2/idpresponse?{}", provider.domain_origin, encode_form(parameters))
    };
    let config = provider.config();
    if !config.accounts_are_chosen {
        return redirect(&back(&[]));
    }
    let (name, lang) = match lock(&provider.federations).get(&state) {
        Some(federation) => (federation.identity_provider.name.clone(), federation.request.lang.clone()),
        None => return error_page::redirect_to(provider, "invalid_request", &config.client.id),
    };
    let choices: Vec<_> = config
        .users
        .iter()
        .filter(|user| user.password.is_none())
        .map(|user| (user, back(&[(ACCOUNT, user.username.as_str())])))
        .collect();
    pages::chooser(&name, Words::in_language(lang.as_deref()), &choices, &back(&[(CANCELLED, "true")]))
}

/// What the user made of the choice, where there was one; otherwise what the identity provider answers by itself.
fn answer(config: &Config, request: &Request, of_itself: IdpAnswer) -> IdpAnswer {
    let account = request.parameter(ACCOUNT).filter(|name| config.user(name).is_some_and(|user| user.password.is_none()));
    match (config.accounts_are_chosen, account) {
        (true, Some(username)) => IdpAnswer::SignIn(username),
        (true, None) => {
            let AuthorizationError { error, error_description, .. } = AuthorizationError::access_denied();
            IdpAnswer::Refuse(error, error_description)
        }
        (false, _) => of_itself,
    }
}

/// `GET /oauth2/idpresponse`: back from the identity provider.
pub(in crate::cognito) fn finish(provider: &Provider, request: &Request) -> Response {
    let away = lock(&provider.federations).remove(&request.parameter("state").unwrap_or_default());
    let Some(mut federation) = away else {
        return error_page::redirect_to(provider, "invalid_request", &provider.config().client.id);
    };
    if provider.now().saturating_sub(federation.began_at) > TIME_LIMIT {
        return error_page::redirect_to(provider, "timeout", &federation.request.client_id);
    }
    federation.request.state = federation.request.state.map(|state| decoded_once_too_often(&state));
    match answer(&provider.config(), request, federation.identity_provider.answer) {
        IdpAnswer::Refuse(error, description) => {
            let error = AuthorizationError::new(&error, description.as_deref());
            authorization_response::refuse(provider, &federation.request, &error)
        }
        IdpAnswer::SignIn(username) => {
            let session = Session { username, auth_time: provider.now(), federated: true };
            let mut response = authorization_response::grant(provider, &federation.request, &session);
            lock(&provider.sessions).begin(session, provider.config().session_lifetime, &mut response);
            response
        }
    }
}

/// What Cognito makes of `state` on this hop. Letters, digits, `-` and `_` survive it.
fn decoded_once_too_often(state: &str) -> String {
    let as_a_pair = format!("state={}", state.split('&').next().unwrap_or_default());
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(as_a_pair.as_bytes()).into_owned().collect();
    find(&pairs, "state").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_survives_only_in_letters_digits_hyphen_and_underscore() {
        assert_eq!(decoded_once_too_often("Az09-_"), "Az09-_");
        for odd in ["a+b", "a%2Bb", "a&b"] {
            assert_ne!(decoded_once_too_often(odd), odd);
        }
    }
}
