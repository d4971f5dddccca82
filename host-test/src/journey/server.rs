//! The server at work: what it holds, the tasks it runs beside the requests, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bound::Bound;
use super::connections::{self, Bounds};
use super::events::{Event, Events};
use super::register::{Register, Session};
use super::session::{Cookie, SessionId, id_of};
use super::{operations, routes};
use crate::telemetry;
use journey_host::{ClientSecret, PublicOrigin, Step};

/// How often the server looks for attempts that are over time, and for what is to be forgotten.
const SWEEP: Duration = Duration::from_secs(1);

/// The journey that the server runs: one step, with or without a failure branch.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Whose it is.
    pub tenant: String,
    /// The step's settings: a JSON object, whose `callback_url` is [`Bound::callback_url`].
    pub settings: String,
    /// The connector: a JSON object.
    pub connector: String,
    /// Which connector that is, in the operator's own terms.
    pub connector_id: String,
    /// The connector's client secret, from the vault; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// Whether the author has drawn one. A failure without one ends the journey.
    pub has_failure_branch: bool,
}

/// A server at work. It stops at once where it is dropped, and in good order by [`Running::end`].
pub struct Running {
    server: Arc<Server>,
    operations_url: String,
    serving: JoinHandle<()>,
    beside: [JoinHandle<()>; 2],
}

pub(super) struct Server {
    pub step: Step,
    pub definition: Definition,
    pub origin: PublicOrigin,
    pub base_url: String,
    pub callback_path: String,
    pub bounds: Bounds,
    /// Whether sessions are found by every server over the same store.
    pub is_shared: bool,
    pub register: Register,
    pub events: Events,
    /// Whether the server is to end.
    ending: watch::Sender<bool>,
    /// Calls of the step under way, of user agents that have hung up too.
    at_work: watch::Sender<usize>,
}

impl Running {
    pub(super) fn start(bound: Bound, origin: PublicOrigin, step: Step, definition: Definition) -> Result<Self, String> {
        let Bound { listener, operations, base_url, callback_path, bounds, is_shared } = bound;
        let operations_address = operations.local_addr().map_err(|error| error.to_string())?;
        // From now on they are recorded.
        telemetry::metrics();
        let server = Arc::new(Server {
            step,
            definition,
            origin,
            base_url,
            callback_path,
            bounds,
            is_shared,
            register: Register::default(),
            events: Events::default(),
            ending: watch::Sender::new(false),
            at_work: watch::Sender::new(0),
        });
        let of_users = Arc::clone(&server);
        let answer = move |request| routes::answer(Arc::clone(&of_users), request);
        let serving = tokio::spawn(connections::serve(listener, bounds, server.ending.subscribe(), answer));
        let of_operator = Arc::clone(&server);
        let answer = move |request| operations::answer(Arc::clone(&of_operator), request);
        // It answers to the end: whoever waits for that wants to see it.
        let (never, _) = watch::channel(false);
        let operating = tokio::spawn(async move {
            connections::serve(operations, bounds, never.subscribe(), answer).await;
        });
        let sweeper = Arc::clone(&server);
        let sweeping = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                sweeper.sweep();
                telemetry::metrics().run_upkeep();
            }
        });
        let operations_url = format!("http://{operations_address}");
        Ok(Self { server, operations_url, serving, beside: [operating, sweeping] })
    }

    /// The server's origin.
    pub fn base_url(&self) -> &str {
        &self.server.base_url
    }

    /// Where its operator asks: `/metrics`, `/healthz`, `/readyz`.
    pub fn operations_url(&self) -> &str {
        &self.operations_url
    }

    /// The step that it runs.
    pub fn step(&self) -> &Step {
        &self.server.step
    }

    /// The calls of the step in the last hour.
    pub fn events(&self) -> Vec<Event> {
        self.server.events.all()
    }

    /// Ends in good order: accepts nothing more, finishes what it was asked, and lets each call of the step end and be applied, though its user
    /// agent may be gone. A call and its apply take 75 s at most, so `grace` should be 80. Whether all of it ended in that time.
    pub async fn end(mut self, grace: Duration) -> bool {
        self.server.ending.send_replace(true);
        let mut at_work = self.server.at_work.subscribe();
        let serving = &mut self.serving;
        let all = async {
            // Requests first: each can begin a call.
            let _ = serving.await;
            let _ = at_work.wait_for(|calls| *calls == 0).await;
        };
        tokio::time::timeout(grace, all).await.is_ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
        for task in &self.beside {
            task.abort();
        }
    }
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
