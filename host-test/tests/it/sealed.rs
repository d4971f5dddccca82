//! The sealed component in this host.

use journey_host::{Capacity, Egress, Limits, Network, Runtime, Services, Step};

#[tokio::test]
async fn the_sealed_component_asks_for_nothing_but_the_six_interfaces_and_its_checks_are_pure() {
    let component = component_artifact::fresh().unwrap_or_else(|stale| panic!("{stale}"));
    let compiled = Runtime::new(Capacity::default()).unwrap().load("cognito-oidc", &component).unwrap();
    let services = Services::in_memory(Network::new(Egress::deny_all()).unwrap());
    let step = Step::new(compiled, services, Limits::default());
    step.check("tenant", "{}", "{}").await.unwrap();
    step.describe("tenant", "{}", "{}").await.unwrap();
}
