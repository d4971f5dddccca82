//! What the journey server's operator sees of a login: the metric that an alert is made from, and the line that says why.

use std::io;

use serde_json::Value;

use super::json::readable;
use super::screen::Screen;
use crate::journey::Event;
use crate::telemetry::{self, Lines};

/// Prints both, of the login that ended with this call.
pub(super) fn print(ended: &Event, lines: &Lines, screen: &mut Screen<'_>) -> io::Result<()> {
    let (outcome, code) = (ended.outcome.kind.name(), ended.outcome.code.as_deref().unwrap_or_default());
    let wanted = [format!("phase=\"{}\"", ended.call), format!("outcome=\"{outcome}\""), format!("code=\"{code}\"")];
    let text = telemetry::metrics().render();
    let of_it = text.lines().filter(|line| line.starts_with("journey_step_calls_total{"));
    screen.heading("What the operator sees")?;
    screen.say("At /metrics:")?;
    for line in of_it.filter(|line| wanted.iter().all(|label| line.contains(label))) {
        // Where it may be broken.
        screen.block(&line.replace(",", ", "))?;
    }
    let text = lines.text();
    let of_journey = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for line in of_journey.filter(|line| line["journey"] == ended.journey.as_str()) {
        screen.line("")?;
        screen.say("In the log, as one line of JSON:")?;
        screen.block(&readable(&line))?;
    }
    screen.line("")?;
    screen.say("docs/operator.md says what follows from it, alarm by alarm.")
}
