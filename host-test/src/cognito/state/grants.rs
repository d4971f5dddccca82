//! What the provider remembers between two requests of one login: what a code, an access token, and the way back from an identity
//! provider stand for.

use std::collections::HashMap;

use crate::cognito::authorization::authorization_request::AuthorizationRequest;
use crate::cognito::pool::config::IdentityProvider;

/// What a code stands for.
#[derive(Clone)]
pub(in crate::cognito) struct CodeGrant {
    pub(in crate::cognito) client_id: String,
    pub(in crate::cognito) redirect_uri: String,
    pub(in crate::cognito) scopes: Vec<String>,
    pub(in crate::cognito) code_challenge: Option<String>,
    pub(in crate::cognito) nonce: Option<String>,
    pub(in crate::cognito) username: String,
    /// Seconds since the epoch.
    pub(in crate::cognito) auth_time: u64,
    /// Seconds since the epoch.
    pub(in crate::cognito) expires_at: u64,
}

/// Codes that haven't been presented yet.
pub(in crate::cognito) type Codes = HashMap<String, CodeGrant>;

/// What an access token stands for.
#[derive(Clone)]
pub(in crate::cognito) struct AccessGrant {
    pub(in crate::cognito) username: String,
    pub(in crate::cognito) scopes: Vec<String>,
    /// Seconds since the epoch.
    pub(in crate::cognito) expires_at: u64,
    /// The refresh token issued beside it: revoking that one ends this one too.
    pub(in crate::cognito) refresh_token: String,
}

/// A login that is away at an identity provider.
pub(in crate::cognito) struct Federation {
    pub(in crate::cognito) request: AuthorizationRequest,
    pub(in crate::cognito) identity_provider: IdentityProvider,
    pub(in crate::cognito) began_at: u64,
}

/// Logins away, by the state that Cognito itself sends.
pub(in crate::cognito) type Federations = HashMap<String, Federation>;
