//! Attempts, in the host's store: `replace` by its compare-and-swap.

use crate::{
    bindings::{
        Adapter,
        exports::journey::step::{
            attempts::{self, Guest},
            variables::Error,
        },
        wasi::keyvalue::{
            atomics::{self, Cas, CasError},
            store::Bucket,
        },
    },
    call::{self, Call},
    entry::Entry,
    store,
};

impl Guest for Adapter {
    fn get(key: String) -> Result<Option<attempts::Entry>, Error> {
        let bytes = store::open()?.get(&place(&key)?).map_err(store::unavailable)?;
        let entry = bytes.as_deref().map(read).transpose()?.flatten();
        Ok(entry.map(|entry| attempts::Entry { value: entry.value.to_owned(), revision: entry.revision.to_owned() }))
    }

    fn put(key: String, value: String, lifetime: u32) -> Result<(), Error> {
        let place = place(&key)?;
        if !call::with(|call| call.stores(&place)).unwrap_or_default() {
            return Err(Error::Refused("this visit has too many attempts".into()));
        }
        store::put(&store::open()?, &place, &value, lifetime)
    }

    fn replace(key: String, revision: String, value: String, lifetime: u32) -> Result<bool, Error> {
        let (bucket, place) = (store::open()?, place(&key)?);
        let cas = Cas::new(&bucket, &place).map_err(store::unavailable)?;
        let current = cas.current().map_err(store::unavailable)?;
        if !stands(current.as_deref(), &revision)? {
            return Ok(false);
        }
        let own = store::new_revision();
        let entry = Entry { revision: &own, until: store::now() + u64::from(lifetime), value: &value };
        match atomics::swap(cas, &entry.to_bytes()) {
            Ok(()) => is_there(&bucket, &place, &own),
            Err(CasError::CasFailed(_)) => Ok(false),
            Err(CasError::StoreError(error)) => Err(store::unavailable(error)),
        }
    }
}

fn place(key: &str) -> Result<String, Error> {
    call::with(|call: &mut Call| call.attempt(key)).ok_or_else(|| Error::Refused("no call is open".into()))
}

/// None where it has ended.
fn read(bytes: &[u8]) -> Result<Option<Entry<'_>>, Error> {
    let entry = Entry::read(bytes).ok_or_else(|| Error::Unavailable("what the store holds is no entry".into()))?;
    Ok(Some(entry).filter(|entry| entry.until > store::now()))
}

fn stands(bytes: Option<&[u8]>, revision: &str) -> Result<bool, Error> {
    let entry = bytes.map(read).transpose()?.flatten();
    Ok(entry.is_some_and(|entry| entry.revision == revision))
}

/// There are hosts whose swap has gone well where it hasn't swapped. Only one caller finds its own revision afterwards.
fn is_there(bucket: &Bucket, place: &str, revision: &str) -> Result<bool, Error> {
    stands(bucket.get(place).map_err(store::unavailable)?.as_deref(), revision)
}
