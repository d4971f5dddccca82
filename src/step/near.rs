//! The name that was probably meant by one that nobody knows.

/// The nearest of the known names, where one is near enough: the same but for case and punctuation, or a slip in every third
/// letter at most. Of a known name with dots, the part behind the last one is compared: a member may stand in the wrong object.
#[must_use]
pub fn nearest(name: &str, known: &'static [&'static str]) -> Option<&'static str> {
    let name = letters(name);
    // Longer than any known name can be and still be near.
    if name.is_empty() || name.len() > 64 {
        return None;
    }
    let distances = known.iter().map(|known| {
        let candidate = letters(known.rsplit('.').next().unwrap_or_default());
        let distance = distance(&name, &candidate);
        (distance.saturating_mul(3) <= candidate.len()).then_some((distance, *known))
    });
    // The first of several: what stands outermost comes first.
    distances.flatten().min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

fn letters(name: &str) -> Vec<u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// Levenshtein's: letters to insert, delete or replace.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, x) in a.iter().enumerate() {
        let (mut diagonal, mut left) = (index, index.saturating_add(1));
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let replaced = diagonal.saturating_add(usize::from(x != y));
            diagonal = *cell;
            *cell = replaced.min(diagonal.saturating_add(1)).min(left.saturating_add(1));
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = index.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: &[&str] = &["callback_url", "scope", "tokens", "advanced.prompt", "advanced.max_age", "advanced.lang"];

    #[test]
    fn a_name_that_is_nearly_known_is_told() {
        for (name, near) in [
            ("callbackUrl", Some("callback_url")),
            ("CALLBACK-URL", Some("callback_url")),
            ("calback_url", Some("callback_url")),
            ("callback_uri", Some("callback_url")),
            ("scopes", Some("scope")),
            ("token", Some("tokens")),
            ("maxAge", Some("advanced.max_age")),
            ("prompt", Some("advanced.prompt")),
            ("redirect_uri", None),
            ("", None),
            ("_", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, KNOWN), near, "{name}");
        }
        assert_eq!(nearest(&"callback_url".repeat(9), KNOWN), None);
    }

    proptest! {
        #[test]
        fn any_name_has_a_near_one_or_none(name in "\\PC{0,80}|[a-z_]{0,12}") {
            let _ = nearest(&name, KNOWN);
        }

        #[test]
        fn a_distance_is_the_same_both_ways_and_nothing_for_equals(a in "[ab]{0,6}", b in "[ab]{0,6}") {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            prop_assert_eq!(distance(a, b), distance(b, a));
            prop_assert_eq!(distance(a, b) == 0, a == b);
            prop_assert!(distance(a, b) <= a.len().max(b.len()));
        }
    }
}
