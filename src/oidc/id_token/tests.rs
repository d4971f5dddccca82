//! Each numbered step of the validation, and what it refuses.

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
    check_all(acr, &[], auth_time_not_before, change)
}

fn check_all(
    acr: &AcrRequirement,
    amr: &[String],
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
        amr,
        auth_time_not_before,
        begun_at: NOW - 300,
        now: NOW,
    };
    UnverifiedIdToken::parse(&token, [&issuer()])?.verify(&key.public()).unwrap().validate(&expectations)
}

fn issuer() -> Issuer {
    Issuer { issuer: ISSUER.to_owned(), jwks_uri: format!("{ISSUER}/.well-known/jwks.json") }
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
    let issuer = issuer();
    let unverified = UnverifiedIdToken::parse(&token, [&issuer]).unwrap();
    assert_eq!((unverified.issuer(), unverified.key_id()), (&issuer, Some("k")));
    let refused = unverified.verify(&other.public()).unwrap_err();
    assert!(refused.verify(&key.public()).is_ok(), "its own key's, whatever was tried before");
}

#[test]
fn i01_i02_what_the_token_form_refuses_is_refused() {
    for (header, rejection) in
        [(json!({"alg": "none"}), Rejection::Algorithm), (json!({"alg": "RS256", "zip": "DEF"}), Rejection::Malformed)]
    {
        let token = Secret::new(keys::signing(0).token(&header, &json!({"iss": ISSUER})));
        assert_eq!(UnverifiedIdToken::parse(&token, [&issuer()]).unwrap_err(), rejection);
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
        [set("sub", json!("")), set("sub", json!("x".repeat(256))), set("sub", json!("ä")), set("sub", json!(7)), without("sub")],
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
    assert_eq!(acr(&one_of, Some("silver")), Ok(()), "any of them");
    assert_eq!(acr(&one_of, Some("Gold")), Err(Rejection::Acr));
    assert_eq!(acr(&one_of, None), Err(Rejection::Acr));
    assert_eq!(acr(&AcrRequirement::Present, Some("bronze")), Ok(()));
    assert_eq!(acr(&AcrRequirement::Present, None), Err(Rejection::Acr));
    assert_eq!(acr(&AcrRequirement::OneOf(vec![]), Some("gold")), Err(Rejection::Acr));
}

#[test]
fn i15_each_method_that_is_required_is_named() {
    let required = ["mfa".to_owned(), "pwd".to_owned()];
    let amr = |value: Value| check_all(&AcrRequirement::None, &required, None, |claims| claims["amr"] = value).map(drop);
    for value in [json!(["pwd", "mfa"]), json!(["mfa", 7, "otp", "pwd"])] {
        assert_eq!(amr(value), Ok(()));
    }
    for value in [json!(["pwd"]), json!(["PWD", "MFA"]), json!("pwd mfa"), json!({"pwd": 1, "mfa": 1}), json!([]), json!(null)] {
        assert_eq!(amr(value.clone()), Err(Rejection::Amr), "{value}");
    }
    assert_eq!(check_all(&AcrRequirement::None, &required, None, |_| {}).map(drop), Err(Rejection::Amr));
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
        prop_assert!(UnverifiedIdToken::parse(&Secret::new(text), [&issuer()]).is_err());
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
