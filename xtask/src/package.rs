//! `cargo xtask package`: the sealed component with its identity inside, and beside it what somebody needs who has no Rust
//! toolchain: the contract, schemas, hosts in other languages, licences, a list of what is in it, and sums of all that.
//!
//! The sealed component itself stays as it is: custom sections are added behind it, and without them it is the same byte for
//! byte.

mod dependencies;
mod files;
mod identity;
mod notices;
mod provenance;
mod release;
mod reproduce;
mod revision;
mod sbom;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    component,
    process::say,
    toolchain::{TARGET, Toolchain},
    world::{self, World},
};
use dependencies::Dependencies;
use files::Files;
use identity::Identity;
use revision::Revision;

pub(crate) use release::hold;

/// The packaged component. jco names what it makes of it after this file.
pub(crate) const COMPONENT: &str = "cognito_oidc.wasm";
/// The contract as a WIT package in binary form, as registries keep it.
const CONTRACT: &str = "journey-step.wasm";
pub(crate) const SBOM: &str = "sbom.cdx.json";
const PROVENANCE: &str = "provenance.json";
const NOTICES: &str = "THIRD-PARTY-NOTICES.txt";
const LIBRARY_NOTICES: &str = "RUST-LIBRARY-NOTICES.html";

/// What is packaged as it lies in the sources: folders with all that is below them, and files.
const AS_IT_IS: [&str; 6] = ["LICENSE", "docs/nodejs.md", "docs/python.md", "hosts", "schema", "wit"];

/// Where the package lies.
fn folder() -> PathBuf {
    component_artifact::workspace().join("target/package")
}

/// Copies the package, as somebody has it who downloaded it.
///
/// # Errors
///
/// It isn't made, or can't be written.
pub(crate) fn copy(into: &Path) -> Result<()> {
    let mut files = Files::default();
    files.copy(&folder(), "")?;
    files.write(into)
}

/// Writes the package; with `--check`, makes it twice more, elsewhere and from the last commit, and compares.
pub(crate) fn package(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => make(),
        [check] if check == "--check" => reproduce::check(),
        [other, ..] => bail!("package takes no argument like `{other}`, but `--check`"),
    }
}

fn make() -> Result<()> {
    let workspace = component_artifact::workspace();
    // In any case: which toolchain made a component that is there isn't known, and the package says which it was.
    let toolchain = component::make()?;
    let sealed = fs::read(component_artifact::component())?;
    let dependencies = Dependencies::read(TARGET)?;
    let revision = Revision::read(&workspace)?;
    if let Revision::Unknown(why) = &revision {
        say(format!("{why}: the package names no revision"));
    }
    let identity = Identity::of(dependencies.root(), &revision, &toolchain)?;
    if identity.source.is_none() {
        say("Cargo.toml names no `repository`: the package doesn't say where its source is");
    }

    let mut files = Files::default();
    for path in AS_IT_IS {
        files.copy(&workspace, path)?;
    }
    let component = identity.component(&sealed, &dependencies)?;
    World::read(&workspace.join("wit"))?.check(&component)?;
    ensure!(identity::without_custom_sections(&component)? == identity::without_custom_sections(&sealed)?, "the seal is broken");
    component::no_builders_path(&component, &toolchain)?;
    files.add(COMPONENT, component);
    files.add(CONTRACT, identity.contract(&world::encoded(&workspace.join("wit"))?)?);
    files.add(NOTICES, notices::text(&dependencies, &workspace)?.into_bytes());
    files.add(LIBRARY_NOTICES, library_notices(&toolchain)?);
    files.add(SBOM, sbom::json(&dependencies, &revision, &toolchain, files.digest(COMPONENT)?)?);
    let provenance = provenance::Inputs {
        dependencies: &dependencies,
        revision: &revision,
        compiler: toolchain.compiler(),
        toolchain: toolchain.to_string(),
        sources: component_artifact::digest()?,
        lock: &fs::read(workspace.join("Cargo.lock"))?,
        sealed: &sealed,
    };
    files.add(PROVENANCE, provenance::json(&files, &provenance));
    files.add_sums();
    files.write(&folder())?;

    for (name, bytes) in files.iter() {
        if !name.contains('/') {
            say(format!("target/package/{name}: {} bytes", bytes.len()));
        }
    }
    say(format!("of a release, release.sha256 has the line:\n{}", release::line(identity.version, &toolchain, &sealed)));
    Ok(())
}

/// # Errors
///
/// A toolchain without them, such as Debian's.
fn library_notices(toolchain: &Toolchain) -> Result<Vec<u8>> {
    let path = toolchain.library_notices();
    fs::read(&path).with_context(|| {
        format!(
            "{}: the notices of the standard library come with rustup's toolchain, and a package is made with that",
            path.display()
        )
    })
}
