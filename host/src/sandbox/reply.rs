//! What a host call answers: from the host's own types to the contract's, from a fault to an error, and in a few words for a
//! trace.

use std::convert::Infallible;

use super::bindings::journey::step::{attempts, http, variables};
use super::bindings::wasi::clocks::wall_clock;
#[cfg(feature = "testing")]
use crate::intercept::HostFault;
use crate::network::{FetchError, Response};
use crate::stores::{Entry, StoreError};

/// A successful answer in a few words, without any value.
pub(super) trait Summary {
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "for whoever watches"))]
    fn summary(&self) -> String;
}

/// An error of an import.
pub(super) trait Reply: Sized {
    /// None where the import has no errors.
    #[cfg(feature = "testing")]
    fn of(fault: HostFault) -> Option<Self>;
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "for whoever watches"))]
    fn summary(&self) -> String;
}

impl From<Response> for http::Response {
    fn from(response: Response) -> Self {
        Self { status: response.status.as_u16(), headers: response.fields(), body: response.body }
    }
}

impl From<FetchError> for http::Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Denied(why) => Self::Denied(why),
            FetchError::Unreachable(why) => Self::Unreachable(why),
            FetchError::Timeout => Self::Timeout,
            FetchError::TooLarge => Self::TooLarge,
            FetchError::Other(why) => Self::Other(why),
        }
    }
}

impl From<Entry> for attempts::Entry {
    fn from(entry: Entry) -> Self {
        Self { value: entry.value, revision: entry.revision }
    }
}

impl From<StoreError> for variables::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(why) => Self::Refused(why),
            StoreError::TooLarge => Self::TooLarge,
            StoreError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl Summary for () {
    fn summary(&self) -> String {
        "ok".to_owned()
    }
}

impl Summary for bool {
    fn summary(&self) -> String {
        self.to_string()
    }
}

impl Summary for Vec<u8> {
    fn summary(&self) -> String {
        "ok".to_owned()
    }
}

impl Summary for u64 {
    fn summary(&self) -> String {
        "ok".to_owned()
    }
}

impl Summary for wall_clock::Datetime {
    fn summary(&self) -> String {
        "ok".to_owned()
    }
}

impl Summary for Option<attempts::Entry> {
    fn summary(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), |entry| format!("{} bytes", entry.value.len()))
    }
}

impl Summary for Option<String> {
    fn summary(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), |value| format!("{} bytes", value.len()))
    }
}

impl Summary for http::Response {
    fn summary(&self) -> String {
        format!("{}, {} bytes", self.status, self.body.len())
    }
}

#[cfg(feature = "testing")]
const INJECTED: &str = "a fault was injected";

impl Reply for Infallible {
    #[cfg(feature = "testing")]
    fn of(_fault: HostFault) -> Option<Self> {
        None
    }

    fn summary(&self) -> String {
        match *self {}
    }
}

impl Reply for http::Error {
    #[cfg(feature = "testing")]
    fn of(fault: HostFault) -> Option<Self> {
        Some(match fault {
            HostFault::Refused => Self::Denied(INJECTED.to_owned()),
            HostFault::TooLarge => Self::TooLarge,
            HostFault::Unavailable => Self::Unreachable(INJECTED.to_owned()),
            HostFault::Timeout => Self::Timeout,
            HostFault::Other | HostFault::Trap => Self::Other(INJECTED.to_owned()),
        })
    }

    fn summary(&self) -> String {
        match self {
            Self::Denied(why) => format!("denied: {why}"),
            Self::Unreachable(why) => format!("unreachable: {why}"),
            Self::Timeout => "timeout".to_owned(),
            Self::TooLarge => "too large".to_owned(),
            Self::Other(why) => format!("failed: {why}"),
        }
    }
}

impl Reply for variables::Error {
    #[cfg(feature = "testing")]
    fn of(fault: HostFault) -> Option<Self> {
        Some(match fault {
            HostFault::Refused => Self::Refused(INJECTED.to_owned()),
            HostFault::TooLarge => Self::TooLarge,
            HostFault::Unavailable | HostFault::Timeout | HostFault::Other | HostFault::Trap => {
                Self::Unavailable(INJECTED.to_owned())
            }
        })
    }

    fn summary(&self) -> String {
        match self {
            Self::Refused(why) => format!("refused: {why}"),
            Self::TooLarge => "too large".to_owned(),
            Self::Unavailable(why) => format!("unavailable: {why}"),
        }
    }
}
