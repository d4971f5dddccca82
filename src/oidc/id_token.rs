//! ID token validation (OpenID Connect Core 3.1.3.7), by its numbered steps, with what RFC 8725 adds. It fails closed: each check
//! has a rejection of its own, and only a token that passed all of them becomes an [`IdToken`].
//!
//! | step | rule here |
//! |---|---|
//! | 1 | encrypted tokens are refused ([`super::jws`]) |
//! | 2 | `iss` is exactly one of the accepted issuers, before a key is looked up |
//! | 3 | `aud` is the client, alone: no other audience is trusted |
//! | 4, 5 | `azp`, where present, is the client |
//! | 6, 7, 8 | the signature is verified always, though the code flow may leave it out; RS256 and nothing else |
//! | 9 | `exp` is a number and isn't past, give or take a minute |
//! | 10 | `iat` is a number, not in the future, and not before the authorization request |
//! | 11 | `nonce` is the attempt's |
//! | 12 | `acr` is one of those accepted, where the settings name any |
//! | 13 | `auth_time` is late enough, where the settings ask for it |
//!
//! Besides: every method that the settings require is in `amr`, `nbf` where present (RFC 7519 4.1.5), `sub` as in section 2,
//! `at_hash` where present (3.1.3.8).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::CLOCK_TOLERANCE;
use super::issuer::Issuer;
use super::jws::{self, Jws};
use super::signature::PublicKey;
use crate::json::{FromJson, Object, take};
use crate::secret::Secret;

/// Longest `sub`, in ASCII characters (OpenID Connect Core 2).
const MAX_SUBJECT: usize = 255;
/// The last second of the year 9999, as a NumericDate.
const MAX_DATE: f64 = 253_402_300_799.0;

/// Which authentication context is good enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AcrRequirement {
    /// Any, or none.
    #[default]
    None,
    /// Any, but it must be said.
    Present,
    /// One of these, compared exactly.
    OneOf(Vec<String>),
}

impl FromJson for AcrRequirement {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(name) if name == "none" => Some(Self::None),
            Value::String(name) if name == "present" => Some(Self::Present),
            Value::Object(mut members) => {
                let accepted = take(&mut members, "one_of")?;
                members.is_empty().then_some(Self::OneOf(accepted))
            }
            _ => None,
        }
    }
}

/// What the token is held against.
#[derive(Debug)]
pub struct Expectations<'a> {
    /// `aud`, and `azp` where present.
    pub client_id: &'a str,
    /// `nonce`.
    pub nonce: &'a Secret,
    /// For `at_hash`.
    pub access_token: &'a Secret,
    /// `acr`.
    pub acr: &'a AcrRequirement,
    /// Each of these is in `amr` (RFC 8176).
    pub amr: &'a [String],
    /// `auth_time` must be there and not before this time.
    pub auth_time_not_before: Option<u64>,
    /// When the authorization request was made.
    pub begun_at: u64,
    /// The current time.
    pub now: u64,
}

/// Why a token isn't proof of a login. One a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Not a signed token in compact form.
    Malformed,
    /// `alg` isn't RS256.
    Algorithm,
    /// `crit` names extensions.
    Critical,
    /// The signature isn't the key's.
    Signature,
    /// `iss` isn't accepted.
    Issuer,
    /// `aud` isn't the client alone.
    Audience,
    /// `azp` isn't the client.
    AuthorizedParty,
    /// `exp` is past, or no date.
    Expired,
    /// `nbf` is to come, or no date.
    NotYetValid,
    /// `iat` is to come, before the request, or no date.
    IssuedAt,
    /// `sub` is missing, empty, too long or not ASCII.
    Subject,
    /// `nonce` isn't the attempt's.
    Nonce,
    /// `at_hash` isn't the access token's.
    AtHash,
    /// `acr` is missing or not accepted.
    Acr,
    /// `amr` lacks a method.
    Amr,
    /// `auth_time` is missing or too early.
    AuthTime,
    /// Longer, or of more values, than any that a provider means.
    TooLarge,
}

impl From<jws::Rejection> for Rejection {
    fn from(rejection: jws::Rejection) -> Self {
        match rejection {
            jws::Rejection::Malformed => Self::Malformed,
            jws::Rejection::Algorithm => Self::Algorithm,
            jws::Rejection::Critical => Self::Critical,
            jws::Rejection::TooLarge => Self::TooLarge,
        }
    }
}

/// A token of an accepted issuer, whose signature and claims are yet to be checked.
#[derive(Debug)]
pub struct UnverifiedIdToken<'a> {
    jws: Jws<'a>,
    issuer: &'a Issuer,
}

/// A token that an accepted issuer signed, whose claims are yet to be checked.
#[derive(Debug)]
pub struct SignedIdToken {
    claims: Object,
    issuer: String,
}

/// A verified ID token.
///
/// It has claims to read:
///
/// ```
/// use cognito_oidc::oidc::id_token::IdToken;
///
/// fn subject(token: &IdToken) -> &str {
///     token.subject()
/// }
/// ```
///
/// One that is yet to be verified has none:
///
/// ```compile_fail,E0599
/// use cognito_oidc::oidc::id_token::SignedIdToken;
///
/// fn subject(token: &SignedIdToken) -> &str {
///     token.subject()
/// }
/// ```
///
/// And nothing makes one but [`SignedIdToken::validate`]:
///
/// ```compile_fail,E0451
/// use cognito_oidc::oidc::id_token::IdToken;
///
/// fn anybody(claims: cognito_oidc::json::Object) -> IdToken {
///     IdToken { claims, issuer: String::new(), subject: "ada".to_owned() }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct IdToken {
    claims: Object,
    issuer: String,
    subject: String,
}

impl<'a> UnverifiedIdToken<'a> {
    /// Takes the token apart and finds its issuer among those that are accepted (step 2): whose keys to ask for depends on it.
    ///
    /// # Errors
    /// [`Rejection::Malformed`], [`Rejection::TooLarge`], [`Rejection::Algorithm`], [`Rejection::Critical`],
    /// [`Rejection::Issuer`].
    pub fn parse(token: &'a Secret, accepted: impl IntoIterator<Item = &'a Issuer>) -> Result<Self, Rejection> {
        let jws = Jws::parse(token.expose())?;
        let named = jws.unverified_claim("iss");
        let issuer = accepted.into_iter().find(|accepted| named == Some(accepted.issuer.as_str()));
        Ok(Self { issuer: issuer.ok_or(Rejection::Issuer)?, jws })
    }

    /// The accepted issuer that the token names.
    #[must_use]
    pub fn issuer(&self) -> &'a Issuer {
        self.issuer
    }

    /// `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.jws.key_id()
    }

    /// Verifies the signature (steps 6 to 8).
    ///
    /// # Errors
    /// It isn't the key's: the token itself, to be tried with another key.
    pub fn verify(self, key: &PublicKey) -> Result<SignedIdToken, Self> {
        let Self { jws, issuer } = self;
        match jws.verify(key) {
            Ok(claims) => Ok(SignedIdToken { claims, issuer: issuer.issuer.clone() }),
            Err(jws) => Err(Self { jws, issuer }),
        }
    }
}

impl SignedIdToken {
    /// Checks every claim.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub fn validate(self, expected: &Expectations<'_>) -> Result<IdToken, Rejection> {
        let Self { claims, issuer } = self;
        check_audience(&claims, expected)?;
        check_times(&claims, expected)?;
        let subject = subject(&claims)?;
        check_nonce(&claims, expected)?;
        check_access_token_hash(&claims, expected)?;
        check_authentication(&claims, expected)?;
        Ok(IdToken { claims, issuer, subject })
    }
}

impl IdToken {
    /// As received.
    #[must_use]
    pub fn claims(&self) -> &Object {
        &self.claims
    }

    /// `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// As received, for keeps.
    #[must_use]
    pub fn into_claims(self) -> Object {
        self.claims
    }

    /// `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `auth_time`, in whole seconds.
    #[must_use]
    pub fn auth_time(&self) -> Option<u64> {
        date(self.claims.get("auth_time")?)
    }
}

/// Steps 3 to 5.
///
/// Stricter than the standard. Step 3 refuses a token with an audience that the client doesn't trust, and leaves it open which
/// those are: none is trusted here but the client itself, since whoever else the token is for could have handed it in. Cognito
/// issues each token to one app client (`aud` is its id), so no login is lost by it.
/// Steps 4 and 5 leave `azp` to extensions, and say MAY and SHOULD: a token that names another party was issued to that one,
/// whatever its audience says, so `azp` is compared wherever it is present, even where it is null.
fn check_audience(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    let is_client = |value: &Value| value.as_str() == Some(expected.client_id);
    let addressed = match claims.get("aud") {
        Some(Value::Array(audiences)) => !audiences.is_empty() && audiences.iter().all(is_client),
        Some(audience) => is_client(audience),
        None => false,
    };
    if !addressed {
        return Err(Rejection::Audience);
    }
    if !claims.get("azp").is_none_or(is_client) {
        return Err(Rejection::AuthorizedParty);
    }
    Ok(())
}

/// Steps 9 and 10, and `nbf`.
///
/// Stricter than the standard. Step 10 lets the client choose how old a token may be: none may be older than the authorization
/// request, since a token of before it belongs to another login. `nbf` isn't among the steps: where it is present it is held to
/// RFC 7519 4.1.5. Laxer in one thing, as RFC 7519 4.1.4 and 4.1.5 allow: a minute of difference between two clocks is tolerated.
fn check_times(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    let latest = expected.now.saturating_add(CLOCK_TOLERANCE);
    let expires_at = claims.get("exp").and_then(date).ok_or(Rejection::Expired)?;
    if expires_at.saturating_add(CLOCK_TOLERANCE) <= expected.now {
        return Err(Rejection::Expired);
    }
    if let Some(not_before) = claims.get("nbf")
        && date(not_before).is_none_or(|not_before| not_before > latest)
    {
        return Err(Rejection::NotYetValid);
    }
    let issued_at = claims.get("iat").and_then(date).ok_or(Rejection::IssuedAt)?;
    if issued_at > latest || issued_at.saturating_add(CLOCK_TOLERANCE) < expected.begun_at {
        return Err(Rejection::IssuedAt);
    }
    Ok(())
}

/// OpenID Connect Core 2: at most 255 ASCII characters. Section 3.1.3.7 doesn't ask for the comparison; without a subject of that
/// form nobody is known, and userinfo couldn't be compared with it (5.3.2).
fn subject(claims: &Object) -> Result<String, Rejection> {
    match claims.get("sub").and_then(Value::as_str) {
        Some(subject) if !subject.is_empty() && subject.len() <= MAX_SUBJECT && subject.is_ascii() => Ok(subject.to_owned()),
        _ => Err(Rejection::Subject),
    }
}

/// Step 11. The nonce is always sent, so it MUST be present.
fn check_nonce(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    match claims.get("nonce").and_then(Value::as_str) {
        Some(nonce) if expected.nonce.equals(nonce) => Ok(()),
        _ => Err(Rejection::Nonce),
    }
}

/// Section 3.1.3.8: the left half of the access token's SHA-256, base64url. Optional in the code flow, so a token without one is
/// accepted; where it is present the standard says MAY, and it is compared here: a null is another access token's.
fn check_access_token_hash(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    let Some(at_hash) = claims.get("at_hash") else {
        return Ok(());
    };
    let digest = Sha256::digest(expected.access_token.expose().as_bytes());
    let left = digest.get(..digest.len() / 2).unwrap_or_default();
    if at_hash.as_str() == Some(URL_SAFE_NO_PAD.encode(left).as_str()) { Ok(()) } else { Err(Rejection::AtHash) }
}

/// Steps 12 and 13, and `amr` (RFC 8176).
///
/// Stricter than the standard. Step 12 says SHOULD, and an ACR that was asked for voluntarily may be missing (3.1.2.1): whoever
/// asks for a level relies on it, so a level that the settings name must be stated. Step 13 asks to check `auth_time` where it
/// was requested: a missing one is too old, and one from the future is refused. No standard has a check of `amr`; the settings'
/// own is exact.
fn check_authentication(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    let acr = claims.get("acr").and_then(Value::as_str);
    let is_met = match expected.acr {
        AcrRequirement::None => true,
        AcrRequirement::Present => acr.is_some(),
        AcrRequirement::OneOf(accepted) => acr.is_some_and(|acr| accepted.iter().any(|accepted| accepted == acr)),
    };
    if !is_met {
        return Err(Rejection::Acr);
    }
    let methods = claims.get("amr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !expected.amr.iter().all(|required| methods.iter().any(|method| method.as_str() == Some(required))) {
        return Err(Rejection::Amr);
    }
    if let Some(not_before) = expected.auth_time_not_before {
        let auth_time = claims.get("auth_time").and_then(date).ok_or(Rejection::AuthTime)?;
        let latest = expected.now.saturating_add(CLOCK_TOLERANCE);
        if auth_time.saturating_add(CLOCK_TOLERANCE) < not_before || auth_time > latest {
            return Err(Rejection::AuthTime);
        }
    }
    Ok(())
}

/// NumericDate (RFC 7519 2), fractions cut off. None for anything but a date of the years 1970 to 9999.
fn date(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..=MAX_DATE).contains(seconds))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    Some(seconds as u64)
}

#[cfg(test)]
mod tests;
