//! Where the telemetry of the journey server goes: the host library speaks to the facades alone, and this is one choice of
//! exporters.
//!
//! | what | where |
//! |---|---|
//! | metrics | Prometheus text at `/metrics` ([`metrics()`]) |
//! | lines | JSON, one a line ([`start`]); which of them says `RUST_LOG`, `info` by default |
//! | spans | OTLP over HTTP, where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector (feature `otlp`) |

mod lines;
#[cfg(feature = "otlp")]
pub mod otlp;
mod prometheus;
mod requests;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use lines::{Lines, json};
pub use prometheus::{metrics, recorder};
pub(crate) use requests::request_span;

/// Exporters at work. To be ended with [`Exporters::end`], or the last spans are lost.
pub struct Exporters {
    #[cfg(feature = "otlp")]
    spans: Option<otlp::Spans>,
}

/// Sends lines there, and spans where the environment says; for the whole process, once.
///
/// # Errors
/// A variable of the environment is malformed.
pub fn start(lines: &Lines) -> anyhow::Result<Exporters> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let wanted: Targets = wanted.parse().map_err(|error| anyhow::anyhow!("RUST_LOG: {error}"))?;
    let registry = tracing_subscriber::registry().with(json(lines.clone()).with_filter(wanted));
    #[cfg(feature = "otlp")]
    {
        let spans = otlp::from_environment()?;
        let layer = spans.as_ref().map(|spans| spans.layer());
        registry.with(layer).try_init()?;
        Ok(Exporters { spans })
    }
    #[cfg(not(feature = "otlp"))]
    {
        registry.try_init()?;
        Ok(Exporters {})
    }
}

impl Exporters {
    /// Sends what is still to be sent.
    pub async fn end(self) {
        #[cfg(feature = "otlp")]
        if let Some(spans) = self.spans {
            spans.end().await;
        }
    }
}
