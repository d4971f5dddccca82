//! Programs that some commands need besides the compiler, installed where they are missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process::{cargo, output, run, say, succeeds};

/// The version that the site was looked at in, without what watches and serves.
const MDBOOK: [&str; 4] = ["mdbook@0.5.4", "--no-default-features", "--features", "search"];

/// The path of `mdbook`, which is installed below `target`.
///
/// # Errors
///
/// It is missing and can't be installed.
pub(crate) fn mdbook() -> Result<PathBuf> {
    let tools = component_artifact::workspace().join("target/tools");
    let program = tools.join("bin/mdbook");
    if !program.is_file() {
        say("installing mdbook");
        let mut install = cargo();
        install.args(["install", "--locked", "--quiet", "--root"]).arg(&tools).args(MDBOOK);
        run(&mut install).context("mdbook is missing and can't be installed")?;
    }
    Ok(program)
}

/// Makes sure of a subcommand of cargo from the registry, `deny` for `cargo-deny`.
///
/// # Errors
///
/// It is missing and can't be installed.
pub(crate) fn cargo_subcommand(name: &str) -> Result<()> {
    if succeeds(cargo().args([name, "--version"])) {
        return Ok(());
    }
    let package = format!("cargo-{name}");
    say(format!("installing {package}"));
    run(cargo().args(["install", "--locked", &package])).with_context(|| format!("{package} is missing and can't be installed"))
}

/// The packages that a folder's `package.json` names, installed in that folder.
///
/// # Errors
///
/// npm is missing, or they can't be installed.
pub(crate) fn node_packages(folder: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
    run(&mut npm).context("Node.js 20 is missing, or its packages can't be installed")
}

/// A package of Python's, installed into a folder of its own, in place of another version that is there.
///
/// # Errors
///
/// Python's pip is missing, or it can't be installed.
pub(crate) fn python_package(package: &str, folder: &Path) -> Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", package, "--target"]);
    run(pip.arg(folder)).context("Python 3.11 with pip is missing, or its package can't be installed")
}

/// The spell checker, in one version: a later one knows further words.
const TYPOS: &str = "1.52.0";

/// Makes sure of the spell checker `typos`, and returns how to call it.
///
/// # Errors
///
/// It is missing and can't be installed.
pub(crate) fn typos() -> Result<Command> {
    // Beside what is built: another project on this machine may want another version.
    let folder = component_artifact::workspace().join("target/tools");
    let program = folder.join("bin").join(format!("typos{}", std::env::consts::EXE_SUFFIX));
    let version = output(Command::new(&program).arg("--version")).unwrap_or_default();
    if !version.trim().ends_with(TYPOS) {
        say(format!("installing typos {TYPOS}"));
        // As Python's package it comes compiled, in seconds; by Cargo it takes minutes.
        if python_package(&format!("typos=={TYPOS}"), &folder).is_err() {
            let mut install = cargo();
            install.args(["install", "--locked", "typos-cli", "--version", TYPOS, "--root"]).arg(&folder);
            run(&mut install).context("typos-cli is missing and can't be installed")?;
        }
    }
    let mut typos = Command::new(program);
    typos.current_dir(component_artifact::workspace());
    Ok(typos)
}

/// Makes sure of a component of rustup's toolchain whose program is a subcommand of cargo, `clippy` or `fmt`.
///
/// # Errors
///
/// It is missing and can't be installed.
pub(crate) fn rustup_subcommand(name: &str, component: &str) -> Result<()> {
    if succeeds(cargo().args([name, "--version"])) {
        return Ok(());
    }
    rustup_component(component)
}

/// Makes sure of a component of rustup's toolchain; where it is there already, rustup does nothing.
///
/// # Errors
///
/// It is missing and can't be installed.
pub(crate) fn rustup_component(component: &str) -> Result<()> {
    say(format!("making sure of {component} by rustup"));
    run(Command::new("rustup").args(["component", "add", component]))
        .with_context(|| format!("{component} is missing and can't be installed: run `rustup component add {component}`"))
}

/// Makes sure of packages of Debian's.
///
/// # Errors
///
/// They are missing and can't be installed. The message names them.
pub(crate) fn debian_packages(packages: &[&str]) -> Result<()> {
    // A package that was removed is still known, by what is left of its configuration.
    let is_installed = |package: &&str| {
        let mut query = Command::new("dpkg-query");
        query.args(["--show", "--showformat=${db:Status-Status}", package]).stderr(Stdio::null());
        query.output().is_ok_and(|answer| answer.stdout == b"installed")
    };
    if packages.iter().all(is_installed) {
        return Ok(());
    }
    let list = packages.join(" ");
    say(format!("installing {list} by apt-get"));
    let install = || -> Result<()> {
        run(as_root("apt-get").args(["update", "--quiet"]))?;
        run(as_root("apt-get").args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
    };
    install().with_context(|| format!("Debian's packages are missing: install {list}"))
}

/// A cargo of the nightly compiler, which sanitizers need.
///
/// # Errors
///
/// It is missing and can't be installed.
pub(crate) fn nightly() -> Result<()> {
    let mut nightly = Command::new("rustup");
    if succeeds(nightly.args(["run", "nightly", "cargo", "--version"])) {
        return Ok(());
    }
    say("installing the nightly compiler by rustup");
    let install = ["toolchain", "install", "nightly", "--profile", "minimal"];
    run(Command::new("rustup").args(install)).context("the nightly compiler is missing and can't be installed")
}

/// The command itself, where this is root's process already (a container), else through `sudo` without a question.
fn as_root(program: &str) -> Command {
    let mut command = Command::new(if is_root() { program } else { "sudo" });
    if !is_root() {
        command.args(["--non-interactive", program]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether this is root's process.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("--user")).is_ok_and(|id| id.trim() == "0")
}
