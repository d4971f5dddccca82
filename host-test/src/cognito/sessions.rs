//! The managed login session: what makes a second login silent.

use std::collections::HashMap;

use super::http::{Request, Response, set_cookie};
use super::provider::{Provider, lock};
use super::random;

const COOKIE: &str = "cognito";

/// A user who is signed in on the user pool domain.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) username: String,
    /// When the user signed in, in seconds since the epoch.
    pub(super) auth_time: u64,
    /// Whether the user came through an identity provider.
    pub(super) federated: bool,
}

/// Sessions by their cookie's value.
pub(super) type Sessions = HashMap<String, Session>;

/// The session that the request's cookie names, if it hasn't run out.
pub(super) fn current(provider: &Provider, request: &Request) -> Option<Session> {
    let session = lock(&provider.sessions).get(request.cookie(COOKIE)?).cloned()?;
    let expires_at = session.auth_time.saturating_add(provider.config().session_lifetime);
    (provider.now() < expires_at).then_some(session)
}

/// Begins a session: hands its cookie to the browser.
pub(super) fn begin(provider: &Provider, session: Session, response: &mut Response) {
    let lifetime = provider.config().session_lifetime;
    if lifetime == 0 {
        return;
    }
    let id = random::token::<32>();
    // No `Secure`, unlike Cognito's own: not every browser keeps such a cookie over http on loopback.
    set_cookie(response, &format!("{COOKIE}={id}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax"));
    lock(&provider.sessions).insert(id, session);
}

/// Ends the session that the request's cookie names.
pub(super) fn end(provider: &Provider, request: &Request, response: &mut Response) {
    if let Some(id) = request.cookie(COOKIE) {
        lock(&provider.sessions).remove(id);
    }
    set_cookie(response, &format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
}
