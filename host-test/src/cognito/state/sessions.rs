//! The managed login session: what makes a second login silent.

use std::collections::HashMap;

use crate::cognito::random;
use crate::cognito::wire::http::{Request, Response, set_cookie};

const COOKIE: &str = "cognito";

/// A user who is signed in on the user pool domain.
#[derive(Clone, Debug)]
pub(in crate::cognito) struct Session {
    pub(in crate::cognito) username: String,
    /// When the user signed in, in seconds since the epoch.
    pub(in crate::cognito) auth_time: u64,
    /// Whether the user came through an identity provider.
    pub(in crate::cognito) federated: bool,
}

/// Sessions by their cookie's value.
#[derive(Default)]
pub(in crate::cognito) struct Sessions(HashMap<String, Session>);

impl Sessions {
    /// The session that the request's cookie names, if it is younger than `lifetime`, in seconds.
    pub(in crate::cognito) fn current(&self, request: &Request, now: u64, lifetime: u64) -> Option<Session> {
        let session = self.0.get(request.cookie(COOKIE)?)?;
        (now < session.auth_time.saturating_add(lifetime)).then(|| session.clone())
    }

    /// Begins a session of `lifetime` seconds, of none if that is 0: hands its cookie to the browser.
    pub(in crate::cognito) fn begin(&mut self, session: Session, lifetime: u64, response: &mut Response) {
        if lifetime == 0 {
            return;
        }
        let id = random::token::<32>();
        // No `Secure`, unlike Cognito's own: not every browser keeps such a cookie over http on loopback.
        set_cookie(response, &format!("{COOKIE}={id}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax"));
        self.0.insert(id, session);
    }

    /// Ends the session that the request's cookie names.
    pub(in crate::cognito) fn end(&mut self, request: &Request, response: &mut Response) {
        if let Some(id) = request.cookie(COOKIE) {
            self.0.remove(id);
        }
        set_cookie(response, &format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    }
}
