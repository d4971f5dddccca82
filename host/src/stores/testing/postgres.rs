//! A `postgres`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::process::{Folder, Process, User};
use super::{NoServer, free_port};

/// Where Debian puts the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// On a Unix socket, with a cluster of databases of its own.
pub struct PostgresServer {
    // Before its folder, or it would write there again.
    process: Option<Process>,
    programs: PathBuf,
    user: Option<User>,
    arguments: Vec<String>,
    port: u16,
    folder: Folder,
}

impl PostgresServer {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// Where it isn't installed, or doesn't start.
    pub fn start() -> Result<Self, NoServer> {
        Self::start_with(&[])
    }

    /// Starts one that listens at 127.0.0.1, too, by TLS with this certificate and key in PEM.
    ///
    /// # Errors
    ///
    /// Where it isn't installed, or doesn't start.
    pub fn start_with_tls(certificate: &str, key: &str) -> Result<Self, NoServer> {
        let arguments = ["-c", "listen_addresses=127.0.0.1", "-c", "ssl=on"];
        let files = [("server.crt", certificate), ("server.key", key)];
        Self::start_on(free_port()?, &arguments, &files)
    }

    /// Starts one; `arguments` as on its command line, such as `["-c", "max_connections=5"]`.
    ///
    /// # Errors
    ///
    /// Where it isn't installed, or doesn't start.
    pub fn start_with(arguments: &[&str]) -> Result<Self, NoServer> {
        Self::start_on(5432, arguments, &[])
    }

    /// `files`: what lies beside the data, for its owner alone.
    fn start_on(port: u16, arguments: &[&str], files: &[(&str, &str)]) -> Result<Self, NoServer> {
        // `initdb` refuses root.
        let user = User::instead_of_root(&["postgres", "nobody"])?;
        let folder = Folder::new(user.as_ref())?;
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut server = Self { process: None, programs: programs()?, user, arguments, port, folder };
        let mut command = server.command("initdb");
        command.arg("-D").arg(server.data()).args(["-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = command.output().map_err(|error| format!("initdb: {error}"))?;
        if !output.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&output.stderr)));
        }
        for (name, content) in files {
            let path = server.data().join(name);
            let failed = |error| format!("{}: {error}", path.display());
            std::fs::write(&path, content).map_err(failed)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
            User::owns(server.user.as_ref(), &path).map_err(failed)?;
        }
        server.run()?;
        Ok(server)
    }

    /// The port that it listens at, where it does, and the last part of its socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its database `postgres` is.
    pub fn url(&self) -> String {
        let folder: String = self.folder.0.display().to_string().replace('/', "%2F");
        format!("postgresql://postgres@{folder}:{}/postgres", self.port)
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.0.join(format!(".s.PGSQL.{}", self.port))
    }

    /// Runs SQL as its owner by `psql`, and returns what that prints, unaligned.
    ///
    /// # Errors
    ///
    /// Where it can't be run, or SQL is refused.
    pub fn sql(&self, sql: &str) -> Result<String, NoServer> {
        let mut command = self.command("psql");
        command.arg("-h").arg(&self.folder.0).args([
            "-U",
            "postgres",
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ]);
        let output = command.output().map_err(|error| format!("psql: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.0.join("log")).unwrap_or_default()
    }

    /// Stops it as an operator would, without waiting for its clients.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end_by(Signal::INT);
        }
    }

    /// Ends it without a checkpoint: it recovers from its log when it is started again.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end_by(Signal::QUIT);
        }
    }

    /// Starts it again, with the same folder and arguments.
    ///
    /// # Errors
    ///
    /// Where it doesn't start.
    pub fn run(&mut self) -> Result<(), NoServer> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(&self.folder.0);
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses="]).args(&self.arguments);
        let mut process = Process::start(&mut command, &self.folder.0, Signal::QUIT)?;
        process.ready(&self.folder.0, || {
            let mut ready = self.command("pg_isready");
            ready
                .arg("-h")
                .arg(&self.folder.0)
                .args(["-p", &self.port.to_string()])
                .output()
                .is_ok_and(|output| output.status.success())
        })?;
        self.process = Some(process);
        Ok(())
    }

    /// No new connection is answered (SIGSTOP), until it is resumed. Those that are open go on.
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

    /// What runs, such as `PostgreSQL 15.18`.
    ///
    /// # Errors
    ///
    /// Where it isn't installed.
    pub fn version() -> Result<String, NoServer> {
        let output = Command::new(programs()?.join("postgres")).arg("--version").output();
        let output = output.map_err(|error| format!("postgres: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(format!("PostgreSQL {}", text.split_whitespace().nth(2).unwrap_or("of an unknown version")))
    }

    fn data(&self) -> PathBuf {
        self.folder.0.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        User::runs(self.user.as_ref(), &mut command);
        command.current_dir(&self.folder.0).env("LC_ALL", "C");
        command
    }
}

/// The folder of the newest version's programs.
fn programs() -> Result<PathBuf, NoServer> {
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = versions.filter(|path| path.join("bin/initdb").is_file()).max_by_key(|path| version(path));
    let of_path = || {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).find(|folder| folder.join("initdb").is_file())
    };
    let missing = "PostgreSQL is missing: install the package postgresql, or name a database in DATABASE_URL";
    newest.map(|path| path.join("bin")).or_else(of_path).ok_or_else(|| missing.to_owned())
}
