//! The command `check`: tests a connection, and prints what was found.
//!
//! | file | what it does |
//! |---|---|
//! | `arguments` | how it was asked for |
//! | `progress` | tells each exchange as it is made |
//! | `checklist` | prints the findings, or makes JSON of them |
//!
//! Whoever calls it is the host's operator and the connector's editor at once: it may reach whatever the documents name, and the
//! secret is entered for this test.

mod arguments;
pub(crate) mod checklist;
mod progress;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use journey_host::{
    ClientSecret, Compiled, Egress, HardenedClient, Limits, Network, SecretForTest, Services, Step, TenantPolicy, Tested,
};
use serde_json::Value;

use crate::demo::screen::{Out, Screen};
use crate::environment::Environment;
use progress::Progress;
pub(crate) use progress::Told;

pub use arguments::{Arguments, usage};

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

/// Runs the command. `load` compiles the component.
///
/// # Errors
/// The component can't be loaded, or `out` can't be written to.
pub async fn run(
    arguments: &[String],
    load: impl FnOnce() -> anyhow::Result<Compiled>,
    environment: &Environment,
    out: &mut dyn Out,
) -> anyhow::Result<Exit> {
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(problem) => {
            writeln!(out, "{problem}\n\n{}", usage(&environment.typed))?;
            return Ok(Exit::Refused);
        }
    };
    let Some(connector) = &arguments.connector else {
        write!(out, "{}", usage(&environment.typed))?;
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
    let policy = match policy(&connector, &arguments.further_origins) {
        Ok(Policy { policy, .. }) => policy,
        Err(problem) => {
            writeln!(out, "--allow-origin: {problem}")?;
            return Ok(Exit::Refused);
        }
    };
    let egress = Egress::deny_all().with_tenant(TENANT, policy);
    let egress = if arguments.loopback { egress.with_loopback() } else { egress };
    let secret = environment.client_secret.clone().map(ClientSecret::new);
    let tested = test(load()?, egress, TENANT, settings.as_deref(), &connector, secret.as_ref(), &mut |told| {
        if arguments.json { Ok(()) } else { Screen::new(out).say(&told.to_string()) }
    })
    .await?;
    match arguments.json {
        true => writeln!(out, "{:#}", checklist::to_json(&tested))?,
        false => checklist::print(&tested, &mut Screen::new(out))?,
    }
    let found_something_out = matches!(tested, Tested::Findings(_));
    Ok(if found_something_out && checklist::failures(&tested) == 0 { Exit::Passed } else { Exit::Failed })
}

/// What an operator permits who is the connector's editor too.
pub(crate) struct Policy {
    /// Whatever the connector names, and the origins beside it.
    pub(crate) policy: TenantPolicy,
    /// Patterns of the origins that are yet to be discovered, and further origins.
    pub(crate) beside: Vec<String>,
    /// Whether the connector names a provider on this machine, by plain http.
    pub(crate) is_on_loopback: bool,
}

/// Permits whatever a connector names, where its endpoints are probably to be discovered, and these further origins.
///
/// # Errors
/// A further origin isn't one. The error names it.
pub(crate) fn policy(connector: &str, further: &[String]) -> Result<Policy, String> {
    let connector: Value = serde_json::from_str(connector).unwrap_or_default();
    let region = connector["user_pool_id"].as_str().and_then(|pool| pool.split('_').next()).unwrap_or_default();
    let is_region =
        !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let discovered = (connector["domain"].is_null() && is_region).then(|| prefix_domains(region));
    let beside: Vec<String> = discovered.into_iter().chain(further.iter().cloned()).collect();
    let origins: Vec<&str> = beside.iter().map(String::as_str).collect();
    let policy = TenantPolicy::trusting_the_step().with_discovered(&origins)?;
    let endpoints = connector["custom_endpoints"].as_object().into_iter().flatten();
    let is_on_loopback = endpoints.filter_map(|(_, url)| url.as_str()).any(|url| url.starts_with("http:"));
    Ok(Policy { policy, beside, is_on_loopback })
}

/// The origins of a region's prefix domains. GovCloud has FIPS endpoints alone, and the European Sovereign Cloud a domain of its
/// own.
fn prefix_domains(region: &str) -> String {
    match region.split('-').next() {
        Some("us") if region.starts_with("us-gov-") => format!("https://*.auth-fips.{region}.amazoncognito.com"),
        Some("eusc") => format!("https://*.auth.cognito-idp.{region}.on.amazonwebservices.eu"),
        _ => format!("https://*.auth.{region}.amazoncognito.com"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(connector: &str, further: &[&str]) -> Result<Vec<String>, String> {
        let further: Vec<String> = further.iter().map(|origin| (*origin).to_owned()).collect();
        policy(connector, &further).map(|policy| policy.beside)
    }

    #[test]
    fn endpoints_that_are_yet_to_be_discovered_lie_at_the_regions_domains_or_where_the_operator_says() {
        for (connector, further, expected) in [
            (r#"{"user_pool_id": "eu-west-1_A"}"#, &[][..], &["https://*.auth.eu-west-1.amazoncognito.com"][..]),
            (r#"{"user_pool_id": "us-gov-west-1_A"}"#, &[], &["https://*.auth-fips.us-gov-west-1.amazoncognito.com"]),
            (r#"{"user_pool_id": "eu-west-1_A", "domain": "shop"}"#, &[], &[]),
            (
                r#"{"user_pool_id": "us-east-1_A"}"#,
                &["https://login.example.com"],
                &["https://*.auth.us-east-1.amazoncognito.com", "https://login.example.com"],
            ),
            (r#"{"user_pool_id": "*.evil_A"}"#, &[], &[]),
        ] {
            let expected: Vec<String> = expected.iter().map(|origin| (*origin).to_owned()).collect();
            assert_eq!(beside(connector, further), Ok(expected), "{connector}");
        }
        assert!(beside("{}", &["login.example.com/path"]).is_err());
    }

    #[test]
    fn a_connector_of_this_machine_is_known_by_its_endpoints() {
        let is_on_loopback = |connector| policy(connector, &[]).is_ok_and(|policy| policy.is_on_loopback);
        assert!(is_on_loopback(r#"{"custom_endpoints": {"token_endpoint": "http://127.0.0.1:1/oauth2/token"}}"#));
        assert!(!is_on_loopback(r#"{"custom_endpoints": {"token_endpoint": "https://login.example.com/oauth2/token"}}"#));
        assert!(!is_on_loopback(r#"{"domain": "shop"}"#));
    }
}
