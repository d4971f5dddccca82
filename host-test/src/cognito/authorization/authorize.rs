//! `GET /oauth2/authorize`: decides whether the user has to sign in, and where.

use super::authorization_error::AuthorizationError;
use super::authorization_request::AuthorizationRequest;
use super::authorization_response;
use super::error_page;
use super::federation::{self, NotEnabled};
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::wire::http::{Request, Response, redirect};

pub(in crate::cognito) fn authorize(provider: &Provider, request: &Request) -> Response {
    let config = provider.config();
    let authorization = match AuthorizationRequest::parse(&request.query, &config) {
        Ok(authorization) => authorization,
        Err(refusal) => {
            return authorization_response::refused(provider, &refusal, &request.parameter("client_id").unwrap_or_default());
        }
    };

    let recent_enough =
        |auth_time: u64| authorization.max_age.is_none_or(|max_age| provider.now() < auth_time.saturating_add(max_age));
    let session = lock(&provider.sessions)
        .current(request, provider.now(), config.session_lifetime)
        .filter(|session| recent_enough(session.auth_time));
    if authorization.prompts("none") {
        return match session {
            Some(session) => authorization_response::grant(provider, &authorization, &session),
            None => authorization_response::refuse(
                provider,
                &authorization,
                &AuthorizationError::new("login_required", Some("Login required")),
            ),
        };
    }
    if let Some(session) = session.filter(|_| !authorization.prompts("login") && !authorization.prompts("select_account")) {
        return authorization_response::grant(provider, &authorization, &session);
    }

    match federation::choose(&config, &authorization) {
        Ok(Some(identity_provider)) => federation::begin(provider, &authorization, &identity_provider),
        Ok(None) => redirect(&format!("{}/login?{}", provider.domain_origin, authorization.query)),
        // Kept to itself, as of a client that it doesn't know.
        Err(NotEnabled) => error_page::redirect_to(provider, "invalid_request", &authorization.client_id),
    }
}
