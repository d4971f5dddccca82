//! What the provider remembers between two requests of one login: what a code, an access token, and the way back from an identity provider
//! stand for.

use std::collections::HashMap;

use super::authorization_request::AuthorizationRequest;
use super::config::IdentityProvider;

/// What a code stands for.
#[derive(Clone)]
pub(super) struct CodeGrant {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) code_challenge: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) username: String,
    /// Seconds since the epoch.
    pub(super) auth_time: u64,
    /// Seconds since the epoch.
    pub(super) expires_at: u64,
}

/// Codes that haven't been presented yet.
pub(super) type Codes = HashMap<String, CodeGrant>;

/// What an access token stands for.
#[derive(Clone)]
pub(super) struct AccessGrant {
    pub(super) username: String,
    pub(super) scopes: Vec<String>,
    /// Seconds since the epoch.
    pub(super) expires_at: u64,
    /// The refresh token issued beside it: revoking that one ends this one too.
    pub(super) refresh_token: String,
}

/// A login that is away at an identity provider.
pub(super) struct Federation {
    pub(super) request: AuthorizationRequest,
    pub(super) identity_provider: IdentityProvider,
    pub(super) began_at: u64,
}

/// Logins away, by the state that Cognito itself sends.
pub(super) type Federations = HashMap<String, Federation>;
