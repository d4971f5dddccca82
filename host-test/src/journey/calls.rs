//! The calls of the step, and what each does to its session.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};

use tracing::Instrument as _;
use url::form_urlencoded;

use super::definition::Definition;
use super::events::Event;
use super::host_calls::Recorder;
use super::offer::{Offer, Received};
use super::page::{self, Again};
use super::server::Server;
use super::session::{Cookie, SessionId, id_of, new_value};
use super::sessions::{Attempt, KEPT, Session};
use super::status;
use journey_host::{
    Abandonment, AbandonmentReason, AuthorizationRequest, AuthorizationResponse, Begun, Browser, Called, Completed, Invocation,
    Outcome, ResponseMode, Step, TraceParent, Visit,
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
    pub(super) async fn begin(
        self: &Arc<Self>,
        headers: &HeaderMap,
        offer: Option<Arc<Offer>>,
        trace: Option<TraceParent>,
    ) -> Result<Response<Body>, StatusCode> {
        let read = Cookie::Session.read(headers, self.is_https()).map(|cookie| (cookie, id_of(cookie)));
        // One after the other for a session; the next one finds what this one has put.
        let own = read.and_then(|(_, id)| self.sessions.find(&id));
        let beginning = own.map(|session| session.beginning).unwrap_or_default();
        let _one_at_a_time = beginning.lock().await;
        let known = match read {
            Some((cookie, id)) => self.find(&id).await.map(|session| (cookie, session)),
            None => None,
        };
        // A cookie that isn't of this server's making may be known to whoever made it.
        let cookie = match &known {
            Some((cookie, _)) => (*cookie).to_owned(),
            None => self.new_value()?,
        };
        let open = match known {
            Some((_, session)) if self.is_open(&session.visit).await? => Some(session),
            _ => None,
        };
        let name = |offer: &Option<Arc<Offer>>| offer.as_ref().map(|offer| offer.name.clone());
        let session = match open {
            Some(session) if name(&session.offer) == name(&offer) => session,
            left => {
                // A user who chooses another journey leaves this one: it ends, as by its button.
                if let Some(left) = left
                    && self.abandon(left, AbandonmentReason::Cancelled, trace.clone()).await.is_err()
                {
                    return Ok(page::busy(&Again::Get));
                }
                Session { beginning: Arc::clone(&beginning), ..self.new_journey(&cookie, offer)? }
            }
        };
        let mut cookies = vec![Cookie::Session.set(&cookie, self.is_https(), 0)];
        // Before the call: whatever comes of it, the journey has its session.
        if session.attempt.is_none() {
            self.keep(id_of(&cookie), session.clone()).await?;
        }

        let request = match self.call_begin(session.clone(), trace).await? {
            Begun::Redirect(request) => request,
            Begun::Failed(_) => {
                self.leave(&session.visit).await;
                return Ok(page::see_other("/journey", &cookies));
            }
            // The session goes on as it was: with another attempt, or settled.
            Begun::Refused(_) | Begun::TooLate(_) => return Ok(page::see_other("/journey", &cookies)),
            // Nothing has happened: the journey begins when the page asks again.
            Begun::Busy => return Ok(page::busy(&Again::Get)),
            // An attempt may wait that nobody was sent to answer. It belongs to this session's journey: the page asks again, for
            // a newer one, and where it doesn't, the journey is forgotten with its session.
            Begun::Unknown(_) => return Ok(page::unknown(&cookies)),
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
        let deadline = self.now() + Duration::from_secs(expires_in.into());
        let attempt = Some(Attempt { state, deadline, form_post });
        self.keep(id_of(&cookie), Session { attempt, kept_until: deadline + KEPT, ..session }).await?;
        Ok(page::see_other(&url, &cookies))
    }

    /// Passes a response on. `id`: of the session that brought it; with a login, that one gets a new name, which is returned:
    /// whoever had brought the user into a session of his own has none of the login.
    ///
    /// # Errors
    ///
    /// Nothing ran: the same response is to come again.
    pub(super) async fn complete(
        self: &Arc<Self>,
        id: Option<SessionId>,
        session: Session,
        response: AuthorizationResponse,
        trace: Option<TraceParent>,
    ) -> Result<Option<String>, Busy> {
        let (server, at_work) = (Arc::clone(self), self.at_work());
        // Spawned, so that what follows the call is done too where the user agent hangs up.
        let call = async move {
            let _at_work = at_work;
            let (visit, invocation) = (session.visit.clone(), session.invocation.clone());
            let secret = server.definition_of(session.offer.as_deref()).client_secret.as_ref();
            let began = server.now();
            let (step, asked) = server.recording(trace);
            let called = step.complete(&visit, &invocation, secret, &response).await;
            if !matches!(called.outcome, Completed::TooLate(_)) {
                server.record("complete", began, &visit, &called, asked.as_deref());
            }
            match &called.outcome {
                // Nothing was taken: the same response may come again.
                Completed::Ignored(failure) if failure.code == "storage_failed" => return Err(Busy),
                Completed::Busy => return Err(Busy),
                // The journey waits on, and perhaps for a call that is lost.
                Completed::Ignored(_) | Completed::Unknown(_) => {
                    server.sessions.doubtful(&visit, &state_of(&response), server.now());
                }
                Completed::Authenticated(_) => {
                    server.leave(&visit).await;
                    let renewed = server.new_value().ok().filter(|_| id.is_some());
                    if let (Some(id), Some(renewed)) = (id, &renewed) {
                        let next_step = server.next_step(&session).await;
                        server.renew(&id, id_of(renewed), Session { next_step, ..session }).await;
                    }
                    return Ok(renewed);
                }
                Completed::Failed(_) | Completed::TooLate(_) => server.leave(&visit).await,
            }
            Ok(None)
        };
        // A panic in there is a bug that the runtime has reported; the journey waits on.
        tokio::spawn(call.in_current_span()).await.unwrap_or(Ok(None))
    }

    /// Ends the wait for a response that will not come.
    ///
    /// # Errors
    ///
    /// Nothing ran: it is to be asked for again.
    pub(super) async fn abandon(
        self: &Arc<Self>,
        session: Session,
        reason: AbandonmentReason,
        trace: Option<TraceParent>,
    ) -> Result<(), Busy> {
        match session.attempt.clone() {
            Some(attempt) => {
                let abandoned = AuthorizationResponse::Abandoned(Abandonment { state: attempt.state, reason });
                self.complete(None, session, abandoned, trace).await.map(|_| ())
            }
            None => Ok(()),
        }
    }

    /// Ends every attempt that is over time, each in a task of its own: one whose call takes long holds up no other, and nobody's
    /// request. Drops what has had its time.
    pub(super) fn sweep(self: &Arc<Self>) {
        let now = self.now();
        for session in self.sessions.overdue(now) {
            let server = Arc::clone(self);
            tokio::spawn(async move { server.time_out(session).await });
        }
        self.events.drop_old(now);
        for visit in self.sessions.forget(now) {
            let server = Arc::clone(self);
            tokio::spawn(async move {
                let _ = server.step.leave(&visit).await;
                // What can't be dropped now, lifetimes collect.
                let _ = server.step.services().journeys.forget(&visit.tenant, &visit.journey).await;
            });
        }
    }

    /// Ends this session's attempt, if it is over time: whoever looks need not wait for the sweep.
    pub(super) async fn end_if_overdue(self: &Arc<Self>, id: &SessionId) {
        if let Some(session) = self.sessions.take_overdue(id, self.now()) {
            self.time_out(session).await;
        }
    }

    async fn time_out(self: &Arc<Self>, session: Session) {
        let visit = session.visit.clone();
        if self.abandon(session, AbandonmentReason::TimedOut, None).await.is_err() {
            self.sessions.overdue_still(&visit, self.now());
        }
    }

    async fn call_begin(self: &Arc<Self>, session: Session, trace: Option<TraceParent>) -> Result<Begun, StatusCode> {
        let (server, at_work) = (Arc::clone(self), self.at_work());
        let call = async move {
            let _at_work = at_work;
            let Session { visit, invocation, .. } = session;
            let began = server.now();
            let (step, asked) = server.recording(trace);
            let called = step.begin(&visit, &invocation).await;
            server.record("begin", began, &visit, &called, asked.as_deref());
            called.outcome
        };
        tokio::spawn(call.in_current_span()).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn new_journey(&self, cookie: &str, offer: Option<Arc<Offer>>) -> Result<Session, StatusCode> {
        let journey = self.new_value()?;
        let Definition { tenant, settings, connector, connector_id, .. } = self.definition_of(offer.as_deref()).clone();
        Ok(Session {
            visit: Visit::first(&tenant, &journey, "login"),
            invocation: Invocation { settings, connector, connector_id, browser: Browser::from_session(cookie) },
            offer,
            attempt: None,
            beginning: Arc::default(),
            kept_until: self.now() + KEPT,
            is_renewed: false,
            next_step: None,
        })
    }

    async fn is_open(&self, visit: &Visit) -> Result<bool, StatusCode> {
        let settlement = self.step.services().journeys.settlement(visit).await;
        settlement.map(|settlement| settlement.is_none()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Does what comes after the login, where this journey has it; what it said.
    async fn next_step(&self, session: &Session) -> Option<Received> {
        let next_step = session.offer.as_ref()?.next_step.as_ref()?;
        let output = status::output(self.step.services().journeys.as_ref(), session).await.ok()?;
        Some(next_step.receive(&output))
    }

    /// The journey goes on. What can't be dropped now, lifetimes collect.
    async fn leave(&self, visit: &Visit) {
        self.sessions.settled(visit);
        let _ = self.step.leave(visit).await;
    }

    /// The step for one call, and what records its host calls, where anybody wants them.
    fn recording(&self, trace: Option<TraceParent>) -> (Step, Option<Arc<Recorder>>) {
        let step = self.step.within_trace(trace);
        match self.pages.explain {
            true => {
                let (step, recorder) = Recorder::of(&step);
                (step, Some(recorder))
            }
            false => (step, None),
        }
    }

    fn record<T: Outcome>(
        &self,
        call: &'static str,
        began: Duration,
        visit: &Visit,
        called: &Called<T>,
        asked: Option<&Recorder>,
    ) {
        let event = Event {
            number: 0,
            journey: visit.journey.clone(),
            began,
            call,
            outcome: (&called.outcome).into(),
            cause: called.trapped.as_ref().map(|trapped| trapped.cause),
            event_data: called.event_data.clone(),
            host_calls: asked.map(Recorder::asked).unwrap_or_default(),
            usage: called.usage,
        };
        self.events.push(event, self.now());
    }

    pub(super) fn new_value(&self) -> Result<String, StatusCode> {
        new_value(self.step.services().random.as_ref()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    fn now(&self) -> Duration {
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
