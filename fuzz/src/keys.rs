//! A key set, and a signature to check with it: lines of `kid`, signature (base64url) and message, then the key set.
//!
//! Every verdict is compared with `ring`'s.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_oidc::json::{self, Object};
use cognito_oidc::oidc::keys::KeySet;
use cognito_oidc::oidc::signature;
use ring::rsa::PublicKeyComponents;
use ring::signature::RSA_PKCS1_2048_8192_SHA256;
use serde_json::{Value, json};

/// A signature only holds where another implementation says so, and what was read is read again from the cache.
pub fn run(input: &[u8]) {
    let mut parts = input.splitn(4, |byte| *byte == b'\n').map(|part| String::from_utf8_lossy(part));
    let mut part = || parts.next().unwrap_or_default();
    let (key_id, signature, message, set) = (part(), part(), part(), part());
    let Ok(object) = json::object(set.as_bytes()) else { return };
    let Ok(keys) = KeySet::parse(&object) else { return };

    let stored = keys.to_json();
    let again = KeySet::parse(stored.as_object().expect("an object")).expect("a set that was written by the component");
    assert_eq!(again.to_json(), stored);

    for key_id in [None, Some(key_id.as_ref())] {
        assert_eq!(keys.find(key_id).is_some(), again.find(key_id).is_some());
        let Some(key) = keys.find(key_id) else { continue };
        let holds = signature::verify(&signature, message.as_bytes(), key);
        assert_eq!(holds, holds_elsewhere(&stored, key_id, &signature, message.as_bytes()));
    }
}

/// By the first key of that name: the component only finds one where all of that name are the same.
fn holds_elsewhere(set: &Value, key_id: Option<&str>, signature: &str, message: &[u8]) -> bool {
    let is_named = |key: &&Object| key_id.is_none() || key.get("kid") == key_id.map(|key_id| json!(key_id)).as_ref();
    let keys = set["keys"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let key = keys.into_iter().find(is_named).expect("a key");
    let number = |name: &str| {
        let bytes = key.get(name).and_then(Value::as_str).map(|text| URL_SAFE_NO_PAD.decode(text));
        let bytes = bytes.expect("a number").expect("base64url");
        bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>()
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let public = PublicKeyComponents { n: number("n"), e: number("e") };
    public.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature).is_ok()
}
