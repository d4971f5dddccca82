//! The host's key-value store: one bucket, and when an entry ends.

use wasip2::{clocks::wall_clock, random::random};

use crate::{
    bindings::{
        exports::journey::step::variables::Error,
        wasi::keyvalue::store::{self, Bucket},
    },
    entry::Entry,
};

/// By this name hosts know the store that is there without further ado.
const BUCKET: &str = "default";

pub(crate) fn open() -> Result<Bucket, Error> {
    store::open(BUCKET).map_err(unavailable)
}

/// Writes an entry of a new revision, whatever was there.
pub(crate) fn put(bucket: &Bucket, key: &str, value: &str, lifetime: u32) -> Result<(), Error> {
    let revision = new_revision();
    let entry = Entry { revision: &revision, until: now() + u64::from(lifetime), value };
    bucket.set(key, &entry.to_bytes()).map_err(unavailable)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    wall_clock::now().seconds
}

pub(crate) fn new_revision() -> String {
    random::get_random_bytes(16).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a host says of its store may hold anything, a key among it: none of it is passed on.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn unavailable(error: store::Error) -> Error {
    Error::Unavailable(
        match error {
            store::Error::NoSuchStore => "the host has no such store",
            store::Error::AccessDenied => "the host denies access to the store",
            store::Error::Other(_) => "the host's store failed",
        }
        .into(),
    )
}
