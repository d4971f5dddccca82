//! What is in a package: files by their names, written at once.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The file that lists all others, as `sha256sum --check` reads it.
const SUMS: &str = "SHA256SUMS";

/// Files by their names, which are separated by `/` everywhere.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    pub(crate) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.to_owned(), bytes);
    }

    /// Adds a file, or a folder with all that is below it; an empty name is the whole folder. Hidden files, which editors leave
    /// behind, stay where they are, and so does what is installed beside a host.
    ///
    /// # Errors
    ///
    /// A file that can't be read.
    pub(crate) fn copy(&mut self, workspace: &Path, name: &str) -> Result<()> {
        let path = workspace.join(name);
        if path.is_file() {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            self.add(name, bytes);
            return Ok(());
        }
        for entry in fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?.file_name();
            let entry = entry.to_string_lossy();
            if !entry.starts_with('.') && !["node_modules", "__pycache__"].contains(&entry.as_ref()) {
                let below = if name.is_empty() { entry.to_string() } else { format!("{name}/{entry}") };
                self.copy(workspace, &below)?;
            }
        }
        Ok(())
    }

    /// SHA-256 of a file, in hexadecimal.
    ///
    /// # Errors
    ///
    /// There is no such file.
    pub(crate) fn digest(&self, name: &str) -> Result<String> {
        Ok(sha256(self.0.get(name).with_context(|| format!("the package has no {name}"))?))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Adds the sums of everything that was added before.
    pub(crate) fn add_sums(&mut self) {
        let mut sums = String::new();
        for (name, bytes) in self.iter() {
            // Never fails: it is a String.
            let _ = writeln!(sums, "{}  {name}", sha256(bytes));
        }
        self.add(SUMS, sums.into_bytes());
    }

    /// Replaces a folder. It is there whole or not at all.
    ///
    /// # Errors
    ///
    /// A file that can't be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let unfinished = folder.with_extension("unfinished");
        for path in [&unfinished, folder] {
            if path.exists() {
                fs::remove_dir_all(path).with_context(|| format!("can't remove {}", path.display()))?;
            }
        }
        for (name, bytes) in self.iter() {
            let path = unfinished.join(name);
            fs::create_dir_all(path.parent().context("a file in no folder")?)?;
            fs::write(&path, bytes).with_context(|| format!("can't write {}", path.display()))?;
        }
        fs::rename(&unfinished, folder).with_context(|| format!("can't write {}", folder.display()))
    }
}

/// In hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_name_each_file_in_order_and_not_themselves() {
        let mut files = Files::default();
        files.add("wit/world.wit", b"b".to_vec());
        files.add("LICENSE", b"a".to_vec());
        files.add_sums();
        let sums = files.iter().find(|(name, _)| *name == SUMS).unwrap().1;
        let expected = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  LICENSE\n\
                        3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  wit/world.wit\n";
        assert_eq!(std::str::from_utf8(sums).unwrap(), expected);
    }

    #[test]
    fn what_is_written_replaces_what_was_there() {
        let folder = std::env::temp_dir().join(format!("xtask-package-{}", std::process::id()));
        for name in ["old", "a/new"] {
            let mut files = Files::default();
            files.add(name, b"x".to_vec());
            files.write(&folder).unwrap();
        }
        let kept = (folder.join("old").exists(), fs::read(folder.join("a/new")).unwrap());
        let mut read = Files::default();
        read.copy(&folder, "a").unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(kept, (false, b"x".to_vec()));
        assert_eq!(read.iter().collect::<Vec<_>>(), [("a/new", b"x".as_slice())]);
    }
}
