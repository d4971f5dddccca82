//! Changes that cargo-mutants makes to the code, each of which a test must notice. Those that none notices are named with their
//! reasons in `xtask/survivors.txt`:
//!
//! ```text
//! host/src/network/address.rs: replace | with ^ in embedded_v4
//!     The operands share no bit: both operators give the same number.
//! ```
//!
//! Without lines and columns, so that an entry outlives what is changed around it.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{Unsuccessful, cargo, run, say};
use crate::tools;

/// Mutants that tests must notice, in percent of those that compile.
const LEAST_CAUGHT: usize = 90;

/// What cargo-mutants ends with where it ran to the end, and some mutants were missed or ran into the time limit.
const FOUND_SOME: [u8; 2] = [2, 3];

/// A package whose code is changed; its own tests without the sealed component are to notice.
struct Subject {
    name: &'static str,
    package: &'static str,
    /// Files, rather than those that are taken: a new file isn't forgotten.
    leaves_out: &'static [&'static str],
}

const SUBJECTS: [Subject; 3] = [
    // The bindings compile for WebAssembly alone: the tests of the sealed component run them.
    Subject { name: "component", package: "cognito-oidc", leaves_out: &["src/component.rs"] },
    Subject { name: "modular-power", package: "modular-power", leaves_out: &["**/cases.rs"] },
    // What serves tests only.
    Subject { name: "host", package: "journey-host", leaves_out: &["host/src/intercept.rs", "**/testing.rs", "**/testing/**"] },
];

/// Mutants of each subject, or of the one that the first argument names; further arguments are cargo-mutants' own.
///
/// # Errors
///
/// Too many that no test notices, or one without a reason.
pub(crate) fn check(arguments: &[String]) -> Result<()> {
    tools::cargo_subcommand("mutants")?;
    let survivors = Survivors::read()?;
    let Some((name, arguments)) = arguments.split_first() else {
        return SUBJECTS.iter().try_for_each(|subject| subject.check(&survivors, &[]));
    };
    match SUBJECTS.iter().find(|subject| subject.name == name) {
        Some(subject) => subject.check(&survivors, arguments),
        None => bail!("expected `patches`, `component`, `modular-power` or `host`, not `{name}`"),
    }
}

impl Subject {
    fn check(&self, survivors: &Survivors, arguments: &[String]) -> Result<()> {
        let folder = component_artifact::workspace().join("target/mutants").join(self.name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let mut command = cargo();
        command.args(["mutants", "--package", self.package]).arg("--output").arg(&folder);
        for file in self.leaves_out {
            command.args(["--exclude", file]);
        }
        // Property tests that try the same cases each time, and remember none: a case that fails by chance, mutant or not, would
        // pass for a mutant that was noticed.
        command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        if let Err(error) = run(command.args(arguments).args(["--", "--lib"])) {
            let ended = error.downcast_ref::<Unsuccessful>().map(Unsuccessful::exit_code);
            if ended.is_none_or(|code| !FOUND_SOME.contains(&code)) {
                return Err(error);
            }
        }
        let tally = Tally::read(&folder.join("mutants.out"))?;
        say(format!("{}: {}", self.name, tally.told()));
        tally.judge(survivors)
    }
}

/// What became of the mutants of one run.
struct Tally {
    noticed: usize,
    unviable: usize,
    missed: Vec<String>,
}

impl Tally {
    fn read(folder: &Path) -> Result<Self> {
        let lines = |file: &str| -> Result<Vec<String>> {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            Ok(text.lines().map(without_position).collect())
        };
        Ok(Self {
            // Where a mutant runs for ever, the tests don't end: that is noticed, too.
            noticed: lines("caught.txt")?.len() + lines("timeout.txt")?.len(),
            unviable: lines("unviable.txt")?.len(),
            missed: lines("missed.txt")?,
        })
    }

    fn told(&self) -> String {
        let Self { noticed, unviable, missed } = self;
        let all = noticed + missed.len();
        let percent = (noticed * 1000).checked_div(all).unwrap_or(1000);
        let percent = format!("{}.{}", percent / 10, percent % 10);
        format!("{noticed} of {all} noticed ({percent} %), {} missed, {unviable} don't compile", missed.len())
    }

    fn judge(&self, survivors: &Survivors) -> Result<()> {
        let unnamed: Vec<_> = self.missed.iter().filter(|missed| !survivors.names(missed)).map(String::as_str).collect();
        ensure!(unnamed.is_empty(), "no test notices, and no reason is given for:\n  {}", unnamed.join("\n  "));
        let all = self.noticed + self.missed.len();
        ensure!(self.noticed * 100 >= all * LEAST_CAUGHT, "{}; {LEAST_CAUGHT} % are expected", self.told());
        Ok(())
    }
}

/// `src/a.rs:7:12: replace a with b in f` without `7:12`.
fn without_position(line: &str) -> String {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match line.splitn(4, ':').collect::<Vec<_>>()[..] {
        [file, line, column, change] if is_number(line) && is_number(column) => format!("{file}:{change}"),
        _ => line.to_owned(),
    }
}

/// The mutants that no test notices, each with its reason.
struct Survivors(Vec<String>);

impl Survivors {
    fn read() -> Result<Self> {
        let path = component_artifact::workspace().join("xtask/survivors.txt");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        let mut has_reason = true;
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            if line.starts_with("    ") {
                ensure!(!names.is_empty(), "a reason before the first mutant: {line}");
                has_reason = true;
                continue;
            }
            ensure!(has_reason, "{} has no reason", names.last().map_or("", String::as_str));
            ensure!(!names.iter().any(|name| name == line), "named twice: {line}");
            names.push(line.to_owned());
            has_reason = false;
        }
        ensure!(has_reason, "{} has no reason", names.last().map_or("", String::as_str));
        Ok(Self(names))
    }

    fn names(&self, mutant: &str) -> bool {
        self.0.iter().any(|name| name == mutant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_survivor_of_the_list_has_a_reason_and_a_file() {
        for name in Survivors::read().unwrap().0 {
            let file = name.split(':').next().unwrap();
            assert!(component_artifact::workspace().join(file).is_file(), "{name}");
        }
    }

    #[test]
    fn a_list_without_reasons_is_refused() {
        for text in ["a.rs: x\nb.rs: y\n    why\n", "a.rs: x\n", "    why\n", "a.rs: x\n    why\na.rs: x\n    why\n"] {
            assert!(Survivors::parse(text).is_err(), "{text}");
        }
        assert_eq!(Survivors::parse("# why\n\na.rs: x\n    why\n    so\nb.rs: y\n    why\n").unwrap().0, ["a.rs: x", "b.rs: y"]);
    }

    #[test]
    fn positions_are_left_out_and_nothing_else() {
        assert_eq!(without_position("a.rs:7:12: replace a with b in f::g"), "a.rs: replace a with b in f::g");
        assert_eq!(without_position("a.rs: replace a::b with c"), "a.rs: replace a::b with c");
    }

    #[test]
    fn a_survivor_without_a_reason_fails_and_so_do_too_many_with_one() {
        let survivors = Survivors(vec!["a.rs: x".into()]);
        let judge = |noticed, missed: &[&str]| {
            let missed = missed.iter().map(|name| (*name).to_owned()).collect();
            Tally { noticed, unviable: 1, missed }.judge(&survivors).is_ok()
        };
        assert!(judge(9, &["a.rs: x"]));
        assert!(!judge(8, &["a.rs: x"]));
        assert!(!judge(1000, &["a.rs: y"]));
        assert!(judge(0, &[]));
    }
}
