//! Which journey each session is in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::session::SessionId;
use journey_host::{Invocation, Visit};

/// How long a session outlives its newest attempt.
pub(super) const KEPT: Duration = Duration::from_secs(3600);

/// How long the host waits before it tries again to end an attempt that didn't end.
const RETRY: Duration = Duration::from_secs(60);

/// The session's journey.
#[derive(Clone)]
pub(super) struct Session {
    pub visit: Visit,
    /// Settled when the journey reached the step.
    pub invocation: Invocation,
    /// The newest attempt; ending it ends all others of this visit.
    pub attempt: Option<Attempt>,
    /// When the server forgets the session, by the injected clock.
    pub kept_until: Duration,
}

/// What the server knows of an attempt.
#[derive(Clone)]
pub(super) struct Attempt {
    pub state: String,
    /// When the server ends it, by the injected clock.
    pub deadline: Duration,
    /// The session's second cookie, where the answer is a cross-site POST.
    pub form_post: Option<SessionId>,
}

#[derive(Default)]
pub(super) struct Register(Mutex<HashMap<SessionId, Session>>);

impl Register {
    pub(super) fn find(&self, id: &SessionId) -> Option<Session> {
        self.lock().get(id).cloned()
    }

    /// The session that this second cookie belongs to.
    pub(super) fn find_form_post(&self, id: &SessionId) -> Option<Session> {
        let sessions = self.lock();
        let owns = |session: &&Session| session.attempt.as_ref().is_some_and(|attempt| attempt.form_post.as_ref() == Some(id));
        sessions.values().find(owns).cloned()
    }

    pub(super) fn put(&self, id: SessionId, session: Session) {
        self.lock().insert(id, session);
    }

    /// Sessions whose newest attempt is over time; each is handed out once a minute. Forgets those that are long over.
    pub(super) fn overdue(&self, now: Duration) -> Vec<Session> {
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.kept_until > now);
        let mut overdue = Vec::new();
        for session in sessions.values_mut() {
            if session.attempt.as_ref().is_some_and(|attempt| attempt.deadline <= now) {
                overdue.push(session.clone());
                if let Some(attempt) = &mut session.attempt {
                    attempt.deadline = now + RETRY;
                }
            }
        }
        overdue
    }

    /// The journey has left the step: there is no attempt to end any more. The session stays, to be told where it stands.
    pub(super) fn settled(&self, visit: &Visit) {
        for session in self.lock().values_mut().filter(|session| session.visit == *visit) {
            session.attempt = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
