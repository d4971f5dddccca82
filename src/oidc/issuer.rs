//! An issuer whose tokens are accepted.

use serde::Serialize;
use serde_json::Value;

use crate::json::{FromJson, Object, take};

/// An issuer and where its keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issuer {
    /// `iss`, compared exactly.
    pub issuer: String,
    /// Its key set.
    pub jwks_uri: String,
}

impl FromJson for Issuer {
    fn from_json(value: Value) -> Option<Self> {
        let mut members = Object::from_json(value)?;
        let issuer = Self { issuer: take(&mut members, "issuer")?, jwks_uri: take(&mut members, "jwks_uri")? };
        members.is_empty().then_some(issuer)
    }
}
