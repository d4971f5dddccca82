//! The whole host around components written by hand.

mod captured;
mod connection;
mod documents;
mod fairness;
mod guest;
mod harm;
mod imports;
mod limits;
mod redaction;
mod rooms;
mod shape;
mod stores;
mod telemetry;
mod versions;

use std::sync::Arc;

use crate::{
    Arrival, AuthorizationResponse, Browser, Capacity, Compiled, Egress, HostCall, Import, Injection, Interceptor, Invocation,
    Limits, Network, PublicOrigin, Runtime, Services, Settlement, Step, TenantPolicy, Visit,
};

/// Those that have a callback URL.
const TENANTS: [&str; 11] = [
    "tenant",
    "back from the provider",
    "hanging 0",
    "hanging 1",
    "hanging 2",
    "hanging 3",
    "other 0",
    "other 1",
    "other 2",
    "other 3",
    "other 4",
];

fn visit() -> Visit {
    Visit::first("tenant", "journey", "login")
}

fn invocation() -> Invocation {
    Invocation {
        settings: "{}".to_owned(),
        connector: "{}".to_owned(),
        connector_id: "connector".to_owned(),
        browser: Browser::from_session("a session"),
    }
}

fn response() -> AuthorizationResponse {
    response_to("tenant")
}

fn response_by_post() -> AuthorizationResponse {
    AuthorizationResponse::FormPost(Arrival::posted(&origin(), "/callback?tenant=tenant", "state=x"))
}

fn origin() -> PublicOrigin {
    PublicOrigin::parse("https://login.example.com").unwrap()
}

/// At the callback URL of this tenant's connector.
fn response_to(tenant: &str) -> AuthorizationResponse {
    AuthorizationResponse::Query(Arrival::at(&origin(), &format!("/callback?tenant={}&state=x", tenant.replace(' ', "+"))))
}

fn step(compiled: Compiled) -> Step {
    let egress = Egress::deny_all().with_loopback().with_default(TenantPolicy::trusting_the_step());
    let services = Services::in_memory(Network::new(egress).unwrap());
    for tenant in TENANTS {
        let url = format!("https://login.example.com/callback?tenant={tenant}");
        services.callbacks.serve(&url, tenant, &invocation().connector_id).unwrap();
    }
    Step::new(compiled, services, Limits::default())
}

async fn settlement(step: &Step, visit: &Visit) -> Option<Settlement> {
    step.services().journeys.settlement(visit).await.unwrap()
}

async fn variable(step: &Step, name: &str) -> Option<String> {
    step.services().journeys.variable("tenant", "journey", name).await.unwrap()
}

/// Does something at each host call.
struct AtEach<F>(F);

#[async_trait::async_trait]
impl<F: Fn(&HostCall) -> Act + Send + Sync> Interceptor for AtEach<F> {
    async fn before(&self, call: &HostCall) -> Option<Injection> {
        match (self.0)(call) {
            Act::GoOn => None,
            Act::Hang => std::future::pending().await,
            Act::Panic => panic!("a service of the host panics, as this test wants it to"),
        }
    }
}

enum Act {
    GoOn,
    Hang,
    Panic,
}

fn watched(step: &Step, act: impl Fn(&HostCall) -> Act + Send + Sync + 'static) -> Step {
    step.with_interceptor(Arc::new(AtEach(act)))
}

/// An import, with WebAssembly that calls it.
const CALLS: [(Import, &str); 11] = [
    (Import::Fetch, "(drop (call $get (i32.const 0)))"),
    (Import::SetVariable, "(drop (call $set (i32.const 7)))"),
    (Import::GetAttempt, "(call $get_attempt (i32.const 2048) (i32.const 1) (i32.const 3072))"),
    (Import::PutAttempt, "(drop (call $put (i32.const 7)))"),
    (
        Import::ReplaceAttempt,
        "(call $replace_attempt (i32.const 2048) (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 4096) (i32.const 7)
         (i32.const 60) (i32.const 3072))",
    ),
    (Import::GetCache, "(call $get_cache (i32.const 2048) (i32.const 1) (i32.const 3072))"),
    (Import::PutCache, "(drop (call $cache (i32.const 7)))"),
    (Import::Clock, "(call $now (i32.const 3072))"),
    (Import::Clock, "(call $resolution (i32.const 3072))"),
    (Import::Random, "(call $random (i64.const 32) (i32.const 3072))"),
    (Import::Random, "(drop (call $random_number))"),
];
