//! A `redis-server`, a cluster of three, and a master with its replica and a Sentinel.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::NoServer;
use super::process::{Folder, Process};

/// On a Unix socket, without persistence where the arguments say nothing else.
pub struct RedisServer {
    // Before its folder, or it would write there again.
    process: Option<Process>,
    arguments: Vec<String>,
    folder: Folder,
}

impl RedisServer {
    /// Starts one; `arguments` as on its command line, such as `["--appendonly", "yes"]`.
    ///
    /// # Errors
    ///
    /// Where it isn't installed, or doesn't start.
    pub fn start(arguments: &[&str]) -> Result<Self, NoServer> {
        let folder = Folder::new(None)?;
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut server = Self { process: None, arguments, folder };
        server.run()?;
        Ok(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.0.join("redis.sock")
    }

    /// A folder of its own, which goes with it: for certificates.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Runs a command of its own by `redis-cli`, and returns what that prints.
    ///
    /// # Errors
    ///
    /// Where it can't be run.
    pub fn cli(&self, arguments: &[&str]) -> Result<String, NoServer> {
        let mut command = Command::new("redis-cli");
        let output = command.arg("-s").arg(self.socket()).args(arguments).output();
        let output = output.map_err(|error| format!("redis-cli: {error}"))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Stops it as an operator would; what it persists is written.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end_by(Signal::TERM);
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end_by(Signal::KILL);
        }
    }

    /// Starts it again, with the same folder and arguments.
    ///
    /// # Errors
    ///
    /// Where it doesn't start.
    pub fn run(&mut self) -> Result<(), NoServer> {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--unixsocket"]).arg(self.socket()).arg("--dir").arg(&self.folder.0);
        // Three words: an empty one among the arguments of a command line would belong to what is before it.
        command.args(["--save", "", "--daemonize", "no"]).args(&self.arguments);
        let mut process = Process::start(&mut command, &self.folder.0, Signal::KILL)
            .map_err(|error| format!("{error}: install the package redis-server, or name a server in REDIS_URL"))?;
        process
            .ready(&self.folder.0, || self.cli(&["PING"]).is_ok_and(|answer| answer == "PONG" || answer.starts_with("NOAUTH")))?;
        self.process = Some(process);
        Ok(())
    }

    /// It stops answering (SIGSTOP), until it is resumed.
    pub fn pause(&self) {
        if let Some(process) = &self.process {
            process.signal(Signal::STOP);
        }
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        if let Some(process) = &self.process {
            process.signal(Signal::CONT);
        }
    }

    /// What runs, such as `Redis 7.0.15`.
    ///
    /// # Errors
    ///
    /// Where it isn't installed.
    pub fn version() -> Result<String, NoServer> {
        let output = Command::new("redis-server").arg("--version").output().map_err(|error| format!("redis-server: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.split_whitespace().find_map(|word| word.strip_prefix("v="));
        Ok(format!("Redis {}", version.unwrap_or("of an unknown version")))
    }
}

/// Three masters on loopback ports.
pub struct RedisCluster {
    ports: Vec<u16>,
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts three servers, and joins them.
    ///
    /// # Errors
    ///
    /// Where they aren't installed, don't start, or don't join.
    pub fn start() -> Result<Self, NoServer> {
        Self::start_with(&[])
    }

    /// Starts three servers with these arguments, and joins them.
    ///
    /// # Errors
    ///
    /// Where they aren't installed, don't start, or don't join.
    pub fn start_with(arguments: &[&str]) -> Result<Self, NoServer> {
        let mut cluster = Self { ports: Vec::new(), nodes: Vec::new() };
        for _ in 0..3 {
            let (port, bus) = (free_port()?, free_port()?);
            let (port_text, bus) = (port.to_string(), bus.to_string());
            let own = ["--port", &port_text, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port", &bus];
            cluster.nodes.push(RedisServer::start(&[&own, arguments].concat())?);
            cluster.ports.push(port);
        }
        let addresses = cluster.ports.iter().map(|port| format!("127.0.0.1:{port}"));
        let mut command = Command::new("redis-cli");
        command.args(["--cluster", "create"]).args(addresses).args(["--cluster-replicas", "0", "--cluster-yes"]);
        let output = command.output().map_err(|error| format!("redis-cli: {error}"))?;
        let begun = std::time::Instant::now();
        loop {
            let is_well = |node: &RedisServer| node.cli(&["CLUSTER", "INFO"]).is_ok_and(|info| info.contains("cluster_state:ok"));
            if cluster.nodes.iter().all(is_well) {
                return Ok(cluster);
            }
            if begun.elapsed() > super::process::PATIENCE {
                return Err(format!("the cluster doesn't join: {}", String::from_utf8_lossy(&output.stdout)));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Where its nodes are.
    pub fn url(&self) -> String {
        let nodes: Vec<String> = self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis-cluster://{}", nodes.join(","))
    }

    /// Their ports at 127.0.0.1.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// The three servers.
    pub fn nodes(&mut self) -> &mut [RedisServer] {
        &mut self.nodes
    }
}

/// A master, its replica, and a Sentinel that watches both, on loopback ports.
pub struct RedisSentinel {
    // The watching one first, or it would see the others end.
    sentinel: Process,
    port: u16,
    master: RedisServer,
    // Only held: it ends when this is dropped.
    _replica: RedisServer,
    folder: Folder,
}

impl RedisSentinel {
    /// Starts three processes. The service is called `main`.
    ///
    /// # Errors
    ///
    /// Where they aren't installed, don't start, or don't find each other.
    pub fn start() -> Result<Self, NoServer> {
        let (of_master, of_replica, port) = (free_port()?.to_string(), free_port()?.to_string(), free_port()?);
        let master = RedisServer::start(&["--port", &of_master, "--bind", "127.0.0.1"])?;
        // Two words: on a command line, Redis takes what follows an option up to the next one.
        let replica = ["--port", &of_replica, "--bind", "127.0.0.1", "--replicaof", "127.0.0.1", &of_master];
        let replica = RedisServer::start(&replica)?;
        let folder = Folder::new(None)?;
        let file = folder.0.join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor main 127.0.0.1 {of_master} 1\n\
             sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 3000\n",
            folder.0.display()
        );
        std::fs::write(&file, settings).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new("redis-server");
        let mut sentinel = Process::start(command.arg(&file).arg("--sentinel"), &folder.0, Signal::KILL)?;
        sentinel.ready(&folder.0, || {
            Self::ask(port, &["SENTINEL", "REPLICAS", "main"]).is_ok_and(|answer| answer.contains(&of_replica))
                && master.cli(&["INFO", "replication"]).is_ok_and(|info| info.contains("state=online"))
        })?;
        Ok(Self { sentinel, port, master, _replica: replica, folder })
    }

    /// Where the Sentinel is.
    pub fn url(&self) -> String {
        format!("redis-sentinel://127.0.0.1:{}/main", self.port)
    }

    /// Kills the master, and waits until the replica has taken over.
    ///
    /// # Errors
    ///
    /// Where it doesn't.
    pub fn fail_over(&mut self) -> Result<(), NoServer> {
        let port = self.port;
        let master = || Self::ask(port, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]);
        let before = master()?;
        self.master.kill();
        self.sentinel.ready(&self.folder.0, || master().is_ok_and(|now| now != before))
    }

    fn ask(port: u16, arguments: &[&str]) -> Result<String, NoServer> {
        let output = Command::new("redis-cli").args(["-p", &port.to_string()]).args(arguments).output();
        let output = output.map_err(|error| format!("redis-cli: {error}"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A loopback port that was free just now.
///
/// # Errors
///
/// Where none is.
pub fn free_port() -> Result<u16, NoServer> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(|error| format!("no free port: {error}"))
}
