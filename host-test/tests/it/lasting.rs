//! Logins over stores that outlive the host: one host begins, another one completes, and what lies between is sealed.

use std::sync::Arc;

use journey_host::servers::{RedisServer, postgres_url, redis_url, unique_name};
use journey_host::{
    Begun, Clock, Completed, Keyring, Limits, PostgresConfig, PostgresStores, RedisConfig, RedisStores, Services, Step, Stores,
};

use crate::stage::{Stage, callbacks, compiled, http_client};

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

async fn redis(url: &str, prefix: &str) -> Stores {
    let config = RedisConfig::parse(url).unwrap().with_prefix(prefix).unwrap();
    Stores::of(Arc::new(RedisStores::connect(&config).await.unwrap()))
}

async fn postgres(url: &str) -> Stores {
    let config = PostgresConfig::parse(url).unwrap();
    PostgresStores::migrate(&config).await.unwrap();
    Stores::of(Arc::new(PostgresStores::connect(&config).await.unwrap()))
}

/// A host of its own on the stage: other connections, other caches in memory, no state in common but the store.
fn host(stage: &Stage, stores: Stores, keys: &str) -> Step {
    let services = Services::lasting(http_client(&stage.cognito), stores, Keyring::parse(keys).unwrap()).serving(callbacks());
    let services = Services { clock: Arc::clone(&stage.clock) as Arc<dyn Clock>, ..services };
    Step::new(compiled(), services, Limits::default())
}

/// One host begins, and another one completes; the keys are being rotated meanwhile.
async fn check(stage: &Stage, first: Stores, second: Stores) {
    let keys = format!("{NEW},{OLD}");
    let (first, second) = (host(stage, first, OLD), host(stage, second, &keys));
    let Begun::Redirect(request) = first.begin(&stage.visit, &stage.invocation()).await.outcome else { panic!("a redirect") };
    let response = stage.sign_in(&request).await;
    let complete = async |step: &Step| {
        step.complete(&stage.visit, &stage.invocation(), stage.client_secret.as_ref(), &response).await.outcome
    };
    let Completed::Authenticated(who) = complete(&second).await else { panic!("authenticated") };
    assert!(matches!(complete(&second).await, Completed::TooLate(_)), "once, on the fleet");
    let variable = second.services().journeys.variable("tenant", &stage.visit.journey, "cognito_oidc_output").await;
    assert!(variable.unwrap().expect("an output").contains(&who.subject));
}

#[tokio::test]
async fn a_login_begun_on_one_host_is_completed_on_another_over_redis() {
    let (stage, url, prefix) = (Stage::new().await, redis_url().unwrap(), unique_name());
    check(&stage, redis(&url, &prefix).await, redis(&url, &prefix).await).await;
}

#[tokio::test]
async fn a_login_begun_on_one_host_is_completed_on_another_over_postgresql() {
    let mut stage = Stage::new().await;
    stage.visit.journey = unique_name();
    let url = postgres_url().unwrap();
    check(&stage, postgres(&url).await, postgres(&url).await).await;
}

#[tokio::test]
async fn a_pending_login_outlives_a_restart_of_redis_that_persists() {
    let stage = Stage::new().await;
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
    let step = host(&stage, redis(&server.url(), "journey").await, OLD);
    let Begun::Redirect(request) = step.begin(&stage.visit, &stage.invocation()).await.outcome else { panic!("a redirect") };
    server.kill();
    let response = stage.sign_in(&request).await;
    server.run().unwrap();
    let outcome = step.complete(&stage.visit, &stage.invocation(), stage.client_secret.as_ref(), &response).await.outcome;
    assert!(matches!(outcome, Completed::Authenticated(_)), "{outcome}");
}
