//! The metrics, each with its unit and its labels: one table, which code, documents, alerts and dashboard share.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Label, Unit, counter, gauge, histogram};

/// Which kind of instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// What is now.
    Gauge,
    /// A distribution.
    Histogram,
}

/// A metric of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// As Prometheus has names: with the unit, and `_total` for a counter.
    pub name: &'static str,
    /// Which kind.
    pub kind: Kind,
    /// `seconds`, `bytes`, or what is counted.
    pub unit: &'static str,
    /// The names of its labels; `tenant` only where the operator says so.
    pub labels: &'static [&'static str],
    /// What it says.
    pub about: &'static str,
}

const CALLS: &str = "journey_step_calls_total";
const CALL_DURATION: &str = "journey_step_call_duration_seconds";
const CALL_QUEUE: &str = "journey_step_call_queue_seconds";
const CALL_CPU: &str = "journey_step_call_cpu_seconds";
const CALL_MEMORY: &str = "journey_step_call_memory_bytes";
const FETCHES: &str = "journey_step_fetches_total";
const FETCH_DURATION: &str = "journey_step_fetch_duration_seconds";
const CACHE_READS: &str = "journey_step_cache_reads_total";
const LIMITS: &str = "journey_step_limits_total";
const SANDBOXES: &str = "journey_step_sandboxes_in_use";
const WAITING: &str = "journey_step_calls_waiting";
const LAST_SUCCESS: &str = "journey_step_last_success_timestamp_seconds";

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    labels: &'static [&'static str],
    about: &'static str,
) -> Metric {
    Metric { name, kind, unit, labels, about }
}

/// All of them. Names and meanings are kept as an API is.
pub const METRICS: [Metric; 12] = [
    metric(
        CALLS,
        Kind::Counter,
        "calls",
        &["component", "phase", "outcome", "category", "code", "tenant"],
        "calls that are over, each with what came of it",
    ),
    metric(
        CALL_DURATION,
        Kind::Histogram,
        "seconds",
        &["component", "phase"],
        "from the call to its outcome in effect, waiting included",
    ),
    metric(CALL_QUEUE, Kind::Histogram, "seconds", &["component", "phase"], "the wait for a sandbox"),
    metric(CALL_CPU, Kind::Histogram, "seconds", &["component", "phase"], "processor time of the component; of calls that ran"),
    metric(CALL_MEMORY, Kind::Histogram, "bytes", &["component", "phase"], "the most linear memory; of calls that ran"),
    metric(
        FETCHES,
        Kind::Counter,
        "exchanges",
        &["endpoint", "status"],
        "HTTP exchanges, by what was asked and the class of the answer",
    ),
    metric(
        FETCH_DURATION,
        Kind::Histogram,
        "seconds",
        &["endpoint"],
        "from the request to the whole response, or to the end without one",
    ),
    metric(CACHE_READS, Kind::Counter, "reads", &["result"], "looks into a tenant's cache: `hit`, `miss` or `failed`"),
    metric(LIMITS, Kind::Counter, "hits", &["limit"], "limits that a call ran into"),
    metric(SANDBOXES, Kind::Gauge, "sandboxes", &[], "calls that have a sandbox now"),
    metric(WAITING, Kind::Gauge, "calls", &[], "calls that wait for a sandbox now"),
    metric(
        LAST_SUCCESS,
        Kind::Gauge,
        "seconds",
        &["component", "tenant"],
        "when a user of the tenant last logged in, since 1970; only where tenants are labels",
    ),
];

/// Tells the recorder what each metric is. For a host, once, after its recorder is in place.
pub fn describe() {
    for Metric { name, kind, unit, about, .. } in METRICS {
        let unit = match unit {
            "seconds" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            _ => Unit::Count,
        };
        match kind {
            Kind::Counter => metrics::describe_counter!(name, unit, about),
            Kind::Gauge => metrics::describe_gauge!(name, unit, about),
            Kind::Histogram => metrics::describe_histogram!(name, unit, about),
        }
    }
}

/// A limit, as the label has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// No sandbox in time: `Busy`.
    Queue,
    ProcessorTime,
    WallClock,
    Memory,
    HostCalls,
    Fetches,
    RequestHeaders,
    ResponseBody,
    Value,
    Kept,
    /// A tenant's, or a directory's.
    TestRate,
}

impl Limit {
    const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::ProcessorTime => "processor_time",
            Self::WallClock => "wall_clock",
            Self::Memory => "memory",
            Self::HostCalls => "host_calls",
            Self::Fetches => "fetches",
            Self::RequestHeaders => "request_headers",
            Self::ResponseBody => "response_body",
            Self::Value => "value",
            Self::Kept => "kept",
            Self::TestRate => "test_rate",
        }
    }
}

pub(crate) fn limit_hit(limit: Limit) {
    counter!(LIMITS, "limit" => limit.name()).increment(1);
}

/// What a look into a tenant's cache found.
#[derive(Clone, Copy)]
pub(crate) enum Lookup {
    Hit,
    Miss,
    Failed,
}

pub(crate) fn cache_read(lookup: Lookup) {
    let result = match lookup {
        Lookup::Hit => "hit",
        Lookup::Miss => "miss",
        Lookup::Failed => "failed",
    };
    counter!(CACHE_READS, "result" => result).increment(1);
}

/// So many more, or fewer, hold a sandbox. A change and not a number: a process may have several runtimes.
pub(crate) fn sandboxes_in_use(change: isize) {
    gauge!(SANDBOXES).increment(change as f64);
}

/// So many more, or fewer, wait for one.
pub(crate) fn calls_waiting(change: isize) {
    gauge!(WAITING).increment(change as f64);
}

/// A call that is over.
pub(super) struct CallOver<'a> {
    pub component: &'a Arc<str>,
    pub phase: &'static str,
    pub outcome: &'static str,
    pub category: &'static str,
    pub code: &'a str,
    /// Only where tenants are labels.
    pub tenant: Option<&'a str>,
    pub duration: Duration,
    pub queued: Duration,
    /// Processor time and memory, where the component ran.
    pub ran: Option<(Duration, usize)>,
    /// When the user logged in, if that is what came of it, since 1970.
    pub succeeded_at: Option<Duration>,
}

pub(super) fn call_over(call: &CallOver<'_>) {
    let label = |name: &'static str, value: &str| Label::new(name, value.to_owned());
    let component = || Label::new("component", Arc::clone(call.component));
    let of_tenant = call.tenant.map(|tenant| label("tenant", tenant));
    let mut labels = vec![
        component(),
        Label::from_static_parts("phase", call.phase),
        Label::from_static_parts("outcome", call.outcome),
        Label::from_static_parts("category", call.category),
        label("code", call.code),
    ];
    labels.extend(of_tenant.clone());
    counter!(CALLS, labels).increment(1);
    let labels = || vec![component(), Label::from_static_parts("phase", call.phase)];
    histogram!(CALL_DURATION, labels()).record(call.duration);
    histogram!(CALL_QUEUE, labels()).record(call.queued);
    if let Some((cpu, memory)) = call.ran {
        histogram!(CALL_CPU, labels()).record(cpu);
        histogram!(CALL_MEMORY, labels()).record(memory as f64);
    }
    if let (Some(of_tenant), Some(at)) = (of_tenant, call.succeeded_at) {
        gauge!(LAST_SUCCESS, vec![component(), of_tenant]).set(at.as_secs_f64());
    }
}

/// An exchange that is over. `status`: its class, or why there is none.
pub(super) fn fetch_over(endpoint: &'static str, status: &'static str, duration: Duration) {
    counter!(FETCHES, "endpoint" => endpoint, "status" => status).increment(1);
    histogram!(FETCH_DURATION, "endpoint" => endpoint).record(duration);
}
