//! Sessions that any server of a fleet finds: kept as variables of journeys of their own, in the store that all of them share. A
//! server without a fleet keeps them in its own memory alone.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::definition::Definition;
use super::server::Server;
use super::session::SessionId;
use super::sessions::{Attempt, Session};
use journey_host::{Browser, Change, ChangeId, Effect, Invocation, Services, StoreError, Visit, Write};

/// The one variable of a session's own journey.
const VARIABLE: &str = "session";

impl Server {
    /// As its fleet knows it, where there is one: what this server remembers may be an earlier journey.
    pub(super) async fn find(&self, id: &SessionId) -> Option<Session> {
        let own = self.sessions.find(id);
        match self.of_the_fleet(id).await {
            // One attempt of a session is begun at a time, on each server.
            Some((_, session)) => Some(Session { beginning: own.map(|own| own.beginning).unwrap_or_default(), ..session }),
            None => own,
        }
    }

    /// The session that this second cookie belongs to.
    pub(super) async fn find_form_post(&self, id: &SessionId) -> Option<(SessionId, Session)> {
        match self.sessions.find_form_post(id) {
            Some(own) => Some(own),
            None => self.of_the_fleet(id).await,
        }
    }

    /// A store that fails is told by what is asked of it next.
    async fn of_the_fleet(&self, id: &SessionId) -> Option<(SessionId, Session)> {
        match self.is_shared {
            true => find(self.step.services(), &self.definition, id).await.ok().flatten(),
            false => None,
        }
    }

    /// Keeps a session, for its fleet too.
    ///
    /// # Errors
    ///
    /// The status to answer with, where the store fails.
    pub(super) async fn keep(&self, id: SessionId, session: Session) -> Result<(), StatusCode> {
        if self.is_shared {
            put(self.step.services(), &id, &session).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        }
        self.sessions.put(id, session);
        Ok(())
    }

    /// The user has logged in: the session has another name from now on, and the old one names none. Where the store of a fleet
    /// fails, this server alone knows the new one.
    pub(super) async fn renew(&self, id: &SessionId, renewed: SessionId, session: Session) {
        self.sessions.renew(id, renewed, session.next_step.clone());
        if self.is_shared {
            let services = self.step.services();
            let _ = services.journeys.forget(&session.visit.tenant, &place(&session.visit.tenant, id).journey).await;
            let _ = self.keep(renewed, Session { attempt: None, is_renewed: true, ..session }).await;
        }
    }
}

/// Stores it under its own id, and under that of its second cookie.
///
/// # Errors
///
/// Where the store fails.
async fn put(services: &Services, id: &SessionId, session: &Session) -> Result<(), StoreError> {
    let attempt = session.attempt.as_ref();
    let value = json!({
        "journey": session.visit.journey,
        "id": hex(id),
        "state": attempt.map(|attempt| &attempt.state),
        "deadline": attempt.map(|attempt| attempt.deadline.as_secs()),
        "kept_until": session.kept_until.as_secs(),
        "is_renewed": session.is_renewed,
    });
    let form_post = attempt.and_then(|attempt| attempt.form_post.as_ref());
    for id in [Some(id), form_post].into_iter().flatten() {
        let mut change = [0; 16];
        services.random.fill(&mut change).map_err(StoreError::Unavailable)?;
        let writes = vec![Write { name: VARIABLE.to_owned(), json: Some(value.to_string()) }];
        let lifetime = session.kept_until.saturating_sub(services.clock.now());
        let effect = Effect::Wait { expires_in: u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX) };
        services.journeys.apply(&place(&session.visit.tenant, id), &Change { id: ChangeId(change), writes, effect }).await?;
    }
    Ok(())
}

/// One that another server has put there, unless it is over. Its attempt is that server's to end by timer.
///
/// # Errors
///
/// Where the store fails.
async fn find(services: &Services, definition: &Definition, id: &SessionId) -> Result<Option<(SessionId, Session)>, StoreError> {
    let journey = place(&definition.tenant, id).journey;
    let Some(text) = services.journeys.variable(&definition.tenant, &journey, VARIABLE).await? else { return Ok(None) };
    Ok(read(&text, definition).filter(|(_, session)| session.kept_until > services.clock.now()))
}

fn read(text: &str, definition: &Definition) -> Option<(SessionId, Session)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let attempt = value["state"].as_str().map(|state| Attempt {
        state: state.to_owned(),
        deadline: Duration::from_secs(value["deadline"].as_u64().unwrap_or_default()),
        form_post: None,
    });
    let id: SessionId = unhex(value["id"].as_str()?)?.try_into().ok()?;
    let session = Session {
        visit: Visit::first(&definition.tenant, value["journey"].as_str()?, "login"),
        // A fleet runs one journey.
        offer: None,
        invocation: Invocation {
            settings: definition.settings.clone(),
            connector: definition.connector.clone(),
            connector_id: definition.connector_id.clone(),
            // A session's id is what the attempt is bound to: SHA-256 of its cookie.
            browser: Browser::from_bytes(&id),
        },
        attempt,
        beginning: Arc::default(),
        kept_until: Duration::from_secs(value["kept_until"].as_u64()?),
        is_renewed: value["is_renewed"].as_bool()?,
        next_step: None,
    };
    Some((id, session))
}

/// Nobody's login: it is never settled.
fn place(tenant: &str, id: &SessionId) -> Visit {
    Visit::first(tenant, &format!("session {}", hex(id)), VARIABLE)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}
