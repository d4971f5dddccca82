//! What a host shows of itself: a span for each call and each fetch, a line for each call that went wrong, and metrics.
//!
//! This crate speaks to the facades `tracing` and `metrics` and to nothing else: where spans, lines and numbers go is the host's
//! choice. Without a subscriber and a recorder all of it costs next to nothing.
//!
//! | what | by | when |
//! |---|---|---|
//! | span `step.call` | `tracing` | from the call to its outcome, which is in it; a child of the span that the caller is in |
//! | span `http.fetch` | `tracing`, by OpenTelemetry's conventions for HTTP clients | each exchange of a call |
//! | one line, target `journey_host::call` | `tracing` | each call that didn't do what its caller wanted: `ERROR` is for the host's operator, `WARN` for a connector's owner or the provider, `INFO` for the user |
//! | [`METRICS`] | `metrics` | each call, fetch, look into the cache, and limit that was hit |
//!
//! **Never in any of it:** settings, variables, event data, header fields, bodies, a URL beyond its host and port, `state`,
//! codes, tokens, client secrets, cookies. Of the connector its name, client id and client authentication, and those in the line
//! alone. A text that a stranger chose is bounded and in one line; what an identity provider says in its own words
//! (`error_description`) is left to the error variable.
//!
//! A caller's trace ([`TraceParent`]) is joined and ends here: an identity provider gets no `traceparent`.

mod call;
mod fetch;
mod label;
mod metric;
mod trace_parent;

pub(crate) use self::call::{Applied, Call, Ending, Subject};
pub(crate) use self::fetch::{Endpoint, FetchSpan};
pub use self::metric::{Kind, METRICS, Metric, describe};
pub(crate) use self::metric::{Limit, Lookup, cache_read, calls_waiting, limit_hit, sandboxes_in_use};
pub use self::trace_parent::TraceParent;

/// What a host's operator decides about its telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Telemetry {
    labels_tenants: bool,
}

impl Telemetry {
    /// Without tenants in the metrics. Spans and lines name them in any case.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the tenant a label of the calls, and tells when each last had a login. Each tenant then has time series of its own,
    /// one for each code that its logins end with: for hundreds of tenants, not for hundreds of thousands.
    #[must_use]
    pub fn labelling_tenants(self) -> Self {
        Self { labels_tenants: true }
    }
}
