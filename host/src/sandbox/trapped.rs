//! Why a call has no outcome, and what it used.

use std::fmt;
use std::time::Duration;

use wasmtime::WasmBacktrace;

use crate::telemetry::Limit;
use crate::text::one_line;

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of the component, and of the host's look through what the component passed to it.
    pub cpu: Duration,
    /// From the call to its outcome, waiting included.
    pub wall_clock: Duration,
    /// Of it, the wait for a sandbox. There also where nothing ran.
    pub queued: Duration,
    /// The most linear memory, in bytes.
    pub memory: usize,
    /// Fetches, the denied ones too.
    pub fetches: u32,
}

/// Why a call has no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// More processor time than [`Limits::cpu`](crate::Limits::cpu).
    Cpu,
    /// Longer than [`Limits::wall_clock`](crate::Limits::wall_clock).
    WallClock,
    /// More than [`Limits::memory`](crate::Limits::memory) or [`Limits::table_elements`](crate::Limits::table_elements).
    Memory,
    /// More than [`Limits::host_calls`](crate::Limits::host_calls).
    HostCalls,
    /// A pure function called an import, or a test of a connection one that keeps something.
    Impure,
    /// A service of the host failed or panicked.
    Host,
    /// The component trapped, or passed to its host what is malformed or too much.
    Guest,
    /// No sandbox was free in time: nothing ran. Only of [`Step::check`](crate::Step::check),
    /// [`Step::describe`](crate::Step::describe) and [`Step::target`](crate::Step::target).
    Busy,
}

impl Cause {
    /// In one word, for spans and lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "processor_time",
            Self::WallClock => "wall_clock",
            Self::Memory => "memory",
            Self::HostCalls => "host_calls",
            Self::Impure => "impure",
            Self::Host => "host",
            Self::Guest => "guest",
            Self::Busy => "busy",
        }
    }

    /// The limit that it is about.
    pub(crate) fn limit(self) -> Option<Limit> {
        match self {
            Self::Cpu => Some(Limit::ProcessorTime),
            Self::WallClock => Some(Limit::WallClock),
            Self::Memory => Some(Limit::Memory),
            Self::HostCalls => Some(Limit::HostCalls),
            Self::Busy => Some(Limit::Queue),
            Self::Impure | Self::Host | Self::Guest => None,
        }
    }
}

/// A call that has no outcome of the step's. The host says `step_trapped` in its place: failed, refused or ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// Why.
    pub cause: Cause,
    /// For the operator's log: one line of at most [`Trapped::MAX_DETAIL`] characters, without any value of the component's.
    pub detail: String,
    /// Where the component was, in at most [`Trapped::MAX_BACKTRACE`] bytes: names of its functions, one a line.
    pub backtrace: Option<String>,
}

impl Trapped {
    /// Characters of a detail.
    pub const MAX_DETAIL: usize = 300;

    /// Bytes of a backtrace: some forty frames. A component that recurses until its stack is full has thousands.
    pub const MAX_BACKTRACE: usize = 4096;

    pub(crate) fn new(cause: Cause, detail: &str) -> Self {
        Self { cause, detail: one_line(detail, Self::MAX_DETAIL), backtrace: None }
    }

    /// Of what Wasmtime says: the innermost reason, and the component's own backtrace. The host's isn't shown.
    pub(super) fn of(cause: Cause, error: &wasmtime::Error) -> Self {
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(|backtrace| shorten(backtrace.to_string()));
        Self { backtrace, ..Self::new(cause, &error.root_cause().to_string()) }
    }
}

impl fmt::Display for Trapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the step was ended ({:?}): {}", self.cause, self.detail)
    }
}

impl std::error::Error for Trapped {}

/// Whole lines.
fn shorten(mut backtrace: String) -> String {
    if backtrace.len() > Trapped::MAX_BACKTRACE {
        let end = backtrace.bytes().take(Trapped::MAX_BACKTRACE).rposition(|byte| byte == b'\n');
        backtrace.truncate(end.unwrap_or_default());
    }
    backtrace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_says_why_the_step_was_ended() {
        assert_eq!(Trapped::new(Cause::Memory, "too\nmuch").to_string(), "the step was ended (Memory): too much");
    }

    #[test]
    fn a_backtrace_ends_with_a_whole_line() {
        assert_eq!(shorten("0: a\n1: b".to_owned()), "0: a\n1: b");
        let long = shorten("a line of twenty ab\n".repeat(1000));
        assert!(
            long.len() < Trapped::MAX_BACKTRACE && long.len() > Trapped::MAX_BACKTRACE - 40 && long.ends_with(" ab"),
            "{long}"
        );
        assert_eq!(shorten("é".repeat(5000)), "");
        let longest = "x".repeat(Trapped::MAX_BACKTRACE);
        assert_eq!(shorten(longest.clone()), longest);
    }
}
