//! What the commands that measure have in common: their arguments, their programs, the machine, and the place of their figures in
//! a document.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, output, run, say};

/// All that measures. Built together, so that all have the same features, and Wasmtime is compiled once.
const PROGRAMS: [&str; 2] = ["cognito-oidc-bench", "cognito-oidc-load"];

/// Beside the workspace's own builds, whose features and profiles are others.
const BUILD: &str = "target/bench-build";

/// What `bench` and `load` take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// To see that it runs: figures of so few samples say nothing.
    pub(crate) is_quick: bool,
    pub(crate) writes_documents: bool,
}

impl Arguments {
    /// # Errors
    ///
    /// Names the one that it doesn't know.
    pub(crate) fn read(given: &[String]) -> Result<Self> {
        let mut arguments = Self::default();
        for argument in given {
            match argument.as_str() {
                "--quick" => arguments.is_quick = true,
                "--write-docs" => arguments.writes_documents = true,
                other => {
                    bail!("there is no argument `{other}`: `--quick` takes few samples, `--write-docs` writes the documents")
                }
            }
        }
        Ok(arguments)
    }
}

/// A program of [`PROGRAMS`], built.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    say("building the measuring programs, with Wasmtime as an embedder releases it: some minutes the first time");
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--manifest-path", "bench/Cargo.toml", "--target-dir", BUILD]);
    run(build.args(PROGRAMS.map(|name| format!("--package={name}"))))?;
    Ok(component_artifact::workspace().join(BUILD).join("release").join(name))
}

/// What it was measured on, without a full stop: nothing by which the machine could be found.
pub(crate) fn machine() -> Result<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let model = read("/proc/cpuinfo");
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |line| line.trim_matches([' ', '\t', ':']));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel = kernel.split(['.', '-']).take(2).collect::<Vec<_>>().join(".");
    let rust = output(std::process::Command::new("rustc").arg("--version"))?;
    let rust = rust.split_whitespace().nth(1).unwrap_or_default();
    Ok(format!("A virtual machine of {processors} processors ({model}), Linux {kernel}, Rust {rust}"))
}

/// Where a command's figures stand in a document: between two comments, each there once.
pub(crate) struct Place {
    pub(crate) begins: &'static str,
    pub(crate) ends: &'static str,
}

impl Place {
    /// Writes these figures in place of the ones that the document has.
    ///
    /// # Errors
    ///
    /// Where it can't be read or written, or has no such place.
    pub(crate) fn write(&self, path: &Path, figures: &str) -> Result<()> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let written = self.between(&text, figures).with_context(|| path.display().to_string())?;
        fs::write(path, written).with_context(|| path.display().to_string())
    }

    /// The text with these figures in place of the ones that it has.
    pub(crate) fn between(&self, text: &str, figures: &str) -> Result<String> {
        let Self { begins, ends } = self;
        ensure!(
            text.matches(begins).count() == 1 && text.matches(ends).count() == 1,
            "expected `{begins}` and `{ends}`, once each"
        );
        let (before, rest) = text.split_once(begins).context("no beginning")?;
        let (_, after) = rest.split_once(ends).context("the end comes first")?;
        Ok(format!("{before}{begins}\n\n{}\n\n{ends}{after}", figures.trim()))
    }
}

/// With a comma for each thousand.
pub(crate) fn thousands(number: u64) -> String {
    match number {
        1000.. => format!("{},{:03}", thousands(number / 1000), number % 1000),
        _ => number.to_string(),
    }
}

/// As many digits as a ratio deserves in a document for programs.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_not_known_is_named() {
        let read = |given: &[&str]| Arguments::read(&given.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>());
        for (given, is_quick, writes_documents) in [
            (&[][..], false, false),
            (&["--quick"], true, false),
            (&["--write-docs"], false, true),
            (&["--write-docs", "--quick"], true, true),
        ] {
            assert_eq!(read(given).unwrap(), Arguments { is_quick, writes_documents }, "{given:?}");
        }
        for unknown in ["--quik", "quick", ""] {
            let error = read(&["--quick", unknown]).unwrap_err();
            assert!(error.to_string().contains(&format!("`{unknown}`")), "{error}");
        }
    }

    #[test]
    fn figures_take_the_place_of_those_before_them_and_of_nothing_else() {
        let place = Place { begins: "<!-- begins -->", ends: "<!-- ends -->" };
        let Place { begins, ends } = place;
        let text = format!("above\n{begins}\nold\n{ends}\nbelow\n");
        let once = place.between(&text, "new").unwrap();
        assert_eq!(once, format!("above\n{begins}\n\nnew\n\n{ends}\nbelow\n"));
        assert_eq!(place.between(&once, "new").unwrap(), once);
        for malformed in ["", begins, ends, &format!("{ends}{begins}"), &format!("{text}{text}")] {
            assert!(place.between(malformed, "new").is_err(), "{malformed}");
        }
    }

    #[test]
    fn digits_are_grouped() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (530_785, "530,785"), (1_000_007, "1,000,007")] {
            assert_eq!(thousands(number), expected);
        }
    }
}
