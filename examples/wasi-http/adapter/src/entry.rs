//! What lies in the store: a value, until when it counts, and a revision that names this very state of it. `wasi:keyvalue` knows
//! neither lifetimes nor revisions.

/// One entry, as text: revision, end, and after a line feed the value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) revision: &'a str,
    /// Seconds since 1970.
    pub(crate) until: u64,
    pub(crate) value: &'a str,
}

impl<'a> Entry<'a> {
    /// None where that isn't an entry.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, value) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        let (revision, until) = head.split_once(' ')?;
        Some(Self { revision, until: until.parse().ok()?, value })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        format!("{} {}\n{}", self.revision, self.until, self.value).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = Entry { revision: "0a", until: 7, value: "a\nb c" };
        assert_eq!(Entry::read(&entry.to_bytes()), Some(entry));
        assert_eq!(Entry::read(b"0a 7\n").unwrap().value, "");
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for bytes in ["", "0a 7", "0a\nx", "0a x\ny", "0a -1\ny"] {
            assert_eq!(Entry::read(bytes.as_bytes()), None, "{bytes}");
        }
        assert_eq!(Entry::read(&[0xff, b' ', b'7', b'\n']), None);
    }
}
