//! ID token validation (OpenID Connect Core 3.1.3.7), by its numbered steps, with what RFC 8725 adds. It fails closed: each check has a
//! rejection of its own, and only a token that passed all of them becomes an [`IdToken`].
//!
//! | step | rule here |
//! |---|---|
//! | 1 | encrypted tokens are refused ([`super::jws`]) |
//! | 2 | `iss` is exactly one of the accepted issuers, before a key is looked up |
//! | 3 | `aud` is the client, alone: other audiences aren't trusted |
//! | 4, 5 | `azp`, where present, is the client |
//! | 6, 7, 8 | the signature is verified always, though the code flow may leave it out; RS256 and nothing else |
//! | 9 | `exp` is a number and isn't past, give or take a minute |
//! | 10 | `iat` is a number, not in the future, and not before the authorization request |
//! | 11 | `nonce` is the attempt's |
//! | 12 | `acr` is one of those accepted, where the settings name any |
//! | 13 | `auth_time` is late enough, where the settings ask for it |
//!
//! Besides: `nbf` where present (RFC 7519 4.1.5), `sub` as in section 2, `at_hash` where present (3.1.3.8).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::CLOCK_TOLERANCE;
use super::jws::{self, Jws};
use super::signature::PublicKey;
use crate::json::Object;
use crate::secret::Secret;

/// Longest `sub`, in ASCII characters (OpenID Connect Core 2).
const MAX_SUBJECT: usize = 255;
/// NumericDates beyond this many seconds are no dates (year 9999).
const MAX_DATE: f64 = 253_402_300_799.0;

/// Which authentication context is good enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `auth_time` is missing or too early.
    AuthTime,
}

impl From<jws::Rejection> for Rejection {
    fn from(rejection: jws::Rejection) -> Self {
        match rejection {
            jws::Rejection::Malformed => Self::Malformed,
            jws::Rejection::Algorithm => Self::Algorithm,
            jws::Rejection::Critical => Self::Critical,
        }
    }
}

/// A token of an accepted issuer, whose signature and claims are yet to be checked.
#[derive(Debug)]
pub struct UnverifiedIdToken<'a> {
    jws: Jws<'a>,
    issuer: String,
}

/// A token that an accepted issuer signed, whose claims are yet to be checked.
#[derive(Debug)]
pub struct SignedIdToken {
    claims: Object,
    issuer: String,
}

/// A verified ID token.
#[derive(Clone, Debug)]
pub struct IdToken {
    claims: Object,
    issuer: String,
    subject: String,
}

impl<'a> UnverifiedIdToken<'a> {
    /// Takes the token apart and compares its issuer (step 2): whose keys to ask for depends on it.
    ///
    /// # Errors
    /// [`Rejection::Malformed`], [`Rejection::Algorithm`], [`Rejection::Critical`], [`Rejection::Issuer`].
    pub fn parse(token: &'a Secret, accepts_issuer: impl Fn(&str) -> bool) -> Result<Self, Rejection> {
        let jws = Jws::parse(token.expose())?;
        let issuer = jws.unverified_claim("iss").filter(|issuer| accepts_issuer(issuer)).ok_or(Rejection::Issuer)?;
        Ok(Self { issuer: issuer.to_owned(), jws })
    }

    /// An accepted issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
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
            Ok(claims) => Ok(SignedIdToken { claims, issuer }),
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
    // The token was issued for the code, and the code for the request: one from before it is another login's.
    if issued_at > latest || issued_at.saturating_add(CLOCK_TOLERANCE) < expected.begun_at {
        return Err(Rejection::IssuedAt);
    }
    Ok(())
}

/// OpenID Connect Core 2.
fn subject(claims: &Object) -> Result<String, Rejection> {
    match claims.get("sub").and_then(Value::as_str) {
        Some(subject) if !subject.is_empty() && subject.len() <= MAX_SUBJECT && subject.is_ascii() => Ok(subject.to_owned()),
        _ => Err(Rejection::Subject),
    }
}

/// Step 11.
fn check_nonce(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    match claims.get("nonce").and_then(Value::as_str) {
        Some(nonce) if expected.nonce.equals(nonce) => Ok(()),
        _ => Err(Rejection::Nonce),
    }
}

/// Section 3.1.3.8: the left half of the access token's SHA-256, base64url.
fn check_access_token_hash(claims: &Object, expected: &Expectations<'_>) -> Result<(), Rejection> {
    let Some(at_hash) = claims.get("at_hash") else {
        return Ok(());
    };
    let digest = Sha256::digest(expected.access_token.expose().as_bytes());
    let left = digest.get(..digest.len() / 2).unwrap_or_default();
    if at_hash.as_str() == Some(URL_SAFE_NO_PAD.encode(left).as_str()) { Ok(()) } else { Err(Rejection::AtHash) }
}

/// Steps 12 and 13.
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
    if let Some(not_before) = expected.auth_time_not_before {
        let auth_time = claims.get("auth_time").and_then(date).ok_or(Rejection::AuthTime)?;
        let latest = expected.now.saturating_add(CLOCK_TOLERANCE);
        if auth_time.saturating_add(CLOCK_TOLERANCE) < not_before || auth_time > latest {
            return Err(Rejection::AuthTime);
        }
    }
    Ok(())
}

/// NumericDate (RFC 7519 2), fractions cut off. Anything that isn't a date of this age of the world is none.
fn date(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..=MAX_DATE).contains(seconds))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    Some(seconds as u64)
}

#[cfg(test)]
mod tests;
