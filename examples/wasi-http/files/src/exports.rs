//! The two interfaces, over a [`Folder`].

use std::{io, str};

use crate::{
    bindings::{
        Files,
        exports::wasi::keyvalue::{
            atomics::{self, CasError, GuestCas},
            store::{self, BucketBorrow, Error, GuestBucket, KeyResponse},
        },
    },
    disk::Disk,
    folder::{Folder, State},
};

impl store::Guest for Files {
    type Bucket = Folder;

    fn open(identifier: String) -> Result<store::Bucket, Error> {
        let folder = Disk::open().and_then(|disk| Folder::open(disk, &identifier));
        folder.map(store::Bucket::new).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => Error::NoSuchStore,
            io::ErrorKind::PermissionDenied => Error::AccessDenied,
            _ => other(error),
        })
    }
}

impl GuestBucket for Folder {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.state(&key).map_err(other)?.value)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        loop {
            let state = self.state(&key).map_err(other)?;
            if self.follow(&key, &state, &value).map_err(other)? {
                return Ok(());
            }
        }
    }

    fn delete(&self, key: String) -> Result<(), Error> {
        self.remove(&key).map_err(other)
    }

    fn exists(&self, key: String) -> Result<bool, Error> {
        Ok(self.state(&key).map_err(other)?.value.is_some())
    }

    fn list_keys(&self, _cursor: Option<String>) -> Result<KeyResponse, Error> {
        Ok(KeyResponse { keys: self.keys().map_err(other)?, cursor: None })
    }
}

/// One key, as it stood.
pub(crate) struct Look {
    folder: Folder,
    key: String,
    state: State,
}

impl atomics::Guest for Files {
    type Cas = Look;

    fn increment(bucket: BucketBorrow<'_>, key: String, delta: i64) -> Result<i64, Error> {
        let folder: &Folder = bucket.get();
        loop {
            let state = folder.state(&key).map_err(other)?;
            let number = state.value.as_deref().map_or(Ok(0), |value| str::from_utf8(value).unwrap_or_default().parse::<i64>());
            let sum = number.ok().and_then(|number| number.checked_add(delta));
            let sum = sum.ok_or_else(|| Error::Other("this isn't a number, or the sum none".into()))?;
            if folder.follow(&key, &state, sum.to_string().as_bytes()).map_err(other)? {
                return Ok(sum);
            }
        }
    }

    fn swap(cas: atomics::Cas, value: Vec<u8>) -> Result<(), CasError> {
        let Look { folder, key, state } = cas.into_inner();
        match folder.follow(&key, &state, &value) {
            Ok(true) => Ok(()),
            Ok(false) => Err(match Look::at(folder, key) {
                Ok(look) => CasError::CasFailed(atomics::Cas::new(look)),
                Err(error) => CasError::StoreError(error),
            }),
            Err(error) => Err(CasError::StoreError(other(error))),
        }
    }
}

impl GuestCas for Look {
    fn new(bucket: BucketBorrow<'_>, key: String) -> Result<atomics::Cas, Error> {
        Look::at(bucket.get::<Folder>().clone(), key).map(atomics::Cas::new)
    }

    fn current(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.state.value.clone())
    }
}

impl Look {
    fn at(folder: Folder, key: String) -> Result<Self, Error> {
        let state = folder.state(&key).map_err(other)?;
        Ok(Self { folder, key, state })
    }
}

/// The kind alone: a message may name a path, and with it a key.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn other(error: io::Error) -> Error {
    Error::Other(error.kind().to_string())
}
