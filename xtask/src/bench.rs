//! `cargo xtask bench`: the component, the host, and what others wrote for the same job, measured side by side.
//!
//! The package `bench` measures; here is what it needs, and what is made of its figures. Needs Node.js 20 and Python 3.11
//! besides; their packages are installed below `target`.

mod documents;
mod plot;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    component,
    interop::PYTHON_PACKAGE,
    measuring::{self, Arguments},
    process::{output, run},
    toolchain::{self, Toolchain},
    tools,
};
use table::Table;

pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    let Arguments { is_quick, writes_documents } = Arguments::read(arguments)?;
    component::build(&[])?;
    let workspace = component_artifact::workspace();
    let folder = workspace.join("target/bench");
    let peers = install(&workspace.join("bench/peers"), &folder.join("peers"))?;
    let guest = guest(&workspace)?;
    let measured = folder.join("measured.json");
    let mut measure = Command::new(measuring::program("cognito-oidc-bench")?);
    measure.arg(component_artifact::component()).args([&guest, &peers, &folder, &measured]);
    run(measure.args(is_quick.then_some("--quick")))?;

    let table = Table::read(serde_json::from_str(&fs::read_to_string(&measured)?)?)?;
    let (text, plot) = (table.text()?, plot::svg(&table)?);
    print!("{text}");
    fs::write(folder.join("table.txt"), &text)?;
    fs::write(folder.join("table.json"), format!("{:#}\n", table.json()?))?;
    fs::write(folder.join("performance.svg"), &plot)?;
    if writes_documents { documents::write(&workspace, &table, &plot, &machine()?) } else { Ok(()) }
}

/// The signature by itself, compiled as the component is, beside the component: they have all dependencies in common.
fn guest(workspace: &Path) -> Result<PathBuf> {
    let toolchain = Toolchain::find()?;
    let mut cargo = toolchain.cargo();
    cargo
        .args(["rustc", "--locked", "--manifest-path", "bench/Cargo.toml", "--package", "signature-guest", "--lib"])
        .args(["--target", toolchain::TARGET, "--profile", "component", "--target-dir", "target"])
        .env("CARGO_ENCODED_RUSTFLAGS", component::compiler_flags(&toolchain)?.join("\u{1f}"))
        .arg("--")
        .args(toolchain.linker_flags());
    run(&mut cargo)?;
    Ok(workspace.join("target").join(toolchain::TARGET).join("component/signature_guest.wasm"))
}

/// Packages in the versions that were tried, and the component as JavaScript.
fn install(sources: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
    for file in ["package.json", "peer.mjs", "peer.py"] {
        fs::copy(sources.join(file), folder.join(file)).with_context(|| format!("can't copy {file}"))?;
    }
    tools::node_packages(folder)?;
    if !folder.join("python/wasmtime").is_dir() {
        tools::python_package(PYTHON_PACKAGE, &folder.join("python"))?;
    }
    let mut jco = Command::new(folder.join("node_modules/.bin/jco"));
    jco.arg("transpile").arg(component_artifact::component()).args(["--quiet", "--instantiation", "sync", "--out-dir"]);
    run(jco.arg(folder.join("transpiled")))?;
    Ok(folder.to_owned())
}

/// What it was measured on, in a sentence.
fn machine() -> Result<String> {
    let version = |program: &str| output(Command::new(program).arg("--version"));
    let (node, python) = (version("node")?, version("python3")?);
    Ok(format!("{}, Node.js {}, {}.", measuring::machine()?, node.trim().trim_start_matches('v'), python.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of a manifest that begins with this line.
    fn section(manifest: &str, heading: &str) -> String {
        let after = manifest.split_once(&format!("\n{heading}\n")).map(|(_, after)| after).unwrap_or_default();
        let lines = after.lines().take_while(|line| !line.starts_with('['));
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_guest_of_the_signature_is_compiled_as_the_component_is() {
        let read = |path: &str| fs::read_to_string(component_artifact::workspace().join(path)).unwrap();
        let (project, bench) = (read("Cargo.toml"), read("bench/Cargo.toml"));
        for heading in ["[profile.component]", "[profile.component.package]"] {
            assert!(!section(&project, heading).is_empty(), "{heading}");
            assert_eq!(section(&project, heading), section(&bench, heading), "{heading}");
        }
    }

    #[test]
    fn what_it_does_not_know_it_does_not_run() {
        let error = bench(&["--quik".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("--quik"), "{error}");
    }
}
