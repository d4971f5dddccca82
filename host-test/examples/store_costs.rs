//! What a login costs the stores, measured on servers of its own: commands, statements and bytes. For `docs/stores.md`.
//!
//! `cargo xtask build`, then `cargo run --example store_costs`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use host_test::browser::{Arrival as Landing, Browser as UserAgent};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito};
use journey_host::servers::{PostgresServer, RedisServer};
use journey_host::{
    Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Capacity, ClientSecret, Compiled, Completed, Egress, Invocation,
    Keyring, Limits, Network, PostgresConfig, PostgresStores, PublicOrigin, RedisConfig, RedisStores, Runtime, Services, Step,
    Stores, TenantPolicy, Visit,
};

/// Nothing listens there: the user agent stops before it.
const CALLBACK_URL: &str = "http://127.0.0.1:9/callback";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Logins that are begun and left, enough that a server's own bookkeeping doesn't count.
const PENDING: usize = 1000;

/// Logins that are played to their end, after one that fills the cache.
const WHOLE: usize = 20;

#[tokio::main]
async fn main() -> Result<()> {
    let runtime = Runtime::new(Capacity::default()).map_err(engine)?;
    let artifact = component_artifact::fresh().map_err(|stale| anyhow!("{stale}"))?;
    let compiled = runtime.load("cognito-oidc", &artifact).map_err(engine)?;
    redis(&compiled).await?;
    postgres(&compiled).await
}

fn engine(error: journey_host::wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

async fn redis(compiled: &Compiled) -> Result<()> {
    let server = RedisServer::start(&[]).map_err(anyhow::Error::msg)?;
    let stores = RedisStores::connect(&RedisConfig::parse(&server.url())?).await?;
    let name = stores.server().to_owned();
    let stage = Stage::new(compiled, Stores::of(Arc::new(stores))).await?;
    let memory = || -> Result<f64> {
        let info = server.cli(&["INFO", "memory"]).map_err(anyhow::Error::msg)?;
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(used.context("the memory that is used")?.trim().parse()?)
    };
    stage.login("warm-up").await?;
    let before = memory()?;
    for number in 0..PENDING {
        stage.begin(&format!("pending {number}")).await?;
    }
    let pending = (memory()? - before) / PENDING as f64;
    let begin = commands(&server, async { stage.begin("counted").await.map(drop) }).await?;
    let whole = commands(&server, stage.login("whole")).await?;
    println!("{name}: commands of begin {begin}, of a login {whole}; {pending:.0} bytes a pending login");
    Ok(())
}

/// The commands that come while this runs; what scripts call by themselves isn't asked for by a host.
async fn commands(server: &RedisServer, run: impl Future<Output = Result<()>>) -> Result<usize> {
    let log = server.folder().join("monitor");
    let mut monitor = std::process::Command::new("redis-cli");
    monitor.arg("-s").arg(server.socket()).arg("MONITOR").stdout(std::fs::File::create(&log)?);
    let mut monitor = monitor.spawn()?;
    let seen = || std::fs::read_to_string(&log).unwrap_or_default();
    while !seen().starts_with("OK") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    run.await?;
    server.cli(&["ECHO", "the end"]).map_err(anyhow::Error::msg)?;
    while !seen().contains("the end") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    monitor.kill()?;
    monitor.wait()?;
    let is_asked = |line: &&str| line.contains('[') && !line.contains(" lua] ") && !line.contains("the end");
    Ok(seen().lines().filter(is_asked).count())
}

async fn postgres(compiled: &Compiled) -> Result<()> {
    let server = PostgresServer::start_with(&["-c", "log_statement=all"]).map_err(anyhow::Error::msg)?;
    let config = PostgresConfig::parse(&server.url())?.collecting(None);
    PostgresStores::migrate(&config).await?;
    let stores = PostgresStores::connect(&config).await?;
    let name = stores.server().to_owned();
    let stage = Stage::new(compiled, Stores::of(Arc::new(stores))).await?;
    let sql = |sql: &str| server.sql(sql).map_err(anyhow::Error::msg);
    let statements = || -> f64 {
        let is_statement = |line: &&str| line.contains("LOG:  execute ") || line.contains("LOG:  statement: ");
        server.log().lines().filter(is_statement).count() as f64
    };
    let tables = ["journey_state", "journey_visit", "journey_variable", "journey_attempt"];
    let size = || -> Result<f64> {
        let mut bytes = 0.0;
        for table in tables {
            bytes += sql(&format!("SELECT pg_total_relation_size('{table}')"))?.parse::<f64>()?;
        }
        Ok(bytes)
    };
    stage.login("warm-up").await?;
    let (asked, before) = (statements(), size()?);
    let of_size = statements() - asked;
    let asked = statements();
    for number in 0..PENDING {
        stage.begin(&format!("pending {number}")).await?;
    }
    let begin = (statements() - asked) / PENDING as f64;
    sql("VACUUM FULL journey_state, journey_visit, journey_variable, journey_attempt")?;
    let pending = (size()? - before) / PENDING as f64;
    let asked = statements();
    for number in 0..WHOLE {
        stage.login(&format!("whole {number}")).await?;
    }
    let whole = (statements() - asked) / WHOLE as f64;
    anyhow::ensure!(of_size == tables.len() as f64, "the log doesn't count statements");
    println!("{name}: statements of begin {begin:.1}, of a login {whole:.1}; {pending:.0} bytes a pending login, with indexes");
    Ok(())
}

struct Stage {
    cognito: LocalCognito,
    step: Step,
}

impl Stage {
    async fn new(compiled: &Compiled, stores: Stores) -> Result<Self> {
        let mut config = Config::default();
        config.client.redirect_uris.push(CALLBACK_URL.to_owned());
        let cognito = LocalCognito::start(config).await?;
        let policy = TenantPolicy::trusting_the_step().with_discovered(&[cognito.domain_origin()]).map_err(anyhow::Error::msg)?;
        let network = Network::new(Egress::deny_all().with_loopback().with_tenant("tenant", policy)).map_err(engine)?;
        let callbacks = Callbacks::none().with(CALLBACK_URL, "tenant", "pool").map_err(anyhow::Error::msg)?;
        let services = Services::lasting(network, stores, Keyring::parse(KEY)?).serving(callbacks);
        Ok(Self { cognito, step: Step::new(compiled.clone(), services, Limits::default()) })
    }

    fn invocation(&self) -> Invocation {
        Invocation {
            settings: self.cognito.settings(CALLBACK_URL).to_string(),
            connector: self.cognito.connector().to_string(),
            connector_id: "pool".to_owned(),
            browser: Browser::from_session("the user's session"),
        }
    }

    /// To where the user is sent.
    async fn begin(&self, journey: &str) -> Result<String> {
        match self.step.begin(&Visit::first("tenant", journey, "login"), &self.invocation()).await.outcome {
            Begun::Redirect(request) => Ok(request.url),
            other => bail!("{other}"),
        }
    }

    async fn login(&self, journey: &str) -> Result<()> {
        let url = self.begin(journey).await?;
        let user_agent = UserAgent::new();
        let Landing::Page(page) = user_agent.open_until(&url, CALLBACK_URL).await? else { bail!("expected the login page") };
        let form = page.form().context("a login form")?;
        let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
        let landing = user_agent.submit_until(&form, &fields, CALLBACK_URL).await?;
        let navigation = landing.stopped().context("a response at the callback URL")?;
        let target = &navigation.url[url::Position::BeforePath..url::Position::AfterQuery];
        let origin = PublicOrigin::parse("http://127.0.0.1:9").map_err(anyhow::Error::msg)?;
        let response = AuthorizationResponse::Query(Arrival::at(&origin, target));
        let secret = self.cognito.client_secret().map(ClientSecret::new);
        let visit = Visit::first("tenant", journey, "login");
        match self.step.complete(&visit, &self.invocation(), secret.as_ref(), &response).await.outcome {
            Completed::Authenticated(_) => Ok(()),
            other => bail!("{other}"),
        }
    }
}
