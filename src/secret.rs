//! Values that must not leak: no `Display`, and a `Debug` that prints `[redacted]`.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serializer;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::host::{Host, RandomUnavailable};
use crate::json::FromJson;

/// Random bytes in each generated value: 256 bits, where 160 are asked for (RFC 6749 10.10).
const RANDOM_BYTES: usize = 32;

/// A secret text: a token, code, verifier, nonce, state or client secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// 256 random bits as 43 characters of `A-Z a-z 0-9 - _`: Cognito loses others on some of its hops.
    ///
    /// # Errors
    /// The host has no random numbers.
    pub fn random(host: &mut dyn Host) -> Result<Self, RandomUnavailable> {
        let [secret] = Self::several(host)?;
        Ok(secret)
    }

    /// Several of them, drawn in one host call.
    ///
    /// # Errors
    /// The host has no random numbers.
    pub fn several<const N: usize>(host: &mut dyn Host) -> Result<[Self; N], RandomUnavailable> {
        let mut bytes = [[0_u8; RANDOM_BYTES]; N];
        host.fill_random(bytes.as_flattened_mut())?;
        Ok(bytes.map(|bytes| Self(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The text itself, for the one place that has to send or store it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself, for good.
    #[must_use]
    pub fn into_exposed(self) -> String {
        self.0
    }

    /// Compares without telling by its duration where the texts differ: digests are compared, which nobody can steer.
    #[must_use]
    pub fn equals(&self, other: &str) -> bool {
        Sha256::digest(self.0.as_bytes()) == Sha256::digest(other.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl FromJson for Secret {
    fn from_json(value: Value) -> Option<Self> {
        String::from_json(value).map(Self)
    }
}

/// For `#[serde(serialize_with = "secret::store")]`: the one way a secret gets into a document, for the host's private store.
///
/// # Errors
/// Those of the serializer.
pub fn store<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// SHA-256 of `bytes`, base64url without padding.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn a_secret_prints_as_redacted() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[redacted]");
    }

    #[test]
    fn b05_random_values_have_256_bits_and_differ() {
        let mut host = FakeHost::new();
        let first = Secret::random(&mut host).unwrap();
        let second = Secret::random(&mut host).unwrap();
        assert_ne!(first, second);
        let decoded = URL_SAFE_NO_PAD.decode(first.expose()).unwrap();
        assert_eq!(decoded.len() * 8, 256);
    }

    #[test]
    fn b05_values_drawn_together_are_as_those_drawn_one_by_one() {
        let together: [Secret; 3] = Secret::several(&mut FakeHost::new()).unwrap();
        let mut host = FakeHost::new();
        assert_eq!(together, [(); 3].map(|()| Secret::random(&mut host).unwrap()));
    }

    #[test]
    fn b05_without_random_numbers_there_is_no_value() {
        let mut host = FakeHost::new();
        host.random_fails = true;
        assert_eq!(Secret::random(&mut host), Err(RandomUnavailable));
    }

    #[test]
    fn equality_is_of_the_whole_text() {
        let secret = Secret::new("abc");
        assert!(secret.equals("abc"));
        assert!(!secret.equals("abcd"));
        assert!(!secret.equals("ab"));
    }
}
