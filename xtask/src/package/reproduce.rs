//! `cargo xtask package --check`: the last commit is packaged twice, in two folders with two cargo homes, once from a clone and
//! once from a source archive. Both must be the same, byte for byte.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    component,
    process::{part, run, say},
};

/// # Errors
///
/// No checkout, a package that can't be made, or two that differ; the message names the files.
pub(super) fn check() -> Result<()> {
    let workspace = component_artifact::workspace();
    let scratch = workspace.join("target/reproduce");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    // Folders of different depth, so that no length of a path is the same by chance.
    let (clone, archive) = (scratch.join("clone"), scratch.join("from/an/archive"));
    fs::create_dir_all(&archive)?;
    run(Command::new("git").args(["clone", "--quiet"]).arg(&workspace).arg(&clone))
        .context("two builds are compared in a checkout")?;
    unpack(&clone, &archive)?;

    let mut packages = Vec::new();
    for (name, sources) in [("a clone", &clone), ("a source archive", &archive)] {
        let home = sources.with_extension("cargo");
        part(name, || packaged(sources, &home))?;
        packages.push(read(&sources.join("target/package"))?);
    }
    let [first, second] = &packages[..] else { bail!("two packages") };
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let different: Vec<&str> =
        names.into_iter().filter(|name| first.get(*name) != second.get(*name)).map(String::as_str).collect();
    ensure!(
        different.is_empty(),
        "two packages of one commit differ in {}; both are in {}",
        different.join(", "),
        scratch.display()
    );
    fs::remove_dir_all(&scratch)?;
    say(format!("both packages are the same in all of their {} files", first.len()));
    Ok(())
}

/// As `git archive` makes it, and the hosts of repositories that offer archives.
fn unpack(repository: &Path, folder: &Path) -> Result<()> {
    let mut git = Command::new("git");
    let mut archive = git.arg("-C").arg(repository).args(["archive", "HEAD"]).stdout(Stdio::piped()).spawn()?;
    let packed = archive.stdout.take().context("an archive")?;
    run(Command::new("tar").arg("--extract").arg("--directory").arg(folder).stdin(packed))?;
    ensure!(archive.wait()?.success(), "`git archive` failed");
    Ok(())
}

/// This very program makes the package of other sources. Its own sources are among what the component is made from, and these are
/// the same.
fn packaged(sources: &Path, home: &Path) -> Result<()> {
    fs::create_dir_all(home.join("registry"))?;
    // What was downloaded before isn't downloaded again; it is unpacked into the home that the compiler sees.
    for part in ["cache", "index"] {
        let known = component::cargo_home()?.join("registry").join(part);
        if known.is_dir() {
            link(&known, &home.join("registry").join(part))?;
        }
    }
    let config = component::cargo_home()?.join("config.toml");
    if config.is_file() {
        fs::copy(config, home.join("config.toml"))?;
    }
    let mut package = Command::new(env::current_exe()?);
    package.arg("package").current_dir(sources);
    run(package.env("CARGO_MANIFEST_DIR", sources.join("xtask")).env("CARGO_HOME", home))
}

#[cfg(unix)]
fn link(known: &Path, path: &Path) -> Result<()> {
    Ok(std::os::unix::fs::symlink(known, path)?)
}

/// Elsewhere it is downloaded once more.
#[cfg(not(unix))]
fn link(_known: &Path, _path: &Path) -> Result<()> {
    Ok(())
}

fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder)?.display().to_string(), fs::read(&path)?);
            }
        }
    }
    Ok(files)
}
