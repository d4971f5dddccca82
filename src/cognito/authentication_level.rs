//! Cognito's authentication levels (step-up authentication): four, in order, unless a pool renames them.
//!
//! | level | proves |
//! |---|---|
//! | `urn:cognito:loa:1` | least |
//! | `urn:cognito:loa:2` | |
//! | `urn:cognito:loa:3` | a passkey *or* a password with a code: no resistance to phishing |
//! | `urn:cognito:loa:4` | most, such as a password with an authenticator app's code |
//!
//! Cognito puts into `acr` the highest level that the user's factors satisfy, so that whoever asks for one may get a higher one,
//! and has got what was asked for. Of levels that a pool renamed, nobody outside of it knows the order.

/// What stands in front of a level's digit.
const LEVEL: &str = "urn:cognito:loa:";
const LEVELS: std::ops::RangeInclusive<u8> = 1..=4;

/// The values of `acr` that meet a request for any of these: themselves, and each level from the lowest one asked for.
#[must_use]
pub fn meeting(requested: &[String]) -> Vec<String> {
    let mut accepted = requested.to_vec();
    let lowest = requested.iter().filter_map(|value| level(value)).min();
    let higher = lowest.into_iter().flat_map(|lowest| lowest..=*LEVELS.end()).map(|level| format!("{LEVEL}{level}"));
    for value in higher {
        if !accepted.contains(&value) {
            accepted.push(value);
        }
    }
    accepted
}

/// To the byte: the prefix, and one digit.
fn level(value: &str) -> Option<u8> {
    match value.strip_prefix(LEVEL)?.as_bytes() {
        [digit @ b'1'..=b'4'] => Some(digit.saturating_sub(b'0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meeting_texts(requested: &[&str]) -> Vec<String> {
        meeting(&requested.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn i15_a_level_is_met_by_itself_and_each_higher_one() {
        let (one, two, three, four) = ("urn:cognito:loa:1", "urn:cognito:loa:2", "urn:cognito:loa:3", "urn:cognito:loa:4");
        for (requested, accepted) in [
            (&[four][..], &[four][..]),
            (&[three], &[three, four]),
            (&[one], &[one, two, three, four]),
            (&[four, two], &[four, two, three]),
            (&["gold", three], &["gold", three, four]),
            (&["gold"], &["gold"]),
            (&[], &[]),
            (&["urn:cognito:loa:0"], &["urn:cognito:loa:0"]),
            (&["urn:cognito:loa:5"], &["urn:cognito:loa:5"]),
            (&["urn:cognito:loa:"], &["urn:cognito:loa:"]),
            (&["urn:cognito:loa:03"], &["urn:cognito:loa:03"]),
            (&["URN:cognito:loa:3"], &["URN:cognito:loa:3"]),
            (&["urn:cognito:loa:٣"], &["urn:cognito:loa:٣"]),
            (&["urn:cognito:loa:3 "], &["urn:cognito:loa:3 "]),
        ] {
            assert_eq!(meeting_texts(requested), accepted, "{requested:?}");
        }
    }

    proptest! {
        #[test]
        fn i15_nothing_below_what_was_asked_for_is_accepted(
            requested in prop::collection::vec("urn:cognito:loa:[0-6]|gold", 0..4), got in "urn:cognito:loa:[0-6]|gold|silver"
        ) {
            let digit = |value: &String| value.strip_prefix(LEVEL)?.parse::<u8>().ok().filter(|digit| (1..=4).contains(digit));
            let lowest = requested.iter().filter_map(digit).min();
            let is_met = requested.contains(&got) || matches!((digit(&got), lowest), (Some(got), Some(lowest)) if got >= lowest);
            prop_assert_eq!(meeting(&requested).contains(&got), is_met);
        }
    }
}
