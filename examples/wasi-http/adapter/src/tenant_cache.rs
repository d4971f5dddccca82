//! The cache of the one tenant that this composition serves, in the host's store.

use crate::{
    bindings::{
        Adapter,
        exports::journey::step::{tenant_cache::Guest, variables::Error},
    },
    call,
    entry::Entry,
    store,
};

impl Guest for Adapter {
    fn get(key: String) -> Result<Option<String>, Error> {
        let bytes = store::open()?.get(&place(&key)?).map_err(store::unavailable)?;
        let entry = bytes.as_deref().and_then(Entry::read).filter(|entry| entry.until > store::now());
        Ok(entry.map(|entry| entry.value.to_owned()))
    }

    fn put(key: String, value: String, lifetime: u32) -> Result<(), Error> {
        store::put(&store::open()?, &place(&key)?, &value, lifetime)
    }
}

/// Beside the visits, whose keys begin with a digit.
fn place(key: &str) -> Result<String, Error> {
    call::with(|_| format!("cache.{key}")).ok_or_else(|| Error::Refused("no call is open".into()))
}
