//! By the standard library, for tests.

use std::{fs, io, path::PathBuf};

#[derive(Clone)]
pub(crate) struct Disk(pub(crate) PathBuf);

impl Disk {
    pub(crate) fn make_folder(&self, path: &str) -> io::Result<()> {
        fs::create_dir(self.0.join(path))
    }

    pub(crate) fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.0.join(path))?;
        entries.map(|entry| entry?.file_name().into_string().map_err(|_| io::ErrorKind::InvalidData.into())).collect()
    }

    pub(crate) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(path))
    }

    /// Only where nothing has that name.
    pub(crate) fn write_new(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut file = fs::File::create_new(self.0.join(path))?;
        io::Write::write_all(&mut file, content)?;
        file.sync_all()
    }

    /// A second name, where nothing has it.
    pub(crate) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.0.join(from), self.0.join(to))
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(crate) fn remove_file(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(path))
    }

    pub(crate) fn remove_folder(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(self.0.join(path))
    }
}
