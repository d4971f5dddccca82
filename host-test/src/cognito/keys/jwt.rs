//! Compact JWS (RFC 7515, 7.1), good ones and bad ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::Value;

use super::test_keys::{Algorithm, TestKey};

/// What a JWS is secured with.
pub(in crate::cognito) enum Signer {
    Key(TestKey, Algorithm),
    /// HMAC with SHA-256 and these bytes as its key.
    Hs256(Vec<u8>),
    /// Nothing: `alg` is `none`, the signature empty (RFC 7518, 3.6).
    Unsigned,
}

impl Signer {
    /// The value of `alg`.
    pub(in crate::cognito) fn algorithm(&self) -> &'static str {
        match self {
            Self::Key(_, algorithm) => algorithm.name(),
            Self::Hs256(_) => "HS256",
            Self::Unsigned => "none",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Key(key, algorithm) => key.sign(*algorithm, message),
            Self::Hs256(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec(),
            Self::Unsigned => Vec::new(),
        }
    }
}

/// Signs header and claims as they are: whether they fit the signer is the caller's affair.
pub(in crate::cognito) fn encode(header: &Value, claims: &Value, signer: &Signer) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// The same token with one bit of its signature changed, still of canonical base64url.
pub(in crate::cognito) fn corrupt_signature(token: &str) -> String {
    let Some((message, signature)) = token.rsplit_once('.') else {
        return token.to_owned();
    };
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    if let Some(last) = signature.last_mut() {
        *last ^= 1;
    }
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// `at_hash` of an access token for RS256: the left half of its SHA-256 (OpenID Connect Core 1.0, 3.1.3.6).
pub(in crate::cognito) fn at_hash(access_token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}
