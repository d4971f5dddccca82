//! A server's process and its folder, which outlive nobody.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{NoServer, unique_name};

/// How long a server may take to start or stop, on a machine that compiles beside it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the end of whoever started it, which closes its standard input, and then ends the server and removes its folder;
/// unless it is told that this was done.
const WATCH: &str = r#"trap '' INT TERM HUP; read -r word; [ "$word" = done ] && exit
kill -s "$2" "$1"; kill -s CONT "$1"; sleep 0.2; rm -rf "$3""#;

/// A folder of its own, removed when it is dropped.
pub(super) struct Folder(pub PathBuf);

impl Folder {
    /// For this user alone; short, since a Unix socket's path has at most 107 bytes.
    pub(super) fn new(owner: Option<&User>) -> Result<Self, NoServer> {
        let path = std::env::temp_dir().join(format!("journey-{}", unique_name()));
        let failed = |error| format!("{}: {error}", path.display());
        fs::create_dir(&path).map_err(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        User::owns(owner, &path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Somebody else to run as.
#[derive(Clone, Copy)]
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Who runs a server that refuses root: `None` where this process isn't root's.
    pub(super) fn instead_of_root(names: &[&str]) -> Result<Option<Self>, NoServer> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
        let found = |name: &&str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2).map(str::parse);
            Some(Self { uid: numbers.next()?.ok()?, gid: numbers.next()?.ok()? })
        };
        names.iter().find_map(found).map(Some).ok_or_else(|| format!("none of the users {} exists", names.join(", ")))
    }

    pub(super) fn owns(user: Option<&Self>, path: &Path) -> std::io::Result<()> {
        user.map_or(Ok(()), |Self { uid, gid }| chown(path, Some(*uid), Some(*gid)))
    }

    pub(super) fn runs(user: Option<&Self>, command: &mut Command) {
        if let Some(Self { uid, gid }) = user {
            command.uid(*uid).gid(*gid);
        }
    }
}

/// A server's process.
pub(super) struct Process {
    server: Child,
    watch: Child,
    end: Signal,
}

impl Process {
    /// Starts it. `end`: the signal that ends it at once. What it prints goes to a log in its folder.
    pub(super) fn start(command: &mut Command, folder: &Path, end: Signal) -> Result<Self, NoServer> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |error: std::io::Error| format!("{program}: {error}");
        let log = fs::File::options().create(true).append(true).open(folder.join("log")).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(log.try_clone().map_err(failed)?).stderr(log);
        // A group of its own: who presses Ctrl-C at the tests' terminal doesn't stop it before its watch can clean up.
        let server = command.process_group(0).spawn().map_err(failed)?;
        let name = if end == Signal::QUIT { "QUIT" } else { "KILL" };
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "watch", &server.id().to_string(), name]).arg(folder);
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let watch = watch.spawn().map_err(failed)?;
        Ok(Self { server, watch, end })
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits until it answers. The log's last lines are the error where it ends before.
    pub(super) fn ready(&mut self, folder: &Path, mut answers: impl FnMut() -> bool) -> Result<(), NoServer> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if answers() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.server.try_wait() {
                return Err(format!("the server ended with {status}: {}", last_lines(&folder.join("log"))));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the server doesn't answer: {}", last_lines(&folder.join("log"))))
    }

    /// Ends it by this signal, and waits for that.
    pub(super) fn end_by(&mut self, signal: Signal) {
        self.signal(signal);
        self.signal(Signal::CONT);
        let begun = Instant::now();
        while !matches!(self.server.try_wait(), Ok(Some(_)) | Err(_)) {
            if begun.elapsed() > PATIENCE {
                self.signal(Signal::KILL);
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.server.wait();
        if let Some(mut input) = self.watch.stdin.take() {
            let _ = input.write_all(b"done\n");
        }
        let _ = self.watch.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_by(self.end);
    }
}

fn last_lines(log: &Path) -> String {
    let Ok(file) = fs::File::open(log) else { return String::new() };
    let lines: Vec<String> = BufReader::new(file).lines().map_while(Result::ok).collect();
    lines[lines.len().saturating_sub(5)..].join(" / ")
}
