//! When an exchange has to be over.

use wasip2::{
    clocks::monotonic_clock,
    io::poll::{self, Pollable},
};

use crate::bindings::exports::journey::step::http::Error;

/// An instant of the monotonic clock.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(pub(crate) u64);

impl Deadline {
    /// Waits until there is something to do.
    pub(crate) fn wait(self, pollable: &Pollable) -> Result<(), Error> {
        let timer = monotonic_clock::subscribe_instant(self.0);
        let ready = poll::poll(&[pollable, &timer]);
        if ready.contains(&0) && monotonic_clock::now() < self.0 { Ok(()) } else { Err(Error::Timeout) }
    }

    /// Nanoseconds that are left.
    pub(crate) fn left(self) -> u64 {
        self.0.saturating_sub(monotonic_clock::now())
    }
}
