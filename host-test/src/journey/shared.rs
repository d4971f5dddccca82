//! Sessions that any server of a fleet finds: kept as variables of journeys of their own, in the store that all of them share.

use std::time::Duration;

use serde_json::{Value, json};

use super::register::{Attempt, Session};
use super::server::Definition;
use super::session::SessionId;
use journey_host::{Browser, Change, ChangeId, Effect, Invocation, Services, StoreError, Visit, Write};

/// The one variable of a session's own journey.
const VARIABLE: &str = "session";

/// Stores it under its own id, and under that of its second cookie.
///
/// # Errors
///
/// Where the store fails.
pub(super) async fn put(services: &Services, id: &SessionId, session: &Session) -> Result<(), StoreError> {
    let attempt = session.attempt.as_ref();
    let value = json!({
        "journey": session.visit.journey,
        "id": hex(id),
        "state": attempt.map(|attempt| &attempt.state),
        "deadline": attempt.map(|attempt| attempt.deadline.as_secs()),
        "kept_until": session.kept_until.as_secs(),
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
pub(super) async fn find(services: &Services, definition: &Definition, id: &SessionId) -> Result<Option<Session>, StoreError> {
    let journey = place(&definition.tenant, id).journey;
    let Some(text) = services.journeys.variable(&definition.tenant, &journey, VARIABLE).await? else { return Ok(None) };
    Ok(read(&text, definition).filter(|session| session.kept_until > services.clock.now()))
}

fn read(text: &str, definition: &Definition) -> Option<Session> {
    let value: Value = serde_json::from_str(text).ok()?;
    let attempt = value["state"].as_str().map(|state| Attempt {
        state: state.to_owned(),
        deadline: Duration::from_secs(value["deadline"].as_u64().unwrap_or_default()),
        form_post: None,
    });
    Some(Session {
        visit: Visit::first(&definition.tenant, value["journey"].as_str()?, "login"),
        invocation: Invocation {
            settings: definition.settings.clone(),
            connector: definition.connector.clone(),
            connector_id: definition.connector_id.clone(),
            // A session's id is what the attempt is bound to: SHA-256 of its cookie.
            browser: Browser::from_bytes(&unhex(value["id"].as_str()?)?),
        },
        attempt,
        kept_until: Duration::from_secs(value["kept_until"].as_u64()?),
    })
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
