//! The host's key-value store: visits, and what is done to them in one act.

use std::fmt;

use wasip2::random::random;

use crate::{
    bindings::wasi::keyvalue::{
        atomics::{self, Cas},
        store::{self, Bucket},
    },
    cookie::{has_ended, hexadecimal},
    visit::{Refusal, Visit},
};

/// By this name hosts know the store that is there without further ado.
const BUCKET: &str = "default";

/// How often an act is tried.
const TRIES: usize = 8;

/// Keys that one sweep removes.
const SWEPT: usize = 32;

/// The store didn't answer properly. Its own words may hold anything.
pub(crate) struct Unavailable;

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host's store failed")
    }
}

impl From<store::Error> for Unavailable {
    fn from(_: store::Error) -> Self {
        Self
    }
}

pub(crate) struct Store(Bucket);

impl Store {
    pub(crate) fn open() -> Result<Self, Unavailable> {
        Ok(Self(store::open(BUCKET)?))
    }

    pub(crate) fn get(&self, place: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        Ok(self.0.get(place)?)
    }

    pub(crate) fn set(&self, place: &str, value: &[u8]) -> Result<(), Unavailable> {
        Ok(self.0.set(place, value)?)
    }

    pub(crate) fn visit(&self, place: &str) -> Result<Option<Visit>, Unavailable> {
        self.get(place)?.as_deref().map(read).transpose()
    }

    /// Only where nobody else knows the place yet: there are hosts whose swap of nothing overwrites something.
    pub(crate) fn create(&self, place: &str, visit: &Visit) -> Result<(), Unavailable> {
        self.set(place, &written(visit)?)
    }

    /// Changes a visit as a whole or not at all. Where the store's answer is lost, or can't be trusted, the act's id tells
    /// whether it was done.
    pub(crate) fn act(
        &self,
        place: &str,
        change: impl Fn(&str, &mut Visit) -> Result<(), Refusal>,
    ) -> Result<Result<Visit, Refusal>, Unavailable> {
        let id = hexadecimal(&random::get_random_bytes(16));
        for _ in 0..TRIES {
            let Ok(cas) = Cas::new(&self.0, place) else { continue };
            let Ok(current) = cas.current() else { continue };
            let mut visit = read(&current.ok_or(Unavailable)?)?;
            if visit.holds(&id) {
                return Ok(Ok(visit));
            }
            if let Err(refusal) = change(&id, &mut visit) {
                return Ok(Err(refusal));
            }
            let _ = atomics::swap(cas, &written(&visit)?);
        }
        Err(Unavailable)
    }

    /// What belonged to a visit that is settled. The store may keep it: no call comes any more.
    pub(crate) fn remove(&self, places: &[String]) {
        for place in places {
            let _ = self.0.delete(place);
        }
    }

    /// Removes sessions that have ended, a few at a time: the store drops nothing by itself.
    pub(crate) fn sweep(&self, now: u64) {
        let Ok(page) = self.0.list_keys(None) else { return };
        let garbage: Vec<String> = page.keys.into_iter().filter(|key| has_ended(key, now)).take(SWEPT).collect();
        self.remove(&garbage);
    }
}

fn read(bytes: &[u8]) -> Result<Visit, Unavailable> {
    serde_json::from_slice(bytes).map_err(|_| Unavailable)
}

fn written(visit: &Visit) -> Result<Vec<u8>, Unavailable> {
    serde_json::to_vec(visit).map_err(|_| Unavailable)
}
