//! The span of a request to the journey server, by OpenTelemetry's semantic conventions for HTTP servers.

use axum::http::Method;
use tracing::Span;
use tracing::field::Empty;

use journey_host::TraceParent;

/// `route`: the path as the server has it, never as it came. The request's query and its headers are nobody's business.
pub(crate) fn request_span(
    method: &Method,
    route: Option<&'static str>,
    scheme: &'static str,
    trace: Option<&TraceParent>,
) -> Span {
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" | "PATCH") => known,
        _ => "_OTHER",
    };
    let span = tracing::info_span!(
        target: "journey_server::request",
        "http.request",
        otel.kind = "server",
        otel.name = format!("{method} {}", route.unwrap_or_default()).trim_end(),
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        url.scheme = scheme,
    );
    #[cfg(feature = "otlp")]
    if let Some(trace) = trace {
        super::otlp::join(&span, trace);
    }
    #[cfg(not(feature = "otlp"))]
    let _ = trace;
    span
}
