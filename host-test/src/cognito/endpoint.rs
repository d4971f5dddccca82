//! The provider's endpoints by name.

use super::wire::http::Origin;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/<pool id>/.well-known/openid-configuration`.
    Discovery,
    /// `/<pool id>/.well-known/jwks.json`.
    Jwks,
    /// `/oauth2/authorize`.
    Authorize,
    /// `/login`: the form and its submission.
    Login,
    /// `/oauth2/token`.
    Token,
    /// `/oauth2/userInfo`.
    UserInfo,
    /// `/oauth2/revoke`.
    Revoke,
    /// Everything else: error page, logout, the hop through an identity provider, paths that don't exist.
    Other,
}

impl Endpoint {
    pub(super) fn of(origin: Origin, path: &str) -> Self {
        match (origin, path) {
            (Origin::Issuer, path) if path.ends_with("/.well-known/openid-configuration") => Self::Discovery,
            (Origin::Issuer, path) if path.ends_with("/.well-known/jwks.json") => Self::Jwks,
            (Origin::Domain, "/oauth2/authorize") => Self::Authorize,
            (Origin::Domain, "/login") => Self::Login,
            (Origin::Domain, "/oauth2/token") => Self::Token,
            (Origin::Domain, "/oauth2/userInfo") => Self::UserInfo,
            (Origin::Domain, "/oauth2/revoke") => Self::Revoke,
            _ => Self::Other,
        }
    }

    /// Whether a relying party's server asks it, and no browser.
    pub(super) fn is_for_servers(self) -> bool {
        matches!(self, Self::Discovery | Self::Jwks | Self::Token | Self::UserInfo | Self::Revoke)
    }
}
