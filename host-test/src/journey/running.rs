//! The server at work: the tasks it runs beside the requests, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bound::Bound;
use super::connections;
use super::definition::Definition;
use super::events::{Event, Events};
use super::server::Server;
use super::sessions::Sessions;
use super::{operations, routes};
use crate::telemetry;
use journey_host::{PublicOrigin, Step};

/// How often the server looks for attempts that are over time, and for what is to be forgotten.
const SWEEP: Duration = Duration::from_secs(1);

/// A server at work. It stops at once where it is dropped, and in good order by [`Running::end`].
pub struct Running {
    server: Arc<Server>,
    operations_url: String,
    serving: JoinHandle<()>,
    beside: [JoinHandle<()>; 2],
}

impl Bound {
    /// Starts to serve.
    ///
    /// # Errors
    /// Where [`Bound::behind`] was told something else than an origin, or the callback URL is another connector's.
    pub fn serve(self, step: Step, definition: Definition) -> Result<Running, String> {
        let origin = PublicOrigin::parse(&self.base_url)?;
        // Of the route itself: what a proxy in front rewrites then shows when a login begins.
        let callback_url = origin.url_of(&self.callback_path);
        step.services().callbacks.serve(&callback_url, &definition.tenant, &definition.connector_id)?;
        for offer in self.pages.all() {
            let Definition { tenant, connector_id, .. } = &offer.definition;
            step.services().callbacks.serve(&origin.url_of(&offer.callback_path), tenant, connector_id)?;
        }
        Running::start(self, origin, step, definition)
    }
}

impl Running {
    fn start(bound: Bound, origin: PublicOrigin, step: Step, definition: Definition) -> Result<Self, String> {
        let Bound { listener, operations, base_url, callback_path, bounds, is_shared, pages } = bound;
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
            pages,
            sessions: Sessions::default(),
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

    /// Ends in good order: accepts nothing more, finishes what it was asked, and lets each call of the step end and be applied,
    /// though its user agent may be gone. A call and its apply take 75 s at most, so `grace` should be 80. Whether all of it
    /// ended in that time.
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
