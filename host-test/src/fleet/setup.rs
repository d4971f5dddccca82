//! What a host of the fleet is set up with: the first line that it reads.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whose logins these are.
pub(super) const TENANT: &str = "tenant";
/// In the operator's own terms.
pub(super) const CONNECTOR: &str = "pool";
/// The one step of each journey.
pub(super) const STEP: &str = "login";
/// The name that every version of the component has.
pub(super) const COMPONENT: &str = "cognito-oidc";
/// Nothing listens there: user agents stop before it.
pub(super) const ORIGIN: &str = "http://127.0.0.1:9";

/// The same for all hosts of a fleet, but for the component's version.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Setup {
    /// The store's URL.
    pub store: String,
    /// The keyring.
    pub keys: String,
    pub origin: String,
    pub callback_url: String,
    pub settings: Value,
    pub connector: Value,
    pub secret: Option<String>,
    /// An origin that the step doesn't name.
    pub discovered: String,
    /// What its clock begins with, in seconds since 1970.
    pub now: u64,
    /// How long it asks a store that doesn't answer, in ms.
    pub patience: u64,
    /// The component's file.
    pub component: String,
    /// The folder of compiled code.
    pub code: String,
}
