//! By `wasi:filesystem`, below the folder that the host opens as `/state`.

use std::{io, rc::Rc};

use wasip2::filesystem::{
    preopens,
    types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags},
};

const ROOT: &str = "/state";

/// Bytes that are read at once.
const PIECE: u64 = 64 << 10;

#[derive(Clone)]
pub(crate) struct Disk(Rc<Descriptor>);

impl Disk {
    pub(crate) fn open() -> io::Result<Self> {
        let mut folders = preopens::get_directories().into_iter();
        let root = folders.find(|(_, name)| name == ROOT).ok_or(io::ErrorKind::PermissionDenied)?;
        Ok(Self(Rc::new(root.0)))
    }

    pub(crate) fn make_folder(&self, path: &str) -> io::Result<()> {
        self.0.create_directory_at(path).map_err(told)
    }

    pub(crate) fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let folder = self.at(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        let entries = folder.read_directory().map_err(told)?;
        let mut names = Vec::new();
        while let Some(entry) = entries.read_directory_entry().map_err(told)? {
            names.push(entry.name);
        }
        Ok(names)
    }

    pub(crate) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = self.at(path, OpenFlags::empty(), DescriptorFlags::READ)?;
        let mut content = Vec::new();
        loop {
            let (piece, is_end) = file.read(PIECE, content.len() as u64).map_err(told)?;
            content.extend(&piece);
            if is_end || piece.is_empty() {
                return Ok(content);
            }
        }
    }

    /// Only where nothing has that name.
    pub(crate) fn write_new(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let file = self.at(path, OpenFlags::CREATE | OpenFlags::EXCLUSIVE, DescriptorFlags::WRITE)?;
        let mut written = 0;
        while let Some(rest) = content.get(written..).filter(|rest| !rest.is_empty()) {
            let bytes = file.write(rest, written as u64).map_err(told)?;
            written += usize::try_from(bytes).ok().filter(|&bytes| bytes > 0).ok_or(io::ErrorKind::WriteZero)?;
        }
        file.sync().map_err(told)
    }

    /// A second name, where nothing has it.
    pub(crate) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.link_at(PathFlags::empty(), from, &self.0, to).map_err(told)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename_at(from, &self.0, to).map_err(told)
    }

    pub(crate) fn remove_file(&self, path: &str) -> io::Result<()> {
        self.0.unlink_file_at(path).map_err(told)
    }

    pub(crate) fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.0.remove_directory_at(path).map_err(told)
    }

    fn at(&self, path: &str, open: OpenFlags, flags: DescriptorFlags) -> io::Result<Descriptor> {
        self.0.open_at(PathFlags::empty(), path, open, flags).map_err(told)
    }
}

fn told(code: ErrorCode) -> io::Error {
    let kind = match code {
        ErrorCode::NoEntry => io::ErrorKind::NotFound,
        ErrorCode::Exist => io::ErrorKind::AlreadyExists,
        ErrorCode::Access | ErrorCode::NotPermitted | ErrorCode::ReadOnly => io::ErrorKind::PermissionDenied,
        ErrorCode::Quota | ErrorCode::InsufficientSpace => io::ErrorKind::StorageFull,
        _ => io::ErrorKind::Other,
    };
    kind.into()
}
