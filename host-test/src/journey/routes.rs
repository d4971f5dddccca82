//! The routes that users' browsers take.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, ORIGIN, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;
use tracing::Instrument as _;
use url::{Url, form_urlencoded};

use super::bound::OWN_PATHS;
use super::offer::{JOURNEY, Offer};
use super::page::Again;
use super::result::{self, Ended, Explained};
use super::server::Server;
use super::session::{Cookie, id_of};
use super::sessions::Session;
use super::status::{self, Status};
use super::{callback, page, start_page};
use crate::html::ICON_PATH;
use crate::telemetry::request_span;
use journey_host::{AbandonmentReason, AuthorizationResponse, TraceParent};

/// The header of the caller's trace: a proxy's in front of this server.
const TRACEPARENT: &str = "traceparent";

/// How long whoever asks where his journey stands waits for its end by timer.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn answer(server: Arc<Server>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    // A callback URL may lie where the start page would.
    let last = (path == "/").then_some("/");
    let route = OWN_PATHS.into_iter().find(|own| *own == path).or(server.is_callback(path).then_some("/callback")).or(last);
    let trace = head.headers.get(TRACEPARENT).and_then(|header| TraceParent::parse(header.to_str().ok()?));
    let scheme = if server.is_https() { "https" } else { "http" };
    let span = request_span(&head.method, route, scheme, trace.as_ref());
    let answered = async {
        match route {
            Some("/") => start_page(&server, &head),
            Some(ICON_PATH) => page::icon(),
            Some("/start") => start(&server, &head, trace).await,
            Some("/journey") => journey(&server, &head).await,
            Some("/cancel") => cancel(&server, &head, trace).await,
            Some("/connection") => connection(&server, &head).await,
            Some("/step") => step(&server, &head, body).await,
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

fn start_page(server: &Server, head: &Parts) -> Response<Body> {
    match head.method {
        Method::GET => start_page::show(&server.pages),
        Method::HEAD => page::bare(StatusCode::OK),
        _ => not_allowed("GET, HEAD"),
    }
}

async fn start(server: &Arc<Server>, head: &Parts, trace: Option<TraceParent>) -> Response<Body> {
    let headers = &head.headers;
    let mut parameters = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let chosen = parameters.find(|(name, _)| name == JOURNEY).map(|(_, name)| server.pages.offer(&name));
    let Some(offer) = chosen.map_or(Some(None), |offer| offer.map(Some)) else {
        return page::text(StatusCode::NOT_FOUND, "There is no such journey.");
    };
    match head.method {
        Method::GET if callback::is_prefetch(headers) => page::bare(StatusCode::SERVICE_UNAVAILABLE),
        Method::GET if !is_the_users_wish(headers, &server.base_url) => page::start(&start_of(offer.as_deref())),
        Method::GET => {
            server.begin(headers, offer, trace).await.unwrap_or_else(|status| page::text(status, "The login can't be started."))
        }
        Method::HEAD => page::bare(StatusCode::OK),
        _ => not_allowed("GET, HEAD"),
    }
}

/// Where a journey begins.
fn start_of(offer: Option<&Offer>) -> String {
    offer.map_or("/start".to_owned(), Offer::start)
}

/// Whether it was the user who wanted to log in, and not a page of another site: each start is a further attempt of a journey
/// under way, and pushes older ones out. Typed, or from this site (W3C Fetch Metadata, 2.3); a browser that says nothing must at
/// least name a page of this origin as the referrer.
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
    let definition = server.definition_of(session.offer.as_deref());
    match status::of(journeys, &session, definition.has_failure_branch).await {
        // The user has a new session since the login; whoever knows the old one may be somebody else.
        Ok(Status::CreateUser(_)) if !session.is_renewed => none(),
        Ok(status) if wants_json => page::json(StatusCode::OK, &status.to_json()),
        Ok(status) => {
            let (start, is_edited) = (start_of(session.offer.as_deref()), server.pages.is_edited(session.offer.as_deref()));
            if status == Status::Waiting {
                return page::waiting(&start, is_edited);
            }
            let explained = explained(server, &session).await;
            result::show(&Ended { status: &status, start: &start, is_edited, next_step: session.next_step.as_ref(), explained })
        }
        Err(_) => page::text(StatusCode::SERVICE_UNAVAILABLE, "The journey can't be read now."),
    }
}

/// How a login came about, where the pages tell. What the store doesn't tell is left out.
async fn explained(server: &Server, session: &Session) -> Option<Explained> {
    if !server.pages.explain {
        return None;
    }
    let journeys = server.step.services().journeys.as_ref();
    let output = status::output(journeys, session).await.unwrap_or_default();
    let error = status::error(journeys, session).await.unwrap_or_default();
    let events = server.events.all().into_iter().filter(|event| event.journey == session.visit.journey).collect();
    let sign_out = server.pages.sign_out.then(|| sign_out(&output["login"], &server.base_url)).flatten();
    let settings = serde_json::from_str(&session.invocation.settings).unwrap_or_default();
    Some(Explained { settings, output, error, events, sign_out, stand_in: server.pages.stand_in })
}

/// Cognito's own parameters: it ends the session there and comes back to the start page.
fn sign_out(login: &Value, base_url: &str) -> Option<String> {
    let mut url = Url::parse(login["logout_endpoint"].as_str()?).ok()?;
    url.query_pairs_mut()
        .append_pair("client_id", login["client_id"].as_str()?)
        .append_pair("logout_uri", &format!("{base_url}/"));
    Some(url.into())
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
        Method::GET => server.within_session(headers, page::connection(None)).await,
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

/// The step that a person may edit, where there is one.
async fn step(server: &Arc<Server>, head: &Parts, body: Body) -> Response<Body> {
    let headers = &head.headers;
    let Some(editor) = &server.pages.editor else { return page::text(StatusCode::NOT_FOUND, "There is nothing here.") };
    match head.method {
        Method::GET if callback::is_prefetch(headers) => page::bare(StatusCode::SERVICE_UNAVAILABLE),
        Method::GET => server.within_session(headers, server.show_editor(editor, head.uri.query() == Some("saved"))).await,
        Method::HEAD => page::bare(StatusCode::OK),
        Method::POST if !is_of_this_site(headers, &server.base_url) => {
            page::text(StatusCode::FORBIDDEN, "This came from another site.")
        }
        Method::POST => match server.session(headers, false).await {
            Some(_) => {
                let read = tokio::time::timeout(server.bounds.body, callback::form(headers, body)).await;
                match read.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT)) {
                    Ok(form) => server.edit(editor, &form).await,
                    Err(status) => page::text(status, "This is not what the form sends."),
                }
            }
            None => page::text(StatusCode::FORBIDDEN, "This browser has no session here."),
        },
        _ => not_allowed("GET, HEAD, POST"),
    }
}

/// Another site must not end a login, have a connection tested, or edit a step: its POST has another origin, or "null".
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
