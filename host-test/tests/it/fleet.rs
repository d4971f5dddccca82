//! A fleet in small: what `cargo xtask fleet` does at length, with few logins. Real processes, a real Redis, a real PostgreSQL.

use std::path::Path;

use host_test::fleet::{self, Extent};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_fleet_every_row_holds() {
    let mut printed = Vec::new();
    let program = Path::new(env!("CARGO_BIN_EXE_host-test"));
    let holds = fleet::run(program, Extent::SMALL, &mut printed).await.expect("servers and hosts");
    assert!(holds, "{}", String::from_utf8_lossy(&printed));
}
