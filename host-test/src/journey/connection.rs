//! The page with the button "Test the connection".
//!
//! Whoever sees it here is taken for the connector's editor: this server has no other users. The connector and its client secret
//! stand in the server's definition, saved together, and no page edits either; a host with an editor keeps its secrets as
//! `StoredSecret`.

use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, Response};

use super::page;
use super::server::Server;
use super::session::{Cookie, id_of};
use journey_host::SecretForTest;

impl Server {
    /// A page with a form that only a session may send. Whoever has none gets one: another site can't read its cookie.
    pub(super) async fn within_session(&self, headers: &HeaderMap, mut response: Response<Body>) -> Response<Body> {
        if self.session(headers, false).await.is_some() {
            return response;
        }
        let begun = self.new_value().and_then(|cookie| Ok((self.new_journey(&cookie, None)?, cookie)));
        let (session, cookie) = match begun {
            Ok(begun) => begun,
            Err(status) => return page::text(status, "No session can be begun now."),
        };
        if let Err(status) = self.keep(id_of(&cookie), session).await {
            return page::text(status, "No session can be begun now.");
        }
        if let Ok(cookie) = HeaderValue::from_str(&Cookie::Session.set(&cookie, self.is_https(), 0)) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        response
    }

    /// What a test finds.
    pub(super) async fn test_connection(&self) -> Response<Body> {
        let definition = &self.definition;
        let secret = definition.client_secret.as_ref().map_or(SecretForTest::None, SecretForTest::Entered);
        let called = self.step.test(&definition.tenant, Some(&definition.settings), &definition.connector, secret).await;
        page::connection(Some(&called.outcome))
    }
}
