//! JSON that is looked through and not built: whether a text is well-formed is all that the host wants to know of a variable.

use serde::de::IgnoredAny;

/// Whether it is JSON of any depth, and each of its texts one that a later reader takes: an escape of half a surrogate pair is
/// none (RFC 8259 8.2).
pub(super) fn is_well_formed(json: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(json).is_ok() && surrogates_are_whole(json)
}

/// Of well-formed JSON, in which a backslash is a text's.
fn surrogates_are_whole(json: &str) -> bool {
    let mut escapes = json.split('\\').skip(1);
    while let Some(escape) = escapes.next() {
        match unit(escape) {
            // An escaped backslash: what follows begins no escape of its own.
            None if escape.is_empty() => drop(escapes.next()),
            Some(0xd800..0xdc00) => {
                let is_whole = escape.len() == 5 && matches!(escapes.next().and_then(unit), Some(0xdc00..0xe000));
                if !is_whole {
                    return false;
                }
            }
            Some(0xdc00..0xe000) => return false,
            _ => {}
        }
    }
    true
}

/// The code unit of `uXXXX`.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix('u')?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_reader_takes_is_well_formed_and_nothing_else() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "null",
            "true",
            "-1",
            "1e300",
            r#""\ud83d\ude00 \ud83d\ude00""#,
            r#"{"a":[{"b":null},"c"]}"#,
            r#""\\ud83d""#,
            r#""a\\b\\\\\n""#,
            r#""\\\\udead \n\u00e4""#,
            " 1 ",
            &deep,
        ] {
            assert!(is_well_formed(text), "{}", text.chars().take(40).collect::<String>());
        }
        for text in [
            "",
            "nul",
            "1 2",
            "[1,]",
            r#"{"a"}"#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d \ude00""#,
            r#""\ud83d\n""#,
            r#""\n\ud83d""#,
            r#""\ud83d\\ude00""#,
            r#""\ude00\ud83d""#,
            r#"{"\ud83d":1}"#,
            "\"\u{1}\"",
            "{1:2}",
            &deep[1..],
        ] {
            assert!(!is_well_formed(text), "{}", text.chars().take(40).collect::<String>());
        }
    }
}
