//! The author's settings: the input is the document. A first line `connector: …` replaces the connector beside it.

use super::documents::{self, CONNECTOR};

/// See [`documents::check`].
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match text.strip_prefix("connector: ").and_then(|text| text.split_once('\n')) {
        Some((connector, settings)) => documents::check(settings, connector),
        None => documents::check(&text, CONNECTOR),
    }
}
