//! What servers ask: the token endpoint, userinfo, revocation, and the published documents.

pub(in crate::cognito) mod client_authentication;
pub(in crate::cognito) mod metadata;
pub(in crate::cognito) mod revoke;
pub(in crate::cognito) mod token;
pub(in crate::cognito) mod tokens;
pub(in crate::cognito) mod userinfo;
