//! What Cognito adds to the standard's ID token.

use crate::oidc::id_token::IdToken;

/// The token isn't an ID token: Cognito's access tokens are signed JWTs of the same issuer (RFC 8725 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongUse;

/// `token_use` says what a token is for: of a verified ID token, as everything that follows from one.
///
/// ```
/// use cognito_oidc::cognito::id_token::check_use;
/// use cognito_oidc::oidc::id_token::IdToken;
///
/// fn is_id_token(token: &IdToken) -> bool {
///     check_use(token).is_ok()
/// }
/// ```
///
/// A token whose claims are yet to be checked doesn't fit, nor does one whose signature is:
///
/// ```compile_fail,E0308
/// use cognito_oidc::cognito::id_token::check_use;
/// use cognito_oidc::oidc::id_token::SignedIdToken;
///
/// fn is_id_token(token: &SignedIdToken) -> bool {
///     check_use(token).is_ok()
/// }
/// ```
///
/// ```compile_fail,E0308
/// use cognito_oidc::cognito::id_token::check_use;
/// use cognito_oidc::oidc::id_token::UnverifiedIdToken;
///
/// fn is_id_token(token: &UnverifiedIdToken<'_>) -> bool {
///     check_use(token).is_ok()
/// }
/// ```
///
/// # Errors
/// It isn't `id`, or it's missing.
pub fn check_use(token: &IdToken) -> Result<(), WrongUse> {
    match token.claims().get("token_use").and_then(|claim| claim.as_str()) {
        Some("id") => Ok(()),
        _ => Err(WrongUse),
    }
}
