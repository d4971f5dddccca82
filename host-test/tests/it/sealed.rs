//! The sealed component in this host.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use journey_host::{Capacity, Egress, Limits, Network, Runtime, Services, Step};

/// Bytes of the component, plain and gzipped. Whoever adds more than this leaves says here why: 5 KB are the short ways of usual
/// URLs and forms, by which a `begin` takes two thirds of the time.
const BYTES: usize = 433_000;
const GZIPPED_BYTES: usize = 175_000;

#[tokio::test]
async fn the_sealed_component_asks_for_nothing_but_the_six_interfaces_and_its_checks_are_pure() {
    let component = component_artifact::fresh().unwrap_or_else(|stale| panic!("{stale}"));
    let compiled = Runtime::new(Capacity::default()).unwrap().load("cognito-oidc", &component).unwrap();
    let services = Services::in_memory(Network::new(Egress::deny_all()).unwrap());
    let step = Step::new(compiled, services, Limits::default());
    step.check("tenant", "{}", "{}").await.unwrap();
    step.describe("tenant", "{}", "{}").await.unwrap();
}

#[test]
fn the_sealed_component_is_within_its_budget() {
    let component = std::fs::read(component_artifact::fresh().unwrap_or_else(|stale| panic!("{stale}"))).unwrap();
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::best());
    gzipped.write_all(&component).unwrap();
    let gzipped = gzipped.finish().unwrap();
    assert!(component.len() <= BYTES && gzipped.len() <= GZIPPED_BYTES, "{} bytes, {} gzipped", component.len(), gzipped.len());
}
