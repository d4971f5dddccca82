//! Looks for secrets in what leaves the step. Written apart from `step::redaction`, and not by its means.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded::byte_serialize;

/// Characters of a secret in a row that are a leak.
const FRAGMENT: usize = 16;

/// The name of the first secret that a text holds a fragment of, in any form, and the form.
pub(crate) fn leak(text: &str, secrets: &[(&str, String)]) -> Option<String> {
    let windows: HashSet<&[u8]> = text.as_bytes().windows(FRAGMENT).collect();
    secrets.iter().find_map(|(name, secret)| {
        assert!(secret.len() >= FRAGMENT, "{name} is too short to look for");
        let leaks = |form: &String| form.as_bytes().windows(FRAGMENT).any(|window| windows.contains(window));
        forms(secret).iter().find(|form| leaks(form)).map(|form| format!("{name} as {form}"))
    })
}

/// A secret plainly, percent-encoded, and in base64 at every place of a group of three bytes, as it is and form-encoded: what a
/// Basic header holds. Only characters that the secret alone decides.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let form_encoded: String = byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![secret.to_owned(), form_encoded.clone(), utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string()];
    for text in [secret, &form_encoded] {
        for offset in 0..3 {
            let bytes = [&[0xff; 3][..offset], text.as_bytes()].concat();
            let whole = (bytes.len() * 8) / 6;
            for engine in [&STANDARD, &URL_SAFE] {
                forms.push(engine.encode(&bytes)[(offset * 8).div_ceil(6)..whole].to_owned());
            }
        }
    }
    forms.sort();
    forms.dedup();
    forms
}
