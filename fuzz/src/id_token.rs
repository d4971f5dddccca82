//! The ID token: lines of its header and of its claims (signed, whatever they are), then a script with `signed_by` and `id_token`
//! as in [`super::script`], the times `begun_at` and `completed_at`, and what is expected: `acr`, `not_before`.

use cognito_oidc::oidc::id_token::{AcrRequirement, Expectations, Rejection, UnverifiedIdToken};
use cognito_oidc::oidc::issuer::Issuer;
use cognito_oidc::oidc::keys::KeySet;
use cognito_oidc::oidc::signature::PublicKey;
use cognito_oidc::secret::Secret;
use cognito_oidc::step::error::Failure;
use serde_json::{Value, json};

use super::host::NOW;
use super::script::Script;
use super::{provider, signer};

const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123";
const CLIENT: &str = "client-of-tests";
const NONCE: &str = "nonce-of-the-attempt";
/// The left half of the access token's digest.
const AT_HASH: &str = "{at_hash}";

/// Only a token that was signed by the key and fulfils every rule is accepted.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.splitn(3, '\n');
    let (header, claims) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let script = Script::parse(lines.next().unwrap_or_default().as_bytes());
    let digest = ring::digest::digest(&ring::digest::SHA256, provider::ACCESS_TOKEN.as_bytes());
    let at_hash = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &digest.as_ref()[..16]);
    let claims = claims.replace(AT_HASH, &at_hash);

    let signer = signer::key(usize::from(script.value("signed_by") == Some("b")));
    let token = match script.value("id_token") {
        // Signing takes time, which only a template that needs the token is worth.
        Some(template) if !template.contains("{id_token}") => template.to_owned(),
        Some(template) => template.replace("{id_token}", &signer.token(header, &claims)),
        None => signer.token(header, &claims),
    };
    let token = Secret::new(token);
    let issuer = Issuer { issuer: ISSUER.to_owned(), jwks_uri: format!("{ISSUER}/.well-known/jwks.json") };
    let unverified = match UnverifiedIdToken::parse(&token, [&issuer]) {
        Ok(unverified) => unverified,
        Err(rejection) => return reject(rejection),
    };
    assert_eq!(unverified.issuer(), &issuer);
    assert!(unverified.key_id().is_none_or(|key_id| !key_id.is_empty() || header.contains("kid")));

    let acr = match script.value("acr") {
        None => AcrRequirement::None,
        Some("") => AcrRequirement::Present,
        Some(accepted) => AcrRequirement::OneOf(accepted.split(' ').map(str::to_owned).collect()),
    };
    let amr: Vec<String> = script.value("amr").into_iter().flat_map(|amr| amr.split(' ')).map(str::to_owned).collect();
    let expected = Expectations {
        client_id: CLIENT,
        nonce: &Secret::new(NONCE),
        access_token: &Secret::new(provider::ACCESS_TOKEN),
        acr: &acr,
        amr: &amr,
        auth_time_not_before: script.number("not_before"),
        begun_at: script.number("begun_at").unwrap_or(NOW),
        now: script.number("completed_at").unwrap_or(NOW),
    };
    let Ok(signed) = unverified.verify(&public_key()) else { return reject(Rejection::Signature) };
    match signed.validate(&expected) {
        Ok(verified) => {
            assert!(signer::key(0).signed(token.expose()), "signed by the key");
            check(&Value::Object(verified.claims().clone()), &expected);
            assert_eq!(verified.claims().get("sub").and_then(Value::as_str), Some(verified.subject()));
            assert_eq!(verified.issuer(), ISSUER);
            assert!(verified.auth_time().is_none_or(|seconds| seconds <= 253_402_300_799));
        }
        Err(rejection) => reject(rejection),
    }
}

fn public_key() -> PublicKey {
    thread_local! {
        static KEY: PublicKey = {
            let set = json!({ "keys": [signer::key(0).jwk("a")] });
            let keys = KeySet::parse(set.as_object().expect("an object")).expect("a key set");
            keys.find(Some("a")).expect("a key").clone()
        };
    }
    KEY.with(Clone::clone)
}

/// The rules once more, in other words than the component's.
fn check(claims: &Value, expected: &Expectations<'_>) {
    let seconds = |name: &str| claims[name].as_f64();
    let (now, begun_at) = (expected.now as f64, expected.begun_at as f64);
    assert_eq!(claims["iss"], ISSUER);
    assert!(
        claims["aud"] == expected.client_id || claims["aud"].as_array().is_some_and(|all| all.iter().all(|one| *one == CLIENT))
    );
    assert!(claims.get("azp").is_none_or(|azp| *azp == expected.client_id));
    assert_eq!(claims["nonce"], NONCE);
    assert!(seconds("exp").expect("a date") + 61.0 > now);
    let issued_at = seconds("iat").expect("a date");
    assert!(issued_at <= now + 61.0 && issued_at + 61.0 >= begun_at);
    assert!(claims.get("nbf").is_none_or(|_| seconds("nbf").expect("a date") <= now + 61.0));
    let subject = claims["sub"].as_str().expect("a subject");
    assert!(!subject.is_empty() && subject.len() <= 255 && subject.is_ascii());
    if let AcrRequirement::OneOf(accepted) = expected.acr {
        assert!(accepted.iter().any(|accepted| claims["acr"] == **accepted));
    }
    if let Some(not_before) = expected.auth_time_not_before {
        assert!(seconds("auth_time").expect("a date") + 61.0 >= not_before as f64);
    }
}

/// Each rejection has a failure of its own.
fn reject(rejection: Rejection) {
    let failure = Failure::from(rejection);
    assert!(failure.provider.is_none() && failure.trace.is_none() && !failure.message().is_empty());
}
