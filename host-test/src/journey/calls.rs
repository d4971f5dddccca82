//! The calls of the step, and what each does to its session.

use std::fmt;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};

use url::form_urlencoded;

use super::page::{self, Again};
use super::register::{Attempt, KEPT, Session};
use super::server::{Event, Server};
use super::session::{Cookie, SessionId, id_of, new_value};
use journey_host::{
    Abandonment, AbandonmentReason, AuthorizationRequest, AuthorizationResponse, Begun, Browser, Called, Completed, Invocation,
    ResponseMode, Visit,
};

/// The host was at its limit: nothing ran.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy;

impl Server {
    /// The journey reaches the step: for the first time, or again while it waits there (a second tab, the back button).
    ///
    /// # Errors
    ///
    /// The status to answer with, where a service of the host fails.
    pub(super) async fn begin(self: &Arc<Self>, headers: &HeaderMap) -> Result<Response<Body>, StatusCode> {
        let known = match Cookie::Session.read(headers, self.is_https()) {
            Some(cookie) => self.find(&id_of(cookie)).await.map(|session| (cookie, session)),
            None => None,
        };
        // A cookie that isn't of this server's making may be known to whoever made it.
        let cookie = match &known {
            Some((cookie, _)) => (*cookie).to_owned(),
            None => self.new_value()?,
        };
        let session = match known {
            Some((_, session)) if self.is_open(&session.visit).await? => session,
            _ => self.new_journey(&cookie)?,
        };
        let mut cookies = vec![Cookie::Session.set(&cookie, self.is_https(), 0)];
        // Before the call: whatever comes of it, the journey has its session.
        if session.attempt.is_none() {
            self.keep(id_of(&cookie), session.clone()).await?;
        }

        let request = match self.call_begin(session.clone()).await? {
            Begun::Redirect(request) => request,
            Begun::Failed(_) => {
                self.leave(&session.visit).await;
                return Ok(page::see_other("/journey", &cookies));
            }
            // The session goes on as it was: with another attempt, or settled.
            Begun::Refused(_) | Begun::TooLate(_) => return Ok(page::see_other("/journey", &cookies)),
            // Nothing has happened: the journey begins when the page asks again.
            Begun::Busy | Begun::Unknown(_) => return Ok(page::busy(&Again::Get)),
        };
        let form_post = match request.response_mode {
            ResponseMode::Query => None,
            ResponseMode::FormPost => {
                let value = self.new_value()?;
                cookies.push(Cookie::FormPost.set(&value, self.is_https(), request.expires_in));
                Some(id_of(&value))
            }
        };
        let AuthorizationRequest { url, state, expires_in, .. } = request;
        let deadline = self.now() + std::time::Duration::from_secs(expires_in.into());
        let attempt = Some(Attempt { state, deadline, form_post });
        self.keep(id_of(&cookie), Session { attempt, kept_until: deadline + KEPT, ..session }).await?;
        Ok(page::see_other(&url, &cookies))
    }

    /// Passes a response on.
    ///
    /// # Errors
    ///
    /// Nothing ran: the same response is to come again.
    pub(super) async fn complete(self: &Arc<Self>, session: Session, response: AuthorizationResponse) -> Result<(), Busy> {
        let server = Arc::clone(self);
        // Spawned, so that what follows the call is done too where the user agent hangs up.
        let call = tokio::spawn(async move {
            let Session { visit, invocation, .. } = session;
            let secret = server.definition.client_secret.as_ref();
            let called = server.step.complete(&visit, &invocation, secret, &response).await;
            match &called.outcome {
                // Nothing was taken: the same response may come again.
                Completed::Ignored(failure) if failure.code == "storage_failed" => {
                    server.record("complete", &visit, &called);
                    return Err(Busy);
                }
                // The journey waits on, and perhaps for a call that is lost.
                Completed::Ignored(_) | Completed::Unknown(_) => {
                    server.record("complete", &visit, &called);
                    server.register.doubtful(&visit, &state_of(&response), server.now());
                }
                Completed::Authenticated(_) | Completed::Failed(_) => {
                    server.record("complete", &visit, &called);
                    server.leave(&visit).await;
                }
                Completed::TooLate(_) => server.leave(&visit).await,
                Completed::Busy => {
                    server.record("complete", &visit, &called);
                    return Err(Busy);
                }
            }
            Ok(())
        });
        // A panic in there is a bug that the runtime has reported; the journey waits on.
        call.await.unwrap_or(Ok(()))
    }

    /// Ends the wait for a response that will not come.
    ///
    /// # Errors
    ///
    /// Nothing ran: it is to be asked for again.
    pub(super) async fn abandon(self: &Arc<Self>, session: Session, reason: AbandonmentReason) -> Result<(), Busy> {
        match session.attempt.clone() {
            Some(attempt) => {
                self.complete(session, AuthorizationResponse::Abandoned(Abandonment { state: attempt.state, reason })).await
            }
            None => Ok(()),
        }
    }

    /// Ends every attempt that is over time.
    pub(super) async fn end_overdue(self: &Arc<Self>) {
        for session in self.register.overdue(self.now()) {
            self.time_out(session).await;
        }
    }

    /// Ends this session's attempt, if it is over time: whoever looks need not wait for the sweep.
    pub(super) async fn end_if_overdue(self: &Arc<Self>, id: &SessionId) {
        if let Some(session) = self.register.take_overdue(id, self.now()) {
            self.time_out(session).await;
        }
    }

    async fn time_out(self: &Arc<Self>, session: Session) {
        let visit = session.visit.clone();
        if self.abandon(session, AbandonmentReason::TimedOut).await.is_err() {
            self.register.overdue_still(&visit, self.now());
        }
    }

    async fn call_begin(self: &Arc<Self>, session: Session) -> Result<Begun, StatusCode> {
        let server = Arc::clone(self);
        let call = tokio::spawn(async move {
            let Session { visit, invocation, .. } = session;
            let called = server.step.begin(&visit, &invocation).await;
            server.record("begin", &visit, &called);
            called.outcome
        });
        call.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn new_journey(&self, cookie: &str) -> Result<Session, StatusCode> {
        let journey = self.new_value()?;
        Ok(Session {
            visit: Visit::first(&self.definition.tenant, &journey, "login"),
            invocation: Invocation {
                settings: self.definition.settings.clone(),
                connector: self.definition.connector.clone(),
                connector_id: self.definition.connector_id.clone(),
                browser: Browser::from_session(cookie),
            },
            attempt: None,
            kept_until: self.now() + KEPT,
        })
    }

    async fn is_open(&self, visit: &Visit) -> Result<bool, StatusCode> {
        let settlement = self.step.services().journeys.settlement(visit).await;
        settlement.map(|settlement| settlement.is_none()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The journey goes on. What can't be dropped now, lifetimes collect.
    async fn leave(&self, visit: &Visit) {
        self.register.settled(visit);
        let _ = self.step.leave(visit).await;
    }

    fn record<T: fmt::Display>(&self, call: &'static str, visit: &Visit, called: &Called<T>) {
        let event = Event {
            journey: visit.journey.clone(),
            call,
            outcome: called.outcome.to_string(),
            cause: called.trapped.as_ref().map(|trapped| trapped.cause),
            event_data: called.event_data.clone(),
            usage: called.usage,
        };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    fn new_value(&self) -> Result<String, StatusCode> {
        new_value(self.step.services().random.as_ref()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    fn now(&self) -> std::time::Duration {
        self.step.services().clock.now()
    }
}

/// The state that a response names, for this server's bookkeeping: it finds no journey.
fn state_of(response: &AuthorizationResponse) -> String {
    match response {
        AuthorizationResponse::Query(arrival) | AuthorizationResponse::FormPost(arrival) => {
            let mut parameters = form_urlencoded::parse(arrival.parameters.as_bytes());
            parameters.find(|(name, _)| name == "state").map(|(_, state)| state.into_owned()).unwrap_or_default()
        }
        AuthorizationResponse::Abandoned(abandonment) => abandonment.state.clone(),
    }
}
