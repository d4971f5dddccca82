//! All that a host shows of itself, caught by the exporters that the journey server has: lines, spans, metrics, and spans by
//! OTLP.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use host_test::telemetry::otlp::Spans;
use host_test::telemetry::{self, Lines};
use metrics_exporter_prometheus::PrometheusHandle;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;
use tokio::net::TcpListener;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;

/// With a single subscriber, `tracing` asks the thread that comes to a span first whether anybody wants it, and believes it for
/// all threads: one of another test, which has none. With several it asks them all.
static SEVERAL: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));

/// What this thread's calls show while it lives. A test's runtime has one thread, so that is the test's alone.
pub(crate) struct Captured {
    lines: Lines,
    spans: Lines,
    metrics: PrometheusHandle,
    _guards: (DefaultGuard, metrics::LocalRecorderGuard<'static>),
}

impl Captured {
    pub(crate) fn begin() -> Self {
        Self::with(None)
    }

    /// Sends spans to a collector too.
    pub(crate) fn sending(exported: &Spans) -> Self {
        Self::with(Some(exported))
    }

    fn with(exported: Option<&Spans>) -> Self {
        LazyLock::force(&SEVERAL);
        let (lines, spans) = (Lines::kept(), Lines::kept());
        let closed = tracing_subscriber::fmt::layer()
            .json()
            .with_span_events(FmtSpan::CLOSE)
            .with_span_list(false)
            .with_writer(spans.clone());
        let registry = tracing_subscriber::registry().with(telemetry::json(lines.clone())).with(closed);
        let subscriber = tracing::subscriber::set_default(registry.with(exported.map(Spans::layer)));
        let recorder = Box::leak(Box::new(telemetry::recorder()));
        let metrics = recorder.handle();
        Self { lines, spans, metrics, _guards: (subscriber, metrics::set_default_local_recorder(recorder)) }
    }

    /// The lines of calls, each a JSON object.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = self.lines.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter(|line| line["target"] == "journey_host::call").collect()
    }

    /// The fields of each span of this name that is over.
    pub(crate) fn spans(&self, name: &str) -> Vec<Value> {
        let text = self.spans.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let closed = lines.filter(|line| line["fields"]["message"] == "close");
        closed.map(|mut line| line["span"].take()).filter(|span| span["name"] == name).collect()
    }

    /// As Prometheus reads them.
    pub(crate) fn metrics(&self) -> String {
        self.metrics.render()
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
        format!("{}\n{}\n{}", self.lines.text(), self.spans.text(), self.metrics())
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
