//! The server: its routes, and the calls that they make.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT, ALLOW, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::{Host, Url};

use super::page::Again;
use super::register::{Register, Session};
use super::session::{Cookie, SessionId, id_of};
use super::{callback, page, shared, standing};
use journey_host::{AbandonmentReason, AuthorizationResponse, Cause, ClientSecret, PublicOrigin, Step, Usage};

/// How often the server looks for attempts that are over time.
const SWEEP: Duration = Duration::from_secs(1);

/// Where responses come, unless a callback URL says otherwise.
const CALLBACK_PATH: &str = "/callback";

/// Paths that can't be a callback URL's.
const OWN_PATHS: [&str; 3] = ["/start", "/journey", "/cancel"];

/// The journey that the server runs: one step, with or without a failure branch.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Whose it is.
    pub tenant: String,
    /// The step's settings: a JSON object, whose `callback_url` is [`Bound::callback_url`].
    pub settings: String,
    /// The connector: a JSON object.
    pub connector: String,
    /// Which connector that is, in the operator's own terms.
    pub connector_id: String,
    /// The connector's client secret, from the vault; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// Whether the author has drawn one. A failure without one ends the journey.
    pub has_failure_branch: bool,
}

/// One call of the step, for the journey's analytics.
#[derive(Clone, Debug)]
pub struct Event {
    /// The journey's name.
    pub journey: String,
    /// `begin` or `complete`.
    pub call: &'static str,
    /// As [`journey_host::Begun`] and [`journey_host::Completed`] display it: `redirect`, `failed: <code>`.
    pub outcome: String,
    /// Why the host ended the call, where it did.
    pub cause: Option<Cause>,
    /// What the settings asked to be recorded. Redacted by the step.
    pub event_data: Option<String>,
    /// What it used.
    pub usage: Usage,
}

/// A server that has its address, which the step's settings must name before it can run.
pub struct Bound {
    listener: TcpListener,
    base_url: String,
    callback_path: String,
    is_shared: bool,
}

/// A server at work, until it is dropped.
pub struct Running {
    server: Arc<Server>,
    tasks: [JoinHandle<()>; 2],
}

pub(super) struct Server {
    pub step: Step,
    pub definition: Definition,
    origin: PublicOrigin,
    base_url: String,
    callback_path: String,
    /// Whether sessions are found by every server over the same store.
    pub is_shared: bool,
    pub register: Register,
    pub events: Mutex<Vec<Event>>,
}

impl Bound {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub async fn loopback() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, base_url, callback_path: CALLBACK_PATH.to_owned(), is_shared: false })
    }

    /// The same on this port.
    ///
    /// # Errors
    ///
    /// Where it is taken.
    pub async fn at_port(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, base_url, callback_path: CALLBACK_PATH.to_owned(), is_shared: false })
    }

    /// Keeps its sessions in the store of the journeys, so that every server over it finds them: any of a fleet may take over.
    #[must_use]
    pub fn sharing_sessions(self) -> Self {
        Self { is_shared: true, ..self }
    }

    /// Listens on the port of a callback URL that is settled already, and takes responses at its path. `None` where that isn't
    /// plain http to a loopback address, or a path that the server has another use for.
    ///
    /// # Errors
    ///
    /// Where the port is taken.
    pub async fn at_callback_url(callback_url: &str) -> std::io::Result<Option<Self>> {
        let Ok(url) = Url::parse(callback_url) else { return Ok(None) };
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::from(address),
            Some(Host::Ipv6(address)) => IpAddr::from(address),
            Some(Host::Domain("localhost")) => IpAddr::from(Ipv4Addr::LOCALHOST),
            _ => return Ok(None),
        };
        let (true, true, Some(port)) = (url.scheme() == "http", address.is_loopback(), url.port_or_known_default()) else {
            return Ok(None);
        };
        if OWN_PATHS.contains(&url.path()) {
            return Ok(None);
        }
        let listener = TcpListener::bind(SocketAddr::from((address, port))).await?;
        let base_url = url.origin().ascii_serialization();
        Ok(Some(Self { listener, base_url, callback_path: url.path().to_owned(), is_shared: false }))
    }

    /// Says that user agents reach this server at another origin: by another name of its address, or through a proxy that ends TLS,
    /// `https://journey.example.com`.
    #[must_use]
    pub fn behind(mut self, base_url: &str) -> Self {
        self.base_url = base_url.trim_end_matches('/').to_owned();
        self
    }

    /// The server's origin.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the identity provider sends the user agent back to.
    pub fn callback_url(&self) -> String {
        format!("{}{}", self.base_url, self.callback_path)
    }

    /// Starts to serve.
    ///
    /// # Errors
    /// Where [`Bound::behind`] was told something else than an origin, or the callback URL is another connector's.
    pub fn serve(self, step: Step, definition: Definition) -> Result<Running, String> {
        let origin = PublicOrigin::parse(&self.base_url)?;
        // Of the route itself: what a proxy in front rewrites then shows when a login begins.
        let callback_url = origin.url_of(&self.callback_path);
        step.services().callbacks.serve(&callback_url, &definition.tenant, &definition.connector_id)?;
        let server = Arc::new(Server {
            step,
            definition,
            origin,
            base_url: self.base_url,
            callback_path: self.callback_path,
            is_shared: self.is_shared,
            register: Register::default(),
            events: Mutex::default(),
        });
        let routes = Router::new()
            .route("/start", any(start))
            .route("/journey", any(journey))
            .route("/cancel", any(cancel))
            .fallback(any(answer))
            .with_state(Arc::clone(&server));
        let listener = self.listener;
        let serving = tokio::spawn(async move {
            // `axum::serve` has no error of its own: it retries what `accept` refuses.
            let _ = axum::serve(listener, routes).await;
        });
        let sweeper = Arc::clone(&server);
        let sweeping = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                sweeper.end_overdue().await;
            }
        });
        Ok(Running { server, tasks: [serving, sweeping] })
    }
}

impl Running {
    /// The server's origin.
    pub fn base_url(&self) -> &str {
        &self.server.base_url
    }

    /// Every call of the step so far.
    pub fn events(&self) -> Vec<Event> {
        self.server.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn start(State(server): State<Arc<Server>>, request: Request<Body>) -> Response<Body> {
    match *request.method() {
        Method::GET if callback::is_prefetch(request.headers()) => page::bare(StatusCode::SERVICE_UNAVAILABLE),
        Method::GET => {
            server.begin(request.headers()).await.unwrap_or_else(|status| page::text(status, "The login can't be started."))
        }
        Method::HEAD => page::bare(StatusCode::OK),
        _ => not_allowed("GET, HEAD"),
    }
}

async fn answer(State(server): State<Arc<Server>>, request: Request<Body>) -> Response<Body> {
    if request.uri().path() != server.callback_path {
        return page::text(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    if callback::is_prefetch(request.headers()) {
        return page::bare(StatusCode::SERVICE_UNAVAILABLE);
    }
    if request.method() == Method::HEAD {
        return page::bare(StatusCode::OK);
    }
    let session = server.session(request.headers(), request.method() == Method::POST).await;
    match callback::read(&server.origin, request).await {
        Err(StatusCode::METHOD_NOT_ALLOWED) => return not_allowed("GET, HEAD, POST"),
        Err(status) => return page::text(status, "This is no answer to a login."),
        Ok(response) => {
            if let Some(session) = session {
                let again = match &response {
                    AuthorizationResponse::FormPost(arrival) => Again::Post(arrival.parameters.clone()),
                    _ => Again::Get,
                };
                if server.complete(session, response).await.is_err() {
                    return page::busy(&again);
                }
            }
        }
    }
    // Whatever came of it, with or without a session: the next page has another URL than the code.
    page::see_other("/journey", &[])
}

async fn journey(State(server): State<Arc<Server>>, request: Request<Body>) -> Response<Body> {
    match *request.method() {
        Method::GET => {}
        Method::HEAD => return page::bare(StatusCode::OK),
        _ => return not_allowed("GET, HEAD"),
    }
    if let Some(cookie) = Cookie::Session.read(request.headers(), server.is_https()) {
        server.end_if_overdue(&id_of(cookie)).await;
    }
    let wants_json = request.headers().get(ACCEPT).is_some_and(|accept| accept == "application/json");
    let Some(session) = server.session(request.headers(), false).await else {
        return match wants_json {
            true => page::json(StatusCode::NOT_FOUND, &serde_json::json!({ "status": "none" })),
            false => page::text(StatusCode::NOT_FOUND, "No login is under way in this browser."),
        };
    };
    let journeys = server.step.services().journeys.as_ref();
    match standing::of(journeys, &session, server.definition.has_failure_branch).await {
        Ok(standing) if wants_json => page::json(StatusCode::OK, &standing.to_json()),
        Ok(standing) => page::standing(&standing),
        Err(_) => page::text(StatusCode::SERVICE_UNAVAILABLE, "The journey can't be read now."),
    }
}

async fn cancel(State(server): State<Arc<Server>>, request: Request<Body>) -> Response<Body> {
    if request.method() != Method::POST {
        return not_allowed("POST");
    }
    // Another site must not end a login: its POST has another origin, or "null".
    if request.headers().get(ORIGIN).is_none_or(|origin| origin != server.base_url.as_str()) {
        return page::text(StatusCode::FORBIDDEN, "This came from another site.");
    }
    if let Some(session) = server.session(request.headers(), false).await
        && server.abandon(session, AbandonmentReason::Cancelled).await.is_err()
    {
        return page::busy(&Again::Post(String::new()));
    }
    page::see_other("/journey", &[])
}

fn not_allowed(allowed: &'static str) -> Response<Body> {
    let mut response = page::bare(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

impl Server {
    pub(super) fn is_https(&self) -> bool {
        self.base_url.starts_with("https:")
    }

    /// By the session's cookie; for a cross-site POST by the second one, which is good for nothing else.
    async fn session(&self, headers: &HeaderMap, form_post: bool) -> Option<Session> {
        if let Some(cookie) = Cookie::FormPost.read(headers, self.is_https()).filter(|_| form_post) {
            let id = id_of(cookie);
            let own = self.register.find_form_post(&id);
            if let Some(session) = if own.is_some() { own } else { self.of_the_fleet(&id).await } {
                return Some(session);
            }
        }
        self.find(&id_of(Cookie::Session.read(headers, self.is_https())?)).await
    }

    /// As its fleet knows it, where there is one: what this server remembers may be an earlier journey.
    pub(super) async fn find(&self, id: &SessionId) -> Option<Session> {
        match self.of_the_fleet(id).await {
            Some(session) => Some(session),
            None => self.register.find(id),
        }
    }

    /// A store that fails is told by what is asked of it next.
    async fn of_the_fleet(&self, id: &SessionId) -> Option<Session> {
        match self.is_shared {
            true => shared::find(self.step.services(), &self.definition, id).await.ok().flatten(),
            false => None,
        }
    }

    /// Keeps a session, for its fleet too.
    ///
    /// # Errors
    ///
    /// The status to answer with, where the store fails.
    pub(super) async fn keep(&self, id: SessionId, session: Session) -> Result<(), StatusCode> {
        if self.is_shared {
            let put = shared::put(self.step.services(), &id, &session).await;
            put.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        }
        self.register.put(id, session);
        Ok(())
    }
}
