//! The stores on real servers, each with everything that the kit can do to a server: a restart, a wire to break.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{Memory, OF_SERVERS};
use crate::clock::lock;
use crate::stores::Stores;
use crate::stores::conformance::{Connection, Network, Powerless, Relay, Report, Subject, Time, run};
use crate::stores::keyring::Keyring;
use crate::stores::postgres::{PostgresConfig, PostgresStores};
use crate::stores::redis::{RedisConfig, RedisStores};
use crate::stores::testing::{NoServer, PostgresServer, RedisCluster, RedisServer, unique_name};

/// Of 32 bytes each.
const KEYS: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\nZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// What has to be written before it is acknowledged.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Whether the values are encrypted on their way.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Sealed,
}

impl Form {
    fn connection(self, stores: Stores) -> Result<Connection, String> {
        let stores = match self {
            Self::Plain => stores,
            Self::Sealed => stores.sealed(Keyring::parse(KEYS).map_err(|error| error.to_string())?),
        };
        Ok(Connection::to_all(stores.journeys, stores.attempts, stores.cache))
    }
}

async fn redis_at(url: &str, prefix: &str) -> Result<Stores, String> {
    let config = RedisConfig::parse(url).and_then(|config| config.with_prefix(prefix)).map_err(|error| error.to_string())?;
    Ok(Stores::of(Arc::new(RedisStores::connect(&config).await.map_err(|error| error.to_string())?)))
}

async fn postgres_at(url: &str) -> Result<Stores, String> {
    let config = PostgresConfig::parse(url).map_err(|error| error.to_string())?;
    PostgresStores::migrate(&config).await.map_err(|error| error.to_string())?;
    Ok(Stores::of(Arc::new(PostgresStores::connect(&config).await.map_err(|error| error.to_string())?)))
}

/// A server of its own, behind a relay.
struct Behind<S> {
    server: Mutex<S>,
    relay: Relay,
    form: Form,
}

/// What is of one kind of server.
#[async_trait]
trait Server: Send + Sized {
    async fn stores(relay: SocketAddr) -> Result<Stores, String>;
    fn socket(&self) -> PathBuf;
    fn restart(&mut self) -> Result<(), NoServer>;
}

#[async_trait]
impl Server for RedisServer {
    async fn stores(relay: SocketAddr) -> Result<Stores, String> {
        redis_at(&format!("redis://{relay}"), "kit").await
    }

    fn socket(&self) -> PathBuf {
        Self::socket(self)
    }

    fn restart(&mut self) -> Result<(), NoServer> {
        self.stop();
        self.run()
    }
}

#[async_trait]
impl Server for PostgresServer {
    async fn stores(relay: SocketAddr) -> Result<Stores, String> {
        postgres_at(&format!("postgresql://postgres@{relay}/postgres")).await
    }

    fn socket(&self) -> PathBuf {
        Self::socket(self)
    }

    fn restart(&mut self) -> Result<(), NoServer> {
        self.stop();
        self.run()
    }
}

impl<S: Server> Behind<S> {
    async fn relay(server: S, form: Form) -> Self {
        let relay = Relay::to_socket(&server.socket()).await.unwrap();
        Self { server: Mutex::new(server), relay, form }
    }
}

#[async_trait]
impl<S: Server> Subject for Behind<S> {
    async fn connect(&self) -> Result<Connection, String> {
        self.form.connection(S::stores(self.relay.address()).await?)
    }

    async fn restart(&self) -> Result<(), Powerless> {
        lock(&self.server).restart().map_err(Powerless::Failed)
    }

    async fn network(&self, network: Network) -> Result<(), Powerless> {
        self.relay.set(network);
        Ok(())
    }

    fn answers_lost(&self) -> u64 {
        self.relay.answers_lost()
    }
}

async fn redis(form: Form) -> Behind<RedisServer> {
    Behind::relay(RedisServer::start(&DURABLE).unwrap(), form).await
}

async fn postgres(form: Form) -> Behind<PostgresServer> {
    Behind::relay(PostgresServer::start().unwrap(), form).await
}

/// Three masters, a relay before each: they name the relays to whoever asks where their peers are.
struct Cluster {
    servers: Mutex<RedisCluster>,
    relays: Vec<Relay>,
}

impl Cluster {
    async fn start() -> Self {
        let mut servers = RedisCluster::start_with(&DURABLE).unwrap();
        let mut relays = Vec::new();
        for (port, node) in servers.ports().to_vec().into_iter().zip(servers.nodes()) {
            let relay = Relay::to(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
            let said = node.cli(&["CONFIG", "SET", "cluster-announce-port", &relay.address().port().to_string()]).unwrap();
            assert_eq!(said, "OK");
            relays.push(relay);
        }
        let cluster = Self { servers: Mutex::new(servers), relays };
        cluster.settles().await;
        cluster
    }

    /// Until each node knows the relays of the others.
    async fn settles(&self) {
        let is_known = || {
            let mut servers = lock(&self.servers);
            let ports: Vec<String> = self.relays.iter().map(|relay| format!(":{}@", relay.address().port())).collect();
            servers.nodes().iter().all(|node| {
                let nodes = node.cli(&["CLUSTER", "NODES"]).unwrap_or_default();
                ports.iter().all(|port| nodes.contains(port.as_str()))
            })
        };
        while !is_known() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[async_trait]
impl Subject for Cluster {
    async fn connect(&self) -> Result<Connection, String> {
        let nodes: Vec<String> = self.relays.iter().map(|relay| relay.address().to_string()).collect();
        Form::Plain.connection(redis_at(&format!("redis-cluster://{}", nodes.join(",")), "kit").await?)
    }

    async fn network(&self, network: Network) -> Result<(), Powerless> {
        for relay in &self.relays {
            relay.set(network);
        }
        Ok(())
    }

    fn answers_lost(&self) -> u64 {
        self.relays.iter().map(Relay::answers_lost).sum()
    }
}

/// A server of somebody else's, by its URL: nobody may restart it.
struct Named {
    url: String,
    /// Of Redis, what its keys begin with.
    prefix: String,
}

#[async_trait]
impl Subject for Named {
    async fn connect(&self) -> Result<Connection, String> {
        let is_postgres = self.url.starts_with("postgres");
        let stores = if is_postgres { postgres_at(&self.url).await } else { redis_at(&self.url, &self.prefix).await };
        Form::Plain.connection(stores?)
    }
}

fn judged(on: &str, report: &Report, not_claimed: &[&str]) {
    println!("{on}: {} rows held", report.rows.len() - report.broken().len() - report.not_claimed().len());
    report.assert_all_but(not_claimed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_every_promise() {
    let report = run(redis(Form::Plain).await).await;
    judged(&RedisServer::version().unwrap(), &report, &[]);
    if let Ok(url) = std::env::var("REDIS_URL") {
        judged("the server of REDIS_URL", &run(Named { url, prefix: unique_name() }).await, &OF_SERVERS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_every_promise() {
    let report = run(postgres(Form::Plain).await).await;
    judged(&PostgresServer::version().unwrap(), &report, &[]);
    if let Ok(url) = std::env::var("DATABASE_URL") {
        judged("the server of DATABASE_URL", &run(Named { url, prefix: unique_name() }).await, &OF_SERVERS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_every_promise_encrypted_at_rest() {
    judged("PostgreSQL, sealed", &run(postgres(Form::Sealed).await).await, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_every_promise_encrypted_at_rest() {
    judged("Redis, sealed", &run(redis(Form::Sealed).await).await, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_cluster_of_three_masters_keeps_every_promise() {
    judged("Redis Cluster", &run(Cluster::start().await).await, &["server.restart"]);
}

/// The stores in memory, encrypted at rest: what is sealed is of no store's own.
struct SealedMemory(Memory);

#[async_trait]
impl Subject for SealedMemory {
    async fn connect(&self) -> Result<Connection, String> {
        let Connection { journeys: Some(journeys), attempts: Some(attempts), cache: Some(cache) } = self.0.connect().await?
        else {
            return Err("three stores".to_owned());
        };
        Form::Sealed.connection(Stores { journeys, attempts, cache })
    }

    fn time(&self) -> Time {
        self.0.time()
    }

    async fn advance(&self, by: std::time::Duration) {
        self.0.advance(by).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encryption_at_rest_keeps_every_promise_of_what_it_covers() {
    judged("memory, sealed", &run(SealedMemory(Memory::new())).await, &OF_SERVERS);
}
