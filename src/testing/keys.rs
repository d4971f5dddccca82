//! RSA keys of tests, published with the source and good for nothing else. `ring` signs: the component's own provider can't.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::oidc::signature::PublicKey;

pub(crate) struct TestKey {
    pair: Option<RsaKeyPair>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// One of two keys of 2048 bits.
pub(crate) fn signing(index: usize) -> TestKey {
    let files: [&[u8]; 2] = [include_bytes!("rsa-2048-a.pk8"), include_bytes!("rsa-2048-b.pk8")];
    let pair = RsaKeyPair::from_pkcs8(files[index]).unwrap();
    let components = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    TestKey { pair: Some(pair), modulus: components.n, exponent: components.e }
}

/// A public key of 1024 bits.
pub(crate) fn short() -> TestKey {
    TestKey { pair: None, modulus: vec![0xff; 128], exponent: vec![1, 0, 1] }
}

impl TestKey {
    pub(crate) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::new(&self.modulus, &self.exponent).unwrap()
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let encode = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(&self.modulus), "e": encode(&self.exponent)})
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let pair = self.pair.as_ref().unwrap();
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// A token in compact form.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signing_input = format!("{}.{}", encode(header), encode(claims));
        let signature = self.sign(signing_input.as_bytes());
        format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
