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

    /// Verifies the signature and then every claim.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub fn verify(self, key: &PublicKey, expected: &Expectations<'_>) -> Result<IdToken, Rejection> {
        let claims = self.jws.verify(key).ok_or(Rejection::Signature)?;
        check_audience(&claims, expected)?;
        check_times(&claims, expected)?;
        let subject = subject(&claims)?;
        check_nonce(&claims, expected)?;
        check_access_token_hash(&claims, expected)?;
        check_authentication(&claims, expected)?;
        Ok(IdToken { claims, issuer: self.issuer, subject })
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
mod tests {
    use super::*;
    use crate::testing::json::object as json_object;
    use crate::testing::keys;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: u64 = 1_800_000_000;
    const ISSUER: &str = "https://idp.example.com";

    /// Validates a token that is right but for one claim.
    fn check(change: impl FnOnce(&mut Value)) -> Result<IdToken, Rejection> {
        check_with(&AcrRequirement::None, None, change)
    }

    fn check_with(
        acr: &AcrRequirement,
        auth_time_not_before: Option<u64>,
        change: impl FnOnce(&mut Value),
    ) -> Result<IdToken, Rejection> {
        let mut claims = json!({
            "iss": ISSUER, "aud": "client", "sub": "ada", "nonce": "the-nonce",
            "iat": NOW, "exp": NOW + 3600, "unknown": {"claim": 1},
        });
        change(&mut claims);
        let key = keys::signing(0);
        let token = Secret::new(key.token(&json!({"alg": "RS256", "kid": "k"}), &claims));
        let expectations = Expectations {
            client_id: "client",
            nonce: &Secret::new("the-nonce"),
            access_token: &Secret::new("the-access-token"),
            acr,
            auth_time_not_before,
            begun_at: NOW - 300,
            now: NOW,
        };
        UnverifiedIdToken::parse(&token, |issuer| issuer == ISSUER)?.verify(&key.public(), &expectations)
    }

    fn set(name: &'static str, value: Value) -> Result<IdToken, Rejection> {
        check(move |claims| claims[name] = value)
    }

    fn without(name: &'static str) -> Result<IdToken, Rejection> {
        check(move |claims| drop(claims.as_object_mut().unwrap().remove(name)))
    }

    #[test]
    fn i18_a_right_token_is_accepted_with_its_unknown_claims() {
        let token = check(|_| {}).unwrap();
        assert_eq!((token.issuer(), token.subject()), (ISSUER, "ada"));
        assert_eq!(token.claims()["unknown"], json!({"claim": 1}));
        assert_eq!(token.auth_time(), None);
    }

    #[test]
    fn i03_the_signature_is_checked() {
        let (key, other) = (keys::signing(0), keys::signing(1));
        let claims = json!({"iss": ISSUER});
        let token = Secret::new(key.token(&json!({"alg": "RS256", "kid": "k"}), &claims));
        let unverified = UnverifiedIdToken::parse(&token, |_| true).unwrap();
        assert_eq!((unverified.issuer(), unverified.key_id()), (ISSUER, Some("k")));
        let secret = Secret::new("");
        let expectations = Expectations {
            client_id: "",
            nonce: &secret,
            access_token: &secret,
            acr: &AcrRequirement::None,
            auth_time_not_before: None,
            begun_at: NOW,
            now: NOW,
        };
        assert_eq!(unverified.verify(&other.public(), &expectations).unwrap_err(), Rejection::Signature);
    }

    #[test]
    fn i01_i02_i04_what_the_token_form_refuses_is_refused() {
        for (header, rejection) in [
            (json!({"alg": "none"}), Rejection::Algorithm),
            (json!({"alg": "RS256", "crit": ["x"]}), Rejection::Critical),
            (json!({"alg": "RS256", "zip": "DEF"}), Rejection::Malformed),
        ] {
            let token = Secret::new(keys::signing(0).token(&header, &json!({"iss": ISSUER})));
            assert_eq!(UnverifiedIdToken::parse(&token, |_| true).unwrap_err(), rejection);
        }
    }

    fn refused<const N: usize>(rejection: Rejection, results: [Result<IdToken, Rejection>; N]) {
        for (index, result) in results.into_iter().enumerate() {
            assert_eq!(result.map(|_| ()), Err(rejection), "case {index}");
        }
    }

    #[test]
    fn i07_the_issuer_is_compared_exactly() {
        refused(
            Rejection::Issuer,
            [
                set("iss", json!("https://idp.example.com/")),
                set("iss", json!("https://idp.example.com1")),
                set("iss", json!([ISSUER])),
                set("iss", json!(null)),
                without("iss"),
            ],
        );
    }

    #[test]
    fn i08_the_audience_is_the_client_alone() {
        assert!(set("aud", json!(["client"])).is_ok());
        refused(
            Rejection::Audience,
            [
                set("aud", json!("client1")),
                set("aud", json!(["client", "other"])),
                set("aud", json!(["other"])),
                set("aud", json!([])),
                set("aud", json!(["client", 1])),
                set("aud", json!({"client": true})),
                without("aud"),
            ],
        );
    }

    #[test]
    fn i09_an_authorized_party_is_the_client() {
        assert!(set("azp", json!("client")).is_ok());
        refused(Rejection::AuthorizedParty, [set("azp", json!("other")), set("azp", json!(null)), set("azp", json!(["client"]))]);
    }

    #[test]
    fn i10_an_expired_token_is_refused_a_minute_late_at_most() {
        assert!(set("exp", json!(NOW - 59)).is_ok());
        assert!(set("exp", json!(NOW as f64 + 0.5)).is_ok());
        refused(
            Rejection::Expired,
            [
                set("exp", json!(NOW - 60)),
                set("exp", json!(NOW - 360)),
                set("exp", json!(0)),
                set("exp", json!("9999999999")),
                set("exp", json!(1e300)),
                set("exp", json!(-1)),
                set("exp", json!(u64::MAX)),
                set("exp", json!(null)),
                without("exp"),
            ],
        );
    }

    #[test]
    fn i11_the_time_of_issue_lies_between_the_request_and_now() {
        assert!(set("iat", json!(NOW + 60)).is_ok());
        assert!(set("iat", json!(NOW - 360)).is_ok());
        refused(
            Rejection::IssuedAt,
            [
                set("iat", json!(NOW + 61)),
                set("iat", json!(NOW - 361)),
                set("iat", json!(0)),
                set("iat", json!(-1)),
                set("iat", json!(1e300)),
                set("iat", json!(u64::MAX)),
                set("iat", json!("x")),
                without("iat"),
            ],
        );
    }

    #[test]
    fn i12_a_token_that_is_not_valid_yet_is_refused() {
        assert!(set("nbf", json!(NOW + 60)).is_ok());
        refused(
            Rejection::NotYetValid,
            [set("nbf", json!(NOW + 61)), set("nbf", json!(1e300)), set("nbf", json!("0")), set("nbf", json!(null))],
        );
    }

    #[test]
    fn i13_the_subject_is_there_and_of_sound_shape() {
        assert!(set("sub", json!("x".repeat(255))).is_ok());
        refused(
            Rejection::Subject,
            [
                set("sub", json!("")),
                set("sub", json!("x".repeat(256))),
                set("sub", json!("ä")),
                set("sub", json!(7)),
                without("sub"),
            ],
        );
    }

    #[test]
    fn i14_the_nonce_is_the_attempts() {
        refused(
            Rejection::Nonce,
            [set("nonce", json!("the-nonce1")), set("nonce", json!("")), set("nonce", json!(["the-nonce"])), without("nonce")],
        );
    }

    #[test]
    fn i17_an_access_token_hash_is_that_of_the_access_token() {
        let digest = Sha256::digest(b"the-access-token");
        assert!(set("at_hash", json!(URL_SAFE_NO_PAD.encode(&digest[..16]))).is_ok());
        refused(
            Rejection::AtHash,
            [
                set("at_hash", json!(URL_SAFE_NO_PAD.encode(&digest[16..]))),
                set("at_hash", json!(URL_SAFE_NO_PAD.encode(digest))),
                set("at_hash", json!("")),
                set("at_hash", json!(null)),
            ],
        );
    }

    #[test]
    fn i15_an_authentication_context_is_one_of_those_accepted() {
        let one_of = AcrRequirement::OneOf(vec!["gold".into(), "silver".into()]);
        let acr = |requirement: &AcrRequirement, acr: Option<&str>| {
            check_with(requirement, None, |claims| {
                if let Some(acr) = acr {
                    claims["acr"] = json!(acr);
                }
            })
            .map(|_| ())
        };
        assert_eq!(acr(&one_of, Some("gold")), Ok(()));
        assert_eq!(acr(&one_of, Some("Gold")), Err(Rejection::Acr));
        assert_eq!(acr(&one_of, None), Err(Rejection::Acr));
        assert_eq!(acr(&AcrRequirement::Present, Some("bronze")), Ok(()));
        assert_eq!(acr(&AcrRequirement::Present, None), Err(Rejection::Acr));
        assert_eq!(acr(&AcrRequirement::OneOf(vec![]), Some("gold")), Err(Rejection::Acr));
    }

    #[test]
    fn i16_a_login_is_late_enough_where_asked() {
        let auth_time =
            |value: Value| check_with(&AcrRequirement::None, Some(NOW - 100), |claims| claims["auth_time"] = value).map(|_| ());
        assert_eq!(auth_time(json!(NOW)), Ok(()));
        assert_eq!(auth_time(json!(NOW - 160)), Ok(()));
        assert_eq!(auth_time(json!(NOW + 60)), Ok(()));
        for value in [json!(NOW - 161), json!(NOW + 61), json!("x"), json!(1e300), json!(null)] {
            assert_eq!(auth_time(value), Err(Rejection::AuthTime));
        }
        let absent = check_with(&AcrRequirement::None, Some(0), |_| {}).map(|_| ());
        assert_eq!(absent, Err(Rejection::AuthTime));
        assert_eq!(set("auth_time", json!(NOW - 5)).unwrap().auth_time(), Some(NOW - 5));
    }

    proptest! {

        #[test]
        fn i18_any_claims_are_judged_and_only_the_attempts_own_pass(
            claims in json_object(&[
                "iss", "aud", "sub", "nonce", "iat", "exp", "nbf", "azp", "at_hash", "acr", "auth_time", "token_use",
            ])
        ) {
            let changed = claims.clone();
            let result = check(move |whole| whole.as_object_mut().unwrap().extend(changed));
            if let Ok(token) = result {
                prop_assert_eq!(token.claims().get("iss"), Some(&json!(ISSUER)));
                prop_assert_eq!(token.claims().get("nonce"), Some(&json!("the-nonce")));
                prop_assert_eq!(token.claims().get("sub"), Some(&json!(token.subject())));
                for (name, value) in &claims {
                    prop_assert_eq!(token.claims().get(name), Some(value), "as received");
                }
            }
        }

        #[test]
        fn i01_any_text_is_no_token(text in "[A-Za-z0-9_.-]{0,80}|\\PC*") {
            prop_assert!(UnverifiedIdToken::parse(&Secret::new(text), |_| true).is_err());
        }

        #[test]
        fn i12_any_number_is_a_date_of_this_age_or_none(number in any::<f64>(), whole in any::<i64>()) {
            for value in [json!(number), json!(whole)] {
                if let Some(date) = date(&value) {
                    prop_assert!(date <= 253_402_300_799);
                    prop_assert!((value.as_f64().unwrap() - date as f64).abs() < 1.0);
                }
            }
        }
    }
}
