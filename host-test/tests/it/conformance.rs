//! Conformance: the relying-party modules of the OpenID Foundation's suite, played by the local Cognito against the sealed
//! component.
//!
//! One row a module, under the suite's own name, with the verdict and the exact error code that it must end with. A row that
//! rejects also says which calls were made before, so that nothing is called or written afterwards. What the suite leaves out is
//! a plan of its own.
//!
//! | plan | the suite's name for it |
//! |---|---|
//! | basic | `oidcc-client-basic-certification-test-plan` |
//! | config | `oidcc-client-config-certification-test-plan` |
//! | form post | `oidcc-client-formpost-basic-certification-test-plan` |
//! | comprehensive | `oidcc-client-test-plan`, but for what stands in the plans above |
//! | fapi2 | `fapi2-security-profile-final-client-test-plan`: what it asks of any code flow |
//! | beyond | none: what the suite never tests |
//!
//! `cargo xtask conformance` prints the table.

mod basic;
mod beyond;
mod comprehensive;
mod config;
mod fapi2;
mod form_post;
mod modules;
mod not_applicable;
mod play;
mod report;
mod row;
mod throttle;

use std::sync::Arc;

use row::Row;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Rows played at a time: some of them wait for a timeout.
const AT_A_TIME: usize = 6;

fn plans() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("basic", basic::rows()),
        ("config", config::rows()),
        ("form post", form_post::rows()),
        ("comprehensive", comprehensive::rows()),
        ("fapi2", fapi2::rows()),
        ("beyond", beyond::rows()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_module_ends_with_its_verdict_and_its_error() {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut playing = JoinSet::new();
    for (plan, rows) in plans() {
        for row in rows {
            let turns = Arc::clone(&turns);
            let number = playing.len();
            playing.spawn(async move {
                let _turn = turns.acquire().await;
                (number, report::Line::new(plan, row).await)
            });
        }
    }
    let mut lines = playing.join_all().await;
    lines.sort_by_key(|(number, _)| *number);
    let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();

    println!("{}", report::table(&lines, not_applicable::MODULES));
    let differing = report::differing(&lines);
    assert!(differing.is_empty(), "these rows differ:\n{}", differing.join("\n"));
}
