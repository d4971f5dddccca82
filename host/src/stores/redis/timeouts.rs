//! Patience with a server.

use std::time::Duration;

/// How long to wait for what.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    pub connect: Duration,
    pub response: Duration,
}
