//! The length that a response declares: a host may end a body that broke off as if it were whole.

/// The header's length isn't a number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoNumber;

/// None where the header declares none. `headers`: by lower-case names.
pub(crate) fn declared(headers: &[(String, String)]) -> Result<Option<usize>, NoNumber> {
    let lengths = headers.iter().filter(|(name, _)| name == "content-length");
    let mut lengths = lengths.map(|(_, value)| value.trim().parse().map_err(|_| NoNumber));
    let Some(first) = lengths.next().transpose()? else { return Ok(None) };
    // Two that differ are one too many (RFC 9110, 8.6).
    if lengths.all(|other| other == Ok(first)) { Ok(Some(first)) } else { Err(NoNumber) }
}

/// Whether a body of so many bytes is what was declared.
pub(crate) fn is_whole(declared: Option<usize>, bytes: usize) -> bool {
    declared.is_none_or(|length| length == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<Option<usize>, NoNumber> {
        let lengths = values.iter().map(|value| ("content-length".to_owned(), (*value).to_owned()));
        declared(&[("date".to_owned(), "7".to_owned())].into_iter().chain(lengths).collect::<Vec<_>>())
    }

    #[test]
    fn a_length_is_one_number() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["12"]), Ok(Some(12)));
        assert_eq!(of(&["12", " 12"]), Ok(Some(12)));
        for values in [&["x"][..], &["-1"], &[""], &["1, 2"], &["1", "2"], &["1", "x"]] {
            assert_eq!(of(values), Err(NoNumber), "{values:?}");
        }
    }

    #[test]
    fn half_a_body_is_none() {
        assert!(is_whole(None, 7) && is_whole(Some(7), 7));
        assert!(!is_whole(Some(7), 6) && !is_whole(Some(7), 8));
    }
}
