//! The step after the login, on what the sealed component tells it.

use host_test::migration::{Account, Arrived, Conflict, Decision, Directory};

use crate::stage::{Stage, verdict};

/// Logs the pool's own user in, and reads what the next step finds.
async fn arrive(stage: &mut Stage) -> Arrived {
    stage.next_journey();
    assert_eq!(verdict(&stage.login().await), "authenticated");
    serde_json::from_value(stage.output().await.expect("an output")).expect("what the decision reads")
}

#[tokio::test]
async fn the_first_login_creates_and_the_second_updates() {
    let mut stage = Stage::new().await;
    let mut directory = Directory::default();
    assert_eq!(directory.receive(&arrive(&mut stage).await), Decision::Create);
    let created = directory.accounts().to_vec();
    assert_eq!(created[0].email.as_deref(), Some("ada@example.com"));
    assert!(created[0].email_verified);
    let update = Decision::Update { account: created[0].id.clone(), takes_address: true };
    assert_eq!(directory.receive(&arrive(&mut stage).await), update);
    assert_eq!(directory.accounts(), created, "one account, the same");
}

#[tokio::test]
async fn an_account_with_the_address_is_proved_before_it_is_linked_or_is_a_conflict() {
    let mut stage = Stage::new().await;
    let account = |email_verified| Account {
        id: "1".to_owned(),
        external_id: None,
        email: Some("ada@example.com".to_owned()),
        email_verified,
        is_disabled: false,
    };
    let arrived = arrive(&mut stage).await;
    assert_eq!(Directory::of(vec![account(true)]).receive(&arrived), Decision::ProveThenLink { account: "1".to_owned() });
    assert_eq!(Directory::of(vec![account(false)]).receive(&arrived), Decision::Conflict(Conflict::AccountUnverified));
}
