//! Small wrong meanings that a mutation tool doesn't make: a prefix for equality, the wrong field, a stale value for a fresh one.
//! Each is a file of the folder `mutants`, and each must be noticed by the component's native tests:
//!
//! ```text
//! why: what would go wrong
//! file: src/oidc/exchange.rs
//! find:
//!     a text that stands exactly once in that file
//! with:
//!     what is to stand there instead; nothing, where these lines are to go
//! ```
//!
//! By its text rather than by lines, so that a patch outlives whatever is changed around it. One that doesn't apply any more is
//! an error, as is one that no test notices: then a test is missing.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, run, say};

/// Where copies of the sources are patched and tested, below `target`.
const SCRATCH: &str = "target/patches/checkout";

/// A wrong meaning.
#[derive(Debug, PartialEq, Eq)]
struct Patch {
    name: String,
    why: String,
    file: String,
    find: String,
    with: String,
}

/// Applies each patch, or those named, to a copy of the sources, and runs the component's native tests on it.
///
/// # Errors
///
/// Tests that fail without any patch; a patch that doesn't apply, that doesn't compile, or that no test notices, by name.
pub(crate) fn check(names: &[String]) -> Result<()> {
    let mut patches = read(&component_artifact::workspace())?;
    if let Some(unknown) = names.iter().find(|name| !patches.iter().any(|patch| patch.name == **name)) {
        bail!("there is no patch `{unknown}` in `mutants`");
    }
    patches.retain(|patch| names.is_empty() || names.contains(&patch.name));

    let checkout = component_artifact::workspace().join(SCRATCH);
    copy(&component_artifact::workspace(), &checkout)?;
    ensure!(tests(&checkout)?.is_empty(), "without any patch, tests fail");
    let mut wrong = Vec::new();
    for patch in &patches {
        let begun = Instant::now();
        let noticed = patch.noticed_in(&checkout)?;
        match noticed.first() {
            Some(first) => {
                let others = noticed.len() - 1;
                say(format!("{}: {first} and {others} others notice ({:.0} s)", patch.name, begun.elapsed().as_secs_f64()));
            }
            None => {
                say(format!("{}: NOT NOTICED: {}", patch.name, patch.why));
                wrong.push(patch.name.as_str());
            }
        }
    }
    ensure!(wrong.is_empty(), "no test notices {}", wrong.join(", "));
    say(format!("all of {} patches are noticed", patches.len()));
    Ok(())
}

/// The patches of a checkout, by name.
fn read(workspace: &Path) -> Result<Vec<Patch>> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(workspace.join("mutants")).context("there is no folder `mutants`")? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        patches.push(Patch::parse(&name, &text).with_context(|| path.display().to_string())?);
    }
    patches.sort_by(|a, b| a.name.cmp(&b.name));
    ensure!(!patches.is_empty(), "the folder `mutants` is empty");
    Ok(patches)
}

impl Patch {
    fn parse(name: &str, text: &str) -> Result<Self> {
        let (head, change) = text.split_once("\nfind:\n").context("expected a line `find:`")?;
        let (find, with) = match change.split_once("\nwith:\n") {
            Some((find, with)) => (find, with.strip_suffix('\n').unwrap_or(with)),
            None => (change.strip_suffix("\nwith:").context("expected a line `with:` after `find:`")?, ""),
        };
        let [why, file] =
            ["why: ", "file: "].map(|label| head.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default());
        ensure!(
            head.lines().count() == 2 && !why.is_empty() && !file.is_empty(),
            "expected a line `why: …` and a line `file: …`"
        );
        ensure!(!find.trim().is_empty() && find != with, "expected two texts that differ");
        let [name, why, file, find, with] = [name, why, file, find, with].map(str::to_owned);
        Ok(Self { name, why, file, find, with })
    }

    /// The file as it is to be tested.
    fn apply(&self, workspace: &Path) -> Result<String> {
        let source = fs::read_to_string(workspace.join(&self.file)).with_context(|| format!("{}: {}", self.name, self.file))?;
        let count = source.matches(&self.find).count();
        ensure!(count == 1, "the patch {} doesn't apply: its text stands {count} times in {}", self.name, self.file);
        Ok(source.replacen(&self.find, &self.with, 1))
    }

    /// The tests that fail with the patch.
    fn noticed_in(&self, checkout: &Path) -> Result<Vec<String>> {
        let path = checkout.join(&self.file);
        let (whole, patched) = (fs::read_to_string(&path)?, self.apply(checkout)?);
        fs::write(&path, patched)?;
        let failed = tests(checkout).with_context(|| format!("the patch {} doesn't compile", self.name));
        fs::write(&path, whole)?;
        failed
    }
}

/// The component's native tests that fail in a checkout.
///
/// # Errors
///
/// They don't compile.
fn tests(checkout: &Path) -> Result<Vec<String>> {
    let cargo_test = || {
        let mut command = cargo();
        command.current_dir(checkout).args([
            "test",
            "--quiet",
            "--package",
            "cognito-oidc",
            "--package",
            "modular-power",
            "--lib",
        ]);
        command.args(["--no-fail-fast", "--profile", "mutants"]);
        command.arg("--target-dir").arg(checkout.join("target"));
        // The same cases each time, and none remembered.
        command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        command
    };
    run(cargo_test().arg("--no-run"))?;
    let output = cargo_test().args(["--", "--format", "pretty"]).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let failed = printed.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let mut failed: Vec<String> = failed.map(str::to_owned).collect();
    if !output.status.success() && failed.is_empty() {
        failed.push("a test that ends the process".to_owned());
    }
    Ok(failed)
}

/// Everything but what is built, in place of what is there, but for what was built there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path: PathBuf = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let is_built = ["target", ".git", "mutants.out", "mutants.out.old", "node_modules"].iter().any(|built| name == *built);
        let copied = to.join(name);
        if path.is_dir() && !is_built {
            copy(&path, &copied)?;
        } else if path.is_file() && !is_built && fs::read(&path)? != fs::read(&copied).unwrap_or_default() {
            fs::write(&copied, fs::read(&path)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "why: it would pass\nfile: src/a.rs\nfind:\n    a == b\nwith:\n    a.starts_with(b)\n";

    #[test]
    fn each_patch_applies_exactly_once() {
        let workspace = component_artifact::workspace();
        let patches = read(&workspace).unwrap();
        let failures: Vec<String> =
            patches.iter().filter_map(|patch| patch.apply(&workspace).err()).map(|error| format!("{error:#}")).collect();
        assert_eq!(failures, [""; 0]);
        for (index, patch) in patches.iter().enumerate() {
            let twin = patches[..index]
                .iter()
                .find(|other| (&other.file, &other.find, &other.with) == (&patch.file, &patch.find, &patch.with));
            assert!(twin.is_none(), "{} is {}", patch.name, twin.unwrap().name);
            let is_the_components = ["src/", "modular-power/src/"].iter().any(|folder| patch.file.starts_with(folder));
            assert!(is_the_components, "{}: {}", patch.name, patch.file);
        }
    }

    #[test]
    fn a_patch_is_read_as_it_is_written() {
        let patch = Patch::parse("x", TEXT).unwrap();
        let [name, why, file] = ["x", "it would pass", "src/a.rs"].map(str::to_owned);
        assert_eq!(patch, Patch { name, why, file, find: "    a == b".into(), with: "    a.starts_with(b)".into() });
        assert_eq!(Patch::parse("x", "why: w\nfile: f\nfind:\na\nb\nwith:\n").unwrap().with, "");
        assert_eq!(Patch::parse("x", "why: w\nfile: f\nfind:\na\nb\nwith:\nc\n\nd\n").unwrap().with, "c\n\nd");
    }

    #[test]
    fn what_is_no_patch_is_refused() {
        for text in [
            "",
            "why: w\nfile: f\n",
            "why: w\nfile: f\nfind:\na\n",
            "why: w\nfind:\na\nwith:\nb\n",
            "file: f\nfind:\na\nwith:\nb\n",
            "why: w\nfile: f\nline: 7\nfind:\na\nwith:\nb\n",
            "why: w\nfile: f\nfind:\na\nwith:\na\n",
            "why: w\nfile: f\nfind:\n\n\nwith:\na\n",
        ] {
            assert!(Patch::parse("x", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_patch_whose_text_is_gone_or_stands_twice_does_not_apply() {
        let workspace = std::env::temp_dir().join(format!("xtask-patches-{}", std::process::id()));
        fs::create_dir_all(workspace.join("src")).unwrap();
        let patch = Patch::parse("x", TEXT).unwrap();
        let applied = ["{\n    a == b\n}", "{\n    a != b\n}", "    a == b\n    a == b\n"].map(|source| {
            fs::write(workspace.join("src/a.rs"), source).unwrap();
            patch.apply(&workspace).ok()
        });
        fs::remove_dir_all(&workspace).unwrap();
        assert_eq!(applied, [Some("{\n    a.starts_with(b)\n}".to_owned()), None, None]);
    }
}
