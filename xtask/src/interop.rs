//! The step together with what others wrote: a certified OpenID Provider to log in at, and other component hosts to run in. Needs Node.js 20
//! and Python 3.11 besides; their packages are installed below `target`.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{
    checks::part,
    component,
    process::{cargo, run},
};

/// What `host-test/interop/host.py` imports.
const PYTHON_PACKAGE: &str = "wasmtime==50.0.1";

pub(crate) fn interop(_arguments: &[String]) -> Result<()> {
    component::build(&[])?;
    let sources = component_artifact::workspace().join("host-test/interop");
    let folder = component_artifact::workspace().join("target/interop");
    part("packages", || install(&sources, &folder))?;
    part("a certified OpenID Provider", || {
        let mut tests = cargo();
        tests.args(["test", "--quiet", "--workspace", "--test", "it", "--", "interop", "--ignored", "--nocapture"]);
        run(&mut tests)
    })?;
    part("a host on Node.js", || {
        let transpiled = folder.join("transpiled");
        let mut jco = Command::new(folder.join("node_modules/.bin/jco"));
        jco.arg("transpile").arg(component_artifact::component()).args(["--quiet", "--instantiation", "sync", "--out-dir"]);
        run(jco.arg(&transpiled))?;
        run(Command::new("node").arg(folder.join("host.mjs")).arg(&transpiled))
    })?;
    part("a host in Python", || {
        let mut python = Command::new("python3");
        python.arg(sources.join("host.py")).arg(component_artifact::component());
        run(python.env("PYTHONPATH", folder.join("python")))
    })
}

/// Packages in the versions that were tried, where they aren't there yet. Programs of Node.js lie beside their packages, or they wouldn't find
/// them.
fn install(sources: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
    for file in ["package.json", "provider.mjs", "host.mjs"] {
        fs::copy(sources.join(file), folder.join(file)).with_context(|| format!("can't copy {file}"))?;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
    run(&mut npm).context("Node.js 20 is missing, or its packages can't be installed")?;
    if folder.join("python/wasmtime").is_dir() {
        return Ok(());
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYTHON_PACKAGE, "--target"]);
    run(pip.arg(folder.join("python"))).context("Python 3.11 with pip is missing, or its package can't be installed")
}
