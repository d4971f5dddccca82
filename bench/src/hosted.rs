//! The component through the reference host: stores in memory, a client that answers from a table, and the runtime that a server
//! has, with one worker thread.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use journey_host::{
    Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Capacity, ClientSecret, Clock, Compiled, Completed, Egress,
    Exchange, FetchError, HttpClient, Invocation, Limits, MemoryCache, Network, Random, Resolver, Response, Runtime, Services,
    Step, TenantPolicy, Visit, http,
};
use tokio::runtime;
use wasmtime::{Result, bail, ensure};

use crate::fixture::{BROWSER, CALLBACK, Fixture, Login, SECRET, random_byte};
use crate::sampler::Subject;

const TENANT: &str = "acme";

/// Which keys of the provider the tenant's cache holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Warm,
    Cold,
}

/// The host of one process, and what its user agents bring.
pub struct Hosted {
    compiled: Compiled,
    exchanges: Arc<BTreeMap<String, Response>>,
    now: u64,
    invocation: Invocation,
    response: AuthorizationResponse,
    runtime: Arc<runtime::Runtime>,
}

impl Hosted {
    pub fn new(component: &Path, fixture: &Fixture, login: &Login) -> Result<Self> {
        let compiled = Runtime::new(Capacity::default())?.load("cognito-oidc", component)?;
        let exchanges = login.exchanges.iter().map(|(url, canned)| {
            let mut response = Response::new(http::StatusCode::OK);
            response.headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(canned.content_type));
            response.body = canned.body.clone().into_bytes();
            (url.clone(), response)
        });
        Ok(Self {
            compiled,
            exchanges: Arc::new(exchanges.collect()),
            now: fixture.now,
            invocation: Invocation {
                settings: fixture.settings.clone(),
                connector: fixture.connector.clone(),
                connector_id: "pool".to_owned(),
                browser: Browser::from_bytes(&BROWSER),
            },
            response: AuthorizationResponse::Query(Arrival { url: login.arrival.clone(), parameters: login.query.clone() }),
            runtime: Arc::new(runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?),
        })
    }

    fn step(&self, draws: &Arc<Draws>, cache: Option<Arc<MemoryCache>>) -> Result<Step> {
        let trusted = TenantPolicy::permitting(&[
            "https://*.auth.eu-west-1.amazoncognito.com",
            "https://cognito-idp.eu-west-1.amazonaws.com",
        ]);
        let egress = Egress::deny_all().with_tenant(TENANT, trusted.map_err(wasmtime::Error::msg)?);
        let client = Arc::new(Canned(Arc::clone(&self.exchanges)));
        let network = Network::with_client(egress, client).with_resolver(Arc::new(Fixed));
        let callbacks = Callbacks::none().with(CALLBACK, TENANT, "pool").map_err(wasmtime::Error::msg)?;
        let mut services = Services::in_memory_at(network, Arc::new(Stopped(self.now))).serving(callbacks);
        services.random = Arc::clone(draws) as Arc<dyn Random>;
        if let Some(cache) = cache {
            services.cache = cache;
        }
        Ok(Step::new(self.compiled.clone(), services, Limits::default()))
    }
}

/// `describe` in a sandbox of its own.
pub struct Describe<'a>(pub &'a Hosted);

/// `begin`, as a journey reaches the step.
pub struct Begin<'a>(pub &'a Hosted);

/// `complete`, of an attempt that was begun outside of what is measured.
pub struct Complete<'a>(pub &'a Hosted, pub Keys);

impl Subject for Describe<'_> {
    fn sample(&mut self, times: usize) -> Result<Vec<Duration>> {
        let step = self.0.step(&Arc::default(), None)?;
        let Invocation { settings, connector, .. } = self.0.invocation.clone();
        on_a_worker(&self.0.runtime, async move {
            let mut taken = Vec::with_capacity(times);
            for _ in 0..times {
                let since = Instant::now();
                let described = step.describe(TENANT, &settings, &connector).await;
                taken.push(since.elapsed());
                ensure!(described.is_ok_and(|described| described.problems.is_empty()), "the documents have problems");
            }
            Ok(taken)
        })
    }
}

impl Subject for Begin<'_> {
    fn sample(&mut self, times: usize) -> Result<Vec<Duration>> {
        let draws = Arc::<Draws>::default();
        let step = self.0.step(&draws, None)?;
        let invocation = self.0.invocation.clone();
        on_a_worker(&self.0.runtime, async move {
            let mut taken = Vec::with_capacity(times);
            for number in 0..times {
                let visit = Visit::first(TENANT, &number.to_string(), "login");
                draws.begin_anew();
                let since = Instant::now();
                let begun = step.begin(&visit, &invocation).await;
                taken.push(since.elapsed());
                if !matches!(begun.outcome, Begun::Redirect(_)) {
                    bail!("begin ended with {}", begun.outcome);
                }
            }
            Ok(taken)
        })
    }
}

impl Subject for Complete<'_> {
    fn sample(&mut self, times: usize) -> Result<Vec<Duration>> {
        let Self(hosted, keys) = self;
        let draws = Arc::<Draws>::default();
        let warm = hosted.step(&draws, None)?;
        let mut steps = Vec::new();
        // One more, which warms the cache.
        for _ in 0..times + 1 {
            let cache = MemoryCache::new(Arc::new(Stopped(hosted.now)));
            let cold = || {
                let mut services = warm.services().clone();
                services.cache = Arc::new(cache);
                Step::new(hosted.compiled.clone(), services, Limits::default())
            };
            steps.push(if *keys == Keys::Warm { warm.clone() } else { cold() });
        }
        let (invocation, response) = (hosted.invocation.clone(), hosted.response.clone());
        on_a_worker(&hosted.runtime, async move {
            let secret = ClientSecret::new(SECRET);
            let mut taken = Vec::with_capacity(times + 1);
            for (number, step) in steps.iter().enumerate() {
                let visit = Visit::first(TENANT, &number.to_string(), "login");
                draws.begin_anew();
                let _ = step.begin(&visit, &invocation).await.outcome;
                let since = Instant::now();
                let completed = step.complete(&visit, &invocation, Some(&secret), &response).await;
                taken.push(since.elapsed());
                if !matches!(completed.outcome, Completed::Authenticated(_)) {
                    bail!("complete ended with {}", completed.outcome);
                }
            }
            Ok(taken.split_off(1))
        })
    }
}

/// Where a server's calls come from: a task on the one worker thread.
fn on_a_worker<T: Send + 'static>(
    runtime: &runtime::Runtime,
    calls: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    runtime.block_on(async { tokio::spawn(calls).await? })
}

/// The fixture's bytes.
#[derive(Default)]
struct Draws(AtomicU64);

impl Draws {
    fn begin_anew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Random for Draws {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), String> {
        let from = self.0.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        for (byte, index) in buffer.iter_mut().zip(from..) {
            *byte = random_byte(index);
        }
        Ok(())
    }
}

/// Tokens are of the time at which the fixture was made.
struct Stopped(u64);

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0)
    }
}

struct Canned(Arc<BTreeMap<String, Response>>);

#[async_trait::async_trait]
impl HttpClient for Canned {
    async fn exchange(&self, exchange: Exchange) -> Result<Response, FetchError> {
        let response = self.0.get(exchange.url.as_str()).cloned();
        response.ok_or_else(|| FetchError::Other("nothing is canned for this URL".to_owned()))
    }
}

struct Fixed;

#[async_trait::async_trait]
impl Resolver for Fixed {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec![IpAddr::V4(Ipv4Addr::new(52, 94, 5, 1))])
    }
}
