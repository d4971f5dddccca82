//! What Cognito adds to the standard's ID token.

use crate::oidc::id_token::IdToken;

/// The token isn't an ID token: Cognito's access tokens are signed JWTs of the same issuer (RFC 8725 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongUse;

/// `token_use` says what a token is for.
///
/// # Errors
/// It isn't `id`, or it's missing.
pub fn check_use(token: &IdToken) -> Result<(), WrongUse> {
    match token.claims().get("token_use").and_then(|claim| claim.as_str()) {
        Some("id") => Ok(()),
        _ => Err(WrongUse),
    }
}
