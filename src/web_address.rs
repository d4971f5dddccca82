//! URLs, read strictly. The text is what gets sent and compared, and `url` only reads it: so whatever it would quietly change in
//! an authority, or others would read differently, is refused before it's asked.

use url::Url;

use crate::eight::{self, Eight};

/// Schemes whose addresses browsers read by rules of their own (WHATWG URL, special schemes).
const WEB_SCHEMES: &[&str] = &["file", "ftp", "http", "https", "ws", "wss"];

/// The origin of a URL in which nothing is out of the ordinary: `https`, a host name in lower case that is neither an address nor
/// an international one, no port, and a path of unreserved characters. [`parse`] reads it, and would change nothing in it but an
/// empty path. Nearly every URL is like that, and parsing one takes fifteen times as long.
#[must_use]
pub fn plain_origin(text: &str) -> Option<&str> {
    let after_slashes = text.strip_prefix("https://")?;
    let end = after_slashes.bytes().position(|byte| byte == b'/').unwrap_or(after_slashes.len());
    let (host, path) = after_slashes.split_at_checked(end)?;
    let of_host = |eight: Eight| eight.within(b'a', b'z') | eight.within(b'0', b'9') | eight.within(b'-', b'.');
    // RFC 3986 2.3, and what separates segments.
    let of_path =
        |eight: Eight| eight.alphanumeric() | eight.within(b'-', b'/') | eight.within(b'_', b'_') | eight.within(b'~', b'~');
    let length = text.len().checked_sub(path.len())?;
    let is_plain = eight::all(host, of_host) && has_plain_labels(host) && eight::all(path, of_path) && has_plain_segments(path);
    if is_plain { text.get(..length) } else { None }
}

/// None is empty. Two hyphens may mark an international name (`xn--`), and a last label that begins with a digit an address
/// (WHATWG URL, host parsing).
fn has_plain_labels(host: &str) -> bool {
    let mut before = b'.';
    let mut is_number = true;
    for byte in host.bytes() {
        match (before, byte) {
            (b'.', b'.') | (b'-', b'-') => return false,
            (b'.', first) => is_number = !first.is_ascii_lowercase(),
            _ => {}
        }
        before = byte;
    }
    before != b'.' && !is_number
}

/// One of dots alone leads elsewhere.
fn has_plain_segments(path: &str) -> bool {
    path.as_bytes().split(|byte| *byte == b'/').all(|segment| !matches!(segment, b"." | b".."))
}

/// Reads an absolute URL in ASCII, without user information, fragment and backslash, and without an escape in its authority. One
/// of the web has its scheme in lower case, and a host after exactly two slashes.
///
/// # Errors
/// What was expected.
pub fn parse(text: &str) -> Result<Url, &'static str> {
    if !eight::all(text, |eight| eight.within(b'!', b'~')) {
        return Err("expected a URL in ASCII, without spaces (an international host name in its `xn--` form)");
    }
    // The parser reads a backslash as a slash; other readers don't agree where the host ends then.
    if text.contains(['#', '\\']) {
        return Err("expected a URL without fragment and backslash");
    }
    let (scheme, rest) = text.split_once(':').ok_or("expected an absolute URL")?;
    let hierarchical = rest.strip_prefix("//");
    // The parser takes any case and skips any number of slashes; to other readers a third slash ends an empty host (RFC 3986
    // 3.2).
    let is_of_the_web = WEB_SCHEMES.iter().any(|web| web.eq_ignore_ascii_case(scheme));
    let is_whole = WEB_SCHEMES.contains(&scheme) && hierarchical.is_some_and(|rest| !rest.starts_with(['/', '?']));
    if is_of_the_web && !is_whole {
        return Err("expected a scheme in lower case, `://`, and a host name");
    }
    let after_slashes = hierarchical.unwrap_or_default();
    let end = after_slashes.find(['/', '?']).unwrap_or(after_slashes.len());
    let (authority, path) = after_slashes.split_at_checked(end).unwrap_or_default();
    if authority.contains('@') {
        return Err("expected a URL without user information");
    }
    if authority.contains('%') {
        return Err("expected a host name without percent signs");
    }
    // Read in lower case, as host names are: capitals in an international one are beyond the adapter that leaves the tables out.
    let url = match authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Url::parse(&[scheme, "://", &authority.to_ascii_lowercase(), path].concat()),
        false => Url::parse(text),
    };
    url.map_err(|_| "expected an absolute URL")
}

/// Whether a URL's host is a loopback address, or the name of one.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_readers_agree_on_is_read() {
        for text in [
            "https://auth.example.com",
            "https://Auth.Example.com:8443/Token?a=%2F&b=@",
            "http://[::1]:8080/",
            "https://xn--MLLER-kva.example/",
            "com.example.app:/callback",
            "myapp://callback",
            "https://a?b",
            "myapp:///callback",
            "com.example.App:/Callback%20a",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert_eq!(parse("https://Auth.Example.com/A").unwrap().as_str(), "https://auth.example.com/A");
    }

    #[test]
    fn what_readers_could_read_differently_is_refused() {
        let ascii = "expected a URL in ASCII, without spaces (an international host name in its `xn--` form)";
        let bare = "expected a URL without fragment and backslash";
        let absolute = "expected an absolute URL";
        let user = "expected a URL without user information";
        let web = "expected a scheme in lower case, `://`, and a host name";
        for (text, expected) in [
            ("https://müller.example/", ascii),
            ("https://a/ b", ascii),
            ("https://a/\n", ascii),
            ("https://a/#", bare),
            ("https://a\\b", bare),
            ("", absolute),
            ("/a", absolute),
            ("https://", absolute),
            ("httpS://a/", web),
            ("HTTP://a/", web),
            ("https:a", web),
            ("https:/a", web),
            ("https:///a", web),
            ("https:////a", web),
            ("https://?a", web),
            ("file:///a", web),
            ("ws:a", web),
            ("https://a:port/", absolute),
            ("https://%41.example/", "expected a host name without percent signs"),
            ("httpS:/~lY%BB", web),
            ("https://u@a/", user),
            ("https://:p@a/", user),
            ("https://@a/", user),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_not_plain() {
        for text in [
            "https://auth.example.com",
            "https://a-1.example/cb",
            "https://a.example/",
            "https://a/b/-._~/c.json",
            "https://a/.b/.../..c",
        ] {
            assert!(plain_origin(text).is_some(), "{text}");
        }
        for text in [
            "http://a.example/",
            "https://",
            "https:///a",
            "https://A.example/",
            "https://a.example:443/",
            "https://u@a.example/",
            "https://a..example/",
            "https://a.example./",
            "https://127.0.0.1/",
            "https://a.1/",
            "https://a.0x1/",
            "https://xn--mller-kva.example/",
            "https://a.example/./b",
            "https://a.example/..",
            "https://a.example/%2e",
            "https://a.example/b c",
            "https://a.example/?b",
            "https://a.example/#b",
            "https://a.example/b\\c",
        ] {
            assert_eq!(plain_origin(text), None, "{text}");
        }
        assert_eq!(plain_origin("https://a.example/b"), Some("https://a.example"));
    }

    #[test]
    fn a_loopback_address_is_one_of_three() {
        for (text, expected) in [
            ("http://127.0.0.1/", true),
            ("http://[::1]/", true),
            ("http://LOCALHOST/", true),
            ("http://localhost:8080/", true),
            ("http://127.0.0.2/", false),
            ("http://localhost.example.com/", false),
        ] {
            assert_eq!(is_loopback(&parse(text).unwrap()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_url_is_read_as_it_is_written(
            text in "https://[a-z0-9.-]{0,12}(/[a-z.~%-]{0,6}){0,3}|https://[a-z]{1,5}(\\.[a-z0-9]{1,4}){0,3}(/[A-Za-z0-9._~-]{0,6}){0,3}|(https?:/{0,3})?[ -~]{0,40}",
        ) {
            if let Some(origin) = plain_origin(&text) {
                let url = parse(&text).unwrap();
                prop_assert_eq!(url.as_str(), if origin == text { format!("{text}/") } else { text.clone() });
                prop_assert_eq!(url.origin().ascii_serialization(), origin);
                prop_assert_eq!(url.scheme(), "https");
                prop_assert_eq!(url.query(), None);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(https?:/{0,3})?[ -~]{0,40}|.*") {
            if let Ok(url) = parse(&text) {
                prop_assert!(url.username().is_empty() && url.fragment().is_none());
            }
        }
    }
}
