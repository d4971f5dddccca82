//! A loopback proxy in front of a server, which loses answers on demand.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};

use crate::clock::lock;

/// What becomes of what passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wire {
    /// All of it passes.
    Passes,
    /// Requests pass; answers are lost, and the connection with them, at the first one.
    LosesAnswers,
    /// Nothing passes, and nobody is told.
    Hangs,
    /// Connections are closed, also those that come.
    Closes,
}

const WIRES: [Wire; 4] = [Wire::Passes, Wire::LosesAnswers, Wire::Hangs, Wire::Closes];

/// Listens on a loopback port in front of a Unix socket, until it is dropped.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct State {
    wire: AtomicU8,
    /// A request that holds these bytes is the last one that is answered.
    last: Mutex<Option<Vec<u8>>>,
}

impl Proxy {
    /// In front of this socket.
    ///
    /// # Errors
    ///
    /// Where no port can be had.
    pub async fn start(socket: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let task = tokio::spawn(serve(listener, socket.to_owned(), Arc::clone(&state)));
        Ok(Self { port, state, task })
    }

    /// Its port at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub fn set(&self, wire: Wire) {
        self.state.wire.store(wire as u8, Ordering::SeqCst);
    }

    /// Once a request holds these bytes, answers are lost ([`Wire::LosesAnswers`]), its own first of all.
    pub fn lose_the_answer_to(&self, request: &[u8]) {
        *lock(&self.state.last) = Some(request.to_owned());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn now(&self) -> Wire {
        WIRES.into_iter().find(|known| *known as u8 == self.wire.load(Ordering::SeqCst)).unwrap_or(Wire::Passes)
    }

    fn look_at(&self, request: &[u8]) {
        let mut last = lock(&self.last);
        if last.as_ref().is_some_and(|last| request.windows(last.len()).any(|window| window == last)) {
            *last = None;
            self.wire.store(Wire::LosesAnswers as u8, Ordering::SeqCst);
        }
    }
}

async fn serve(listener: TcpListener, socket: PathBuf, state: Arc<State>) {
    // Dropped with this task: what hangs ends with the proxy.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let (socket, state) = (socket.clone(), Arc::clone(&state));
        connections.spawn(async move {
            let Ok(mut server) = UnixStream::connect(socket).await else { return };
            let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
            loop {
                tokio::select! {
                    read = client.read(&mut asked) => {
                        let Ok(length @ 1..) = read else { return };
                        let Some(asked) = asked.get(..length) else { return };
                        state.look_at(asked);
                        match state.now() {
                            Wire::Hangs => std::future::pending().await,
                            Wire::Closes => return,
                            Wire::Passes | Wire::LosesAnswers => {}
                        }
                        if server.write_all(asked).await.is_err() {
                            return;
                        }
                    }
                    read = server.read(&mut answered) => {
                        let Ok(length @ 1..) = read else { return };
                        match state.now() {
                            Wire::Hangs => std::future::pending().await,
                            Wire::Closes | Wire::LosesAnswers => return,
                            Wire::Passes => {}
                        }
                        let Some(answered) = answered.get(..length) else { return };
                        if client.write_all(answered).await.is_err() {
                            return;
                        }
                    }
                }
            }
        });
    }
}
