//! `examples/wasi-http`: the sealed component, an adapter and a front, composed into one component that any host of WASI 0.2 and
//! `wasi:http` can serve. It is a workspace of its own, with its own lock file; what is built of it lies in `target/wasi-http`.
//!
//! Serving it and logging in through it needs Node.js 20.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    browser::harness,
    component,
    process::{cargo, part, run},
    toolchain::{TARGET, Toolchain},
    tools,
};

/// What is compiled for WebAssembly; `compose` is a program that makes one component of them.
const COMPONENTS: [&str; 4] = ["adapter", "counted", "files", "front"];

/// The files that say how they go together, and which components each takes besides the step.
const COMPOSITIONS: [(&str, &[&str]); 3] = [
    ("journey-files", &["adapter", "files", "front"]),
    ("journey", &["adapter", "front"]),
    ("journey-counted", &["adapter", "counted", "front"]),
];

/// Builds it around the component of this workspace, serves it, and logs in through it.
pub(crate) fn wasi_http(_arguments: &[String]) -> Result<()> {
    component::build(&[])?;
    part("the local Cognito", || run(cargo().args(["build", "--workspace", "--bin", "host-test"])))?;
    play(&component_artifact::component())
}

/// The same around another file that holds the component. The local Cognito is there already.
pub(crate) fn play(step: &Path) -> Result<()> {
    part("components", build)?;
    part("compositions, which import nothing but what is standard", || compose(step))?;
    let serve = folder().join("serve");
    part("jco", || {
        copy(&sources().join("serve"), &serve)?;
        tools::node_packages(&serve)
    })?;
    let log_in = |program: &str, composition: &str| {
        let mut login = Command::new("node");
        login.current_dir(&serve).arg(program).arg(folder().join(composition));
        run(login.arg(harness()?).arg("cognito"))
    };
    part("a login through jco serve", || log_in("login.mjs", "journey-files.wasm"))?;
    part("a login over a host's own store", || log_in("host-store.mjs", "journey.wasm"))?;
    part("a login over a store that can only count", || log_in("host-store.mjs", "journey-counted.wasm"))
}

/// Format, lints and tests of what is no binding: in seconds, for all of that is compiled natively.
pub(crate) fn check() -> Result<()> {
    run(own(&mut cargo()).args(["fmt", "--all", "--check"]))?;
    let packages = COMPONENTS.map(|name| ["--package", name]);
    let mut clippy = cargo();
    own(&mut clippy).args(["clippy", "--quiet", "--locked", "--all-targets"]).args(packages.as_flattened());
    run(clippy.args(["--target-dir"]).arg(folder()).args(["--", "-D", "warnings"]))?;
    let mut test = cargo();
    own(&mut test).args(["test", "--quiet", "--locked"]).args(packages.as_flattened());
    run(test.arg("--target-dir").arg(folder()))
}

/// Core modules, as the step's is linked: with either toolchain.
fn build() -> Result<()> {
    let toolchain = Toolchain::find()?;
    for name in COMPONENTS {
        let mut rustc = toolchain.cargo();
        own(&mut rustc).args(["rustc", "--quiet", "--locked", "--package", name, "--lib", "--release", "--target", TARGET]);
        run(rustc.arg("--target-dir").arg(folder()).arg("--").args(toolchain.linker_flags()))?;
    }
    let mut lints = cargo();
    let packages = COMPONENTS.map(|name| ["--package", name]);
    own(&mut lints).args(["clippy", "--quiet", "--locked", "--target", TARGET]).args(packages.as_flattened());
    run(lints.arg("--target-dir").arg(folder()).args(["--", "-D", "warnings"]))
}

fn compose(step: &Path) -> Result<()> {
    let mut test = cargo();
    own(&mut test).args(["test", "--quiet", "--locked", "--package", "compose", "--target-dir"]).arg(folder());
    run(&mut test)?;
    for (name, components) in COMPOSITIONS {
        let mut compose = cargo();
        own(&mut compose).args(["run", "--quiet", "--locked", "--package", "compose", "--target-dir"]).arg(folder()).arg("--");
        compose.arg(sources().join(format!("{name}.wac"))).arg(folder().join(format!("{name}.wasm")));
        compose.arg(format!("step={}", step.display()));
        for component in components {
            let module = folder().join(TARGET).join("release").join(format!("{component}.wasm"));
            compose.arg(format!("{component}={}", module.display()));
        }
        run(&mut compose)?;
    }
    Ok(())
}

/// A cargo in the example's workspace.
fn own(cargo: &mut Command) -> &mut Command {
    cargo.current_dir(sources())
}

fn sources() -> PathBuf {
    component_artifact::workspace().join("examples/wasi-http")
}

fn folder() -> PathBuf {
    component_artifact::workspace().join("target/wasi-http")
}

/// The files of a folder, into another one.
fn copy(from: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into).with_context(|| into.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file()) else { continue };
        fs::copy(&path, into.join(name)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
