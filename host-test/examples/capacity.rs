//! What logins cost a host: the figures of the operator's page, from the host's own metrics.
//!
//! `cargo run --release --example capacity`, after `cargo xtask build`. Host, local Cognito and the users' browsers are one
//! process, so its memory is an upper bound.

use std::time::{Duration, Instant};

use host_test::browser::Browser as UserAgent;
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, Endpoint, Fault, LocalCognito, Times};
use host_test::telemetry;
use journey_host::{
    Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Capacity, ClientSecret, Completed, Egress, Invocation, Limits,
    Network, PublicOrigin, Runtime, Services, Step, TenantPolicy, Visit,
};
use tokio::task::JoinSet;

const CALLBACK_URL: &str = "http://127.0.0.1:9/callback";
const LOGINS: usize = 500;
/// Each with a login of its own at the token endpoint: more than there are sandboxes.
const HANGING: usize = 160;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let metrics = telemetry::metrics();
    let mut config = Config::default();
    config.client.redirect_uris.push(CALLBACK_URL.to_owned());
    let cognito = LocalCognito::start(config).await?;
    let runtime = Runtime::new(Capacity::default()).map_err(anyhow::Error::msg)?;
    let compiled = runtime.load("cognito-oidc", "target/component/cognito_oidc.wasm".as_ref()).map_err(anyhow::Error::msg)?;
    let policy = TenantPolicy::trusting_the_step();
    let network = Network::new(Egress::deny_all().with_loopback().with_default(policy)).map_err(anyhow::Error::msg)?;
    let callbacks = Callbacks::none();
    for tenant in 0..HANGING {
        let url = format!("{CALLBACK_URL}?tenant={tenant}");
        callbacks.serve(&url, &tenant.to_string(), "pool").map_err(anyhow::Error::msg)?;
        cognito.register_redirect_uri(&url);
    }
    let step = Step::new(compiled, Services::in_memory(network).serving(callbacks), Limits::default());
    println!("memory of the process, idle            {:>8} MiB", resident());

    let since = Instant::now();
    for login in 0..LOGINS {
        let (visit, invocation, response) = sign_in(&cognito, &step, 0, login).await?;
        let secret = cognito.client_secret().map(ClientSecret::new);
        let completed = step.complete(&visit, &invocation, secret.as_ref(), &response).await.outcome;
        anyhow::ensure!(matches!(completed, Completed::Authenticated(_)), "{completed}");
    }
    println!(
        "logins, one after the other            {LOGINS:>8} in {:.1} s, browser and provider included",
        since.elapsed().as_secs_f64()
    );
    let text = metrics.render();
    for phase in ["begin", "complete"] {
        let mean = |name: &str| {
            let of = |what: &str| sample(&text, &format!("journey_step_{name}_{what}"), phase);
            of("sum") / of("count").max(1.0)
        };
        println!("{phase:<9} processor time, mean          {:>8.2} ms", mean("call_cpu_seconds") * 1000.0);
        println!("{phase:<9} duration, mean                {:>8.2} ms", mean("call_duration_seconds") * 1000.0);
        println!("{phase:<9} memory of the sandbox, mean   {:>8.2} MiB", mean("call_memory_bytes") / f64::from(1 << 20));
    }
    println!("memory of the process, after that      {:>8} MiB", resident());

    let mut ready = Vec::new();
    for tenant in 0..HANGING {
        ready.push(sign_in(&cognito, &step, tenant, LOGINS).await?);
    }
    cognito.faults().set(Endpoint::Token, Times::Always, Fault::Hang);
    let mut calls = JoinSet::new();
    for (visit, invocation, response) in ready {
        let (step, secret) = (step.clone(), cognito.client_secret().map(ClientSecret::new));
        calls.spawn(async move { step.complete(&visit, &invocation, secret.as_ref(), &response).await.outcome });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let gauge = |name: &str| {
        let text = metrics.render();
        text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))?.parse::<f64>().ok()).unwrap_or_default()
    };
    println!("logins held up by their provider       {:>8}", gauge("journey_step_sandboxes_in_use"));
    println!("logins that wait for a sandbox         {:>8}", gauge("journey_step_calls_waiting"));
    println!("memory of the process, with these      {:>8} MiB", resident());
    cognito.faults().clear();
    calls.abort_all();
    Ok(())
}

async fn sign_in(
    cognito: &LocalCognito,
    step: &Step,
    tenant: usize,
    login: usize,
) -> anyhow::Result<(Visit, Invocation, AuthorizationResponse)> {
    let callback_url = format!("{CALLBACK_URL}?tenant={tenant}");
    let visit = Visit::first(&tenant.to_string(), &format!("{tenant} {login}"), "login");
    let invocation = Invocation {
        settings: cognito.settings(&callback_url).to_string(),
        connector: cognito.connector().to_string(),
        connector_id: "pool".to_owned(),
        browser: Browser::from_session("a session"),
    };
    let Begun::Redirect(request) = step.begin(&visit, &invocation).await.outcome else { anyhow::bail!("not begun") };
    let browser = UserAgent::new();
    let page = browser.open_until(&request.url, CALLBACK_URL).await?.page()?;
    let form = page.form().ok_or_else(|| anyhow::anyhow!("no form"))?;
    let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
    let back = browser.submit_until(&form, &fields, CALLBACK_URL).await?.stopped()?;
    let origin = PublicOrigin::parse("http://127.0.0.1:9").map_err(anyhow::Error::msg)?;
    let target = &back.url[url::Position::BeforePath..url::Position::AfterQuery];
    Ok((visit, invocation, AuthorizationResponse::Query(Arrival::at(&origin, target))))
}

fn sample(text: &str, name: &str, phase: &str) -> f64 {
    let phase = format!("phase=\"{phase}\"");
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")) && line.contains(&phase));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

/// In MiB, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() / 1024
}
