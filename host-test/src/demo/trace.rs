//! What the component asked of its host, call by call.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::screen::Screen;
use crate::host::{HostCall, HostReply, Interceptor};

/// Keeps every host call until it is printed.
#[derive(Default)]
pub(super) struct Trace(Mutex<Vec<(HostCall, HostReply)>>);

impl Interceptor for Trace {
    fn after(&self, call: &HostCall, reply: &HostReply) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((call.clone(), reply.clone()));
    }
}

impl Trace {
    /// Prints the host calls of a journey that haven't been printed yet.
    pub(super) fn print(&self, journey: &str, screen: &mut Screen<'_>) -> io::Result<()> {
        let calls: Vec<_> = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.extract_if(.., |(call, _)| call.visit.journey == journey).collect()
        };
        for (call, reply) in calls {
            let (import, took) = (call.import.to_string(), milliseconds(reply.took));
            screen.cells(&[(2, &took), (14, &import), (39, &call.target), (78, &reply.summary)])?;
        }
        Ok(())
    }
}

/// `  12.34 ms`
pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:>7.2} ms", duration.as_secs_f64() * 1000.0)
}
