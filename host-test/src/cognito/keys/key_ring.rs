//! The pool's two signing keys and their rotation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::test_keys::TestKey;

/// One key for ID tokens, another one for access tokens, both published.
#[derive(Debug, Default)]
pub(in crate::cognito) struct KeyRing {
    generation: usize,
    /// Keys of earlier generations that are still published.
    kept: Vec<(String, TestKey)>,
}

impl KeyRing {
    const PAIRS: [[TestKey; 2]; 2] = [[TestKey::Rsa2048A, TestKey::Rsa2048B], [TestKey::Rsa2048C, TestKey::Rsa2048D]];

    /// The key for ID tokens, with its `kid`.
    pub(in crate::cognito) fn id_token_key(&self) -> (String, TestKey) {
        self.key(0)
    }

    /// The key for access tokens, with its `kid`.
    pub(in crate::cognito) fn access_token_key(&self) -> (String, TestKey) {
        self.key(1)
    }

    /// Takes a new pair into use. No `kid` ever comes back, though key material does every second time.
    pub(in crate::cognito) fn rotate(&mut self, keep_publishing_the_old: bool) {
        let old = [self.key(0), self.key(1)];
        self.kept.clear();
        if keep_publishing_the_old {
            self.kept.extend(old);
        }
        self.generation += 1;
    }

    /// The key set (RFC 7517, 5).
    pub(in crate::cognito) fn jwks(&self) -> Value {
        let current = [self.key(0), self.key(1)];
        let keys: Vec<Value> = current.iter().chain(&self.kept).map(|(kid, key)| key.jwk(kid)).collect();
        json!({"keys": keys})
    }

    fn key(&self, index: usize) -> (String, TestKey) {
        (kid(self.generation, index), Self::PAIRS[self.generation % 2][index])
    }
}

/// A `kid` like Cognito's: 32 bytes in base64. It's chosen to hold `+`, `/` and `=`, which a relying party could trip over.
fn kid(generation: usize, index: usize) -> String {
    let candidate = |attempt: u32| {
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("{generation} {index} {attempt}").as_bytes());
        STANDARD.encode(digest.as_ref())
    };
    (0..).map(candidate).find(|kid| kid.contains('+') && kid.contains('/')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_hold_every_odd_character_of_base64_and_never_come_back() {
        let mut ring = KeyRing::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..6 {
            for (kid, _) in [ring.id_token_key(), ring.access_token_key()] {
                assert!(kid.contains('+') && kid.contains('/') && kid.ends_with('='));
                assert!(seen.insert(kid));
            }
            ring.rotate(false);
        }
    }

    #[test]
    fn old_keys_stay_published_only_where_asked() {
        let mut ring = KeyRing::default();
        ring.rotate(true);
        assert_eq!(ring.jwks()["keys"].as_array().map(Vec::len), Some(4));
        ring.rotate(false);
        assert_eq!(ring.jwks()["keys"].as_array().map(Vec::len), Some(2));
    }
}
