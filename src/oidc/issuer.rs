//! An issuer whose tokens are accepted.

use serde::{Deserialize, Serialize};

/// An issuer and where its keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// `iss`, compared exactly.
    pub issuer: String,
    /// Its key set.
    pub jwks_uri: String,
}
