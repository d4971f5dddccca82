//! A loopback proxy in front of a server, which loses answers on demand.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};

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
    wire: Arc<AtomicU8>,
    task: tokio::task::JoinHandle<()>,
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
        let wire = Arc::new(AtomicU8::new(Wire::Passes as u8));
        let task = tokio::spawn(serve(listener, socket.to_owned(), Arc::clone(&wire)));
        Ok(Self { port, wire, task })
    }

    /// Its port at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn now(wire: &AtomicU8) -> Wire {
    WIRES.into_iter().find(|known| *known as u8 == wire.load(Ordering::SeqCst)).unwrap_or(Wire::Passes)
}

async fn serve(listener: TcpListener, socket: PathBuf, wire: Arc<AtomicU8>) {
    // Dropped with this task: what hangs ends with the proxy.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let (socket, wire) = (socket.clone(), Arc::clone(&wire));
        connections.spawn(async move {
            let Ok(mut server) = UnixStream::connect(socket).await else { return };
            let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
            loop {
                tokio::select! {
                    read = client.read(&mut asked) => {
                        let Ok(length @ 1..) = read else { return };
                        match now(&wire) {
                            Wire::Hangs => std::future::pending().await,
                            Wire::Closes => return,
                            Wire::Passes | Wire::LosesAnswers => {}
                        }
                        let Some(asked) = asked.get(..length) else { return };
                        if server.write_all(asked).await.is_err() {
                            return;
                        }
                    }
                    read = server.read(&mut answered) => {
                        let Ok(length @ 1..) = read else { return };
                        match now(&wire) {
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
