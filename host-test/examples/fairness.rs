//! What tenants whose provider hangs cost the others: the median of `begin` beside them, and on an idle host in the same run.
//!
//! `cargo run --release --example fairness`, after `cargo xtask build`. The two hosts are asked in turns, so that whatever else
//! the machine does is in both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use journey_host::{
    Begun, Browser, Callbacks, Capacity, Egress, HostCall, Injection, Interceptor, Invocation, Limits, Network, Runtime,
    Services, Step, Visit,
};

const ROUNDS: usize = 500;

/// Tenants that hang, each with ten times the calls that it may have.
const HANGING: usize = 4;
const CALLS: usize = 160;

#[tokio::main]
async fn main() -> wasmtime::Result<()> {
    let (idle, loaded) = (host().await?, host().await?);
    for tenant in 0..HANGING {
        for call in 0..CALLS {
            let (step, tenant) = (loaded.clone(), format!("hanging-{tenant}"));
            tokio::spawn(async move { step.begin(&visit(&tenant, call), &invocation(&tenant)).await });
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;

    let (mut without, mut beside) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        without.push(begin(&idle, round).await);
        beside.push(begin(&loaded, round).await);
    }
    let (without, beside) = (median(&mut without), median(&mut beside));
    println!("begin on an idle host                      {:>6} µs", without.as_micros());
    println!("beside {HANGING} tenants with {CALLS} calls that hang each  {:>6} µs", beside.as_micros());
    println!("ratio                                      {:>6.2}", beside.as_secs_f64() / without.as_secs_f64());
    Ok(())
}

async fn host() -> wasmtime::Result<Step> {
    let runtime = Runtime::new(Capacity::default())?;
    let compiled = runtime.load("cognito-oidc", "target/component/cognito_oidc.wasm".as_ref())?;
    let callbacks = Callbacks::none();
    for tenant in (0..HANGING).map(|tenant| format!("hanging-{tenant}")).chain(["other".to_owned()]) {
        callbacks.serve(&callback(&tenant), &tenant, "connector").map_err(wasmtime::Error::msg)?;
    }
    let services = Services::in_memory(Network::new(Egress::deny_all())?).serving(callbacks);
    Ok(Step::new(compiled, services, Limits::default()).with_interceptor(Arc::new(Hangs)))
}

/// The clock, say, of some tenants never answers: nothing of the call is done by then but its beginning.
struct Hangs;

#[async_trait]
impl Interceptor for Hangs {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        match call.visit.tenant.starts_with("hanging") {
            true => std::future::pending().await,
            false => None,
        }
    }
}

async fn begin(step: &Step, round: usize) -> Duration {
    let since = Instant::now();
    let called = step.begin(&visit("other", round), &invocation("other")).await;
    assert!(matches!(called.outcome, Begun::Redirect(_)), "{}", called.outcome);
    since.elapsed()
}

fn visit(tenant: &str, call: usize) -> Visit {
    Visit::first(tenant, &format!("{tenant} {call}"), "login")
}

/// A callback URL is one connector's.
fn callback(tenant: &str) -> String {
    format!("https://login.acme.example/{tenant}")
}

fn invocation(tenant: &str) -> Invocation {
    Invocation {
        settings: format!(r#"{{"callback_url": "{}"}}"#, callback(tenant)),
        connector: r#"{"user_pool_id": "eu-west-1_AbC", "domain": "acme", "client_id": "abc", "issuer": "original"}"#.into(),
        connector_id: "connector".into(),
        browser: Browser::from_session("a session"),
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
