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
