//! Text that a provider chose: the input is the text.

use cognito_oidc::oidc::provider_text::clean;

/// Clean text is fit for a log line, and stays as it is when it's cleaned again.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let cleaned = clean(&text);
    check(&cleaned);
    assert_eq!(clean(&cleaned), cleaned);
    // Nothing is made up but a space and the mark of a cut.
    assert!(cleaned.chars().all(|character| matches!(character, ' ' | '…') || text.contains(character)));
}

/// What must hold of any text of a provider's that leaves the step.
pub(super) fn check(text: &str) {
    assert!(text.chars().count() <= 513);
    assert!(!text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  "));
    let is_unfit = |character: char| {
        character.is_control()
            || (character.is_whitespace() && character != ' ')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    assert!(!text.chars().any(is_unfit));
}
