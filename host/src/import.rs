//! The functions that a component can call.

use std::fmt;

/// The functions that a component can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Import {
    /// `http.fetch`
    Fetch,
    /// `variables.set`
    SetVariable,
    /// `attempts.put`
    PutAttempt,
    /// `attempts.get`
    GetAttempt,
    /// `attempts.replace`
    ReplaceAttempt,
    /// `tenant-cache.get`
    GetCache,
    /// `tenant-cache.put`
    PutCache,
    /// `wall-clock.now` and `resolution`
    Clock,
    /// `random.get-random-bytes` and `get-random-u64`
    Random,
}

/// How often each of them was called.
#[derive(Default)]
pub(crate) struct Calls {
    each: [u32; Import::COUNT],
    all: u32,
}

impl Calls {
    /// Counts a call. Returns how often this function was called before.
    pub(crate) fn count(&mut self, import: Import) -> u32 {
        let before = self.of(import);
        self.each[import as usize] += 1;
        self.all += 1;
        before
    }

    pub(crate) fn of(&self, import: Import) -> u32 {
        self.each[import as usize]
    }

    pub(crate) fn all(&self) -> u32 {
        self.all
    }
}

impl Import {
    /// How many there are: [`Import::Random`] is the last.
    const COUNT: usize = Self::Random as usize + 1;
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fetch => "http.fetch",
            Self::SetVariable => "variables.set",
            Self::PutAttempt => "attempts.put",
            Self::GetAttempt => "attempts.get",
            Self::ReplaceAttempt => "attempts.replace",
            Self::GetCache => "tenant-cache.get",
            Self::PutCache => "tenant-cache.put",
            Self::Clock => "wall-clock.now",
            Self::Random => "random",
        })
    }
}
