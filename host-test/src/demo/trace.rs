//! What the component asked of its host, call by call, as it is printed.

use std::io;
use std::time::Duration;

use super::screen::Screen;
use crate::journey::Asked;

/// Prints the host calls of one call of the step.
pub(super) fn print(host_calls: &[Asked], screen: &mut Screen<'_>) -> io::Result<()> {
    // Many of the same kind in a row, for the time or for random bytes, are one line.
    for same in host_calls.chunk_by(is_same) {
        let Some(Asked { import, target, summary, .. }) = same.first() else { continue };
        let took = milliseconds(same.iter().map(|asked| asked.took).sum());
        let target = if same.len() > 1 { format!("{} × {target}", same.len()) } else { target.clone() };
        screen.cells(&[(2, &took), (13, &import.to_string()), (31, target.trim()), (62, summary)])?;
    }
    Ok(())
}

fn is_same(asked: &Asked, next: &Asked) -> bool {
    (asked.import, &asked.target, &asked.summary) == (next.import, &next.target, &next.summary)
}

/// `  12.34 ms`
pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:>7.2} ms", duration.as_secs_f64() * 1000.0)
}
