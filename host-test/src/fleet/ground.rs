//! What a fleet is tried on: a local Cognito, a store on a real server behind a relay, and hosts that are processes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, anyhow, bail, ensure};
use journey_host::conformance::{Network, Relay};
use journey_host::servers::{PostgresServer, RedisServer};
use serde_json::{Value, json};

use super::Extent;
use super::process::HostProcess;
use super::setup::{ORIGIN, Setup};
use crate::browser::{Arrival, Browser as UserAgent};
use crate::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};

/// Hosts of a fleet.
pub(super) const HOSTS: usize = 3;

/// Of 32 bytes, for the length of one run.
const KEYS: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

const NOW: u64 = 1_800_000_000;

/// A server that can be had for oneself.
pub(super) enum Server {
    Redis(RedisServer),
    Postgres(PostgresServer),
}

/// What is done to servers.
impl Server {
    pub(super) fn redis(arguments: &[&str]) -> anyhow::Result<Self> {
        Ok(Self::Redis(RedisServer::start(arguments).map_err(anyhow::Error::msg)?))
    }

    pub(super) fn postgres() -> anyhow::Result<Self> {
        Ok(Self::Postgres(PostgresServer::start().map_err(anyhow::Error::msg)?))
    }

    fn socket(&self) -> PathBuf {
        match self {
            Self::Redis(server) => server.socket(),
            Self::Postgres(server) => server.socket(),
        }
    }

    /// As an operator stops it.
    pub(super) fn stop(&mut self) {
        match self {
            Self::Redis(server) => server.stop(),
            Self::Postgres(server) => server.stop(),
        }
    }

    /// As a machine does that loses power.
    pub(super) fn kill(&mut self) {
        match self {
            Self::Redis(server) => server.kill(),
            Self::Postgres(server) => server.kill(),
        }
    }

    pub(super) fn run(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Redis(server) => server.run(),
            Self::Postgres(server) => server.run(),
        }
        .map_err(anyhow::Error::msg)
    }
}

/// Where a fleet is tried.
pub(super) struct Ground {
    pub cognito: LocalCognito,
    pub hosts: Vec<HostProcess>,
    pub server: Mutex<Server>,
    pub relay: Relay,
    pub setup: Setup,
    program: PathBuf,
    clock: Arc<AtomicU64>,
    journeys: AtomicUsize,
    /// The journeys of which somebody was told that they are authenticated.
    acknowledged: Mutex<Vec<String>>,
}

impl Ground {
    /// # Errors
    ///
    /// The component isn't built, or something can't be started.
    pub(super) async fn new(server: Server, program: &Path, extent: Extent) -> anyhow::Result<Self> {
        let clock = Arc::new(AtomicU64::new(NOW));
        let its = Arc::clone(&clock);
        let callback_url = format!("{ORIGIN}/callback");
        let mut config = Config { clock: Arc::new(move || its.load(Ordering::SeqCst)), ..Config::default() };
        config.client.redirect_uris.push(callback_url.clone());
        let cognito = LocalCognito::start(config).await?;
        let relay = Relay::to_socket(&server.socket()).await?;
        let store = match &server {
            Server::Redis(_) => format!("redis://{}", relay.address()),
            Server::Postgres(_) => format!("postgresql://postgres@{}/postgres", relay.address()),
        };
        let component = component_artifact::fresh()?;
        let setup = Setup {
            store,
            keys: KEYS.to_owned(),
            origin: ORIGIN.to_owned(),
            settings: cognito.settings(&callback_url),
            connector: cognito.connector(),
            secret: cognito.client_secret(),
            discovered: cognito.domain_origin().to_owned(),
            callback_url,
            now: NOW,
            patience: u64::try_from(extent.patience.as_millis()).unwrap_or(u64::MAX),
            code: component.parent().unwrap_or(Path::new(".")).join("code").display().to_string(),
            component: component.display().to_string(),
        };
        let program = program.to_owned();
        let (server, journeys, acknowledged) = (Mutex::new(server), AtomicUsize::new(0), Mutex::default());
        let mut ground = Self { cognito, hosts: Vec::new(), server, relay, setup, program, clock, journeys, acknowledged };
        for _ in 0..HOSTS {
            let host = ground.another_host().await?;
            ground.hosts.push(host);
        }
        Ok(ground)
    }

    /// One more, whose clock is that of the others.
    pub(super) async fn another_host(&self) -> anyhow::Result<HostProcess> {
        self.host_of(&self.setup.component).await
    }

    /// One that runs this version of the component.
    pub(super) async fn host_of(&self, component: &str) -> anyhow::Result<HostProcess> {
        let now = self.clock.load(Ordering::SeqCst);
        HostProcess::start(&self.program, &Setup { now, component: component.to_owned(), ..self.setup.clone() }).await
    }

    /// Nobody else's.
    pub(super) fn journey(&self) -> String {
        format!("journey-{}", self.journeys.fetch_add(1, Ordering::SeqCst))
    }

    /// Moves the clocks of all parties but the store.
    pub(super) async fn advance(&self, seconds: u64) -> anyhow::Result<()> {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
        for host in &self.hosts {
            host.ask(json!({ "do": "advance", "seconds": seconds })).await?;
        }
        Ok(())
    }

    /// Begins, and returns where the user is sent.
    pub(super) async fn begin(&self, host: &HostProcess, journey: &str) -> anyhow::Result<Redirect> {
        let answer = host.ask(json!({ "do": "begin", "journey": journey })).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (text("url"), text("state")) {
            (Some(url), Some(state)) => Ok(Redirect { url, state }),
            _ => bail!("begin: {}", answer["verdict"]),
        }
    }

    /// The user logs in; what then arrives at the callback URL.
    pub(super) async fn sign_in(&self, redirect: &Redirect) -> anyhow::Result<String> {
        let user_agent = UserAgent::with_clock(Arc::clone(&self.cognito.config().clock));
        let landing = user_agent.open_until(&redirect.url, &self.setup.callback_url).await?;
        let landing = match landing {
            Arrival::Page(page) => {
                let form = page.form().context("a login form")?;
                let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
                user_agent.submit_until(&form, &fields, &self.setup.callback_url).await?
            }
            landing @ Arrival::Stopped { .. } => landing,
        };
        let navigation = landing.stopped().map_err(|_| anyhow!("nothing arrived at the callback URL"))?;
        Ok(navigation.url[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
    }

    /// Up to what arrives at the callback URL.
    pub(super) async fn signed_in(&self, host: &HostProcess) -> anyhow::Result<(String, String)> {
        let journey = self.journey();
        let target = self.sign_in(&self.begin(host, &journey).await?).await?;
        Ok((journey, target))
    }

    /// Completes; who is told `authenticated` is remembered.
    pub(super) async fn complete(&self, host: &HostProcess, journey: &str, target: &str) -> anyhow::Result<String> {
        let verdict = host.verdict(json!({ "do": "complete", "journey": journey, "target": target })).await?;
        if verdict == "authenticated" {
            lock(&self.acknowledged).push(journey.to_owned());
        }
        Ok(verdict)
    }

    /// Completes, and expects to be told `authenticated`, with an output that is whole.
    pub(super) async fn completes(&self, host: &HostProcess, journey: &str, target: &str) -> anyhow::Result<()> {
        let verdict = self.complete(host, journey, target).await?;
        ensure!(verdict == "authenticated", "complete: {verdict}");
        self.has_output(host, journey).await
    }

    /// The output is there, and one user's in each of its parts.
    pub(super) async fn has_output(&self, host: &HostProcess, journey: &str) -> anyhow::Result<()> {
        let output = &host.ask(json!({ "do": "output", "journey": journey })).await?["variable"];
        let subject = &output["id_token_claims"]["sub"];
        let is_whole = subject.is_string()
            && [&output["user_info"]["sub"], &output["user"]["external_user_id"], &output["login"]["subject"]]
                .iter()
                .all(|other| *other == subject);
        ensure!(is_whole, "{journey}: the output isn't whole");
        Ok(())
    }

    /// What the error variable's code is; none where there is no such variable.
    pub(super) async fn error_code(&self, host: &HostProcess, journey: &str) -> anyhow::Result<Option<String>> {
        let error = host.ask(json!({ "do": "error", "journey": journey })).await?;
        Ok(error["variable"]["code"].as_str().filter(|code| !code.is_empty()).map(str::to_owned))
    }

    pub(super) async fn is_settled(&self, host: &HostProcess, journey: &str) -> anyhow::Result<bool> {
        Ok(host.ask(json!({ "do": "settled", "journey": journey })).await?["settled"] == Value::Bool(true))
    }

    /// Codes that were sent since there were so many requests.
    pub(super) fn exchanges_since(&self, mark: usize) -> usize {
        self.cognito.requests().since(mark).iter().filter(|request| request.path == "/oauth2/token").count()
    }

    pub(super) fn network(&self, network: Network) {
        self.relay.set(network);
    }

    /// Everybody who was told so is still logged in.
    pub(super) async fn nothing_acknowledged_is_lost(&self) -> anyhow::Result<usize> {
        let journeys = lock(&self.acknowledged).clone();
        for (number, journey) in journeys.iter().enumerate() {
            let host = &self.hosts[number % HOSTS];
            ensure!(self.is_settled(host, journey).await?, "{journey} is open again");
            self.has_output(host, journey).await?;
        }
        Ok(journeys.len())
    }
}

/// Where a user is sent.
pub(super) struct Redirect {
    pub url: String,
    pub state: String,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
