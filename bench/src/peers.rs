//! Programs of Node.js and Python that measure what runs there. Each is asked for a few samples at a time, so that they too are
//! taken by turns.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

use crate::alone::Tables;
use crate::fixture::{BROWSER, CALLBACK, CLIENT, Fixture, ISSUER, Login, POOL, SECRET};
use crate::sampler::Subject;

/// A program that is running. It reads lines `row times`, and answers each by an array of nanoseconds.
#[derive(Clone)]
pub struct Peer(Arc<Mutex<Process>>);

struct Process {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// One of the rows of a program.
pub struct PeerRow(pub Peer, pub &'static str);

impl Peer {
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(|| format!("can't start {command:?}"))?;
        let questions = Some(child.stdin.take().context("no standard input")?);
        let answers = BufReader::new(child.stdout.take().context("no standard output")?);
        Ok(Self(Arc::new(Mutex::new(Process { child, questions, answers }))))
    }

    /// The program's first line, where it asks for one.
    fn ask(&self, question: &str) -> Result<Value> {
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let process = &mut *process;
        let questions = process.questions.as_mut().context("it has ended")?;
        writeln!(questions, "{question}")?;
        questions.flush()?;
        let mut answer = String::new();
        if process.answers.read_line(&mut answer)? == 0 {
            bail!("it ended: its error is above");
        }
        serde_json::from_str(&answer).with_context(|| answer.clone())
    }
}

impl Subject for PeerRow {
    fn sample(&mut self, times: usize) -> Result<Vec<Duration>> {
        let answer = self.0.ask(&format!("{} {times}", self.1))?;
        let taken = answer.as_array().context("not an array")?;
        taken.iter().map(|nanoseconds| Ok(Duration::from_nanos(nanoseconds.as_u64().context("not a number")?))).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

/// What the programs need to know, as a file.
pub fn write_fixture(path: &Path, fixture: &Fixture, login: &Login, tables: &Tables) -> Result<()> {
    let exchanges: serde_json::Map<String, Value> = login
        .exchanges
        .iter()
        .map(|(url, canned)| (url.clone(), json!({"content_type": canned.content_type, "body": canned.body})))
        .collect();
    let document = json!({
        "now": fixture.now, "settings": fixture.settings, "connector": fixture.connector, "browser": BROWSER, "secret": SECRET,
        "client_id": CLIENT, "user_pool_id": POOL, "issuer": ISSUER, "callback_url": CALLBACK, "arrival": login.arrival,
        "query": login.query, "state": login.state, "nonce": login.nonce, "id_token": login.id_token, "key_set": login.key_set,
        "metadata": login.metadata, "attempts": tables.attempts, "cache": tables.cache, "exchanges": exchanges,
    });
    std::fs::write(path, document.to_string()).with_context(|| path.display().to_string())
}
