//! What a pool remembers between requests.

pub(in crate::cognito) mod grants;
pub(in crate::cognito) mod provider;
pub(in crate::cognito) mod request_log;
pub(in crate::cognito) mod sessions;
