//! One digest of everything that goes into the component.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Files, and folders with all that is below them, relative to the workspace. The build itself is among them: another seal makes
/// another component.
const SOURCES: [&str; 7] = [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "modular-power", "src", "wit", "xtask"];

/// SHA-256, in hexadecimal, over names and contents of the [`SOURCES`] in `workspace`.
pub(crate) fn of(workspace: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&workspace.join(source), &mut files)?;
    }
    let mut hasher = Sha256::new();
    for file in &files {
        let name = file.strip_prefix(workspace).unwrap_or(file).to_string_lossy().replace('\\', "/");
        field(&mut hasher, name.as_bytes());
        field(&mut hasher, &fs::read(file)?);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Adds the files at and below `path`, sorted, without hidden ones, which editors leave behind.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| entry.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b".")));
    entries.sort();
    entries.iter().try_for_each(|entry| collect(entry, files))
}

/// With its length before it, or text that moves from a name to a content would leave the digest unchanged.
fn field(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_a_name_or_a_content_changes_the_digest() {
        let workspace = Scratch::new("changes");
        let before = of(&workspace.0).unwrap();
        assert_eq!(before, of(&workspace.0).unwrap());

        fs::write(workspace.0.join("src/lib.rs"), "b").unwrap();
        let edited = of(&workspace.0).unwrap();
        fs::rename(workspace.0.join("src/lib.rs"), workspace.0.join("src/main.rs")).unwrap();
        let renamed = of(&workspace.0).unwrap();

        assert_ne!(before, edited);
        assert_ne!(edited, renamed);
    }

    #[test]
    fn what_an_editor_leaves_behind_changes_nothing() {
        let workspace = Scratch::new("hidden");
        let before = of(&workspace.0).unwrap();
        fs::write(workspace.0.join("src/.lib.rs.swp"), "").unwrap();
        assert_eq!(before, of(&workspace.0).unwrap());
    }

    #[test]
    fn a_missing_source_is_an_error() {
        let workspace = Scratch::new("missing");
        fs::remove_file(workspace.0.join("Cargo.lock")).unwrap();
        assert!(of(&workspace.0).is_err());
    }

    /// A small workspace of its own for one test, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("component-artifact-{name}-{}", std::process::id()));
            for folder in ["modular-power", "src", "wit", "xtask", ".cargo"] {
                fs::create_dir_all(path.join(folder)).unwrap();
            }
            for file in [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "src/lib.rs"] {
                fs::write(path.join(file), "a").unwrap();
            }
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
