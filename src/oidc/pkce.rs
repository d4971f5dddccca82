//! Proof Key for Code Exchange (RFC 7636), method S256 and no other.

use serde::Serialize;
use serde_json::Value;

use crate::json::FromJson;
use crate::secret::{self, Secret};

/// `code_challenge_method`; `plain` is never sent, whatever the provider's metadata says or leaves out (RFC 7636 7.2).
pub const CHALLENGE_METHOD: &str = "S256";

/// `code_verifier`: 256 random bits as 43 characters (RFC 7636 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CodeVerifier(#[serde(serialize_with = "secret::store")] Secret);

impl FromJson for CodeVerifier {
    fn from_json(value: Value) -> Option<Self> {
        Secret::from_json(value).map(Self)
    }
}

impl CodeVerifier {
    /// Of a fresh random value, which nothing else is made of.
    #[must_use]
    pub fn new(random: Secret) -> Self {
        Self(random)
    }

    /// `code_challenge`: the verifier's SHA-256, base64url without padding (RFC 7636 4.2).
    #[must_use]
    pub fn challenge(&self) -> String {
        secret::digest(self.0.expose().as_bytes())
    }

    /// For the token request's body.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn b08_the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = CodeVerifier(Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(CHALLENGE_METHOD, "S256");
    }

    #[test]
    fn b07_a_verifier_has_43_unreserved_characters() {
        let verifier = CodeVerifier::new(Secret::random(&mut FakeHost::new()).unwrap());
        let text = verifier.secret().expose();
        assert_eq!(text.len(), 43);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}
