//! A folder that is a store. Each key is a folder in it, and each state of the key a file there, named by its number: 1, 2, 3 …
//!
//! Whoever has seen state 2 and wants to replace it writes a file elsewhere and links it as 3. The file system lets one succeed,
//! and whoever sees the name sees the whole content. A state that was replaced is emptied and keeps its name: were it gone,
//! somebody who saw state 1 could still link 2. A key that is removed is moved away as a whole first.

use std::{io, time::SystemTime};

use crate::disk::Disk;

/// Characters of a key, as a file's name.
const NAME: usize = 240;

/// Stands before each value, so that none is empty but a state that was replaced.
const MARK: u8 = b'=';

/// How often a state is read anew that was replaced meanwhile.
const TRIES: usize = 64;

#[derive(Clone)]
pub(crate) struct Folder {
    disk: Disk,
    keys: String,
    /// Where files lie that aren't linked yet, and keys that were removed.
    spare: String,
}

/// A key, as it stood when it was read.
pub(crate) struct State {
    /// 0 where nothing was ever stored, or it was removed.
    number: u64,
    pub(crate) value: Option<Vec<u8>>,
}

impl Folder {
    /// # Errors
    ///
    /// `InvalidInput` where no store can have that name; else the file system's own.
    pub(crate) fn open(disk: Disk, name: &str) -> io::Result<Self> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let folder = Self { disk, keys: format!("{name}/keys"), spare: format!("{name}/spare") };
        for path in [name, &folder.keys, &folder.spare] {
            folder.make(path)?;
        }
        Ok(folder)
    }

    pub(crate) fn state(&self, key: &str) -> io::Result<State> {
        let place = self.place(key)?;
        for _ in 0..TRIES {
            let Some(number) = self.newest(&place)? else { return Ok(State { number: 0, value: None }) };
            let content = match self.disk.read(&format!("{place}/{number}")) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                content => content?,
            };
            if let Some(value) = content.strip_prefix(&[MARK]) {
                return Ok(State { number, value: Some(value.to_vec()) });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Lets a value follow a state; false where another one did.
    pub(crate) fn follow(&self, key: &str, state: &State, value: &[u8]) -> io::Result<bool> {
        let place = self.place(key)?;
        if state.number == 0 {
            self.make(&place)?;
        }
        let spare = self.write_spare(&[&[MARK], value].concat())?;
        let linked = self.disk.link(&spare, &format!("{place}/{}", state.number + 1));
        self.disk.remove_file(&spare)?;
        match linked {
            // Not found: the key was removed.
            Err(error) if [io::ErrorKind::AlreadyExists, io::ErrorKind::NotFound].contains(&error.kind()) => return Ok(false),
            linked => linked?,
        }
        if state.number > 0 {
            // Room is all that is lost where it isn't emptied.
            let empty = self.write_spare(&[]);
            let _ = empty.and_then(|empty| self.disk.rename(&empty, &format!("{place}/{}", state.number)));
        }
        Ok(true)
    }

    pub(crate) fn remove(&self, key: &str) -> io::Result<()> {
        let place = self.place(key)?;
        let away = self.first_unused(|away| self.disk.make_folder(away))?;
        // In the place of the empty folder: no name is free between asking and taking it.
        match self.disk.rename(&place, &away) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for name in self.disk.list(&away)? {
            self.disk.remove_file(&format!("{away}/{name}"))?;
        }
        self.disk.remove_folder(&away)
    }

    pub(crate) fn keys(&self) -> io::Result<Vec<String>> {
        Ok(self.disk.list(&self.keys)?.iter().filter_map(|name| key_of(name)).collect())
    }

    fn place(&self, key: &str) -> io::Result<String> {
        Ok(format!("{}/{}", self.keys, file_name(key)?))
    }

    fn newest(&self, place: &str) -> io::Result<Option<u64>> {
        match self.disk.list(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            names => Ok(names?.iter().filter_map(|name| name.parse().ok()).max()),
        }
    }

    fn make(&self, path: &str) -> io::Result<()> {
        match self.disk.make_folder(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// A file of its own with that content.
    fn write_spare(&self, content: &[u8]) -> io::Result<String> {
        self.first_unused(|path| self.disk.write_new(path, content))
    }

    /// Makes something under a name that nobody else has.
    fn first_unused(&self, make: impl Fn(&str) -> io::Result<()>) -> io::Result<String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
        for name in now.as_nanos().. {
            let path = format!("{}/{name}", self.spare);
            match make(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| path),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// Letters and digits, `.`, `-` and `_` as they are; anything else as `%` and two digits.
fn file_name(key: &str) -> io::Result<String> {
    let mut name = String::new();
    for byte in key.bytes() {
        // No name begins with a dot: it might be `..`.
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && !name.is_empty()) {
            name.push(char::from(byte));
        } else {
            name += &format!("%{byte:02x}");
        }
    }
    if name.is_empty() || name.len() > NAME { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(name) }
}

fn key_of(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.bytes().next() {
        if first == b'%' {
            bytes.push(u8::from_str_radix(rest.get(1..3)?, 16).ok()?);
            rest = rest.get(3..)?;
        } else {
            bytes.push(first);
            rest = rest.get(1..)?;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
