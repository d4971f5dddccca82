//! `/login`: the form and its submission. The authorization request travels in the query from page to page.

use super::authorization_request::AuthorizationRequest;
use super::authorization_response;
use super::pages::{self, LoginPage};
use super::words::Words;
use crate::cognito::random;
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::state::sessions::Session;
use crate::cognito::wire::http::{Request, Response, set_cookie};

const CSRF_COOKIE: &str = "XSRF-TOKEN";
const CSRF_FIELD: &str = "_csrf";

pub(in crate::cognito) fn login(provider: &Provider, request: &Request) -> Response {
    let config = provider.config();
    let authorization = match AuthorizationRequest::parse(&request.query, &config) {
        Ok(authorization) => authorization,
        Err(refusal) => {
            return authorization_response::refused(provider, &refusal, &request.parameter("client_id").unwrap_or_default());
        }
    };
    if request.method == "GET" {
        return form(provider, request, &authorization, None);
    }

    let csrf_holds = request.cookie(CSRF_COOKIE).is_some_and(|cookie| request.field(CSRF_FIELD).as_deref() == Some(cookie));
    if !csrf_holds {
        return pages::error(403, "This form is too old. Go back and try again.", None);
    }
    let name = request.field("username").unwrap_or_default();
    let password = request.field("password");
    let user = config.users.iter().find(|user| user.is_called(name.trim()));
    let Some(user) = user.filter(|user| user.password.is_some() && user.password == password) else {
        return form(provider, request, &authorization, Some(&name));
    };
    let session = Session { username: user.username.clone(), auth_time: provider.now(), federated: false };
    let mut response = authorization_response::grant(provider, &authorization, &session);
    lock(&provider.sessions).begin(session, provider.config().session_lifetime, &mut response);
    response
}

/// The form; after a failed attempt with the name that was tried.
fn form(provider: &Provider, request: &Request, authorization: &AuthorizationRequest, tried: Option<&str>) -> Response {
    let csrf = request.cookie(CSRF_COOKIE).map_or_else(random::token::<24>, str::to_owned);
    let config = provider.config();
    let mut response = pages::login(&LoginPage {
        query: &authorization.query,
        redirect_uri: &authorization.redirect_uri,
        csrf_field: CSRF_FIELD,
        csrf: &csrf,
        username: tried.or(authorization.login_hint.as_deref()).unwrap_or_default(),
        failed: tried.is_some(),
        words: Words::in_language(authorization.lang.as_deref()),
        identity_providers: &config.identity_providers,
        test_user: config.users.iter().find(|user| user.password.is_some()),
    });
    set_cookie(&mut response, &format!("{CSRF_COOKIE}={csrf}; Path=/; HttpOnly; SameSite=Lax"));
    response
}
