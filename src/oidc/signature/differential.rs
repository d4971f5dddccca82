//! The same question to `ring`: the same answer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::{PublicKey, strip_zeros, verify};
use crate::testing::keys;

/// A key that is unsound verifies nothing.
fn ours(modulus: &[u8], exponent: &[u8], message: &[u8], signature: &[u8]) -> bool {
    PublicKey::new(modulus, exponent).is_ok_and(|key| verify(&URL_SAFE_NO_PAD.encode(signature), message, &key))
}

/// `ring` asks for numbers without leading zeros, and has rules of its own for the rest: it takes moduli of up to 8192 bits, and
/// exponents of 3 to 2^33 - 1, where 3 is the least; as this crate does.
fn rings(modulus: &[u8], exponent: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = RsaPublicKeyComponents { n: strip_zeros(modulus), e: strip_zeros(exponent) };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
}

fn same(modulus: &[u8], exponent: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (ours, rings) = (ours(modulus, exponent, message, signature), rings(modulus, exponent, message, signature));
    assert_eq!(ours, rings, "{modulus:02x?} {exponent:02x?} {message:02x?} {signature:02x?}");
    ours
}

/// What may become of a number.
#[derive(Clone, Debug)]
enum Mutation {
    Bit(usize),
    Byte(usize, u8),
    Cut(usize),
    LeadingZeros(usize),
    TrailingByte(u8),
    Swap(usize, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        if length == 0 {
            return;
        }
        match *self {
            Self::Bit(position) => bytes[position / 8 % length] ^= 1 << (position % 8),
            Self::Byte(position, value) => bytes[position % length] = value,
            Self::Cut(count) => drop(bytes.drain(..count.min(length))),
            Self::LeadingZeros(count) => drop(bytes.splice(0..0, vec![0; count])),
            Self::TrailingByte(value) => bytes.push(value),
            Self::Swap(a, b) => bytes.swap(a % length, b % length),
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (0..4096_usize).prop_map(Mutation::Bit),
        (0..512_usize, any::<u8>()).prop_map(|(position, value)| Mutation::Byte(position, value)),
        (0..3_usize).prop_map(Mutation::Cut),
        (0..3_usize).prop_map(Mutation::LeadingZeros),
        any::<u8>().prop_map(Mutation::TrailingByte),
        (0..512_usize, 0..512_usize).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    prop::collection::vec(mutation(), 0..3)
}

fn mutated(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
    bytes
}

proptest! {
    #[test]
    fn i03_a_right_signature_is_right_for_both(message in prop::collection::vec(any::<u8>(), 0..300), index in 0..2_usize) {
        let key = keys::signing(index);
        prop_assert!(same(key.modulus(), &[1, 0, 1], &message, &key.sign(&message)));
    }

    #[test]
    fn i03_a_mutated_signature_has_the_same_verdict(message in any::<[u8; 8]>(), mutations in mutations()) {
        let key = keys::signing(0);
        let signature = key.sign(&message);
        let mutated = mutated(&signature, &mutations);
        prop_assert_eq!(same(key.modulus(), &[1, 0, 1], &message, &mutated), mutated == signature);
    }

    #[test]
    fn k08_a_mutated_modulus_has_the_same_verdict(message in any::<[u8; 8]>(), mutations in mutations()) {
        let key = keys::signing(0);
        same(&mutated(key.modulus(), &mutations), &[1, 0, 1], &message, &key.sign(&message));
    }

    #[test]
    fn k08_any_exponent_has_the_same_verdict(message in any::<[u8; 8]>(), exponent in prop::collection::vec(any::<u8>(), 0..6)) {
        let key = keys::signing(0);
        same(key.modulus(), &exponent, &message, &key.sign(&message));
    }

    #[test]
    fn i03_any_bytes_are_no_signature(signature in prop::collection::vec(any::<u8>(), 0..300), message in any::<[u8; 8]>()) {
        let key = keys::signing(0);
        prop_assert!(!same(key.modulus(), &[1, 0, 1], &message, &signature));
    }
}

/// Signatures for the exponent 1 are their own message, for 3 they can be made up where padding is parsed leniently.
#[test]
fn k08_the_border_of_exponents_is_the_same() {
    let key = keys::signing(0);
    let signature = key.sign(b"message");
    for exponent in
        [&[1_u8][..], &[2], &[3], &[1, 0, 0, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff], &[2, 0, 0, 0, 1], &[0, 1, 0, 1], &[]]
    {
        same(key.modulus(), exponent, b"message", &signature);
    }
}

/// The encoding itself, as the signature of a key with the exponent 1, which both refuse.
#[test]
fn k08_the_exponent_1_forges_nothing() {
    let key = keys::signing(0);
    let encoding = super::expected_encoding(b"message", 256).unwrap();
    assert!(!same(key.modulus(), &[1], b"message", &encoding));
}
