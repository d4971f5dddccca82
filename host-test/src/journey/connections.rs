//! Connections: so many at a time, and each has to get to the point.
//!
//! | bound | against |
//! |---|---|
//! | connections at a time; the next one waits to be accepted | memory, file descriptors |
//! | time for a request's head, from the connection's start or its last answer | half a request, or none (CWE-400) |
//! | time for a request's body ([`Bounds::body`]) | the other half |

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How a server treats its connections.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at a time, 1,024: a browser opens six at most, and a call takes a second at worst.
    pub connections: usize,
    /// For a request's head, 10 s.
    pub head: Duration,
    /// For a request's body, 10 s: 64 KiB at most.
    pub body: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 1024, head: Duration::from_secs(10), body: Duration::from_secs(10) }
    }
}

/// Pause after an `accept` that failed, for want of file descriptors mostly.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until it is told to stop; then accepts nothing more, and ends with the last answer that is under way.
pub(super) async fn serve<F>(
    listener: TcpListener,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
    answer: impl Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let (answer, stop) = (answer.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, bounds, stop, answer).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    // Closed, so that whoever connects now is sent to another server at once.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, place))
}

async fn connection<F>(
    stream: TcpStream,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
    answer: impl Fn(Request<Body>) -> F + Send + Sync,
) where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let answered = answer(request.map(Body::new));
        async move { Ok::<_, std::convert::Infallible>(answered.await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    tokio::select! {
        // An error is a connection that broke, or ran out of time.
        _ = serving.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}
