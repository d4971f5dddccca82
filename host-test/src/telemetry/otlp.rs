//! Spans by OTLP over HTTP (`http/protobuf`), as the standard environment variables say: `OTEL_EXPORTER_OTLP_ENDPOINT`,
//! `…_TRACES_ENDPOINT`, `…_HEADERS`, `…_TIMEOUT`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`. Over plain
//! `http`, to a collector beside this host; that one has the way to the outside.

use std::collections::HashMap;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use journey_host::TraceParent;

/// Whose spans are sent: the host's and this server's. Those of libraries would tell what they like.
const SENT: [&str; 2] = ["journey_host", "journey_server"];

/// What a service is called that nobody named.
const SERVICE: &str = "journey-server";

/// Sends spans to a collector.
pub struct Spans(SdkTracerProvider);

/// Where the environment names a collector. Needs a Tokio runtime.
///
/// # Errors
/// A variable is malformed.
pub fn from_environment() -> anyhow::Result<Option<Spans>> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    let is_disabled = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    if is_disabled || !names.into_iter().any(is_set) {
        return Ok(None);
    }
    Ok(Some(Spans::through(SpanExporter::builder().with_http().with_http_client(Plain::new()).build()?)))
}

impl Spans {
    /// To the collector at this URL, whose path is that of the traces: `http://127.0.0.1:4318/v1/traces`.
    ///
    /// # Errors
    /// It isn't a URL.
    pub fn to(url: &str) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder().with_http().with_http_client(Plain::new()).with_endpoint(url).build()?;
        Ok(Self::through(exporter))
    }

    fn through(exporter: SpanExporter) -> Self {
        let is_named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = match is_named {
            true => Resource::builder().build(),
            false => Resource::builder().with_service_name(SERVICE).build(),
        };
        Self(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
    }

    /// What makes spans of `tracing`'s. Source files, threads and events stay here.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let sent = Targets::new().with_targets(SENT.map(|target| (target, tracing::Level::INFO)));
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("journey-server"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(sent)
    }

    /// Sends what is still to be sent.
    pub async fn end(self) {
        // It waits for the exporter, which needs this runtime: so elsewhere.
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
    }
}

/// Makes a span a child of the caller's.
pub(super) fn join(span: &Span, trace: &TraceParent) {
    let header = format!("00-{}-{}-{:02x}", trace.trace_id(), trace.parent_id(), u8::from(trace.is_sampled()));
    let headers = HashMap::from([("traceparent".to_owned(), header)]);
    // Without a layer that sends spans there is nothing to join.
    let _ = span.set_parent(TraceContextPropagator::new().extract(&headers));
}

/// The exporter's thread has no runtime of its own: it has its exchanges made in this one.
#[derive(Clone, Debug)]
struct Plain {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
}

impl Plain {
    fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), runtime: Handle::current() }
    }
}

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let exchange = async move {
            let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
            Ok::<_, HttpError>(Response::from_parts(head, body.collect().await?.to_bytes()))
        };
        self.runtime.spawn(exchange).await?
    }
}
