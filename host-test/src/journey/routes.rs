//! The routes that users' browsers take.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, ORIGIN, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tracing::Instrument as _;
use url::Url;

use super::bound::OWN_PATHS;
use super::page::Again;
use super::server::Server;
use super::session::{Cookie, id_of};
use super::status::{self, Status};
use super::{callback, page};
use crate::telemetry::request_span;
use journey_host::{AbandonmentReason, AuthorizationResponse, TraceParent};

/// The header of the caller's trace: a proxy's in front of this server.
const TRACEPARENT: &str = "traceparent";

/// How long whoever asks where his journey stands waits for its end by timer.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn answer(server: Arc<Server>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let route = OWN_PATHS.into_iter().find(|own| *own == path).or((path == server.callback_path).then_some("/callback"));
    let trace = head.headers.get(TRACEPARENT).and_then(|header| TraceParent::parse(header.to_str().ok()?));
    let scheme = if server.is_https() { "https" } else { "http" };
    let span = request_span(&head.method, route, scheme, trace.as_ref());
    let answered = async {
        match route {
            Some("/start") => start(&server, &head, trace).await,
            Some("/journey") => journey(&server, &head).await,
            Some("/cancel") => cancel(&server, &head, trace).await,
            Some("/connection") => connection(&server, &head).await,
            Some(_) => response(&server, Request::from_parts(head, body), trace).await,
            None => page::text(StatusCode::NOT_FOUND, "There is nothing here."),
        }
    };
    let response = answered.instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    response
}

async fn start(server: &Arc<Server>, head: &Parts, trace: Option<TraceParent>) -> Response<Body> {
    let headers = &head.headers;
    match head.method {
        Method::GET if callback::is_prefetch(headers) => page::bare(StatusCode::SERVICE_UNAVAILABLE),
        Method::GET if !is_the_users_wish(headers, &server.base_url) => page::start(),
        Method::GET => {
            server.begin(headers, trace).await.unwrap_or_else(|status| page::text(status, "The login can't be started."))
        }
        Method::HEAD => page::bare(StatusCode::OK),
        _ => not_allowed("GET, HEAD"),
    }
}

/// Whether it was the user who wanted to log in, and not a page of another site: each start is a further attempt of a journey under way, and
/// pushes older ones out. Typed, or from this site (W3C Fetch Metadata, 2.3); a browser that says nothing must at least name a page of
/// this origin as the referrer.
fn is_the_users_wish(headers: &HeaderMap, base_url: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => ["none", "same-origin", "same-site"].iter().any(|own| site == own),
        None => {
            let referrer = headers.get(REFERER).and_then(|referrer| Url::parse(referrer.to_str().ok()?).ok());
            referrer.is_some_and(|referrer| referrer.origin().ascii_serialization() == base_url)
        }
    }
}

/// What arrived at the callback URL.
async fn response(server: &Arc<Server>, request: Request<Body>, trace: Option<TraceParent>) -> Response<Body> {
    if callback::is_prefetch(request.headers()) {
        return page::bare(StatusCode::SERVICE_UNAVAILABLE);
    }
    if request.method() == Method::HEAD {
        return page::bare(StatusCode::OK);
    }
    let session = server.session(request.headers(), request.method() == Method::POST).await;
    let read = tokio::time::timeout(server.bounds.body, callback::read(&server.origin, request)).await;
    let mut cookies = Vec::new();
    match read.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)) {
        Err(StatusCode::METHOD_NOT_ALLOWED) => return not_allowed("GET, HEAD, POST"),
        Err(status) => return page::text(status, "This is not a response to a login."),
        Ok(response) => {
            if let Some((id, session)) = session {
                let again = match &response {
                    AuthorizationResponse::FormPost(arrival) => Again::Post(arrival.parameters.clone()),
                    _ => Again::Get,
                };
                match server.complete(Some(id), session, response, trace).await {
                    Ok(renewed) => cookies.extend(renewed.map(|value| Cookie::Session.set(&value, server.is_https(), 0))),
                    Err(_) => return page::busy(&again),
                }
            }
        }
    }
    // Whatever came of it, with or without a session: the next page has another URL than the code.
    page::see_other("/journey", &cookies)
}

async fn journey(server: &Arc<Server>, head: &Parts) -> Response<Body> {
    match head.method {
        Method::GET => {}
        Method::HEAD => return page::bare(StatusCode::OK),
        _ => return not_allowed("GET, HEAD"),
    }
    if let Some(cookie) = Cookie::Session.read(&head.headers, server.is_https()) {
        let (ending, id) = (Arc::clone(server), id_of(cookie));
        // In a task of its own: whoever asks sees soon where it stands, and the call goes on.
        let ended = tokio::spawn(async move { ending.end_if_overdue(&id).await });
        let _ = tokio::time::timeout(PATIENCE, ended).await;
    }
    let wants_json = head.headers.get(ACCEPT).is_some_and(|accept| accept == "application/json");
    let none = || match wants_json {
        true => page::json(StatusCode::NOT_FOUND, &serde_json::json!({ "status": "none" })),
        false => page::text(StatusCode::NOT_FOUND, "No login is under way in this browser."),
    };
    let Some((_, session)) = server.session(&head.headers, false).await else { return none() };
    let journeys = server.step.services().journeys.as_ref();
    match status::of(journeys, &session, server.definition.has_failure_branch).await {
        // The user has a new session since the login; whoever knows the old one may be somebody else.
        Ok(Status::CreateUser(_)) if !session.is_renewed => none(),
        Ok(status) if wants_json => page::json(StatusCode::OK, &status.to_json()),
        Ok(status) => page::status(&status),
        Err(_) => page::text(StatusCode::SERVICE_UNAVAILABLE, "The journey can't be read now."),
    }
}

async fn cancel(server: &Arc<Server>, head: &Parts, trace: Option<TraceParent>) -> Response<Body> {
    if head.method != Method::POST {
        return not_allowed("POST");
    }
    if !is_of_this_site(&head.headers, &server.base_url) {
        return page::text(StatusCode::FORBIDDEN, "This came from another site.");
    }
    if let Some((_, session)) = server.session(&head.headers, false).await
        && server.abandon(session, AbandonmentReason::Cancelled, trace).await.is_err()
    {
        return page::busy(&Again::Post(String::new()));
    }
    page::see_other("/journey", &[])
}

async fn connection(server: &Arc<Server>, head: &Parts) -> Response<Body> {
    let headers = &head.headers;
    match head.method {
        Method::GET if callback::is_prefetch(headers) => page::bare(StatusCode::SERVICE_UNAVAILABLE),
        Method::GET => server.show_connection(headers).await,
        Method::HEAD => page::bare(StatusCode::OK),
        Method::POST if !is_of_this_site(headers, &server.base_url) => {
            page::text(StatusCode::FORBIDDEN, "This came from another site.")
        }
        Method::POST => match server.session(headers, false).await {
            Some(_) => server.test_connection().await,
            None => page::text(StatusCode::FORBIDDEN, "This browser has no session here."),
        },
        _ => not_allowed("GET, HEAD, POST"),
    }
}

/// Another site must not end a login, nor have a connection tested: its POST has another origin, or "null".
fn is_of_this_site(headers: &HeaderMap, base_url: &str) -> bool {
    headers.get(ORIGIN).is_some_and(|origin| origin == base_url)
}

fn not_allowed(allowed: &'static str) -> Response<Body> {
    let mut response = page::bare(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_starts_by_the_users_wish_alone() {
        let base_url = "https://journey.example.com";
        for (name, value, wish) in [
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", true),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "", false),
            ("referer", "https://journey.example.com/journey", true),
            ("referer", "https://journey.example.com.evil.test/", false),
            ("referer", "https://evil.test/", false),
            ("x-other", "none", false),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]);
            assert_eq!(is_the_users_wish(&headers, base_url), wish, "{name}: {value}");
        }
        let mut both = HeaderMap::new();
        both.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        both.insert(REFERER, HeaderValue::from_static("https://journey.example.com/"));
        assert!(!is_the_users_wish(&both, base_url));
    }
}
