//! What the component asked of its host, call by call.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::screen::Screen;
use journey_host::{HostCall, HostReply, Interceptor};

/// Keeps every host call until it is printed.
#[derive(Default)]
pub(super) struct Trace(Mutex<Vec<Seen>>);

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
        // Many of the same kind in a row, for the time or for random bytes, are one line.
        for same in calls.chunk_by(is_same) {
            let Some((HostCall { import, target, .. }, HostReply { summary, .. })) = same.first() else { continue };
            let took = milliseconds(same.iter().map(|(_, reply)| reply.took).sum());
            let target = if same.len() > 1 { format!("{} × {target}", same.len()) } else { target.clone() };
            screen.cells(&[(2, &took), (14, &import.to_string()), (39, target.trim()), (78, summary)])?;
        }
        Ok(())
    }
}

type Seen = (HostCall, HostReply);

fn is_same((call, reply): &Seen, (next_call, next_reply): &Seen) -> bool {
    (call.import, &call.target, &reply.summary) == (next_call.import, &next_call.target, &next_reply.summary)
}

/// `  12.34 ms`
pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:>7.2} ms", duration.as_secs_f64() * 1000.0)
}
