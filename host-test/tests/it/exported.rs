//! What a host shows of itself by the exporters that the journey server has: its lines, its metrics, and spans by OTLP. Beside
//! them is what a host's own tests catch ([`Captured`]).

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use host_test::telemetry::otlp::Spans;
use host_test::telemetry::{self, Lines};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;
use tokio::net::TcpListener;
use tracing_subscriber::Layer as _;

use crate::captured::Captured;

/// What this thread's calls show while it lives.
pub(crate) struct Exported {
    lines: Lines,
    captured: Captured,
}

impl Exported {
    pub(crate) fn begin() -> Self {
        Self::with(None)
    }

    /// Sends spans to a collector too.
    pub(crate) fn sending(exported: &Spans) -> Self {
        Self::with(Some(exported))
    }

    fn with(exported: Option<&Spans>) -> Self {
        let lines = Lines::kept();
        let exporters = telemetry::json(lines.clone()).and_then(exported.map(Spans::layer));
        Self { lines, captured: Captured::beside(exporters, telemetry::recorder()) }
    }

    /// The lines of calls, each a JSON object.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = self.lines.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter(|line| line["target"] == "journey_host::call").collect()
    }

    /// The fields of each span of this name that is over.
    pub(crate) fn spans(&self, name: &str) -> Vec<Value> {
        self.captured.spans(name)
    }

    /// As Prometheus reads them.
    pub(crate) fn metrics(&self) -> String {
        self.captured.metrics()
    }

    /// The value of the one series of this name that has all of these labels, as `name="value"`.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let text = self.metrics();
        let mut values = text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (found, its_labels) = series.split_once('{').unwrap_or((series, ""));
            let has_all = labels.iter().all(|label| its_labels.contains(label));
            (found == name && has_all).then(|| value.parse::<f64>().expect("a number"))
        });
        let value = values.next();
        assert!(values.next().is_none(), "several series are {name}{labels:?}: {text}");
        value
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}\n{}", self.lines.text(), self.captured.text(), self.metrics())
    }
}

/// A collector of a few lines: takes what comes by OTLP over HTTP, and keeps it.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<(String, Bytes)>>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let collector = Self { url, got: Arc::default() };
        let keep = async |State(collector): State<Self>, request: Request| {
            let path = request.uri().path().to_owned();
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("a body");
            collector.got.lock().unwrap_or_else(PoisonError::into_inner).push((path, body));
        };
        let app = Router::new().fallback(keep).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        collector
    }

    pub(crate) fn exporter(&self) -> Spans {
        Spans::to(&format!("{}/v1/traces", self.url)).expect("an exporter")
    }

    fn got(&self) -> Vec<(String, Bytes)> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let of_traces = |(path, body): (String, Bytes)| {
            assert_eq!(path, "/v1/traces");
            ExportTraceServiceRequest::decode(body).expect("protobuf")
        };
        self.got().into_iter().map(of_traces).collect()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// As it came over the wire: texts stand in protobuf as they are.
    pub(crate) fn text(&self) -> String {
        self.got().iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect()
    }
}
