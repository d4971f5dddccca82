//! Writing forms (`application/x-www-form-urlencoded`; WHATWG URL, section 5): bodies, and queries of authorization requests.

use url::form_urlencoded::byte_serialize;

use crate::eight::{self, Eight};

/// Appends a parameter of the protocol to a form, or to a URL that has a `?`. Such names have letters and `_` only.
pub fn append(form: &mut String, name: &'static str, value: &str) {
    separate(form);
    form.push_str(name);
    form.push('=');
    encode(form, value);
}

/// As [`append`], with a name that may be anything.
pub fn append_any(form: &mut String, name: &str, value: &str) {
    separate(form);
    encode(form, name);
    form.push('=');
    encode(form, value);
}

fn separate(form: &mut String) {
    if !matches!(form.as_bytes().last(), None | Some(b'?' | b'&')) {
        form.push('&');
    }
}

/// Appends one text. Most are of letters, digits and hyphens.
pub fn encode(form: &mut String, text: &str) {
    let unchanged = |eight: Eight| eight.alphanumeric() | eight.within(b'-', b'.') | eight.within(b'_', b'_');
    if eight::all(text, unchanged) {
        form.push_str(text);
    } else {
        form.extend(byte_serialize(text.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    #[test]
    fn a_parameter_follows_what_is_there() {
        for (before, after) in [
            ("", "a=b+c"),
            ("x=y", "x=y&a=b+c"),
            ("x=y&", "x=y&a=b+c"),
            ("https://a/?", "https://a/?a=b+c"),
            ("https://a/?x", "https://a/?x&a=b+c"),
        ] {
            let mut form = before.to_owned();
            append(&mut form, "a", "b c");
            assert_eq!(form, after);
        }
    }

    proptest! {
        #[test]
        fn any_form_is_written_as_the_standard_says(pairs in proptest::collection::vec(("[a-z_]{0,8}|\\PC{0,8}", "[A-Za-z0-9_.*~-]{0,20}|\\PC{0,20}"), 0..5)) {
            let mut form = String::new();
            for (name, value) in &pairs {
                append_any(&mut form, name, value);
            }
            prop_assert_eq!(form, form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish());
        }
    }
}
