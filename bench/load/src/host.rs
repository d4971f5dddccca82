//! The reference host with its tenants, and the two calls that make a login.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use host_test::browser::Browser as UserAgent;
use journey_host::{
    Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Compiled, Completed, Egress, Invocation, Keyring, Limits, Network,
    PublicOrigin, Services, Step, Stores, TenantPolicy, Visit, url,
};
use tokio::task::JoinSet;

use crate::pools::{self, Pool, Pools};

const CONNECTOR: &str = "pool";

/// Of 32 bytes, for the length of one run.
const KEYS: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Which tenants a host has.
#[derive(Clone, Copy)]
pub struct Tenants {
    pub first: usize,
    pub count: usize,
}

/// A host, as one process of an operator's has it.
pub struct Host {
    step: Step,
    tenants: Tenants,
    pools: Vec<Pool>,
    origin: PublicOrigin,
    /// Logins so far, so that tenants take turns.
    logins: AtomicUsize,
}

/// A login that was begun.
pub struct Login {
    tenant: usize,
    visit: Visit,
    /// Where its user is sent.
    request: String,
}

/// A login that has come back.
pub struct Returned {
    tenant: usize,
    visit: Visit,
    response: AuthorizationResponse,
}

impl Host {
    /// `stores`: those that outlive the process; in memory where there are none.
    pub fn new(compiled: &Compiled, stores: Option<Stores>, pools: &Pools, tenants: Tenants) -> Result<Self> {
        let policy = TenantPolicy::trusting_the_step();
        let egress = Egress::deny_all().with_loopback().with_default(policy);
        let network = Network::new(egress).map_err(anyhow::Error::msg)?;
        let callbacks = Callbacks::none();
        for tenant in tenants.first..tenants.first + tenants.count {
            callbacks.serve(&pools::callback_url(tenant), &name(tenant), CONNECTOR).map_err(anyhow::Error::msg)?;
        }
        let services = match stores {
            None => Services::in_memory(network),
            Some(stores) => Services::lasting(network, stores, Keyring::parse(KEYS)?),
        };
        Ok(Self {
            step: Step::new(compiled.clone(), services.serving(callbacks), Limits::default()),
            tenants,
            pools: pools.all().to_vec(),
            origin: PublicOrigin::parse(pools::ORIGIN).map_err(anyhow::Error::msg)?,
            logins: AtomicUsize::new(0),
        })
    }

    /// The next login, of the tenant whose turn it is.
    pub async fn begin(self: Arc<Self>) -> Result<Login> {
        let number = self.logins.fetch_add(1, Ordering::Relaxed);
        let tenant = self.tenants.first + number % self.tenants.count;
        let visit = Visit::first(&name(tenant), &format!("journey {number}"), "login");
        let begun = self.step.begin(&visit, &self.invocation(tenant, &visit)?).await.outcome;
        let Begun::Redirect(request) = begun else { bail!("begin ended with {begun}") };
        Ok(Login { tenant, visit, request: request.url })
    }

    /// The user's browser at the identity provider, where the user is signed in.
    pub async fn return_from_provider(self: Arc<Self>, login: Login, browser: UserAgent) -> Result<Returned> {
        let back = browser.open_until(&login.request, pools::CALLBACKS).await?.stopped()?;
        let target = &back.url[url::Position::BeforePath..url::Position::AfterQuery];
        let response = AuthorizationResponse::Query(Arrival::at(&self.origin, target));
        Ok(Returned { tenant: login.tenant, visit: login.visit, response })
    }

    /// To its end: the journey goes on from here, is over one day, and is forgotten then.
    pub async fn complete(self: Arc<Self>, returned: Returned) -> Result<()> {
        let Returned { tenant, visit, response } = returned;
        let invocation = self.invocation(tenant, &visit)?;
        let secret = self.pool(tenant)?.secret.as_ref();
        let completed = self.step.complete(&visit, &invocation, secret, &response).await.outcome;
        if !matches!(completed, Completed::Authenticated(_)) {
            bail!("complete ended with {completed}");
        }
        Ok(self.step.services().journeys.forget(&visit.tenant, &visit.journey).await?)
    }

    fn invocation(&self, tenant: usize, visit: &Visit) -> Result<Invocation> {
        Ok(Invocation {
            settings: format!(r#"{{"callback_url": "{}"}}"#, pools::callback_url(tenant)),
            connector: self.pool(tenant)?.connector.clone(),
            connector_id: CONNECTOR.to_owned(),
            browser: Browser::from_session(&visit.journey),
        })
    }

    fn pool(&self, tenant: usize) -> Result<&Pool> {
        self.pools.get(tenant % pools::COUNT).context("no pool")
    }
}

fn name(tenant: usize) -> String {
    format!("tenant-{tenant}")
}

/// Works each of these off, so many at a time, in tasks as a server's calls come. The results are in the order of the items.
pub async fn each<T, U, F>(items: Vec<T>, at_a_time: usize, work: impl Fn(T) -> F + Clone + Send + 'static) -> Result<Vec<U>>
where
    T: Send + 'static,
    U: Send + 'static,
    F: Future<Output = Result<U>> + Send + 'static,
{
    let queue = Arc::new(Mutex::new(items.into_iter().enumerate()));
    let mut tasks = JoinSet::new();
    for _ in 0..at_a_time {
        let (queue, work) = (Arc::clone(&queue), work.clone());
        tasks.spawn(async move {
            let mut done = Vec::new();
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((index, item)) = next else { return anyhow::Ok(done) };
                done.push((index, work(item).await?));
            }
        });
    }
    let mut done = Vec::new();
    while let Some(results) = tasks.join_next().await {
        done.extend(results??);
    }
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
