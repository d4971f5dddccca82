//! What a server's operator asks it, at an address of its own: users and their browsers have no business there.
//!
//! | request | answer |
//! |---|---|
//! | `GET /metrics` | the metrics of the process, as Prometheus reads them |
//! | `GET /healthz` | 200 while the process serves at all: where it doesn't answer, restart it |
//! | `GET /readyz` | 200 where it takes logins; 503 while it ends, or can't read the store of the journeys: send users elsewhere |

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};

use super::server::Server;
use crate::telemetry;
use journey_host::Visit;

/// How long the store may take to answer: an orchestrator asks each few seconds.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn answer(server: Arc<Server>, request: Request<Body>) -> Response<Body> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "GET alone\n".to_owned());
    }
    match request.uri().path() {
        "/metrics" => {
            let mut response = text(StatusCode::OK, telemetry::metrics().render());
            let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, format);
            response
        }
        "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => match ready(&server).await {
            Ok(()) => text(StatusCode::OK, "ok\n".to_owned()),
            Err(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        },
        _ => text(StatusCode::NOT_FOUND, "/metrics, /healthz, /readyz\n".to_owned()),
    }
}

async fn ready(server: &Server) -> Result<(), &'static str> {
    if server.is_ending() {
        return Err("the server is ending");
    }
    // Of a journey that there isn't: an answer of any content will do.
    let visit = Visit::first(&server.definition.tenant, "readyz", "readyz");
    let asked = tokio::time::timeout(PATIENCE, server.step.services().journeys.settlement(&visit)).await;
    match asked {
        Ok(Ok(_)) => Ok(()),
        _ => Err("the store of the journeys can't be read"),
    }
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
