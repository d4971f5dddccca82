//! Keeps secrets out of whatever leaves the step for somebody's eyes, also where a provider repeats them in its own words.
//!
//! A text is replaced as a whole where it holds a secret, or 16 characters of one, plainly or as base64 or percent-encoded: an innocent
//! text has no such run in common with 256 random bits.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use url::form_urlencoded;

use crate::secret::Secret;

/// Characters of a secret that nobody may see in a row.
const FRAGMENT: usize = 16;
/// Shorter secrets would match by chance, and hide everything.
const SHORTEST: usize = 6;
/// What stands instead.
pub const REDACTED: &str = "[redacted]";

/// The secrets of a call.
#[derive(Default)]
pub struct Redaction {
    secrets: Vec<Secret>,
    /// Made for the first text that is looked at: tokens are long, and most logins have no such text.
    forms: OnceCell<Forms>,
}

/// Secrets in every form to look for.
#[derive(Default)]
struct Forms {
    /// Every run of [`FRAGMENT`] bytes, as a number: there are tens of thousands of them.
    fragments: BTreeSet<u128>,
    /// Secrets, or forms of them, that are shorter than that.
    short: BTreeSet<String>,
}

impl Forms {
    fn of(secrets: &[Secret]) -> Self {
        let mut forms = Self::default();
        secrets.iter().for_each(|secret| forms.add(secret.expose()));
        forms
    }

    fn add(&mut self, secret: &str) {
        // As a client's credentials are encoded before they're joined (RFC 6749 2.3.1).
        let form_encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        self.add_form(secret);
        self.add_form(&form_encoded);
        self.add_form(&utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
        self.add_base64(secret);
        if form_encoded != secret {
            self.add_base64(&form_encoded);
        }
    }

    /// What base64 makes of a text depends on where in a group of three bytes it begins; the characters at both ends are shared with
    /// whatever stands beside it.
    fn add_base64(&mut self, text: &str) {
        for offset in 0..3_usize {
            let padded = [vec![0; offset], text.as_bytes().to_vec()].concat();
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let encoded = engine.encode(&padded);
                let inner = encoded.get(if offset == 0 { 0 } else { 4 }..padded.len() / 3 * 4);
                self.add_form(inner.unwrap_or_default());
            }
        }
    }

    fn add_form(&mut self, form: &str) {
        if form.len() >= FRAGMENT {
            self.fragments.extend(fragments(form));
        } else if form.len() >= SHORTEST {
            self.short.insert(form.to_owned());
        }
    }

    fn are_in(&self, text: &str) -> bool {
        fragments(text).any(|fragment| self.fragments.contains(&fragment))
            || self.short.iter().any(|short| text.contains(short.as_str()))
    }
}

/// Runs of [`FRAGMENT`] bytes.
fn fragments(text: &str) -> impl Iterator<Item = u128> {
    text.as_bytes().windows(FRAGMENT).filter_map(|window| window.try_into().ok().map(u128::from_be_bytes))
}

impl Redaction {
    /// Adds a secret.
    pub fn add(&mut self, secret: &Secret) {
        if secret.expose().len() >= SHORTEST {
            self.secrets.push(secret.clone());
            self.forms.take();
        }
    }

    /// Whether a text holds a secret, or a fragment of one.
    #[must_use]
    pub fn concerns(&self, text: &str) -> bool {
        let forms = self.forms.get_or_init(|| Forms::of(&self.secrets));
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        forms.are_in(text) || forms.are_in(&decoded)
    }

    /// The text, or what stands instead.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        if self.concerns(&text) { REDACTED.to_owned() } else { text }
    }

    /// A document without any text that holds a secret, and without members named by one.
    pub fn document(&self, value: &mut Value) {
        match value {
            Value::String(text) if self.concerns(text) => REDACTED.clone_into(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.document(value)),
            Value::Object(members) => {
                members.retain(|name, _| !self.concerns(name));
                members.values_mut().for_each(|value| self.document(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::json;

    const SECRET: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn redaction(secret: &str) -> Redaction {
        let mut redaction = Redaction::default();
        redaction.add(&Secret::new(secret));
        redaction
    }

    #[test]
    fn h01_a_secret_is_found_in_every_form() {
        let redaction = redaction(SECRET);
        for text in [
            SECRET.to_owned(),
            format!("the code {SECRET} is wrong"),
            SECRET[5..21].to_owned(),
            STANDARD.encode(SECRET),
            format!("Basic {}", STANDARD.encode(format!("client:{SECRET}"))),
            format!("Basic {}", STANDARD.encode(format!("client1:{SECRET}x"))),
            format!("Basic {}", STANDARD.encode(format!("client12:{SECRET}"))),
            SECRET.replace('-', "%2D").replace('_', "%5f"),
            SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        ] {
            assert!(redaction.concerns(&text), "{text}");
        }
        for text in ["", "the code is wrong", &SECRET[5..20], &"x".repeat(1000)] {
            assert!(!redaction.concerns(text), "{text}");
        }
    }

    #[test]
    fn h01_a_secret_of_odd_characters_is_found_form_encoded_and_in_basic_credentials() {
        let secret = "p/s+s w&rd=äö:%41~0123456789";
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let redaction = redaction(secret);
        assert!(redaction.concerns(&encode(secret)));
        for client in ["client", "client1", "client12"] {
            assert!(redaction.concerns(&format!("Basic {}", STANDARD.encode(format!("{client}:{}", encode(secret))))));
        }
    }

    #[test]
    fn h01_a_secret_that_comes_later_is_found_too() {
        let mut redaction = redaction(SECRET);
        assert!(!redaction.concerns("hunter2"));
        redaction.add(&Secret::new("hunter2"));
        assert!(redaction.concerns("hunter2") && redaction.concerns(SECRET));
    }

    #[test]
    fn h01_a_short_secret_is_found_whole() {
        let redaction = redaction("hunter2");
        assert!(redaction.concerns("my hunter2!"));
        assert!(redaction.concerns(&STANDARD.encode("hunter2")));
        assert!(!redaction.concerns("hunter"));
        assert!(!self::redaction("abc").concerns("abc"), "too short to tell from a word");
    }

    #[test]
    fn h01_a_document_keeps_its_shape() {
        let mut document = json!({"a": SECRET, "b": [SECRET, 1, null, true, "x"], "c": {"d": format!("x{SECRET}")}, SECRET: 1});
        redaction(SECRET).document(&mut document);
        assert_eq!(document, json!({"a": REDACTED, "b": [REDACTED, 1, null, true, "x"], "c": {"d": REDACTED}}));
        assert_eq!(redaction(SECRET).text("x".into()), "x");
        assert_eq!(redaction(SECRET).text(SECRET.into()), REDACTED);
    }

    proptest! {
        #[test]
        fn h01_no_fragment_of_16_characters_gets_by(
            secret in "[A-Za-z0-9_~.-]{16,80}", start in 0_usize..64, before in ".{0,20}", after in ".{0,20}"
        ) {
            let start = start.min(secret.len() - 16);
            let redaction = redaction(&secret);
            let text = format!("{before}{}{after}", &secret[start..start + 16]);
            prop_assert!(redaction.concerns(&text));
        }

        #[test]
        fn h01_base64_of_a_secret_within_another_text_is_found(secret in "[!-~]{24,80}", before in "[!-~]{0,9}", after in "[!-~]{0,9}") {
            let redaction = redaction(&secret);
            let text = format!("{before}{secret}{after}");
            prop_assert!(redaction.concerns(&STANDARD.encode(&text)));
            prop_assert!(redaction.concerns(&URL_SAFE_NO_PAD.encode(&text)));
        }
    }
}
