//! What came of a run: one row a promise.

use std::fmt;

/// What came of one promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, as far as was looked.
    Held,
    /// It doesn't.
    Broken {
        /// What the promise says.
        expected: String,
        /// What the store did.
        seen: String,
    },
    /// Nothing is known: the subject has no such store, or no such power.
    NotClaimed {
        /// What it lacks.
        lacks: String,
    },
}

/// One promise, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Stable: `attempts.replace.race`.
    pub name: &'static str,
    /// In one sentence.
    pub promise: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a run. Its `Display` is a table, with what isn't claimed and what is broken listed again below it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// In the order of the run.
    pub rows: Vec<Row>,
}

impl Report {
    /// The names of the promises that don't hold.
    pub fn broken(&self) -> Vec<&'static str> {
        self.names(|verdict| matches!(verdict, Verdict::Broken { .. }))
    }

    /// The names of the promises of which nothing is known.
    pub fn not_claimed(&self) -> Vec<&'static str> {
        self.names(|verdict| matches!(verdict, Verdict::NotClaimed { .. }))
    }

    /// # Panics
    ///
    /// Where a promise doesn't hold, with the whole table. What isn't claimed is printed.
    pub fn assert(&self) {
        assert!(self.broken().is_empty(), "{self}");
        if !self.not_claimed().is_empty() {
            println!("{self}");
        }
    }

    /// # Panics
    ///
    /// Where a promise doesn't hold, and where other promises than these aren't claimed: so that none is lost unseen.
    pub fn assert_all_but(&self, not_claimed: &[&str]) {
        self.assert();
        assert_eq!(self.not_claimed(), not_claimed, "what is not claimed");
    }

    fn names(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        self.rows.iter().filter(|row| wanted(&row.verdict)).map(|row| row.name).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
        for row in &self.rows {
            let verdict = match row.verdict {
                Verdict::Held => "held",
                Verdict::Broken { .. } => "BROKEN",
                Verdict::NotClaimed { .. } => "NOT CLAIMED",
            };
            writeln!(f, "{:<width$}  {verdict:<11}  {}", row.name, row.promise)?;
        }
        let (held, broken, unknown) =
            (self.names(|verdict| *verdict == Verdict::Held).len(), self.broken().len(), self.not_claimed().len());
        write!(f, "\n{held} held, {broken} broken, {unknown} not claimed")?;
        for row in &self.rows {
            match &row.verdict {
                Verdict::Held => {}
                Verdict::Broken { expected, seen } => {
                    write!(f, "\n\nBROKEN {}: {}\n  expected: {expected}\n  seen:     {seen}", row.name, row.promise)?;
                }
                Verdict::NotClaimed { lacks } => write!(f, "\nNOT CLAIMED {}: {lacks}", row.name)?,
            }
        }
        Ok(())
    }
}

/// Why a promise isn't held.
#[derive(Debug)]
pub(super) enum Unheld {
    Broken {
        expected: String,
        seen: String,
    },
    NotClaimed(String),
    /// The time that was to be judged has passed: once more, with a longer one.
    TooSlow,
}

/// Where a promise is looked at, a store that fails breaks it.
impl From<crate::stores::StoreError> for Unheld {
    fn from(error: crate::stores::StoreError) -> Self {
        broken("that the store answers", format!("{error}"))
    }
}

pub(super) fn broken(expected: impl Into<String>, seen: impl Into<String>) -> Unheld {
    Unheld::Broken { expected: expected.into(), seen: seen.into() }
}

/// Expects the one value, and says what was looked at.
pub(super) fn expect<T: PartialEq + fmt::Debug>(what: &str, seen: T, expected: T) -> Result<(), Unheld> {
    match seen == expected {
        true => Ok(()),
        false => Err(broken(format!("{what}: {}", shortened(&expected)), shortened(&seen))),
    }
}

/// Expects it to hold.
pub(super) fn ensure(holds: bool, expected: &str, seen: impl FnOnce() -> String) -> Result<(), Unheld> {
    if holds { Ok(()) } else { Err(broken(expected, seen())) }
}

/// Values are up to megabytes long.
fn shortened(value: &impl fmt::Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
