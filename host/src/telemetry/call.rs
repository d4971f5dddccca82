//! The span of one call, and what is told when it is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::field::Empty;
use tracing::{Level, Span};

use super::metric::{CallOver, Limit, call_over, limit_hit};
use super::trace_parent::TraceParent;
use super::{Telemetry, label};
use crate::outcome::{Category, Failure};
use crate::text::one_line;
use crate::visit::Visit;

/// Characters of a text that somebody else wrote: the provider, a connector's owner, the component.
const MAX_TEXT: usize = 300;

/// Bytes of a connector that a line is made from: what the contract's steps take at most.
const MAX_CONNECTOR: usize = 64 << 10;

/// Whose call it is, and which component's.
pub(crate) struct Subject {
    pub tenant: String,
    /// None of a pure function's call.
    pub visit: Option<Visit>,
    pub phase: &'static str,
    pub component: Arc<str>,
    pub version: Arc<str>,
    pub connector: Option<String>,
    pub trace: Option<TraceParent>,
}

/// What is in effect now because of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// An attempt waits for its response.
    Attempt,
    /// The visit is settled: somebody has logged in.
    Authenticated,
    /// The visit is settled: the login has failed.
    Failed,
    Nothing,
    /// The store didn't say.
    Unknown,
}

impl Applied {
    const fn name(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Authenticated => "authenticated",
            Self::Failed => "failed",
            Self::Nothing => "nothing",
            Self::Unknown => "unknown",
        }
    }
}

/// How a call ended.
pub(crate) struct Ending<'a> {
    pub outcome: &'static str,
    pub applied: Applied,
    pub failure: Option<&'a Failure>,
    /// Why the host ended it, in one word.
    pub cause: Option<&'static str>,
    /// The same in a sentence, or what the store said.
    pub detail: Option<&'a str>,
    pub backtrace: Option<&'a str>,
    pub limit: Option<Limit>,
    pub queued: Duration,
    /// Processor time and memory, where the component ran.
    pub ran: Option<(Duration, usize)>,
    pub fetches: u32,
    /// The connector's document, of which a line tells client id and client authentication.
    pub document: Option<&'a str>,
    /// Whether the host passed a client secret; none where there was no place for one.
    pub has_client_secret: Option<bool>,
    /// When the user logged in, if that is what came of it, since 1970.
    pub succeeded_at: Option<Duration>,
}

impl Ending<'_> {
    /// One that nothing came of.
    pub(crate) fn nothing(outcome: &'static str) -> Self {
        Self {
            outcome,
            applied: Applied::Nothing,
            failure: None,
            cause: None,
            detail: None,
            backtrace: None,
            limit: None,
            queued: Duration::ZERO,
            ran: None,
            fetches: 0,
            document: None,
            has_client_secret: None,
            succeeded_at: None,
        }
    }

    /// None where the call did what its caller wanted.
    fn level(&self) -> Option<Level> {
        match (self.outcome, self.failure) {
            ("redirect" | "authenticated" | "done", _) => None,
            ("unknown", _) => Some(Level::ERROR),
            ("busy", _) => Some(Level::WARN),
            _ if self.cause.is_some() => Some(Level::ERROR),
            (_, Some(Failure { category: Category::System, .. })) => Some(Level::ERROR),
            ("failed", Some(Failure { category: Category::Configuration | Category::Provider | Category::Security, .. })) => {
                Some(Level::WARN)
            }
            // The user's own doing, or a stranger's: any number of them can come, and nothing is wrong here.
            _ => Some(Level::INFO),
        }
    }
}

/// A call under way. One that nobody tells the end of (its task was ended, or panicked) is reported as `unknown`; but a pure
/// function's, whose caller may go away at any time.
pub(crate) struct Call {
    subject: Subject,
    telemetry: Telemetry,
    span: Span,
    begun: Instant,
    is_over: bool,
}

impl Call {
    /// Within the caller's span.
    pub(crate) fn open(telemetry: Telemetry, subject: Subject) -> Self {
        let visit = subject.visit.as_ref();
        let span = tracing::info_span!(
            target: "journey_host::call",
            "step.call",
            otel.kind = "internal",
            otel.status_code = Empty,
            trace_id = subject.trace.as_ref().map(TraceParent::trace_id),
            parent_id = subject.trace.as_ref().map(TraceParent::parent_id),
            tenant = subject.tenant.as_str(),
            journey = visit.map(|visit| visit.journey.as_str()),
            step = visit.map(|visit| visit.step.as_str()),
            round = visit.map(|visit| visit.round),
            phase = subject.phase,
            component = &*subject.component,
            component_version = &*subject.version,
            connector = subject.connector.as_deref(),
            outcome = Empty,
            category = Empty,
            code = Empty,
            applied = Empty,
            cause = Empty,
            duration_seconds = Empty,
            queued_seconds = Empty,
            cpu_seconds = Empty,
            memory_bytes = Empty,
            fetches = Empty,
        );
        Self { subject, telemetry, span, begun: Instant::now(), is_over: false }
    }

    /// For the work of the call to be within.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(crate) fn over(mut self, ending: &Ending<'_>) {
        self.is_over = true;
        self.tell(ending);
    }

    fn tell(&self, ending: &Ending<'_>) {
        let duration = self.begun.elapsed();
        let code = ending.failure.map_or("".into(), |failure| label::code(&failure.code));
        let category = ending.failure.map_or("", |failure| failure.category.name());
        self.record(ending, category, &code, duration);
        call_over(&CallOver {
            component: &self.subject.component,
            phase: self.subject.phase,
            outcome: ending.outcome,
            category,
            code: &code,
            tenant: self.telemetry.labels_tenants.then_some(self.subject.tenant.as_str()),
            duration,
            queued: ending.queued,
            ran: ending.ran,
            succeeded_at: ending.succeeded_at,
        });
        if let Some(limit) = ending.limit {
            limit_hit(limit);
        }
        if let Some(level) = ending.level() {
            self.span.in_scope(|| self.line(level, ending, category, &code, duration));
        }
    }

    fn record(&self, ending: &Ending<'_>, category: &str, code: &str, duration: Duration) {
        let span = &self.span;
        span.record("outcome", ending.outcome);
        if ending.failure.is_some() {
            span.record("category", category);
            span.record("code", code);
        }
        span.record("applied", ending.applied.name());
        if let Some(cause) = ending.cause {
            span.record("cause", cause);
        }
        // A user's refusal is nobody's error (OpenTelemetry, «Recording errors»).
        if matches!(ending.level(), Some(Level::ERROR | Level::WARN)) {
            span.record("otel.status_code", "ERROR");
        }
        span.record("duration_seconds", duration.as_secs_f64());
        span.record("queued_seconds", ending.queued.as_secs_f64());
        if let Some((cpu, memory)) = ending.ran {
            span.record("cpu_seconds", cpu.as_secs_f64());
            span.record("memory_bytes", memory as u64);
            span.record("fetches", ending.fetches);
        }
    }

    /// What somebody needs who is woken up by it.
    fn line(&self, level: Level, ending: &Ending<'_>, category: &str, code: &str, duration: Duration) {
        // Strangers can bring about any number of calls that fail: nothing is made for a line that nobody wants.
        let is_wanted = match level {
            Level::ERROR => tracing::enabled!(target: "journey_host::call", Level::ERROR),
            Level::WARN => tracing::enabled!(target: "journey_host::call", Level::WARN),
            _ => tracing::enabled!(target: "journey_host::call", Level::INFO),
        };
        if !is_wanted {
            return;
        }
        let Subject { tenant, visit, phase, component, version, connector, trace } = &self.subject;
        let visit = visit.as_ref();
        let about = About::of(ending.document);
        let bounded = |text: Option<&str>| text.map(|text| one_line(text, MAX_TEXT));
        let failure = ending.failure;
        let provider = failure.map(|failure| &failure.provider);
        let (provider_error, request_id) = (
            bounded(provider.and_then(|provider| provider.error.as_deref())),
            bounded(provider.and_then(|provider| provider.request_id.as_deref())),
        );
        let (reason, path) = (
            bounded(failure.map(|failure| failure.message.as_str())),
            bounded(failure.and_then(|failure| failure.path.as_deref())),
        );
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "journey_host::call",
                    $level,
                    trace_id = trace.as_ref().map(TraceParent::trace_id),
                    tenant = tenant.as_str(),
                    journey = visit.map(|visit| visit.journey.as_str()),
                    step = visit.map(|visit| visit.step.as_str()),
                    round = visit.map(|visit| visit.round),
                    phase = *phase,
                    component = &**component,
                    component_version = &**version,
                    connector = connector.as_deref(),
                    connector_name = about.name.as_deref(),
                    client_id = about.client_id.as_deref(),
                    client_authentication = about.client_authentication.as_deref(),
                    has_client_secret = ending.has_client_secret,
                    outcome = ending.outcome,
                    category = failure.map(|_| category),
                    code = failure.map(|_| code),
                    retryable = failure.map(|failure| failure.retryable),
                    reason = reason.as_deref(),
                    path = path.as_deref(),
                    provider_error = provider_error.as_deref(),
                    provider_status = provider.and_then(|provider| provider.status),
                    provider_request_id = request_id.as_deref(),
                    applied = ending.applied.name(),
                    cause = ending.cause,
                    detail = bounded(ending.detail).as_deref(),
                    backtrace = ending.backtrace,
                    duration_seconds = duration.as_secs_f64(),
                    "a call of a step did not succeed"
                )
            };
        }
        match level {
            Level::ERROR => line!(Level::ERROR),
            Level::WARN => line!(Level::WARN),
            _ => line!(Level::INFO),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over && self.subject.visit.is_some() {
            let lost = Ending {
                applied: Applied::Unknown,
                detail: Some("the host's task was ended, or panicked"),
                ..Ending::nothing("unknown")
            };
            self.tell(&lost);
        }
    }
}

/// What a line says of a connector. Members that the connectors of this contract's steps have in common; another's are simply not
/// there.
#[derive(Default)]
struct About {
    name: Option<String>,
    client_id: Option<String>,
    client_authentication: Option<String>,
}

impl About {
    fn of(document: Option<&str>) -> Self {
        let document = document.filter(|document| document.len() <= MAX_CONNECTOR);
        let Some(Ok(connector)) = document.map(serde_json::from_str::<serde_json::Value>) else {
            return Self::default();
        };
        let text = |name: &str| connector.get(name)?.as_str().map(|text| one_line(text, MAX_TEXT));
        Self {
            name: text("name"),
            client_id: text("client_id"),
            client_authentication: text("client_authentication").or(Some("default".to_owned())),
        }
    }
}
