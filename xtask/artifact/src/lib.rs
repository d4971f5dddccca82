//! Where the sealed component lies, and whether it is up to date.
//!
//! `cargo xtask build` writes the component and beside it a digest of all it was made from; whoever loads the component asks
//! [`fresh`] for it. So a plain `cargo test` never tests a component of yesterday's sources.

mod digest;
mod workspace;

use std::{fmt, fs, io, path::PathBuf};

/// Where everything stands that the component is made from: the checkout that cargo runs this program for, or in which its file
/// lies.
pub fn workspace() -> PathBuf {
    workspace::find()
}

/// The sealed component, there or not. Who wants to load it calls [`fresh`].
pub fn component() -> PathBuf {
    folder().join("cognito_oidc.wasm")
}

/// The component's core module with the names of its functions, in the same order: it turns `wasm-function[123]` of a backtrace
/// into a name.
pub fn core_module() -> PathBuf {
    folder().join("cognito_oidc.core.wasm")
}

/// The component's modular power alone, as a core module for tests: built by the same compiler, with the same flags.
pub fn modular_power() -> PathBuf {
    folder().join("modular_power.wasm")
}

/// The path of the sealed component, if it was made from the sources as they are now.
///
/// # Errors
///
/// Why it can't be used. The message says what to run.
pub fn fresh() -> Result<PathBuf, Stale> {
    let recorded = match fs::read_to_string(record_path()) {
        Ok(recorded) => recorded,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Stale::Missing),
        Err(error) => return Err(Stale::Unreadable(error)),
    };
    if !component().is_file() {
        return Err(Stale::Missing);
    }
    if recorded != digest()? {
        return Err(Stale::Outdated);
    }
    Ok(component())
}

/// SHA-256, in hexadecimal, over the names and contents of all files that the component is made from.
///
/// # Errors
///
/// A file that can't be read.
pub fn digest() -> io::Result<String> {
    digest::of(&workspace())
}

/// Replaces the component and what is built beside it. `digest` is the [`digest()`] taken before the build began, so that what is
/// edited during a build makes its result stale.
///
/// # Errors
///
/// A file that can't be written. The artifact is stale then, never half new.
pub fn store(digest: &str, component_bytes: &[u8], core_bytes: &[u8], modular_power_bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder())?;
    match fs::remove_file(record_path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write(core_module(), core_bytes)?;
    fs::write(modular_power(), modular_power_bytes)?;
    fs::write(component(), component_bytes)?;
    fs::write(record_path(), digest)
}

/// Why the component can't be used as it is.
#[derive(Debug)]
pub enum Stale {
    /// It was never built, or its build failed.
    Missing,
    /// Its sources, manifests or build have changed since.
    Outdated,
    /// It isn't known, because a file can't be read.
    Unreadable(io::Error),
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => {
                f.write_str("the component isn't built: run `cargo xtask build`, or `cargo xtask test` for all tests")
            }
            Self::Outdated => f.write_str(
                "the component is older than its sources: run `cargo xtask build`, or `cargo xtask test` for all tests",
            ),
            Self::Unreadable(error) => write!(f, "whether the component is up to date can't be told: {error}"),
        }
    }
}

impl std::error::Error for Stale {}

impl From<io::Error> for Stale {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

fn folder() -> PathBuf {
    workspace().join("target/component")
}

fn record_path() -> PathBuf {
    folder().join("cognito_oidc.sources.sha256")
}
