//! Label values: each makes a time series, so none is a stranger's to choose.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::clock::lock;

/// Codes that one process tells apart. The contract's steps have some seventy each.
const MAX_CODES: usize = 256;

/// What stands for a code that isn't of a code's form, or is one too many.
const OTHER: &str = "other";

/// A failure's code is its component's to choose: `snake_case` of at most 48 characters, and so many of them.
pub(super) fn code(code: &str) -> Cow<'_, str> {
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    among(&mut lock(&SEEN), code)
}

fn among<'a>(seen: &mut BTreeSet<String>, code: &'a str) -> Cow<'a, str> {
    let is_code = (1..=48).contains(&code.len())
        && code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_code {
        return Cow::Borrowed(OTHER);
    }
    if seen.contains(code) {
        return Cow::Borrowed(code);
    }
    match seen.len() < MAX_CODES {
        true => {
            seen.insert(code.to_owned());
            Cow::Borrowed(code)
        }
        false => Cow::Borrowed(OTHER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_of_their_form_and_bounded_in_number() {
        let mut seen = BTreeSet::new();
        for text in ["", "Client", "client rejected", "code=%20a", "é", "_x", "1x", &"x".repeat(49)] {
            assert_eq!(among(&mut seen, text), OTHER, "{text}");
        }
        assert!(seen.is_empty());
        for number in 0..MAX_CODES {
            let code = format!("code_{number}");
            assert_eq!(among(&mut seen, &code), code);
        }
        assert_eq!(among(&mut seen, "one_too_many"), OTHER);
        assert_eq!(among(&mut seen, "code_0"), "code_0");
    }
}
