//! The operator's keys for encryption at rest.
//!
//! | refused | when |
//! |---|---|
//! | no key at all, a key that isn't 32 bytes in base64, a key twice, more than 16 | when the ring is read |
//! | a value under a key that the ring lacks | when it is opened |
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): nonces of 192 random bits, so that a key doesn't wear out however much it seals,
//! on any number of hosts that know nothing of each other.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// Bytes of a key's id: enough that no two keys of a ring share it.
const ID_BYTES: usize = 8;

/// Keys of a ring: one that writes, and as many as anybody rotates through within the life of a value.
const MAX_KEYS: usize = 16;

/// In front of each sealed text, for the form of what follows.
const FORM: &str = "s1";

/// Either alphabet, with or without padding: what the usual tools print.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// One key that writes, and all that read. Its `Debug` shows ids alone.
///
/// As text: keys of 32 random bytes in base64, one a line or separated by commas; the first one writes. What follows a `#` is a
/// comment. `openssl rand -base64 32` prints a key.
///
/// To rotate: add the new key at the end, on every host; move it to the front, on every host; take the old one away once nothing
/// is left that it sealed, which is when the longest life of a journey has passed. No pending login is lost on the way.
pub struct Keyring {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
}

impl Keyring {
    /// Reads keys from text.
    ///
    /// # Errors
    ///
    /// Where it holds no key, or anything but keys. The error shows nothing of a key.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split_once('#').map_or(line, |(before, _)| before);
            for word in line.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                let key = Key::parse(word).ok_or(KeyringError::Malformed { line: number })?;
                if keys.iter().any(|other| other.id == key.id) {
                    return Err(KeyringError::Twice { line: number });
                }
                if keys.len() == MAX_KEYS {
                    return Err(KeyringError::TooMany);
                }
                keys.push(key);
            }
        }
        match keys.is_empty() {
            true => Err(KeyringError::NoKey),
            false => Ok(Self { keys }),
        }
    }

    /// Reads keys from a file, such as a mounted secret.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); where the file can't be read.
    pub fn from_file(path: &Path) -> Result<Self, KeyringError> {
        let text = std::fs::read_to_string(path).map_err(|error| KeyringError::Unreadable(path.to_owned(), error.kind()))?;
        Self::parse(&text)
    }

    /// Reads keys from a variable of the environment.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); where the variable isn't set.
    pub fn from_env(name: &str) -> Result<Self, KeyringError> {
        let text = std::env::var(name).map_err(|_| KeyringError::NotSet(name.to_owned()))?;
        Self::parse(&text)
    }

    /// The ids of the keys, the one that writes first: what a host may log, to compare with the other hosts of its fleet.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// `s1.<key id>.<base64url of nonce and ciphertext>`, bound to what it is about.
    pub(super) fn seal(&self, text: &str, about: &[u8]) -> Result<String, Unsealable> {
        let key = self.keys.first().ok_or(Unsealable::NoSuchKey)?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| Unsealable::NoRandomBytes)?;
        let payload = Payload { msg: text.as_bytes(), aad: about };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Unsealable::Altered)?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!("{FORM}.{}.{}", key.id, BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The text, where it was sealed about just this by a key of the ring.
    pub(super) fn open(&self, sealed: &str, about: &[u8]) -> Result<String, Unsealable> {
        let mut parts = sealed.split('.');
        let (Some(FORM), Some(id), Some(bytes), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(Unsealable::NotSealed);
        };
        let key = self.keys.iter().find(|key| key.id == id).ok_or(Unsealable::NoSuchKey)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(bytes).map_err(|_| Unsealable::NotSealed)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable::NotSealed)?;
        let payload = Payload { msg: sealed, aad: about };
        let text = key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Unsealable::Altered)?;
        String::from_utf8(text).map_err(|_| Unsealable::Altered)
    }
}

impl Key {
    fn parse(word: &str) -> Option<Self> {
        let bytes = STANDARD.decode(word).or_else(|_| URL_SAFE.decode(word)).ok()?;
        if bytes.len() != KEY_BYTES {
            return None;
        }
        // The id is the key's own, so that no two hosts can call one key by two names.
        let id = Sha256::new().chain_update("journey-host: id of a key\0").chain_update(&bytes).finalize();
        let id = BASE64_URL_SAFE_NO_PAD.encode(id.get(..ID_BYTES)?);
        Some(Self { id, cipher: XChaCha20Poly1305::new_from_slice(&bytes).ok()? })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// Why a value can't be sealed or opened. It shows nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsealable {
    NotSealed,
    NoSuchKey,
    Altered,
    NoRandomBytes,
}

impl fmt::Display for Unsealable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSealed => "it is not sealed",
            Self::NoSuchKey => "this host lacks the key that sealed it",
            Self::Altered => "it was altered, or belongs elsewhere",
            Self::NoRandomBytes => "no random bytes",
        })
    }
}

/// Why there is no ring of keys. It shows nothing of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringError {
    /// There is none in it.
    NoKey,
    /// Not 32 bytes in base64.
    Malformed {
        /// From 1.
        line: usize,
    },
    /// The same key again.
    Twice {
        /// From 1.
        line: usize,
    },
    /// More than 16.
    TooMany,
    /// The file can't be read.
    Unreadable(PathBuf, std::io::ErrorKind),
    /// The variable of the environment isn't set, or isn't text.
    NotSet(String),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => f.write_str("expected a key, 32 random bytes in base64"),
            Self::Malformed { line } => write!(f, "line {line}: expected 32 bytes in base64"),
            Self::Twice { line } => write!(f, "line {line}: the same key again"),
            Self::TooMany => write!(f, "more than {MAX_KEYS} keys"),
            Self::Unreadable(path, kind) => write!(f, "{}: {kind}", path.display()),
            Self::NotSet(name) => write!(f, "the environment variable {name} is not set"),
        }
    }
}

impl std::error::Error for KeyringError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_without_a_key() {
        for (wrong, said) in [
            (KeyringError::NoKey.to_string(), "expected a key, 32 random bytes in base64"),
            (KeyringError::Malformed { line: 2 }.to_string(), "line 2: expected 32 bytes in base64"),
            (KeyringError::Twice { line: 3 }.to_string(), "line 3: the same key again"),
            (KeyringError::TooMany.to_string(), "more than 16 keys"),
            (KeyringError::NotSet("KEYS".to_owned()).to_string(), "the environment variable KEYS is not set"),
            (KeyringError::Unreadable("keys".into(), std::io::ErrorKind::NotFound).to_string(), "keys: entity not found"),
            (Unsealable::NotSealed.to_string(), "it is not sealed"),
            (Unsealable::NoSuchKey.to_string(), "this host lacks the key that sealed it"),
            (Unsealable::Altered.to_string(), "it was altered, or belongs elsewhere"),
            (Unsealable::NoRandomBytes.to_string(), "no random bytes"),
        ] {
            assert_eq!(wrong, said);
        }
        let key = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let ring = Keyring::parse(&key).unwrap();
        let shown = format!("{ring:?}");
        assert!(shown.starts_with("[\"") && !shown.contains(&key[..8]), "{shown}");
    }

    const A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const B: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    fn ring(text: &str) -> Keyring {
        Keyring::parse(text).unwrap()
    }

    #[test]
    fn what_one_key_sealed_any_ring_with_it_opens() {
        let sealed = ring(A).seal("a value", b"about").unwrap();
        for text in [A.to_owned(), format!("{B}\n{A}"), format!("# old\n\n {B} , {A} # new")] {
            assert_eq!(ring(&text).open(&sealed, b"about").as_deref(), Ok("a value"), "{text}");
        }
        assert_eq!(ring(B).open(&sealed, b"about"), Err(Unsealable::NoSuchKey));
    }

    #[test]
    fn the_first_key_writes() {
        for (text, first) in [(format!("{A},{B}"), A), (format!("{B},{A}"), B)] {
            let sealed = ring(&text).seal("a value", b"").unwrap();
            assert_eq!(ring(first).open(&sealed, b"").as_deref(), Ok("a value"));
            assert!(sealed.starts_with(&format!("s1.{}.", ring(first).ids().next().unwrap())));
        }
    }

    #[test]
    fn what_was_altered_or_moved_is_refused() {
        let ring = ring(A);
        let sealed = ring.seal("a value", b"about").unwrap();
        assert_eq!(ring.open(&sealed, b"elsewhere"), Err(Unsealable::Altered));
        let body = sealed.rfind('.').unwrap() + 1;
        for at in body..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'Q' } else { b'A' };
            assert!(ring.open(&String::from_utf8(altered).unwrap(), b"about").is_err(), "{at}");
        }
        for short in ["", "s1", "s1..", &sealed[..body], &sealed[..body + 20], &sealed[..sealed.len() - 4], "a value"] {
            assert!(ring.open(short, b"about").is_err(), "{short}");
        }
        assert_eq!(ring.open(&sealed.replacen("s1", "s2", 1), b"about"), Err(Unsealable::NotSealed));
    }

    #[test]
    fn nothing_is_sealed_twice_alike() {
        let ring = ring(A);
        assert_ne!(ring.seal("a value", b"").unwrap(), ring.seal("a value", b"").unwrap());
    }

    /// The second implementation's answer: libsodium's `crypto_aead_xchacha20poly1305_ietf`, by the vector of the draft, A.3.1.
    #[test]
    fn the_cipher_is_the_one_of_the_draft() {
        let key: Vec<u8> = (0x80..=0x9f).collect();
        let nonce: [u8; 24] = std::array::from_fn(|at| 0x40 + at as u8);
        let about = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let text =
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let key = Key { id: String::new(), cipher: XChaCha20Poly1305::new_from_slice(&key).unwrap() };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &about }).unwrap();
        assert_eq!(sealed[..8], [0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b]);
        assert_eq!(
            sealed[sealed.len() - 16..],
            [0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a, 0xcf, 0x49]
        );
    }

    #[test]
    fn a_ring_of_anything_else_is_refused_and_shows_nothing() {
        let check = |text: &str, expected: KeyringError| {
            let error = Keyring::parse(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!format!("{error} {error:?}").contains(&A[..8]), "{error}");
        };
        check("", KeyringError::NoKey);
        check("# only a comment\n\n", KeyringError::NoKey);
        check("secret", KeyringError::Malformed { line: 1 });
        check(&A[..40], KeyringError::Malformed { line: 1 });
        check(&format!("{A}\n{A}A"), KeyringError::Malformed { line: 2 });
        check(&format!("{A}\n{B}\n{A}"), KeyringError::Twice { line: 3 });
        let many: Vec<String> = (0..17).map(|at| STANDARD.encode([at; 32])).collect();
        check(&many.join(","), KeyringError::TooMany);
        assert!(Keyring::parse(&many[..16].join(",")).is_ok());
        let nowhere = Path::new("/nowhere/keys");
        assert!(matches!(Keyring::from_file(nowhere), Err(KeyringError::Unreadable(..))));
        assert_eq!(Keyring::from_env("NO_SUCH_VARIABLE").unwrap_err(), KeyringError::NotSet("NO_SUCH_VARIABLE".into()));
    }

    #[test]
    fn a_key_is_read_in_either_alphabet_and_never_shown() {
        let bytes = [0xfb; 32];
        for text in [STANDARD.encode(bytes), URL_SAFE.encode(bytes), BASE64_URL_SAFE_NO_PAD.encode(bytes)] {
            let ring = ring(&text);
            assert_eq!(ring.ids().count(), 1);
            assert!(!format!("{ring:?}").contains(&text[..8]), "{ring:?}");
            assert_eq!(ring.ids().next(), super::tests::ring(&STANDARD.encode(bytes)).ids().next());
        }
    }
}
