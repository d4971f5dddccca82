//! Signs tokens, so that what stands behind the signature check is reached too. `ring` signs: the component can't.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// Signatures remembered, since most inputs change something else than the token.
const REMEMBERED: usize = 4096;

/// A key of the provider's.
pub struct Signer(RsaKeyPair);

/// The keys of the component's own tests.
static KEYS: LazyLock<[Signer; 2]> = LazyLock::new(|| {
    [&include_bytes!("../../src/testing/rsa-2048-a.pk8")[..], include_bytes!("../../src/testing/rsa-2048-b.pk8")]
        .map(|key| Signer(RsaKeyPair::from_pkcs8(key).expect("a key")))
});

/// The first key, which the right key set holds, or the second, which it doesn't.
pub fn key(index: usize) -> &'static Signer {
    &KEYS[index]
}

impl Signer {
    /// Public, as a JSON Web Key.
    pub fn jwk(&self, kid: &str) -> Value {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
        let encode = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(&n), "e": encode(&e)})
    }

    /// A token in compact form. Header and claims may be anything.
    pub fn token(&'static self, header: &str, claims: &str) -> String {
        let signing_input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.sign(&signing_input);
        format!("{signing_input}.{signature}")
    }

    /// Whether this key made the token's signature, by another implementation than the component's.
    pub fn signed(&self, token: &str) -> bool {
        let Some((signing_input, signature)) = token.rsplit_once('.') else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let public = PublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
        public.verify(&RSA_PKCS1_2048_8192_SHA256, signing_input.as_bytes(), &signature).is_ok()
    }

    fn sign(&'static self, message: &str) -> String {
        thread_local! {
            static MADE: RefCell<HashMap<(*const Signer, String), String>> = RefCell::default();
        }
        MADE.with_borrow_mut(|made| {
            if made.len() > REMEMBERED {
                made.clear();
            }
            made.entry((self as *const Signer, message.to_owned()))
                .or_insert_with(|| {
                    let mut signature = vec![0; self.0.public().modulus_len()];
                    let random = SystemRandom::new();
                    self.0.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("a signature");
                    URL_SAFE_NO_PAD.encode(signature)
                })
                .clone()
        })
    }
}
