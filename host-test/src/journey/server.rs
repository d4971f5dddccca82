//! What the server holds: the journey that it runs, its sessions, and the calls under way.

use std::sync::Arc;

use axum::http::HeaderMap;
use tokio::sync::watch;

use super::connections::Bounds;
use super::definition::Definition;
use super::events::Events;
use super::offer::Offer;
use super::pages::Pages;
use super::session::{Cookie, SessionId, id_of};
use super::sessions::{Session, Sessions};
use journey_host::{PublicOrigin, Step};

/// What requests and tasks share.
pub(super) struct Server {
    pub step: Step,
    pub definition: Definition,
    pub origin: PublicOrigin,
    pub base_url: String,
    pub callback_path: String,
    pub bounds: Bounds,
    /// Whether sessions are found by every server over the same store.
    pub is_shared: bool,
    /// What its pages tell and offer.
    pub pages: Pages,
    pub sessions: Sessions,
    pub events: Events,
    /// Whether the server is to end.
    pub ending: watch::Sender<bool>,
    /// Calls of the step under way, of user agents that have hung up too.
    pub at_work: watch::Sender<usize>,
}

/// A call of the step under way: the server doesn't end before it.
pub(super) struct AtWork(Arc<Server>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.at_work.send_modify(|calls| *calls -= 1);
    }
}

impl Server {
    pub(super) fn at_work(self: &Arc<Self>) -> AtWork {
        self.at_work.send_modify(|calls| *calls += 1);
        AtWork(Arc::clone(self))
    }

    pub(super) fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    /// The journey that a session is in: the server's own, or one that it offers.
    pub(super) fn definition_of<'a>(&'a self, offer: Option<&'a Offer>) -> &'a Definition {
        offer.map_or(&self.definition, |offer| &offer.definition)
    }

    pub(super) fn is_callback(&self, path: &str) -> bool {
        self.callback_path == path || self.pages.all().any(|offer| offer.callback_path == path)
    }

    pub(super) fn is_https(&self) -> bool {
        self.base_url.starts_with("https:")
    }

    /// By the session's cookie; for a cross-site POST by the second one, which is good for nothing else.
    pub(super) async fn session(&self, headers: &HeaderMap, form_post: bool) -> Option<(SessionId, Session)> {
        if let Some(cookie) = Cookie::FormPost.read(headers, self.is_https()).filter(|_| form_post)
            && let Some(found) = self.find_form_post(&id_of(cookie)).await
        {
            return Some(found);
        }
        let id = id_of(Cookie::Session.read(headers, self.is_https())?);
        Some((id, self.find(&id).await?))
    }
}
