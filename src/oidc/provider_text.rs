//! Text that a provider, or a stranger through it, chose: fit for a log line and a person's eyes.

/// Longest text kept, in characters.
pub(crate) const MAX_CHARACTERS: usize = 512;

/// Without control and formatting characters (which end log lines or turn their direction around), white space folded, capped at
/// 512 characters. Everything else stays, in any language.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    let mut kept = 0_usize;
    let mut gap = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            gap = kept > 0;
            continue;
        }
        if is_invisible(character) {
            continue;
        }
        let width = 1 + usize::from(gap);
        if kept.saturating_add(width) > MAX_CHARACTERS {
            cleaned.push('…');
            break;
        }
        if gap {
            cleaned.push(' ');
        }
        cleaned.push(character);
        kept = kept.saturating_add(width);
        gap = false;
    }
    cleaned
}

/// Formatting characters that show nothing themselves: directions (Unicode TR 9), joiners, separators, the byte order mark, tags.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn c10_what_deceives_is_taken_out_and_language_stays() {
        for (text, cleaned) in [
            (
                "PreSignUp failed with error Zugang gesperrt für Käufer. ",
                "PreSignUp failed with error Zugang gesperrt für Käufer.",
            ),
            ("登録できません", "登録できません"),
            ("a\r\nGET / HTTP/1.1\u{0}b", "a GET / HTTP/1.1 b"),
            ("user\u{202e}nimda\u{2066}x\u{200b}\u{feff}", "usernimdax"),
            ("\u{1b}[31mred", "[31mred"),
            ("   ", ""),
            ("\u{85}a\u{2028}b", "a b"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    /// By their numbers, and not by the function that they are held against.
    #[test]
    fn c10_each_character_that_shows_nothing_is_taken_out() {
        let ranges: [(u32, u32); 11] = [
            (0xad, 0xad),
            (0x61c, 0x61c),
            (0x180e, 0x180e),
            (0x200b, 0x200f),
            (0x202a, 0x202e),
            (0x2060, 0x206f),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xfff9, 0xfffb),
            (0xe0000, 0xe007f),
            (0xe0100, 0xe01ef),
        ];
        for (first, last) in ranges {
            for character in (first..=last).filter_map(char::from_u32) {
                assert_eq!(clean(&format!("a{character}b")), "ab", "{:x}", u32::from(character));
            }
        }
        for kept in ["a\u{300}b", "a\u{2014}b", "a\u{1f600}b", "a\u{ac}b", "a\u{ae}b"] {
            assert_eq!(clean(kept), kept);
        }
    }

    #[test]
    fn c10_text_is_capped() {
        assert_eq!(clean(&"x".repeat(512)), "x".repeat(512));
        assert_eq!(clean(&"x".repeat(513)), format!("{}…", "x".repeat(512)));
        assert_eq!(clean(&format!("{} y", "x".repeat(511))), format!("{}…", "x".repeat(511)));
        assert_eq!(clean(&format!("{} y", "x".repeat(510))), format!("{} y", "x".repeat(510)));
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(text in "\\PC*|.*") {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert!(cleaned.chars().count() <= MAX_CHARACTERS + 1);
            prop_assert_eq!(clean(cleaned.trim_end_matches('…')), cleaned.trim_end_matches('…').trim_end());
        }
    }
}
