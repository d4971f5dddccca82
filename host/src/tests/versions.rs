//! Several components in one engine, and versions that take over.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::guest::{Guest, RUNTIME};
use super::{Act, invocation, step, visit, watched};
use crate::{AnotherName, Begun, CacheScope, Failed, HostCall, Import, Step, Visit};

fn url(step: &Step) -> impl Future<Output = &'static str> {
    let step = step.clone();
    async move {
        match step.begin(&visit(), &invocation()).await.outcome {
            Begun::Redirect(request) if request.expires_in == 0 => "first",
            Begun::Redirect(_) => "second",
            other => panic!("{other:?}"),
        }
    }
}

/// A version that can be told from the first one: its logins expire.
fn second() -> Guest {
    Guest::begin("(i32.store (i32.const 1048) (i32.const 60))")
}

#[tokio::test]
async fn a_new_version_takes_over_for_all_clones_of_a_step() {
    let step = step(Guest::default().compile());
    let clone = step.clone();
    assert_eq!(url(&step).await, "first");
    step.replace(second().compile()).unwrap();
    assert_eq!(url(&clone).await, "second");
    // One that can't be loaded never comes to replace anything.
    assert!(RUNTIME.compile("guest", b"nonsense").is_err());
    assert_eq!(step.replace(Guest::default().compile_in(&RUNTIME, "another")), Err(AnotherName));
    assert!(AnotherName.to_string().contains("under the name of the one that it replaces"));
    assert_eq!(url(&clone).await, "second");
}

#[test]
fn a_version_is_the_beginning_of_the_binarys_digest() {
    let binary = Guest::default().encode(|wit| wit);
    let digest: String = Sha256::digest(&binary).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(RUNTIME.compile("guest", &binary).unwrap().version(), &digest[..12]);
}

#[tokio::test]
async fn a_call_under_way_ends_on_the_version_that_it_began_with() {
    let step = step(Guest::begin("(call $now (i32.const 3072))").compile());
    let (reached, go_on) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let slow = step.with_interceptor(Arc::new(Held { reached: reached.clone(), go_on: go_on.clone() }));
    let call = tokio::spawn(async move { url(&slow).await });
    reached.notified().await;
    step.replace(second().compile()).unwrap();
    assert_eq!(url(&step).await, "second");
    go_on.notify_one();
    assert_eq!(call.await.unwrap(), "first");
}

struct Held {
    reached: Arc<tokio::sync::Notify>,
    go_on: Arc<tokio::sync::Notify>,
}

#[async_trait::async_trait]
impl crate::Interceptor for Held {
    async fn before(&self, _call: &HostCall) -> Option<crate::Injection> {
        self.reached.notify_one();
        self.go_on.notified().await;
        None
    }
}

#[tokio::test]
async fn another_component_with_the_same_services_cannot_overwrite_a_cache() {
    let putting = Guest::begin("(call $expect (call $cache (i32.const 7)) (i32.const -1))");
    let own = step(putting.compile_in(&RUNTIME, "cognito-oidc"));
    let other = Step::new(putting.compile_in(&RUNTIME, "other"), own.services().clone(), crate::Limits::default());
    let cache = &own.services().cache;
    let scope = CacheScope::new("cognito-oidc", "tenant");
    cache.put(&scope, "x", "the provider's keys", 60).await.unwrap();

    assert!(matches!(other.begin(&visit(), &invocation()).await.outcome, Begun::Redirect(_)));
    assert_eq!(cache.get(&scope, "x").await.unwrap().as_deref(), Some("the provider's keys"));
    assert_eq!(cache.get(&CacheScope::new("other", "tenant"), "x").await.unwrap().as_deref(), Some("\"value\""));
    assert_eq!(cache.get(&CacheScope::new("cognito-oidc", "another tenant"), "x").await.unwrap(), None);

    own.replace(putting.compile_in(&RUNTIME, "cognito-oidc")).unwrap();
    assert!(matches!(own.begin(&Visit { round: 2, ..visit() }, &invocation()).await.outcome, Begun::Redirect(_)));
    assert_eq!(cache.get(&scope, "x").await.unwrap().as_deref(), Some("\"value\""), "an upgrade has its predecessor's");
}

#[tokio::test]
async fn a_component_is_checked_though_every_sandbox_is_at_work() {
    let runtime = crate::Runtime::new(crate::Capacity::of(1)).unwrap();
    let hanging =
        watched(&step(Guest::begin("(call $now (i32.const 3072))").compile_in(&runtime, "guest")), |call: &HostCall| {
            assert_eq!(call.import, Import::Clock);
            Act::Hang
        });
    let call = tokio::spawn(async move { hanging.begin(&visit(), &invocation()).await });
    tokio::task::yield_now().await;
    Guest::default().compile_in(&runtime, "guest");
    call.abort();
}

#[tokio::test]
async fn one_engine_runs_any_number_of_components() {
    // A pool for each would need more addresses than a process has from the 484th on.
    for _ in 0..20 {
        let called = step(Guest::default().compile()).begin(&visit(), &invocation()).await;
        assert!(!matches!(called.outcome, Begun::Failed(Failed { .. })));
    }
}
