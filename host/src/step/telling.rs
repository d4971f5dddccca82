//! Telling spans, lines and metrics what came of a call: from the engine's terms to those of [`telemetry`](crate::telemetry).

use std::sync::Arc;
use std::time::Duration;

use tracing::Span;

use super::Step;
use super::called::{Begun, Called, Completed, Outcome, Tested};
use crate::clock::Clock;
use crate::connection::FindingStatus;
use crate::sandbox::engine::Compiled;
use crate::sandbox::trapped::{Trapped, Usage};
use crate::stores::StoreError;
use crate::telemetry::{Applied, Call, Ending, Limit, Subject};
use crate::visit::{Invocation, Visit};

/// Why a call that is busy would be: it waits for one thing after the other.
#[derive(Clone, Copy)]
pub(super) enum WhyBusy {
    /// No sandbox in time.
    Queue,
    /// The store of the journeys can't be read.
    Store,
}

/// A call that is yet to be told of.
pub(super) struct Telling {
    call: Call,
    connector: String,
    has_client_secret: Option<bool>,
    clock: Arc<dyn Clock>,
}

impl Step {
    /// A call of `begin` or `complete` begins.
    pub(super) fn telling(&self, compiled: &Compiled, phase: &'static str, visit: &Visit, invocation: &Invocation) -> Telling {
        let subject = Subject {
            visit: Some(visit.clone()),
            connector: Some(invocation.connector_id.clone()),
            ..self.subject(compiled, phase, &visit.tenant)
        };
        Telling {
            call: Call::open(self.telemetry, subject),
            connector: invocation.connector.clone(),
            has_client_secret: None,
            clock: Arc::clone(&self.services.clock),
        }
    }

    /// A call of a pure function begins.
    pub(super) fn telling_of_pure(&self, compiled: &Compiled, phase: &'static str, tenant: &str) -> VisitlessTelling {
        VisitlessTelling(Call::open(self.telemetry, self.subject(compiled, phase, tenant)))
    }

    /// A test of a connection begins.
    pub(super) fn telling_of_test(&self, compiled: &Compiled, tenant: &str) -> VisitlessTelling {
        self.telling_of_pure(compiled, "test", tenant)
    }

    fn subject(&self, compiled: &Compiled, phase: &'static str, tenant: &str) -> Subject {
        let [component, version] = compiled.names();
        Subject { tenant: tenant.to_owned(), visit: None, phase, component, version, connector: None, trace: self.trace.clone() }
    }
}

impl Telling {
    pub(super) fn with_secret(self, has_client_secret: bool) -> Self {
        Self { has_client_secret: Some(has_client_secret), ..self }
    }

    /// For the work of the call to be within.
    pub(super) fn span(&self) -> Span {
        self.call.span()
    }

    pub(super) fn of_begin(self, called: Called<Begun>, why_busy: WhyBusy) -> Called<Begun> {
        let outcome = &called.outcome;
        let applied = match outcome {
            Begun::Redirect(_) => Applied::Attempt,
            Begun::Failed(_) => Applied::Failed,
            Begun::Refused(_) | Begun::TooLate(_) | Begun::Busy => Applied::Nothing,
            Begun::Unknown(_) => Applied::Unknown,
        };
        let store = match outcome {
            Begun::Unknown(error) => Some(error),
            _ => None,
        };
        let ending = Ending { applied, failure: outcome.failure(), ..Ending::nothing(outcome.kind().name()) };
        self.tell(ending, &called, store, why_busy);
        called
    }

    pub(super) fn of_complete(self, called: Called<Completed>, why_busy: WhyBusy) -> Called<Completed> {
        let outcome = &called.outcome;
        let applied = match outcome {
            Completed::Authenticated(_) => Applied::Authenticated,
            Completed::Failed(_) => Applied::Failed,
            Completed::Ignored(_) | Completed::TooLate(_) | Completed::Busy => Applied::Nothing,
            Completed::Unknown(_) => Applied::Unknown,
        };
        let store = match outcome {
            Completed::Unknown(error) => Some(error),
            _ => None,
        };
        let succeeded_at = (applied == Applied::Authenticated).then(|| self.clock.now());
        let ending = Ending { applied, failure: outcome.failure(), succeeded_at, ..Ending::nothing(outcome.kind().name()) };
        self.tell(ending, &called, store, why_busy);
        called
    }

    fn tell<T>(self, ending: Ending<'_>, called: &Called<T>, store: Option<&StoreError>, why_busy: WhyBusy) {
        let is_busy = ending.outcome == "busy";
        let (busy, limit) = match why_busy {
            WhyBusy::Queue if is_busy => (Some("no sandbox was free in time"), Some(Limit::Queue)),
            WhyBusy::Store if is_busy => (Some("the store of the journeys can't be read"), None),
            _ => (None, None),
        };
        let trapped = called.trapped.as_ref();
        let store = store.map(StoreError::to_string);
        let detail = trapped.map(|trapped| trapped.detail.as_str()).or(store.as_deref()).or(busy);
        self.call.over(&Ending {
            cause: trapped.map(|trapped| trapped.cause.name()),
            detail,
            backtrace: trapped.and_then(|trapped| trapped.backtrace.as_deref()),
            limit: trapped.and_then(|trapped| trapped.cause.limit()).or(limit),
            queued: called.usage.queued,
            ran: ran(&called.usage),
            fetches: called.usage.fetches,
            document: Some(&self.connector),
            has_client_secret: self.has_client_secret,
            ..ending
        });
    }
}

/// A call that belongs to no visit, a pure function's or a test of a connection, that is yet to be told of.
pub(super) struct VisitlessTelling(Call);

impl VisitlessTelling {
    /// For the work of the call to be within.
    pub(super) fn span(&self) -> Span {
        self.0.span()
    }

    pub(super) fn of_pure<T>(self, result: Result<(T, Usage), (Trapped, Usage)>) -> Result<T, Trapped> {
        let (result, usage) = match result {
            Ok((value, usage)) => (Ok(value), usage),
            Err((trapped, usage)) => (Err(trapped), usage),
        };
        let outcome = match &result {
            Ok(_) => "done",
            Err(trapped) if trapped.cause.limit() == Some(Limit::Queue) => "busy",
            Err(_) => "trapped",
        };
        let limit = result.as_ref().err().and_then(|trapped| trapped.cause.limit());
        self.tell(outcome, result.as_ref().err(), limit, &usage);
        result
    }

    pub(super) fn of_test(self, called: Called<Tested>) -> Called<Tested> {
        let (outcome, limit) = match &called.outcome {
            Tested::Findings(findings) if findings.iter().any(|finding| finding.status == FindingStatus::Failed) => {
                ("found_faults", None)
            }
            Tested::Findings(_) => ("done", None),
            Tested::SecretNeeded => ("secret_needed", None),
            Tested::TooOften(_) => ("too_often", Some(Limit::TestRate)),
            Tested::Busy => ("busy", Some(Limit::Queue)),
            Tested::Ended => ("trapped", called.trapped.as_ref().and_then(|trapped| trapped.cause.limit())),
        };
        self.tell(outcome, called.trapped.as_ref(), limit, &called.usage);
        called
    }

    fn tell(self, outcome: &'static str, trapped: Option<&Trapped>, limit: Option<Limit>, usage: &Usage) {
        self.0.over(&Ending {
            cause: trapped.map(|trapped| trapped.cause.name()),
            detail: trapped.map(|trapped| trapped.detail.as_str()),
            backtrace: trapped.and_then(|trapped| trapped.backtrace.as_deref()),
            limit,
            queued: usage.queued,
            ran: ran(usage),
            fetches: usage.fetches,
            ..Ending::nothing(outcome)
        });
    }
}

/// A component that ran has memory.
fn ran(usage: &Usage) -> Option<(Duration, usize)> {
    (usage.memory > 0).then_some((usage.cpu, usage.memory))
}
