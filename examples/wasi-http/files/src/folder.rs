//! A folder that is a store. Each key is a folder in it, and each state of the key a file there, named by its number: 1, 2, 3 …
//!
//! Whoever has seen state 2 and wants to replace it writes a file elsewhere and links it as 3. The file system lets one succeed, and whoever
//! sees the name sees the whole content. A state that was replaced is emptied and keeps its name: were it gone, somebody who saw state 1 could
//! still link 2. A key that is removed is moved away as a whole first.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Characters of a key, as a file's name.
const NAME: usize = 240;

/// Stands before each value, so that none is empty but a state that was replaced.
const MARK: u8 = b'=';

/// How often a state is read anew that was replaced meanwhile.
const TRIES: usize = 64;

#[derive(Clone)]
pub(crate) struct Folder {
    keys: PathBuf,
    /// Where files lie that aren't linked yet, and keys that were removed.
    spare: PathBuf,
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
    pub(crate) fn open(root: &Path, name: &str) -> io::Result<Self> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let store = root.join(name);
        let folder = Self { keys: store.join("keys"), spare: store.join("spare") };
        fs::create_dir_all(&folder.keys)?;
        fs::create_dir_all(&folder.spare)?;
        Ok(folder)
    }

    pub(crate) fn state(&self, key: &str) -> io::Result<State> {
        let place = self.keys.join(file_name(key)?);
        for _ in 0..TRIES {
            let Some(number) = newest(&place)? else { return Ok(State { number: 0, value: None }) };
            let content = match fs::read(place.join(number.to_string())) {
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
        let place = self.keys.join(file_name(key)?);
        if state.number == 0 {
            fs::create_dir_all(&place)?;
        }
        let spare = self.spare(&[&[MARK], value].concat())?;
        let linked = fs::hard_link(&spare, place.join((state.number + 1).to_string()));
        fs::remove_file(&spare)?;
        match linked {
            // Not found: the key was removed.
            Err(error) if [io::ErrorKind::AlreadyExists, io::ErrorKind::NotFound].contains(&error.kind()) => return Ok(false),
            linked => linked?,
        }
        if state.number > 0 {
            // Room is all that is lost where it isn't emptied.
            let _ = self.spare(&[]).and_then(|empty| fs::rename(empty, place.join(state.number.to_string())));
        }
        Ok(true)
    }

    pub(crate) fn remove(&self, key: &str) -> io::Result<()> {
        let away = self.unused()?;
        match fs::rename(self.keys.join(file_name(key)?), &away) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => fs::remove_dir_all(&away),
        }
    }

    pub(crate) fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.keys)? {
            keys.extend(entry?.file_name().to_str().and_then(key_of));
        }
        Ok(keys)
    }

    /// A file of its own with that content.
    fn spare(&self, content: &[u8]) -> io::Result<PathBuf> {
        use io::Write as _;
        loop {
            let path = self.unused()?;
            match fs::File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                file => {
                    let mut file = file?;
                    file.write_all(content)?;
                    file.sync_all()?;
                    return Ok(path);
                }
            }
        }
    }

    /// A name that nobody has; another process may take it meanwhile.
    fn unused(&self) -> io::Result<PathBuf> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
        let mut name = now.as_nanos();
        while self.spare.join(name.to_string()).exists() {
            name += 1;
        }
        Ok(self.spare.join(name.to_string()))
    }
}

fn newest(place: &Path) -> io::Result<Option<u64>> {
    let entries = match fs::read_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut newest = None;
    for entry in entries {
        newest = newest.max(entry?.file_name().to_str().and_then(|name| name.parse().ok()));
    }
    Ok(newest)
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
