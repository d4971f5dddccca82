//! The table, as it is printed.

use std::fmt::Write as _;

use super::not_applicable::Module;
use super::play::{Ending, play};
use super::row::{Expected, Row};

/// A played row.
pub(super) struct Line {
    plan: &'static str,
    module: &'static str,
    expected: Expected,
    ending: Ending,
    problems: Vec<String>,
}

impl Line {
    /// Plays the row. One that panics differs, and the others are played all the same.
    pub(super) async fn new(plan: &'static str, row: Row) -> Self {
        let (module, expected) = (row.module, row.expected);
        let (ending, problems) = match tokio::spawn(play(row)).await {
            Ok(played) => (played.ending, played.problems),
            Err(error) => (Ending::new("panicked", ""), vec![error.to_string()]),
        };
        Self { plan, module, expected, ending, problems }
    }

    fn is_ok(&self) -> bool {
        self.ending == self.expected.ending() && self.problems.is_empty()
    }
}

impl Expected {
    fn ending(self) -> Ending {
        match self {
            Self::Accept => Ending::new("authenticated", ""),
            Self::Reject(code) => Ending::new("failed", code),
            Self::Ignore(code) => Ending::new("ignored", code),
            Self::Stop(code) => Ending::new("stopped", code),
        }
    }

    /// As the suite has it: it knows no difference between the ways to reject.
    fn word(self) -> &'static str {
        if self == Self::Accept { "accept" } else { "reject" }
    }
}

/// The rows that differ, with what differs.
pub(super) fn differing(lines: &[Line]) -> Vec<String> {
    let differs = lines.iter().filter(|line| !line.is_ok());
    let describe = |line: &Line| {
        let (expected, found) = (line.expected.ending(), &line.ending);
        format!("{} {}: expected {expected:?}, found {found:?} {:?}", line.plan, line.module, line.problems)
    };
    differs.map(describe).collect()
}

/// A module's name, short enough for a line.
fn short(module: &str) -> String {
    module.replace("security-profile-final-client-test", "…")
}

/// All rows, what doesn't apply, and how many there are of each.
pub(super) fn table(lines: &[Line], not_applicable: &[Module]) -> String {
    let width = lines.iter().map(|line| short(line.module).chars().count()).max().unwrap_or_default();
    let mut table = format!("\n{:13}  {:width$}  expected  {:13}  {:28}  ok\n", "plan", "module", "verdict", "code");
    let mut row = |line: &Line| {
        let Ending { word: verdict, code } = &line.ending;
        let ok = if line.is_ok() { "ok" } else { "DIFFERS" };
        writeln!(
            table,
            "{:13}  {:width$}  {:8}  {verdict:13}  {code:28}  {ok}",
            line.plan,
            short(line.module),
            line.expected.word()
        )
    };
    lines.iter().try_for_each(&mut row).expect("a string takes all");

    table.push_str("\nnot applicable\n");
    for Module { plan, module, reason } in not_applicable {
        writeln!(table, "{plan:13}  {:width$}  {reason}", short(module)).expect("a string takes all");
    }
    table.push('\n');
    let mut plans: Vec<&str> = lines.iter().map(|line| line.plan).collect();
    plans.dedup();
    let count = |plan: &str| {
        let of_plan = || lines.iter().filter(|line| line.plan == plan);
        format!("{plan} {}/{}", of_plan().filter(|line| line.is_ok()).count(), of_plan().count())
    };
    let counts: Vec<String> = plans.into_iter().map(count).collect();
    let ok = lines.iter().filter(|line| line.is_ok()).count();
    let left_out = not_applicable.len();
    writeln!(table, "{}; in total {ok} of {} ok, {left_out} not applicable", counts.join(", "), lines.len())
        .expect("a string takes all");
    table
}
