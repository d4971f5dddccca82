//! The committed test keys, see `keys/README.md`.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

/// A signature algorithm of RFC 7518, 3.1, that a [`TestKey`] can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: Cognito's.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// The value of `alg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A committed key pair that signs test tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestKey {
    /// One of the pool's own.
    Rsa2048A,
    /// One of the pool's own.
    Rsa2048B,
    /// One of the pool's own, after a rotation.
    Rsa2048C,
    /// One of the pool's own, after a rotation.
    Rsa2048D,
    /// Never published by the pool.
    Rsa2048E,
    /// Too short to be accepted. Signs RS256 only.
    Rsa1024,
    /// Longer than Cognito's.
    Rsa3072,
    /// The longest to be accepted.
    Rsa4096,
    /// On the curve P-256, for ES256.
    EcP256,
}

macro_rules! pem {
    ($name:literal) => {
        (include_str!(concat!("../../../keys/", $name, ".pem")), include_str!(concat!("../../../keys/", $name, ".pub.pem")))
    };
}

impl TestKey {
    fn pems(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsa2048A => pem!("rsa-2048-a"),
            Self::Rsa2048B => pem!("rsa-2048-b"),
            Self::Rsa2048C => pem!("rsa-2048-c"),
            Self::Rsa2048D => pem!("rsa-2048-d"),
            Self::Rsa2048E => pem!("rsa-2048-e"),
            Self::Rsa1024 => pem!("rsa-1024"),
            Self::Rsa3072 => pem!("rsa-3072"),
            Self::Rsa4096 => pem!("rsa-4096"),
            Self::EcP256 => pem!("ec-p256"),
        }
    }

    /// The public key as PEM (SubjectPublicKeyInfo).
    #[must_use]
    pub fn public_pem(self) -> &'static str {
        self.pems().1
    }

    /// The public key as a JWK (RFC 7517) with Cognito's members.
    #[must_use]
    pub fn jwk(self, kid: &str) -> Value {
        if self == Self::EcP256 {
            let point = ec_key_pair(self).public_key().as_ref().to_vec();
            let (x, y) = point[1..].split_at(32);
            return json!({"kid": kid, "alg": "ES256", "kty": "EC", "crv": "P-256", "use": "sig",
                "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        }
        let RsaNumbers { n, e, .. } = self.rsa_numbers();
        json!({"kid": kid, "alg": "RS256", "kty": "RSA", "use": "sig", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)})
    }

    /// The RSA modulus, big-endian without leading zeros. Panics for the EC key.
    #[must_use]
    pub fn modulus(self) -> Vec<u8> {
        self.rsa_numbers().n
    }

    /// The RSA public exponent, big-endian without leading zeros. Panics for the EC key.
    #[must_use]
    pub fn exponent(self) -> Vec<u8> {
        self.rsa_numbers().e
    }

    /// Signs a message. Panics where key and algorithm don't go together.
    #[must_use]
    pub fn sign(self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let encoding: &dyn signature::RsaEncoding = match algorithm {
            Algorithm::Es256 => {
                return ec_key_pair(self).sign(&random, message).expect("P-256 signs").as_ref().to_vec();
            }
            Algorithm::Rs256 if self == Self::Rsa1024 => {
                return self.sign_with_bare_arithmetic(message);
            }
            Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
            Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
            Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        };
        let key_pair = rsa_key_pair(self);
        let mut signature = vec![0; key_pair.public().modulus_len()];
        key_pair.sign(encoding, &random, message, &mut signature).expect("an RSA key signs");
        signature
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.1): `ring` takes no private key this short.
    fn sign_with_bare_arithmetic(self, message: &[u8]) -> Vec<u8> {
        const SHA_256_DIGEST_INFO: [u8; 19] =
            [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
        let RsaNumbers { n, d, .. } = self.rsa_numbers();
        let digest = ring::digest::digest(&ring::digest::SHA256, message);
        let mut encoded = vec![0x00, 0x01];
        encoded.resize(n.len() - 1 - SHA_256_DIGEST_INFO.len() - digest.as_ref().len(), 0xff);
        encoded.push(0x00);
        encoded.extend(SHA_256_DIGEST_INFO);
        encoded.extend(digest.as_ref());
        let ring = ConstDivisor::new(UBig::from_be_bytes(&n));
        let signature = ring.reduce(UBig::from_be_bytes(&encoded)).pow(&UBig::from_be_bytes(&d)).residue().to_be_bytes();
        let mut padded = vec![0; n.len() - signature.len()];
        padded.extend(signature.iter());
        padded
    }

    fn pkcs8(self) -> Vec<u8> {
        let base64: String = self.pems().0.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(base64).expect("the committed key is PEM")
    }

    fn rsa_numbers(self) -> RsaNumbers {
        let pkcs8 = self.pkcs8();
        // PrivateKeyInfo (RFC 5208, 5): version, algorithm, the key as an octet string that holds an RSAPrivateKey (RFC 8017,
        // A.1.2).
        let info = der_elements(der_elements(&pkcs8)[0]);
        let key = der_elements(der_elements(info[2])[0]);
        let integer = |index: usize| key[index].iter().copied().skip_while(|byte| *byte == 0).collect();
        RsaNumbers { n: integer(1), e: integer(2), d: integer(3) }
    }
}

struct RsaNumbers {
    n: Vec<u8>,
    e: Vec<u8>,
    d: Vec<u8>,
}

/// The contents of the DER elements that stand side by side in `der`.
fn der_elements(mut der: &[u8]) -> Vec<&[u8]> {
    let mut elements = Vec::new();
    while let [_tag, length, rest @ ..] = der {
        let (length, rest) = match *length {
            short @ 0..0x80 => (usize::from(short), rest),
            long => {
                let (bytes, rest) = rest.split_at(usize::from(long & 0x7f));
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
        };
        let (element, rest) = rest.split_at(length);
        elements.push(element);
        der = rest;
    }
    elements
}

/// The parsed key pair. Parsing checks the key, which costs as much as many signatures, so it's done once.
fn rsa_key_pair(key: TestKey) -> Arc<RsaKeyPair> {
    static PARSED: Mutex<Vec<(TestKey, Arc<RsaKeyPair>)>> = Mutex::new(Vec::new());
    let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pair)) = parsed.iter().find(|(known, _)| *known == key) {
        return Arc::clone(pair);
    }
    let pair = Arc::new(RsaKeyPair::from_pkcs8(&key.pkcs8()).expect("an RSA key of 2048 to 4096 bits"));
    parsed.push((key, Arc::clone(&pair)));
    pair
}

fn ec_key_pair(key: TestKey) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &key.pkcs8(), &SystemRandom::new())
        .expect("a P-256 key")
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};

    use super::*;

    #[test]
    fn every_rsa_key_makes_signatures_that_ring_accepts() {
        for key in [TestKey::Rsa1024, TestKey::Rsa2048A, TestKey::Rsa2048E, TestKey::Rsa3072, TestKey::Rsa4096] {
            let signature = key.sign(Algorithm::Rs256, b"message");
            let public = RsaPublicKeyComponents { n: key.modulus(), e: key.exponent() };
            public.verify(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, b"message", &signature).unwrap();
        }
    }

    #[test]
    fn the_ec_key_makes_signatures_that_ring_accepts() {
        let public = ec_key_pair(TestKey::EcP256).public_key().as_ref().to_vec();
        let signature = TestKey::EcP256.sign(Algorithm::Es256, b"message");
        signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, public).verify(b"message", &signature).unwrap();
    }

    #[test]
    fn sizes_are_as_named() {
        let bits = |key: TestKey| key.modulus().len() * 8;
        assert_eq!([TestKey::Rsa1024, TestKey::Rsa2048A, TestKey::Rsa3072, TestKey::Rsa4096].map(bits), [1024, 2048, 3072, 4096]);
    }
}
