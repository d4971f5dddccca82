//! The connector: the input is the document. A first line `settings: …` replaces the settings beside it.

use super::documents;

/// Nothing is revoked: a connector without a domain needs no revocation endpoint then.
const SETTINGS: &str = r#"{"callback_url":"https://app.example.com/callback"}"#;

/// See [`documents::check`].
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match text.strip_prefix("settings: ").and_then(|text| text.split_once('\n')) {
        Some((settings, connector)) => documents::check(settings, connector),
        None => documents::check(SETTINGS, &text),
    }
}
