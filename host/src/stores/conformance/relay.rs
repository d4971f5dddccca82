//! A wire to break: a relay on a loopback port between connections and their server.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::subject::Network;

/// Bytes that are passed at once. An answer of a store is shorter or comes in one go with the rest of it.
const CHUNK: usize = 64 << 10;

/// Passes on what goes between its clients and one server, as the [`Network`] of the moment says. What it knows of the protocol
/// is that an answer is what the server sends after the client has sent something.
///
/// A server whose clients ask it where its peers are (Redis Cluster) needs a relay for each of them, and must name the relays.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

/// Where the server listens.
#[derive(Clone, Debug)]
enum Server {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

#[derive(Debug)]
struct State {
    /// As it is now; whoever passes something on is told of each change.
    network: watch::Sender<Network>,
    /// Answers that are still to pass before one is lost.
    to_pass: AtomicU32,
    /// Whether one is still to be lost.
    loses: AtomicBool,
    lost: AtomicU64,
}

impl Relay {
    /// To a server at this address, at any free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No port is free, or the address means nothing.
    pub async fn to(server: impl ToSocketAddrs) -> io::Result<Self> {
        let server = tokio::net::lookup_host(server).await?.next().ok_or(io::ErrorKind::NotFound)?;
        Self::start(TcpListener::bind("127.0.0.1:0").await?, Server::Tcp(server))
    }

    /// To a server at this Unix socket, at any free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No port is free.
    #[cfg(unix)]
    pub async fn to_socket(server: &Path) -> io::Result<Self> {
        Self::start(TcpListener::bind("127.0.0.1:0").await?, Server::Unix(server.to_owned()))
    }

    /// From this listener to a server at this address, for whoever has to know the relay's port before there is a server.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub fn between(listener: TcpListener, server: SocketAddr) -> io::Result<Self> {
        Self::start(listener, Server::Tcp(server))
    }

    fn start(listener: TcpListener, server: Server) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            network: watch::Sender::new(Network::Sound),
            to_pass: AtomicU32::new(0),
            loses: AtomicBool::new(false),
            lost: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, server, Arc::clone(&state))).abort_handle();
        Ok(Self { address, state, task })
    }

    /// Where to connect to, in place of the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, for all connections.
    pub fn set(&self, network: Network) {
        if let Network::LosesAnswer { after } = network {
            self.state.to_pass.store(after, Ordering::SeqCst);
        }
        self.state.loses.store(matches!(network, Network::LosesAnswer { .. }), Ordering::SeqCst);
        self.state.network.send_replace(network);
    }

    /// How many answers were lost so far.
    pub fn answers_lost(&self) -> u64 {
        self.state.lost.load(Ordering::SeqCst)
    }
}

/// With all of its connections.
impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: Server, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(pass(client, server.clone(), Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until either side closes it or the network breaks it.
async fn pass(client: TcpStream, server: Server, state: Arc<State>) -> io::Result<()> {
    client.set_nodelay(true)?;
    reaches(&mut state.network.subscribe()).await?;
    match server {
        Server::Tcp(server) => {
            let upstream = TcpStream::connect(server).await?;
            upstream.set_nodelay(true)?;
            pass_between(client, upstream, &state).await
        }
        #[cfg(unix)]
        Server::Unix(server) => pass_between(client, UnixStream::connect(server).await?, &state).await,
    }
}

/// Whoever is silent is heard when the network is sound again.
async fn pass_between<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: TcpStream,
    mut upstream: S,
    state: &State,
) -> io::Result<()> {
    let mut network = state.network.subscribe();
    let (mut asked, mut answered) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut is_asked = false;
    loop {
        reaches(&mut network).await?;
        tokio::select! {
            // A network that breaks is looked at first.
            biased;
            changed = network.changed() => changed.map_err(|_| io::ErrorKind::BrokenPipe)?,
            read = client.read(&mut asked) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                reaches(&mut network).await?;
                upstream.write_all(&asked[..read]).await?;
                is_asked = true;
            }
            read = upstream.read(&mut answered) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                reaches(&mut network).await?;
                if std::mem::take(&mut is_asked) && state.loses_this() {
                    return Ok(());
                }
                client.write_all(&answered[..read]).await?;
            }
        }
    }
}

impl State {
    fn loses_this(&self) -> bool {
        if !self.loses.load(Ordering::SeqCst) {
            return false;
        }
        let passes = self.to_pass.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let is_lost = !passes && self.loses.swap(false, Ordering::SeqCst);
        if is_lost {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
        is_lost
    }
}

/// Waits while the network is silent.
///
/// # Errors
///
/// Where it is cut.
async fn reaches(network: &mut watch::Receiver<Network>) -> io::Result<()> {
    let reached = network.wait_for(|network| *network != Network::Silent).await;
    match reached.map(|network| *network) {
        Ok(Network::Cut) | Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
        Ok(_) => Ok(()),
    }
}
