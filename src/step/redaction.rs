//! Keeps secrets out of whatever leaves the step for somebody's eyes, also where a provider repeats them in its own words.
//!
//! A text is replaced as a whole where it holds a secret, or 16 characters of one, plainly, percent-encoded, as base64 or as a
//! Basic header has it: an innocent text has no such run in common with 256 random bits.
//!
//! Most calls have no text to judge, and an ID token may have many kilobytes: nothing is computed before it is needed, and then
//! few of a secret's blocks are looked up, not each of its runs.

use std::cell::OnceCell;

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
/// Bytes of a secret that are looked for. Only an ID token can be longer, and between its ends stand claims, which the output
/// holds too: what lets anybody use it is its signature. Each kilobyte takes some quarter of a millisecond to prepare.
const LONGEST: usize = 64 * 1024;
/// Bytes of a block that leads to a fragment.
const BLOCK: usize = 8;
/// From one block to the next: of each run of [`FRAGMENT`] bytes one block is whole.
const STRIDE: usize = FRAGMENT - BLOCK + 1;
/// A block that stands more often is taken for a fragment by itself: no text may keep us busy.
const MAX_CANDIDATES: usize = 64;
/// What stands instead.
pub const REDACTED: &str = "[redacted]";

/// The secrets of a call.
#[derive(Default)]
pub struct Redaction {
    secrets: Vec<Secret>,
    index: OnceCell<Index>,
}

impl Redaction {
    /// Adds a secret; of a very long one, its ends.
    pub fn add(&mut self, secret: &Secret) {
        let text = secret.expose();
        if text.len() > LONGEST {
            let (first, last) =
                (text.floor_char_boundary(LONGEST / 2), text.ceil_char_boundary(text.len().saturating_sub(LONGEST / 2)));
            for end in [text.get(..first), text.get(last..)].into_iter().flatten() {
                self.secrets.push(Secret::new(end));
            }
        } else if text.len() >= SHORTEST {
            self.secrets.push(secret.clone());
        }
        self.index.take();
    }

    /// Whether a text holds a secret, or a fragment of one.
    #[must_use]
    pub fn concerns(&self, text: &str) -> bool {
        let index = self.index.get_or_init(|| Index::new(&self.secrets));
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        [text, decoded.as_ref()].iter().any(|text| index.finds(text))
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

/// The secrets in every form to look for.
struct Index {
    /// At least [`FRAGMENT`] bytes long.
    forms: Vec<String>,
    /// Shorter ones.
    short: Vec<String>,
    /// Every block, its form and its place there, in order.
    blocks: Vec<([u8; BLOCK], usize, usize)>,
}

impl Index {
    fn new(secrets: &[Secret]) -> Self {
        let forms = secrets.iter().flat_map(|secret| forms(secret.expose())).filter(|form| form.len() >= SHORTEST);
        let (mut forms, short): (Vec<_>, Vec<_>) = forms.partition(|form| form.len() >= FRAGMENT);
        forms.sort_unstable();
        forms.dedup();
        let mut blocks = Vec::new();
        for (number, form) in forms.iter().enumerate() {
            let each = form.as_bytes().windows(BLOCK).enumerate().step_by(STRIDE);
            blocks.extend(each.filter_map(|(start, block)| Some((block.try_into().ok()?, number, start))));
        }
        blocks.sort_unstable();
        Self { forms, short, blocks }
    }

    fn finds(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let holds_fragment = |(start, block): (usize, &[u8])| {
            let first = self.blocks.partition_point(|(candidate, ..)| candidate.as_slice() < block);
            let candidates = self.blocks.iter().skip(first).take_while(|(candidate, ..)| candidate.as_slice() == block);
            let is_fragment = |(count, (_, form, place)): (usize, &(_, usize, usize))| {
                let form = self.forms.get(*form).map(String::as_bytes).unwrap_or_default();
                count >= MAX_CANDIDATES || common_run((bytes, start), (form, *place)) >= FRAGMENT
            };
            candidates.enumerate().any(is_fragment)
        };
        bytes.windows(BLOCK).enumerate().any(holds_fragment) || self.short.iter().any(|short| text.contains(short.as_str()))
    }
}

/// Bytes around a common block that two texts have in common, up to a [`FRAGMENT`] on either side.
fn common_run((a, at): (&[u8], usize), (b, bt): (&[u8], usize)) -> usize {
    let equal = |(x, y): &(&u8, &u8)| x == y;
    let after = a.iter().skip(at).zip(b.iter().skip(bt)).take(FRAGMENT).take_while(equal).count();
    let before = a.iter().take(at).rev().zip(b.iter().take(bt).rev()).take(FRAGMENT).take_while(equal).count();
    before.saturating_add(after)
}

/// A text plainly, percent-encoded, and as base64; the same again form-encoded, as a Basic header has it (RFC 6749 2.3.1).
fn forms(text: &str) -> Vec<String> {
    let form_encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let mut forms = base64_forms(text);
    if form_encoded != text {
        forms.extend(base64_forms(&form_encoded));
    }
    forms.extend([text.to_owned(), form_encoded, utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()]);
    forms
}

/// What base64 makes of a text depends on where in a group of three bytes it begins; the characters at both ends are shared with
/// whatever stands beside it.
fn base64_forms(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for offset in 0..3_usize {
        let bytes = [vec![0; offset], text.as_bytes().to_vec()].concat();
        let (first, end) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&bytes).get(first..end).unwrap_or_default().to_owned());
        }
    }
    forms
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
    fn h01_a_short_secret_is_found_whole() {
        let redaction = redaction("hunter2");
        assert!(redaction.concerns("my hunter2!"));
        for prefix in ["", "a", "ab", "client:"] {
            assert!(redaction.concerns(&STANDARD.encode(format!("{prefix}hunter2!"))), "{prefix}");
        }
        assert!(!redaction.concerns("hunter"));
        assert!(!self::redaction("abc").concerns("abc"), "too short to tell from a word");
    }

    #[test]
    fn h01_a_secret_that_repeats_itself_keeps_nobody_busy() {
        let redaction = redaction(&"0123456789".repeat(10_000));
        assert!(redaction.concerns("x0123456789012345x"));
        assert!(!redaction.concerns(&"x0123456x".repeat(1000)));
    }

    #[test]
    fn h01_of_a_very_long_secret_both_ends_are_looked_for() {
        let secret: String = (0_u64..20_000).map(|number| format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        assert!(secret.len() > 2 * LONGEST);
        let redaction = redaction(&secret);
        for fragment in [&secret[..FRAGMENT], &secret[LONGEST / 2 - FRAGMENT..LONGEST / 2], &secret[secret.len() - FRAGMENT..]] {
            assert!(redaction.concerns(fragment), "{fragment}");
        }
        assert!(self::redaction(&"ä".repeat(LONGEST)).concerns(&"ä".repeat(FRAGMENT)));
    }

    #[test]
    fn h01_a_secret_added_later_is_looked_for_too() {
        let mut redaction = redaction("the first of the secrets");
        assert!(!redaction.concerns(SECRET));
        redaction.add(&Secret::new(SECRET));
        assert!(redaction.concerns(SECRET) && redaction.concerns("the first of the secrets"));
    }

    #[test]
    fn h01_a_document_keeps_its_shape() {
        let mut document = json!({"a": SECRET, "b": [SECRET, 1, null, true, "x"], "c": {"d": format!("x{SECRET}")}, SECRET: 1});
        redaction(SECRET).document(&mut document);
        assert_eq!(document, json!({"a": REDACTED, "b": [REDACTED, 1, null, true, "x"], "c": {"d": REDACTED}}));
        assert_eq!(redaction(SECRET).text("x".into()), "x");
        assert_eq!(redaction(SECRET).text(SECRET.into()), REDACTED);
    }

    #[test]
    fn h01_a_secret_is_found_in_a_basic_header_that_had_to_encode_it() {
        let secret = "a/b+c d:e%f&g=h?i#j!k";
        let basic = STANDARD.encode("client:a%2Fb%2Bc+d%3Ae%25f%26g%3Dh%3Fi%23j%21k");
        let redaction = redaction(secret);
        assert!(redaction.concerns(&basic));
        assert!(redaction.concerns(&basic[20..36]));
        assert!(redaction.concerns("client_secret=a%2Fb%2Bc+d%3Ae%25f"), "form-encoded, as in a body");
        assert!(!redaction.concerns(&STANDARD.encode("client:another one, and as long")));
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
    fn h01_every_character_of_base64_that_a_secret_decides_counts() {
        let redaction = redaction(SECRET);
        for (before, first, last) in [("", 0, 57), ("a", 2, 58), ("ab", 3, 60)] {
            let encoded = STANDARD.encode(format!("{before}{SECRET}"));
            assert!(redaction.concerns(&encoded[first..first + 16]), "{before}");
            assert!(redaction.concerns(&encoded[last - 16..last]), "{before}");
        }
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
        fn h01_base64_of_a_secret_within_another_text_is_found(secret in "[!-~]{18,80}", before in "[!-~]{0,9}", after in "[!-~]{0,9}") {
            let redaction = redaction(&secret);
            let text = format!("{before}{secret}{after}");
            prop_assert!(redaction.concerns(&STANDARD.encode(&text)));
            prop_assert!(redaction.concerns(&URL_SAFE_NO_PAD.encode(&text)));
        }
    }
}
