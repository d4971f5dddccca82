//! What the documents say of the host's limits is what it holds to.

use crate::{Capacity, Limits, TestRate};

const MIB: usize = 1 << 20;

/// The rows of the table of limits that are the host's own, as far as they name its defaults.
#[test]
fn each_row_of_the_hosts_limits_is_its_defaults() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/host.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (limits, capacity, rate) = (Limits::default(), Capacity::default(), TestRate::default());
    for row in [
        format!("| response body of any endpoint | {} KiB,", limits.body >> 10),
        format!("| output variable | {} KiB |", limits.variable >> 10),
        format!(
            "| a call | {} s, its outcome applied within {} s; {} ms of processor time, {} MiB, {} fetches of at most 64 headers \
             each, {} host calls of at most {} MiB each, {} MiB in all to keep |",
            limits.wall_clock.as_secs(),
            limits.apply.as_secs(),
            limits.cpu.as_millis(),
            limits.memory / MIB,
            limits.fetches,
            limits.host_calls,
            limits.host_call_bytes / MIB,
            limits.kept / MIB,
        ),
        format!(
            "| calls at a time | {}, of one tenant {}; {} wait, of one tenant {}, for at most {} s.",
            capacity.sandboxes,
            capacity.per_tenant,
            capacity.waiting,
            capacity.waiting_per_tenant,
            limits.queue.as_secs(),
        ),
        format!(
            "| tests of connections | {} a minute of one tenant, {} a minute of one pool over all tenants,",
            rate.per_tenant, rate.per_directory,
        ),
    ] {
        assert!(page.contains(&row), "docs/host.md has no {row}");
    }
    assert_eq!(rate.window.as_secs(), 60, "a minute");
}
