//! The two listeners: HTTP/1.1 on loopback, from the socket to the endpoint.

use std::convert::Infallible;
use std::future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{DATE, HeaderName, HeaderValue};
use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::authorization::{authorize, error_page, federation, login, logout, pages};
use super::back_channel::{metadata, revoke, token, userinfo};
use super::endpoint::Endpoint;
use super::faults::{Body, CannedResponse, Fault};
use super::state::provider::Provider;
use super::wire::http::{Origin, Request, Response, respond};
use super::wire::http_date::imf_fixdate;
use crate::html::{ICON, ICON_PATH, ICON_TYPE};

/// The longest request body taken in, in bytes.
const BODY_LIMIT: usize = 1 << 20;

type Outgoing = ::http::Response<BoxBody<Bytes, io::Error>>;

/// Serves one origin until the task is dropped, and all its connections with it.
pub(super) async fn serve(listener: TcpListener, origin: Origin, provider: Arc<Provider>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let provider = Arc::clone(&provider);
        connections.spawn(async move {
            let service =
                service_fn(async |request| handle(&provider, origin, request).await.map(|answer| dated(&provider, answer)));
            // An error here is a connection that broke, often on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Logs the request, then lets a firewall, a fault or the endpoint answer. An error closes the connection without an answer.
async fn handle(provider: &Provider, origin: Origin, request: ::http::Request<Incoming>) -> io::Result<Outgoing> {
    let request = provider.requests.record(read(provider, origin, request).await?);
    let endpoint = Endpoint::of(origin, &request.path);
    if provider.config().user_agent_required && endpoint.is_for_servers() && !names_its_sender(&request) {
        return made_up(CannedResponse::firewall());
    }
    match provider.faults.next(endpoint) {
        None | Some(Fault::Pass) => {}
        Some(Fault::Delay(duration)) => tokio::time::sleep(duration).await,
        Some(Fault::Hang) => future::pending().await,
        Some(Fault::Disconnect) => return Err(io::ErrorKind::ConnectionAborted.into()),
        Some(Fault::Respond(answer)) => return made_up(answer),
    }
    Ok(dispatch(provider, &request).map(whole))
}

/// By the provider's clock, unless a test made a date up.
fn dated(provider: &Provider, mut answer: Outgoing) -> Outgoing {
    if let Ok(now) = HeaderValue::from_str(&imf_fixdate(provider.now())) {
        answer.headers_mut().entry(DATE).or_insert(now);
    }
    answer
}

/// RFC 9110 10.1.5.
fn names_its_sender(request: &Request) -> bool {
    request.header("user-agent").is_some_and(|user_agent| !user_agent.is_empty())
}

async fn read(provider: &Provider, origin: Origin, request: ::http::Request<Incoming>) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(io::Error::other)?.to_bytes();
    let text = |name: &HeaderName, value: &::http::HeaderValue| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Request {
        sequence: 0,
        at: provider.now(),
        origin,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|(name, value)| text(name, value)).collect(),
        body,
    })
}

fn dispatch(provider: &Provider, request: &Request) -> Response {
    match (request.origin, request.method.as_str(), request.path.as_str()) {
        (_, "GET", ICON_PATH) => respond(200, &[("content-type", ICON_TYPE)], ICON),
        (Origin::Issuer, "GET", _) => metadata::metadata(provider, request),
        (Origin::Domain, "GET", "/oauth2/authorize") => authorize::authorize(provider, request),
        (Origin::Domain, "GET" | "POST", "/login") => login::login(provider, request),
        (Origin::Domain, "GET", "/idp") => federation::identity_provider(provider, request),
        (Origin::Domain, "GET", "/oauth2/idpresponse") => federation::finish(provider, request),
        (Origin::Domain, _, "/oauth2/token") => token::token(provider, request),
        (Origin::Domain, "GET", "/oauth2/userInfo") => userinfo::userinfo(provider, request),
        (Origin::Domain, _, "/oauth2/revoke") => revoke::revoke(provider, request),
        (Origin::Domain, "GET", "/error") => error_page::show(provider, request),
        (Origin::Domain, "GET", "/logout") => logout::logout(provider, request),
        (Origin::Domain, _, "/oauth2/authorize" | "/oauth2/userInfo") => respond(405, &[], ""),
        _ => pages::error(404, "Not found", None),
    }
}

fn whole(body: Bytes) -> BoxBody<Bytes, io::Error> {
    Full::new(body).map_err(|never: Infallible| match never {}).boxed()
}

fn made_up(answer: CannedResponse) -> io::Result<Outgoing> {
    let mut response = ::http::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let body = match answer.body {
        Body::Bytes(bytes) => whole(bytes.into()),
        Body::Huge(first, length) => stream(first, Filler::Spaces(length)),
        Body::Endless(first) => stream(first, Filler::Spaces(usize::MAX)),
        Body::Truncated(bytes) => stream(bytes, Filler::Break),
        Body::Drip(bytes, pause) => drip(bytes, pause),
    };
    response.body(body).map_err(io::Error::other)
}

/// What follows the first part of a streamed body.
enum Filler {
    /// Spaces, so that JSON stays JSON, up to this length in all.
    Spaces(usize),
    /// Nothing: the connection breaks.
    Break,
}

fn stream(first: Vec<u8>, filler: Filler) -> BoxBody<Bytes, io::Error> {
    const CHUNK: usize = 16 * 1024;
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let mut sent = first.len();
        let mut alive = sender.send_data(Bytes::from(first)).await.is_ok();
        match filler {
            Filler::Break => sender.abort(io::ErrorKind::ConnectionAborted.into()),
            Filler::Spaces(length) => {
                while alive && sent < length {
                    let size = CHUNK.min(length - sent);
                    alive = sender.send_data(Bytes::from(vec![b' '; size])).await.is_ok();
                    sent += size;
                }
            }
        }
    });
    body.boxed()
}

fn drip(bytes: Vec<u8>, pause: Duration) -> BoxBody<Bytes, io::Error> {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        for byte in bytes {
            tokio::time::sleep(pause).await;
            if sender.send_data(Bytes::from(vec![byte])).await.is_err() {
                break;
            }
        }
    });
    body.boxed()
}
