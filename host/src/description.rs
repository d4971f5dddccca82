//! What settings and connector say ahead of a call, and what is wrong with them.

use crate::outcome::FailureBehavior;

/// What settings and connector say ahead of a call; the call is held to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The origins that `begin` and `complete` contact.
    pub origins: Vec<String>,
    /// Whether these are all; otherwise the operator has to name the others
    /// ([`TenantPolicy::with_discovered`](crate::TenantPolicy)).
    pub origins_complete: bool,
    /// The origins that a test of the connection contacts.
    pub test_origins: Vec<String>,
    /// Where the identity provider sends the user agent back to.
    pub callback_url: Option<String>,
    /// The variable that receives the result.
    pub output_variable: Option<String>,
    /// The variable that receives an error.
    pub error_variable: String,
    /// What the journey does with a failure.
    pub failure_behavior: FailureBehavior,
    /// What is wrong with the documents.
    pub problems: Vec<Problem>,
}

/// Where nothing could be described: the contract's defaults, and no authority.
impl Default for Description {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            origins_complete: false,
            test_origins: Vec::new(),
            callback_url: None,
            output_variable: None,
            error_variable: "error_output".to_owned(),
            failure_behavior: FailureBehavior::FailureBranch,
            problems: Vec::new(),
        }
    }
}

/// What is wrong with settings or connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer (RFC 6901) that begins with `/settings` or `/connector`.
    pub path: String,
    /// What would be right.
    pub message: String,
}
