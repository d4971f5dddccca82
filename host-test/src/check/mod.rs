//! The command `check`: tests a connection, and prints what was found.
//!
//! | file | what it does |
//! |---|---|
//! | `arguments` | how it was asked for |
//! | `progress` | tells each exchange as it is made |
//! | `checklist` | prints the findings, or makes JSON of them |
//!
//! Whoever calls it is the host's operator and the connector's editor at once: it may reach whatever the documents name, and the secret is
//! entered for this test.

mod arguments;
pub(crate) mod checklist;
mod progress;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use journey_host::{
    ClientSecret, Compiled, Egress, HardenedClient, Limits, Network, SecretForTest, Services, Step, TenantPolicy, Tested,
};
use serde_json::Value;

use crate::demo::screen::Screen;
use progress::{Progress, Told};

pub use arguments::{Arguments, USAGE};

/// Whose connector it is.
const TENANT: &str = "check";

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing failed, or the usage was asked for.
    Passed = 0,
    /// Something failed, or nothing could be found out.
    Failed = 1,
    /// The arguments or the files are wrong.
    Refused = 2,
}

/// Runs the command. `load` compiles the component; `client_secret` comes from the environment.
///
/// # Errors
/// The component can't be loaded, or `out` can't be written to.
pub async fn run(
    arguments: &[String],
    load: impl FnOnce() -> anyhow::Result<Compiled>,
    client_secret: Option<String>,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(problem) => {
            writeln!(out, "{problem}\n\n{USAGE}")?;
            return Ok(Exit::Refused);
        }
    };
    let Some(connector) = &arguments.connector else {
        write!(out, "{USAGE}")?;
        return Ok(Exit::Passed);
    };
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()));
    let (connector, settings) = match (read(connector), arguments.settings.as_deref().map(read).transpose()) {
        (Ok(connector), Ok(settings)) => (connector, settings),
        (Err(error), _) | (_, Err(error)) => {
            writeln!(out, "{error:#}")?;
            return Ok(Exit::Refused);
        }
    };
    let (policy, _) = policy(&connector)?;
    let egress = Egress::deny_all().with_tenant(TENANT, policy);
    let egress = if arguments.loopback { egress.with_loopback() } else { egress };
    let secret = client_secret.map(ClientSecret::new);
    let tested = test(load()?, egress, TENANT, settings.as_deref(), &connector, secret.as_ref(), &mut |told| {
        if arguments.json { Ok(()) } else { writeln!(out, "  {told}") }
    })
    .await?;
    match arguments.json {
        true => writeln!(out, "{:#}", checklist::to_json(&tested))?,
        false => checklist::print(&tested, &mut Screen::new(out))?,
    }
    let found_something_out = matches!(tested, Tested::Findings(_));
    Ok(if found_something_out && checklist::failures(&tested) == 0 { Exit::Passed } else { Exit::Failed })
}

/// What an operator permits who is the connector's editor too: whatever it names, and beside that, patterns of the origins that are yet to be
/// discovered.
///
/// # Errors
/// The pool's region makes no origin.
pub(crate) fn policy(connector: &str) -> anyhow::Result<(TenantPolicy, Vec<String>)> {
    let connector: Value = serde_json::from_str(connector).unwrap_or_default();
    let region = connector["user_pool_id"].as_str().and_then(|pool| pool.split('_').next()).unwrap_or_default();
    let is_region =
        !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let discovered = match connector["domain"].is_null() && is_region {
        true => vec![format!("https://*.auth.{region}.amazoncognito.com")],
        false => Vec::new(),
    };
    let origins: Vec<&str> = discovered.iter().map(String::as_str).collect();
    let policy = TenantPolicy::trusting_the_step().with_discovered(&origins).map_err(anyhow::Error::msg)?;
    Ok((policy, discovered))
}

/// Tests a connection, and tells each exchange as it is made.
///
/// # Errors
/// There is no HTTP client, or `tell` fails.
pub(crate) async fn test(
    compiled: Compiled,
    egress: Egress,
    tenant: &str,
    settings: Option<&str>,
    connector: &str,
    secret: Option<&ClientSecret>,
    tell: &mut dyn FnMut(Told) -> std::io::Result<()>,
) -> anyhow::Result<Tested> {
    let client = HardenedClient::new().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let (client, mut told) = Progress::of(client);
    let network = Network::with_client(egress, Arc::new(client));
    let step = Step::new(compiled, Services::in_memory(network), Limits::default());
    let secret = secret.map_or(SecretForTest::None, SecretForTest::Entered);
    let mut testing = std::pin::pin!(step.test(tenant, settings, connector, secret));
    let tested = loop {
        tokio::select! {
            biased;
            Some(exchange) = told.recv() => tell(exchange)?,
            called = &mut testing => break called.outcome,
        }
    };
    while let Ok(exchange) = told.try_recv() {
        tell(exchange)?;
    }
    Ok(tested)
}
