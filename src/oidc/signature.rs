//! RSASSA-PKCS1-v1_5 with SHA-256, as a crypto provider for `jsonwebtoken` (RFC 7518 3.3, RFC 8017 8.2.2).
//!
//! Verification raises the signature to a small public exponent and compares the result, whole, with the one encoding that is
//! right: nothing in it is parsed, so nothing can be parsed leniently. Every value is public; there is no secret for a duration
//! to tell. The provider can't sign, and knows no other algorithm.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use sha2::{Digest, Sha256};

use modular_power::Modulus;

/// Shorter keys are broken, or nearly (RFC 7518 3.3).
const MIN_MODULUS_BITS: usize = 2048;
/// Longer keys only cost time: a hostile key set could ask for any amount of it.
const MAX_MODULUS_BITS: usize = 4096;
/// As Windows and Go draw the line; 65537 needs 17.
const MAX_EXPONENT_BITS: usize = 33;

/// DER of `DigestInfo` for SHA-256, up to the digest (RFC 8017 9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// An RSA public key of sound size.
#[derive(Clone, Debug)]
pub struct PublicKey(DecodingKey);

/// The modulus or the exponent isn't one to trust or to compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsoundKey;

impl PublicKey {
    /// Takes big-endian numbers. The size is checked here, before any arithmetic.
    ///
    /// # Errors
    /// A modulus that's even or not of 2048 to 4096 bits, an exponent that's even, below 3 or over 33 bits.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, UnsoundKey> {
        let modulus = strip_zeros(modulus);
        let exponent = strip_zeros(exponent);
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        let sound = is_odd(modulus)
            && is_odd(exponent)
            && (MIN_MODULUS_BITS..=MAX_MODULUS_BITS).contains(&bits(modulus))
            && (2..=MAX_EXPONENT_BITS).contains(&bits(exponent));
        if !sound {
            return Err(UnsoundKey);
        }
        Ok(Self(DecodingKey::from_rsa_raw_components(modulus, exponent)))
    }
}

/// Whether `signature` (base64url) is the key's for `message`.
#[must_use]
pub fn verify(signature: &str, message: &[u8], key: &PublicKey) -> bool {
    static INSTALLED: Once = Once::new();
    // Process-wide and once only; the component is alone in its process, and a second attempt changes nothing.
    INSTALLED.call_once(|| {
        let _ = PROVIDER.install_default();
    });
    jsonwebtoken::crypto::verify(signature, message, &key.0, Algorithm::RS256).unwrap_or(false)
}

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: no_signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match (algorithm, key.family(), key.kind()) {
        (Algorithm::RS256, AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            let (modulus, exponent) = Modulus::new(n).zip(small(e)).ok_or(ErrorKind::InvalidRsaKey("unsound".to_owned()))?;
            Ok(Box::new(Rs256 { modulus, exponent, length: n.len() }))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct Rs256 {
    modulus: Modulus,
    exponent: u64,
    /// Bytes of the modulus.
    length: usize,
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        // RFC 8017 8.2.2 step 1, and 5.2.2 step 1: exactly as long as the modulus, and smaller; or there is no power.
        let encoded = self.modulus.power(signature, self.exponent).ok_or_else(SignatureError::new)?;
        match expected_encoding(message, self.length) {
            Some(expected) if encoded == expected => Ok(()),
            _ => Err(SignatureError::new()),
        }
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2): 00 01 FF … FF 00 `DigestInfo`.
fn expected_encoding(message: &[u8], length: usize) -> Option<Vec<u8>> {
    let digest = Sha256::digest(message);
    let padding = length.checked_sub(3 + SHA256_DIGEST_INFO.len() + digest.len())?;
    let mut encoding = vec![0x00, 0x01];
    encoding.resize(padding.checked_add(2)?, 0xff);
    encoding.push(0x00);
    encoding.extend_from_slice(&SHA256_DIGEST_INFO);
    encoding.extend_from_slice(&digest);
    Some(encoding)
}

/// A number of at most 64 bits.
fn small(number: &[u8]) -> Option<u64> {
    (number.len() <= 8).then(|| number.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(leading)
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::keys;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use dashu_int::UBig;

    fn number(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0xff; bits.div_ceil(8)];
        if !bits.is_multiple_of(8) {
            bytes[0] = (1_u8 << (bits % 8)) - 1;
        }
        bytes
    }

    #[test]
    fn i03_a_signature_holds_for_its_message_and_key_alone() {
        let (key, other) = (keys::signing(0), keys::signing(1));
        let signature = key.sign(b"message");
        let public = key.public();
        assert!(verify(&URL_SAFE_NO_PAD.encode(&signature), b"message", &public));
        assert!(!verify(&URL_SAFE_NO_PAD.encode(&signature), b"Message", &public));
        assert!(!verify(&URL_SAFE_NO_PAD.encode(&signature), b"message", &other.public()));
        assert!(!verify("", b"message", &public));
        assert!(!verify("*", b"message", &public));
    }

    #[test]
    fn i03_a_signature_has_the_length_of_the_modulus_and_is_smaller() {
        let key = keys::signing(0);
        let signature = key.sign(b"message");
        let public = key.public();
        let holds = |signature: &[u8]| verify(&URL_SAFE_NO_PAD.encode(signature), b"message", &public);
        assert!(!holds(&[&[0], signature.as_slice()].concat()));
        assert!(!holds(&signature[1..]));
        let sum = UBig::from_be_bytes(&signature) + UBig::from_be_bytes(key.modulus());
        let sum = sum.to_be_bytes();
        assert!(!holds(&sum), "the same number modulo n, written as a larger one");
        for position in [0, 1, 128, 255] {
            let mut mutated = signature.clone();
            mutated[position] ^= 1;
            assert!(!holds(&mutated), "{position}");
        }
        assert!(!holds(&[0; 256]));
        assert!(!holds(&[0xff; 256]));
    }

    #[test]
    fn k08_only_sound_keys_are_accepted() {
        let e = [1, 0, 1];
        for (modulus, exponent, sound) in [
            (number(2048), &e[..], true),
            (number(4096), &e, true),
            (number(3072), &[3], true),
            ([vec![0, 0], number(2048)].concat(), &[0, 1, 0, 1], true),
            (number(2047), &e, false),
            (number(1024), &e, false),
            (number(4097), &e, false),
            (number(100_000), &e, false),
            (vec![], &e, false),
            (vec![0; 256], &e, false),
            ([vec![0xff; 255], vec![0xfe]].concat(), &e, false),
            (number(2048), &[], false),
            (number(2048), &[0], false),
            (number(2048), &[1], false),
            (number(2048), &[2], false),
            (number(2048), &[1, 0, 0], false),
            (number(2048), &[1, 0xff, 0xff, 0xff, 0xff], true),
            (number(2048), &[2, 0xff, 0xff, 0xff, 0xff], false),
            (number(2048), &[0xff; 256], false),
        ] {
            let key = PublicKey::new(&modulus, exponent);
            assert_eq!(key.is_ok(), sound, "{} bits, {exponent:?}", bits(strip_zeros(&modulus)));
        }
    }

    #[test]
    fn i02_the_provider_can_neither_sign_nor_verify_anything_else() {
        assert!(no_signer(&Algorithm::RS256, &EncodingKey::from_secret(b"s")).is_err());
        let rsa = DecodingKey::from_rsa_raw_components(&number(2048), &[1, 0, 1]);
        assert_eq!(verifier(&Algorithm::RS256, &rsa).unwrap().algorithm(), Algorithm::RS256);
        assert!(verifier(&Algorithm::RS384, &rsa).is_err());
        assert!(verifier(&Algorithm::HS256, &DecodingKey::from_secret(b"s")).is_err());
        assert!(verifier(&Algorithm::RS256, &DecodingKey::from_secret(b"s")).is_err());
        assert!(verifier(&Algorithm::RS256, &DecodingKey::from_rsa_der(b"s")).is_err());
    }

    #[test]
    fn too_short_a_length_has_no_encoding() {
        assert_eq!(expected_encoding(b"", 53), None);
        assert_eq!(expected_encoding(b"", 54).unwrap().len(), 54);
    }
}
