//! A host's process, as whoever started it sees it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

use super::setup::Setup;

/// It ends with this value.
pub(super) struct HostProcess {
    child: Mutex<Child>,
    input: Mutex<ChildStdin>,
    heard: Arc<Heard>,
    next: AtomicU64,
    /// What it says that its store is.
    pub server: String,
}

#[derive(Default)]
struct Heard {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    stopped: Notify,
}

impl HostProcess {
    /// Starts this very program as a host, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// It can't be started, or set up.
    pub(super) async fn start(program: &std::path::Path, setup: &Setup) -> anyhow::Result<Self> {
        let mut child = Command::new(program).arg("fleet-host").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("its input")?;
        writeln!(input, "{}", serde_json::to_string(setup)?)?;
        let output = BufReader::new(child.stdout.take().context("its output")?);
        let heard = Arc::new(Heard::default());
        let (ready, is_ready) = oneshot::channel();
        let listens = Arc::clone(&heard);
        std::thread::spawn(move || listens.listen(output, ready));
        let ready = is_ready.await.context("the host ended before it was ready")?;
        let server = ready["ready"].as_str().unwrap_or_default().to_owned();
        Ok(Self { child: Mutex::new(child), input: Mutex::new(input), heard, next: AtomicU64::new(0), server })
    }

    /// Asks it, and waits for the answer.
    ///
    /// # Errors
    ///
    /// It is gone, or says that it can't.
    pub(super) async fn ask(&self, mut asked: Value) -> anyhow::Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        asked["id"] = id.into();
        let (answers, answer) = oneshot::channel();
        lock(&self.heard.waiting).insert(id, answers);
        writeln!(lock(&self.input), "{asked}").context("the host is gone")?;
        let answer = answer.await.context("the host is gone")?;
        match answer["failed"].as_str() {
            Some(why) => bail!("{asked}: {why}"),
            None => Ok(answer),
        }
    }

    /// What came of it, in a few words.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub(super) async fn verdict(&self, asked: Value) -> anyhow::Result<String> {
        Ok(self.ask(asked).await?["verdict"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a call has come to where it was to stop, and kills the process there (SIGKILL).
    pub(super) async fn kill_where_it_stops(&self) {
        self.heard.stopped.notified().await;
        self.kill();
    }

    pub(super) fn kill(&self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Heard {
    fn listen(&self, output: impl BufRead, ready: oneshot::Sender<Value>) {
        let mut ready = Some(ready);
        for line in output.lines().map_while(Result::ok) {
            let Ok(said) = serde_json::from_str::<Value>(&line) else { continue };
            if said["stopped"] == json!(true) {
                self.stopped.notify_one();
            } else if let Some(id) = said["id"].as_u64() {
                if let Some(answers) = lock(&self.waiting).remove(&id) {
                    let _ = answers.send(said);
                }
            } else if let Some(ready) = ready.take() {
                let _ = ready.send(said);
            }
        }
        // Whoever waits is told that nothing comes any more.
        lock(&self.waiting).clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
