//! Redaction: lines of the secret, of how a part of it is written (`<form> <from> <to> <bytes before it>`), then the text that
//! repeats it where it says `{}`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cognito_oidc::secret::Secret;
use cognito_oidc::step::redaction::{REDACTED, Redaction};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::form_urlencoded;

/// Characters of a secret that nobody may see in a row, however they are written.
const FRAGMENT: usize = 16;

/// No secret, and no fragment of one, gets by.
pub fn run(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let mut lines = input.splitn(3, '\n');
    let (secret, how, text) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default(), lines.next().unwrap_or("{}"));
    let mut how = how.split(' ');
    let form = how.next().unwrap_or_default();
    let mut number = || how.next().and_then(|number| number.parse::<usize>().ok());
    let (from, to, before) = (number().unwrap_or(0), number().unwrap_or(usize::MAX), number().unwrap_or(0) % 3);

    let mut redaction = Redaction::default();
    redaction.add(&Secret::new(secret));
    let fragment: String = secret.chars().skip(from).take(to.saturating_sub(from)).collect();
    let is_whole = fragment == secret;
    let Some(written) = write(&fragment, form, before, is_whole) else { return };
    // Half an escape in front would swallow the first character.
    if text.split("{}").any(|part| part.chars().rev().take(2).any(|last| last == '%')) {
        return;
    }
    let text = if text.contains("{}") { text.replace("{}", &written) } else { written };

    let is_long_enough = fragment.chars().count() >= FRAGMENT;
    // What is shorter can't be told from chance in another encoding.
    let is_short_secret = is_whole && secret.len() >= 6 && matches!(form, "plain" | "percent");
    let mut document = json!({ "text": [text.clone()], text.clone(): 1, "rest": true });
    redaction.document(&mut document);
    if is_long_enough || is_short_secret {
        assert!(redaction.concerns(&text), "{text}");
        assert_eq!(redaction.text(text), REDACTED);
        assert_eq!(document, json!({ "text": [REDACTED], "rest": true }));
    } else if secret.len() < 6 {
        assert!(!redaction.concerns(&text));
        assert_eq!(document["rest"], Value::Bool(true));
    }
}

/// A part of a secret as it might turn up in a text; none for a form that nobody uses for a part.
fn write(fragment: &str, form: &str, before: usize, is_whole: bool) -> Option<String> {
    let around = || [&b"ab"[..before], fragment.as_bytes(), b"cd"].concat();
    let form_encoded = || form_urlencoded::byte_serialize(fragment.as_bytes()).collect::<String>();
    Some(match form {
        "plain" => fragment.to_owned(),
        "percent" => utf8_percent_encode(fragment, NON_ALPHANUMERIC).to_string(),
        "escaped" => fragment.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        "form" => form_encoded(),
        "base64" => STANDARD.encode(around()),
        "base64url" => URL_SAFE_NO_PAD.encode(around()),
        // RFC 6749 2.3.1
        "basic" if is_whole => STANDARD.encode(format!("{}:{}", &"client"[before..], form_encoded())),
        _ => return None,
    })
}
