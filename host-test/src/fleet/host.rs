//! A host of the fleet: this program as a process of its own, which is asked and answers by a line of JSON each.
//!
//! | asked | answers |
//! |---|---|
//! | `{"do": "begin", "journey"}` | `verdict`; of a redirect its `url` and `state` |
//! | `{"do": "complete", "journey", "target"}` | `verdict`, and the host calls that it took |
//! | `{"do": "abandon", "journey", "state"}` | `verdict` |
//! | `{"do": "output", "journey"}`, `{"do": "error", "journey"}` | the variable |
//! | `{"do": "settled", "journey"}` | whether |
//! | `{"do": "advance", "seconds"}` | when its clock is moved |
//! | `{"do": "stop", "at", "index", "after"}` | when it is to stop: the next call that comes there says so, and goes no further |
//! | `{"do": "replace", "component"}` | when the component is another version |

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use journey_host::{
    Abandonment, AbandonmentReason, Applied, Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Capacity, Change,
    ClientSecret, Egress, HostCall, HostReply, Injection, Interceptor, Invocation, Journeys, Keyring, Limits, ManualClock,
    Network, PublicOrigin, Runtime, Services, Settlement, Step, StoreError, TenantPolicy, Visit,
};
use serde_json::{Value, json};

use super::setup::{COMPONENT, CONNECTOR, STEP, Setup, TENANT};
use crate::stores;

/// Serves until its standard input ends. The first line of that is its `Setup`.
///
/// # Errors
///
/// It can't be set up.
pub async fn serve() -> anyhow::Result<()> {
    let (lines, mut asked) = tokio::sync::mpsc::unbounded_channel();
    // Blocks a thread, and not the runtime.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let setup = asked.recv().await.context("no setup")?;
    let host = Arc::new(Host::new(serde_json::from_str(&setup)?).await?);
    say(&json!({ "ready": host.server }));
    while let Some(line) = asked.recv().await {
        let asked: Value = serde_json::from_str(&line)?;
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            let mut answer = match host.answer(&asked).await {
                Ok(answer) => answer,
                Err(error) => json!({ "failed": format!("{error:#}") }),
            };
            answer["id"] = asked["id"].clone();
            say(&answer);
        });
    }
    Ok(())
}

/// One line, whole.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Nobody listens any more: the process ends with its input.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

struct Host {
    step: Step,
    runtime: Runtime,
    clock: Arc<ManualClock>,
    journeys: Arc<dyn Journeys>,
    stops: Arc<Stops>,
    origin: PublicOrigin,
    setup: Setup,
    /// What the store is.
    server: String,
}

impl Host {
    async fn new(setup: Setup) -> anyhow::Result<Self> {
        let opened = stores::open(&setup.store).await?;
        let clock = Arc::new(ManualClock::at(setup.now));
        let stops = Arc::new(Stops::default());
        let policy = TenantPolicy::trusting_the_step().with_discovered(&[&setup.discovered]).map_err(anyhow::Error::msg)?;
        let egress = Egress::deny_all().with_loopback().with_tenant(TENANT, policy);
        let network = Network::new(egress).map_err(|error| anyhow!("{error:#}"))?;
        let keyring = Keyring::parse(&setup.keys).map_err(|error| anyhow!("{error}"))?;
        let callbacks = Callbacks::none().with(&setup.callback_url, TENANT, CONNECTOR).map_err(anyhow::Error::msg)?;
        let services = Services::lasting(network, opened.stores, keyring).serving(callbacks);
        let journeys = Arc::clone(&services.journeys);
        let services = Services {
            journeys: Arc::new(StoppedJourneys { journeys: Arc::clone(&journeys), stops: Arc::clone(&stops) }),
            clock: Arc::clone(&clock) as _,
            interceptor: Some(Arc::clone(&stops) as _),
            ..services
        };
        // One tenant has it all to itself.
        let capacity = Capacity { sandboxes: 16, per_tenant: 16, waiting: 512, waiting_per_tenant: 512 };
        let runtime = Runtime::keeping(capacity, Path::new(&setup.code)).map_err(|error| anyhow!("{error:#}"))?;
        let compiled = runtime.load(COMPONENT, Path::new(&setup.component)).map_err(|error| anyhow!("{error:#}"))?;
        let limits = Limits { queue: Duration::from_millis(setup.patience), ..Limits::default() };
        let step = Step::new(compiled, services, limits);
        let origin = PublicOrigin::parse(&setup.origin).map_err(anyhow::Error::msg)?;
        Ok(Self { step, runtime, clock, journeys, stops, origin, setup, server: opened.server })
    }

    async fn answer(&self, asked: &Value) -> anyhow::Result<Value> {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let visit = Visit::first(TENANT, text("journey"), STEP);
        Ok(match text("do") {
            "begin" => {
                let called = self.step.begin(&visit, &self.invocation(&visit)).await;
                let calls = self.stops.calls_of(&visit);
                let mut answer = json!({ "verdict": called.outcome.to_string(), "calls": calls });
                if let Begun::Redirect(request) = called.outcome {
                    (answer["url"], answer["state"]) = (request.url.into(), request.state.into());
                }
                answer
            }
            "complete" => {
                let response = AuthorizationResponse::Query(Arrival::at(&self.origin, text("target")));
                self.complete(&visit, &response).await
            }
            "abandon" => {
                let abandonment = Abandonment { state: text("state").to_owned(), reason: AbandonmentReason::TimedOut };
                self.complete(&visit, &AuthorizationResponse::Abandoned(abandonment)).await
            }
            "output" => json!({ "variable": self.variable(&visit, "cognito_oidc_output").await? }),
            "error" => json!({ "variable": self.variable(&visit, "error_output").await? }),
            "settled" => json!({ "settled": self.journeys.settlement(&visit).await?.is_some() }),
            "advance" => {
                self.clock.advance(Duration::from_secs(asked["seconds"].as_u64().unwrap_or_default()));
                json!({})
            }
            "stop" => {
                *lock(&self.stops.at) = Some(Stop {
                    at: text("at").to_owned(),
                    index: asked["index"].as_u64().unwrap_or_default(),
                    after: asked["after"].as_bool().unwrap_or_default(),
                });
                json!({})
            }
            "replace" => {
                let compiled =
                    self.runtime.load(COMPONENT, Path::new(text("component"))).map_err(|error| anyhow!("{error:#}"))?;
                self.step.replace(compiled)?;
                json!({})
            }
            other => anyhow::bail!("nothing to do: {other}"),
        })
    }

    async fn complete(&self, visit: &Visit, response: &AuthorizationResponse) -> Value {
        let secret = self.setup.secret.as_deref().map(ClientSecret::new);
        let called = self.step.complete(visit, &self.invocation(visit), secret.as_ref(), response).await;
        json!({ "verdict": called.outcome.to_string(), "calls": self.stops.calls_of(visit) })
    }

    fn invocation(&self, visit: &Visit) -> Invocation {
        Invocation {
            settings: self.setup.settings.to_string(),
            connector: self.setup.connector.to_string(),
            connector_id: CONNECTOR.to_owned(),
            browser: Browser::from_session(&visit.journey),
        }
    }

    async fn variable(&self, visit: &Visit, name: &str) -> anyhow::Result<Value> {
        let json = self.journeys.variable(TENANT, &visit.journey, name).await?;
        Ok(json.map_or(Ok(Value::Null), |json| serde_json::from_str(&json))?)
    }
}

/// Where this process is to stop, and what its calls were.
#[derive(Default)]
struct Stops {
    at: Mutex<Option<Stop>>,
    calls: Mutex<HashMap<String, Vec<(String, u32)>>>,
}

struct Stop {
    at: String,
    index: u64,
    after: bool,
}

impl Stops {
    fn is_here(&self, at: &str, index: u32, after: bool) -> bool {
        lock(&self.at).as_ref().is_some_and(|stop| stop.at == at && stop.index == u64::from(index) && stop.after == after)
    }

    /// The host calls of the visit since they were asked for last.
    fn calls_of(&self, visit: &Visit) -> Vec<(String, u32)> {
        lock(&self.calls).remove(&visit.journey).unwrap_or_default()
    }
}

/// Whoever asked kills this process now.
async fn stop() {
    say(&json!({ "stopped": true }));
    std::future::pending().await
}

#[async_trait]
impl Interceptor for Stops {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        let at = call.import.to_string();
        lock(&self.calls).entry(call.visit.journey.clone()).or_default().push((at.clone(), call.index));
        if self.is_here(&at, call.index, false) {
            stop().await;
        }
        None
    }

    fn after(&self, call: &HostCall, _reply: &HostReply) {
        if self.is_here(&call.import.to_string(), call.index, true) {
            say(&json!({ "stopped": true }));
            loop {
                std::thread::park();
            }
        }
    }
}

/// Stops before or after the act that counts.
struct StoppedJourneys {
    journeys: Arc<dyn Journeys>,
    stops: Arc<Stops>,
}

#[async_trait]
impl Journeys for StoppedJourneys {
    async fn apply(&self, visit: &Visit, change: &Change) -> Result<Applied, StoreError> {
        if self.stops.is_here("apply", 0, false) {
            stop().await;
        }
        let applied = self.journeys.apply(visit, change).await;
        if self.stops.is_here("apply", 0, true) {
            stop().await;
        }
        applied
    }

    async fn settlement(&self, visit: &Visit) -> Result<Option<Settlement>, StoreError> {
        self.journeys.settlement(visit).await
    }

    async fn variable(&self, tenant: &str, journey: &str, name: &str) -> Result<Option<String>, StoreError> {
        self.journeys.variable(tenant, journey, name).await
    }

    async fn forget(&self, tenant: &str, journey: &str) -> Result<(), StoreError> {
        self.journeys.forget(tenant, journey).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
