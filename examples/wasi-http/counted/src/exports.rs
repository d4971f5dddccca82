//! The two interfaces, over those of the earlier draft.

use std::rc::Rc;

use crate::{
    bindings::{
        Counted,
        exports::wasi::keyvalue0_2_0_draft2::{
            atomics::{self, CasError, GuestCas},
            store::{self, BucketBorrow, Error, GuestBucket, KeyResponse},
        },
        wasi::keyvalue0_2_0_draft::{atomics as host_atomics, store as host},
    },
    claim,
};

/// The host's, which a look at one of its keys outlives.
#[derive(Clone)]
pub(crate) struct Bucket(Rc<host::Bucket>);

impl store::Guest for Counted {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<store::Bucket, Error> {
        Ok(store::Bucket::new(Bucket(Rc::new(host::open(&identifier).map_err(told)?))))
    }
}

impl GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(&key).map_err(told)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.0.set(&key, &value).map_err(told)
    }

    fn delete(&self, key: String) -> Result<(), Error> {
        self.0.delete(&key).map_err(told)
    }

    fn exists(&self, key: String) -> Result<bool, Error> {
        self.0.exists(&key).map_err(told)
    }

    fn list_keys(&self, cursor: Option<String>) -> Result<KeyResponse, Error> {
        let cursor = cursor.map(|cursor| cursor.parse().map_err(|_| Error::Other("no cursor of this store".into())));
        let page = self.0.list_keys(cursor.transpose()?).map_err(told)?;
        Ok(KeyResponse { keys: page.keys, cursor: page.cursor.map(|cursor| cursor.to_string()) })
    }
}

/// One key, as it stood.
pub(crate) struct Look {
    bucket: Bucket,
    key: String,
    value: Option<Vec<u8>>,
}

impl atomics::Guest for Counted {
    type Cas = Look;

    fn increment(_bucket: BucketBorrow<'_>, _key: String, _delta: i64) -> Result<i64, Error> {
        Err(Error::Other("the earlier draft counts without a sign".into()))
    }

    fn swap(cas: atomics::Cas, value: Vec<u8>) -> Result<(), CasError> {
        let Look { bucket, key, value: seen } = cas.into_inner();
        let store_error = |error| CasError::StoreError(told(error));
        let takers = host_atomics::increment(&bucket.0, &claim::key_of(&key, seen.as_deref()), 1).map_err(store_error)?;
        if takers == 1 {
            return bucket.0.set(&key, &value).map_err(store_error);
        }
        Err(match Look::at(bucket, key) {
            Ok(look) => CasError::CasFailed(atomics::Cas::new(look)),
            Err(error) => CasError::StoreError(error),
        })
    }
}

impl GuestCas for Look {
    fn new(bucket: BucketBorrow<'_>, key: String) -> Result<atomics::Cas, Error> {
        Look::at(bucket.get::<Bucket>().clone(), key).map(atomics::Cas::new)
    }

    fn current(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.value.clone())
    }
}

impl Look {
    fn at(bucket: Bucket, key: String) -> Result<Self, Error> {
        let value = bucket.0.get(&key).map_err(told)?;
        Ok(Self { bucket, key, value })
    }
}

fn told(error: host::Error) -> Error {
    match error {
        host::Error::NoSuchStore => Error::NoSuchStore,
        host::Error::AccessDenied => Error::AccessDenied,
        host::Error::Other(why) => Error::Other(why),
    }
}
