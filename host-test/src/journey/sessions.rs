//! Which journey each session is in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::offer::{Offer, Received};
use super::session::SessionId;
use journey_host::{Invocation, Visit};

/// How long a session outlives its newest attempt.
pub(super) const KEPT: Duration = Duration::from_secs(3600);

/// How long the host waits before it tries again to end an attempt that didn't end.
const RETRY: Duration = Duration::from_secs(60);

/// After that, the step takes a call without outcome for lost (`wit/redirect.wit`).
const LOST: Duration = Duration::from_secs(91);

/// The session's journey.
#[derive(Clone)]
pub(super) struct Session {
    pub visit: Visit,
    /// The offer that was chosen; none for the server's own journey.
    pub offer: Option<Arc<Offer>>,
    /// Settled when the journey reached the step.
    pub invocation: Invocation,
    /// The newest attempt: the only one that is ended by timer, or a newer tab's login would die with an older one.
    pub attempt: Option<Attempt>,
    /// One attempt is begun at a time: which of two is the newest must be the same to this server and to the step.
    pub beginning: Arc<tokio::sync::Mutex<()>>,
    /// When the server forgets session and journey, by the injected clock.
    pub kept_until: Duration,
    /// Whether the user got this session by logging in: nobody can have known it before.
    pub is_renewed: bool,
    /// What the step after the login said.
    pub next_step: Option<Received>,
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
pub(super) struct Sessions(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    sessions: HashMap<SessionId, Session>,
    /// Journeys that no session is in any more, each with the time at which it is forgotten.
    left: Vec<(Visit, Duration)>,
}

impl Sessions {
    pub(super) fn find(&self, id: &SessionId) -> Option<Session> {
        self.lock().sessions.get(id).cloned()
    }

    /// The session that this second cookie belongs to.
    pub(super) fn find_form_post(&self, id: &SessionId) -> Option<(SessionId, Session)> {
        let entries = self.lock();
        let owns = |session: &Session| session.attempt.as_ref().is_some_and(|attempt| attempt.form_post.as_ref() == Some(id));
        entries.sessions.iter().find(|(_, session)| owns(session)).map(|(id, session)| (*id, session.clone()))
    }

    /// The session is in this journey now, and in no other any more.
    pub(super) fn put(&self, id: SessionId, session: Session) {
        let mut entries = self.lock();
        let visit = session.visit.clone();
        if let Some(before) = entries.sessions.insert(id, session).filter(|before| before.visit != visit) {
            entries.left.push((before.visit, before.kept_until));
        }
    }

    /// The user has logged in: the session has another name from now on.
    pub(super) fn renew(&self, id: &SessionId, renewed: SessionId, next_step: Option<Received>) {
        let sessions = &mut self.lock().sessions;
        if let Some(session) = sessions.remove(id) {
            sessions.insert(renewed, Session { is_renewed: true, next_step, ..session });
        }
    }

    /// Sessions whose newest attempt is over time; each is handed out once a minute.
    pub(super) fn overdue(&self, now: Duration) -> Vec<Session> {
        self.lock().sessions.values_mut().filter_map(|session| overdue(session, now)).collect()
    }

    /// Forgets the sessions whose time is over. Their journeys, and those that were left, are to be forgotten too.
    pub(super) fn forget(&self, now: Duration) -> Vec<Visit> {
        let mut entries = self.lock();
        let Entries { sessions, left } = &mut *entries;
        let over = sessions.extract_if(|_, session| session.kept_until <= now).map(|(_, session)| session.visit);
        let mut visits: Vec<Visit> = over.collect();
        visits.extend(left.extract_if(.., |(_, until)| *until <= now).map(|(visit, _)| visit));
        visits
    }

    /// The call on this attempt may be lost: it is ended as soon as the step can tell, if it is still the visit's newest. Whoever
    /// doesn't know its state can't bring that about; a newer one has its own time.
    pub(super) fn doubtful(&self, visit: &Visit, state: &str, now: Duration) {
        for session in self.lock().sessions.values_mut().filter(|session| session.visit == *visit) {
            if let Some(attempt) = session.attempt.as_mut().filter(|attempt| attempt.state == state) {
                attempt.deadline = attempt.deadline.min(now + LOST);
            }
        }
    }

    /// The host was at its limit when this visit's attempt was to be ended: it is handed out again with the next look.
    pub(super) fn overdue_still(&self, visit: &Visit, now: Duration) {
        for session in self.lock().sessions.values_mut().filter(|session| session.visit == *visit) {
            if let Some(attempt) = &mut session.attempt {
                attempt.deadline = attempt.deadline.min(now);
            }
        }
    }

    /// The session's attempt, if it is over time. Handed out once a minute.
    pub(super) fn take_overdue(&self, id: &SessionId, now: Duration) -> Option<Session> {
        self.lock().sessions.get_mut(id).and_then(|session| overdue(session, now))
    }

    /// The journey has left the step: there is no attempt to end any more. The session stays, to be told where it stands.
    pub(super) fn settled(&self, visit: &Visit) {
        for session in self.lock().sessions.values_mut().filter(|session| session.visit == *visit) {
            session.attempt = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn overdue(session: &mut Session, now: Duration) -> Option<Session> {
    let handed_out = session.clone();
    let attempt = session.attempt.as_mut().filter(|attempt| attempt.deadline <= now)?;
    attempt.deadline = now + RETRY;
    Some(handed_out)
}
