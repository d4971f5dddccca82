//! The stored secret, which an edited connector doesn't get; and how often connections are tested.

use std::time::Duration;

use host_test::cognito::{Config, LocalCognito};
use journey_host::{ClientSecret, SecretForTest, SecretUse, StoredSecret, TestRate, Tested};
use serde_json::{Value, json};

use super::{findings, line};
use crate::leaks::leak;
use crate::stage::Stage;

/// The vault's secret, saved for the stage's connector, as it comes back from the vault.
async fn stored(stage: &Stage) -> StoredSecret {
    let target = stage.step.target("tenant", &stage.connector.to_string()).await.expect("a pure function").expect("a connector");
    assert_eq!(target.directory, "eu-west-1_AbCdEf123");
    let kept = target.secret_use.as_str().to_owned();
    StoredSecret::new(stage.client_secret.clone().expect("a secret"), SecretUse::stored(kept))
}

async fn test(stage: &Stage, connector: &Value, secret: SecretForTest<'_>) -> Tested {
    stage.step.test("tenant", Some(&stage.settings.to_string()), &connector.to_string(), secret).await.outcome
}

/// Of a connector.
type Edit<'a> = Box<dyn Fn(&mut Value) + 'a>;

#[tokio::test]
async fn an_edited_connector_does_not_get_the_stored_secret() {
    let mut stage = Stage::new().await;
    // Each edit is tested twice.
    let rate = TestRate { per_tenant: 100, per_directory: 100, ..TestRate::default() };
    stage.step = stage.step.with_test_rate(rate);
    let secret = stored(&stage).await;
    let attacker = LocalCognito::start(Config::default()).await.expect("a free port");
    let edits: [(&str, Edit<'_>); 8] = [
        ("issuer", Box::new(|connector| connector["issuer"] = json!("original"))),
        ("pool", Box::new(|connector| connector["user_pool_id"] = json!("eu-west-1_Another12"))),
        ("client id", Box::new(|connector| connector["client_id"] = json!("another"))),
        ("method", Box::new(|connector| connector["client_authentication"] = json!("client_secret_post"))),
        (
            "token endpoint",
            Box::new(|connector| connector["custom_endpoints"]["token_endpoint"] = json!(attacker.token_endpoint())),
        ),
        (
            "revocation endpoint",
            Box::new(|connector| connector["custom_endpoints"]["revocation_endpoint"] = json!(attacker.revocation_endpoint())),
        ),
        ("all endpoints", Box::new(|connector| connector["custom_endpoints"] = attacker.custom_endpoints())),
        ("discovery", Box::new(|connector| *connector = attacker.connector_by_discovery())),
    ];
    let own = ("client secret", stage.cognito.client_secret().expect("a secret"));
    for (what, edit) in &edits {
        let (mark, marked) = (stage.cognito.requests().mark(), attacker.requests().mark());
        let mut connector = stage.connector.clone();
        edit(&mut connector);
        assert_eq!(test(&stage, &connector, SecretForTest::Stored(&secret)).await, Tested::SecretNeeded, "{what}");
        assert_eq!((stage.cognito.requests().mark(), attacker.requests().mark()), (mark, marked), "{what}: nothing is asked");
        // Who enters one anew sends what he has entered.
        let entered = ClientSecret::new("entered anew");
        assert!(matches!(test(&stage, &connector, SecretForTest::Entered(&entered)).await, Tested::Findings(_)), "{what}");
        for request in attacker.requests().since(marked) {
            let sent = format!("{} {:?}", String::from_utf8_lossy(&request.body), request.headers);
            assert_eq!(leak(&sent, std::slice::from_ref(&own)), None, "{what}");
        }
    }
    let mark = stage.cognito.requests().mark();
    assert_eq!(line(test(&stage, &stage.connector, SecretForTest::Stored(&secret)).await.findings()), "all passed");
    let sent = stage.cognito.requests().since(mark);
    assert!(
        sent.iter().any(|request| leak(&format!("{:?}", request.headers), std::slice::from_ref(&own)).is_some()),
        "it is sent there"
    );

    // What has nothing to do with where the secret goes may change.
    let mut renamed = stage.connector.clone();
    renamed["name"] = json!("Another name");
    renamed["enabled"] = json!(true);
    assert_eq!(line(test(&stage, &renamed, SecretForTest::Stored(&secret)).await.findings()), "all passed");
    // A connector that isn't valid contacts nothing, so it needs no secret.
    let told = line(test(&stage, &json!({}), SecretForTest::Stored(&secret)).await.findings());
    assert!(told.starts_with("`documents` failed"), "{told}");
}

#[tokio::test]
async fn tests_are_limited_for_each_tenant_and_for_each_pool_over_all_tenants() {
    let stage = Stage::new().await;
    let step = stage.step.with_test_rate(TestRate { per_tenant: 3, per_directory: 2, window: Duration::from_secs(3600) });
    let (settings, connector) = (stage.settings.to_string(), stage.connector.to_string());
    let mut other = stage.connector.clone();
    other["user_pool_id"] = json!("eu-west-1_Another12");
    let other = other.to_string();
    let test = async |tenant: &str, connector: &str| {
        let called = step.clone().test(tenant, Some(&settings), connector, SecretForTest::None).await;
        called.outcome.to_string()
    };
    assert_ne!(test("a", &connector).await, "too often");
    assert_ne!(test("b", &connector).await, "too often");
    let asked = stage.cognito.requests().all().len();
    assert_eq!(test("c", &connector).await, "too often", "whoever asks, the pool is asked no more");
    assert_eq!(test("a", &connector).await, "too often");
    assert_ne!(test("a", &other).await, "too often");
    assert_eq!(test("a", &other).await, "too often", "the tenant's own limit, refused tests included");
    assert_ne!(test("b", &other).await, "too often");
    let own = stage.cognito.requests().all().len();
    assert!(own >= asked, "{own}");
}

#[tokio::test]
async fn a_test_reaches_what_its_operator_permits_and_no_more() {
    let stage = Stage::new().await;
    // Another tenant's operator permits nothing.
    let secret = stage.client_secret.as_ref().map_or(SecretForTest::None, SecretForTest::Entered);
    let called = stage.step.test("another tenant", Some(&stage.settings.to_string()), &stage.connector.to_string(), secret).await;
    let denied = "`metadata` unknown `destination_denied`; `keys` failed `destination_denied`; `callback` unknown `destination_denied`; \
                  `scope` unknown `destination_denied`; `credentials` failed `destination_denied`; \
                  `userinfo` failed `destination_denied`; `clock` unknown";
    assert_eq!(line(&findings(called)), denied);
    assert!(stage.cognito.requests().all().is_empty());
}
