//! Whether a response arrived at the redirect URI of its attempt (RFC 9700 4.4.2.2): the defence against mix-up where a provider
//! names no issuer in its responses.
//!
//! | of the two URLs | compared |
//! |---|---|
//! | scheme, authority | without case; a default port, or an empty one, is none (RFC 3986 6.2.2.1, 6.2.3) |
//! | path | case of hex digits, escapes of unreserved characters and dot segments made alike (6.2.2); beside an authority, an empty one is `/`. `%2F` is no slash, `/cb` isn't `/cb/` |
//! | query | each parameter of the redirect URI is there as often, in the same order, with the same value; others are the response's |
//! | fragment | not at all: it isn't sent, and apps are handed what a page leaves there |
//!
//! Whatever differs otherwise is another URL. Both are read by RFC 3986 and not by `url`, which would change them as a browser
//! does.

use percent_encoding::percent_decode_str;

use crate::eight;
use crate::web_address;

/// Why a response isn't judged further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It arrived elsewhere.
    Elsewhere,
    /// The URL of arrival isn't an absolute one.
    Malformed,
}

/// Compares the URL at which a response arrived with the redirect URI that it was asked to arrive at.
///
/// # Errors
/// See [`Rejection`].
pub fn judge(redirect_uri: &str, arrived_at: &str) -> Result<(), Rejection> {
    if is_as_written(redirect_uri, arrived_at) { Ok(()) } else { judge_normalised(redirect_uri, arrived_at) }
}

fn judge_normalised(redirect_uri: &str, arrived_at: &str) -> Result<(), Rejection> {
    let arrival = Location::read(arrived_at).ok_or(Rejection::Malformed)?;
    let expected = Location::read(redirect_uri).ok_or(Rejection::Elsewhere)?;
    let is_there = arrival.scheme == expected.scheme
        && arrival.authority == expected.authority
        && arrival.path == expected.path
        && has_parameters(&arrival, &expected);
    if is_there { Ok(()) } else { Err(Rejection::Elsewhere) }
}

/// Whether a redirect URI in which nothing is to be normalised, and which has no query, stands in the URL of arrival as it is: as
/// with most logins.
fn is_as_written(redirect_uri: &str, arrived_at: &str) -> bool {
    let rest = arrived_at.strip_prefix(redirect_uri);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#'])) && web_address::plain_origin(redirect_uri).is_some()
}

/// An absolute URL, normalised.
struct Location<'a> {
    scheme: String,
    authority: Option<String>,
    path: String,
    query: &'a str,
}

impl<'a> Location<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (text, _) = text.split_once('#').unwrap_or((text, ""));
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        // Of the query, the response's part is whatever somebody wrote there.
        if !eight::all(text, |eight| eight.within(b'!', b'~')) {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !is_scheme {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let Some(rest) = rest.strip_prefix("//") else {
            return Some(Self { scheme, authority: None, path: without_dots(&normal_escapes(rest)), query });
        };
        let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let authority = Some(normal_authority(&scheme, authority));
        let path = if path.is_empty() { "/".to_owned() } else { without_dots(&normal_escapes(path)) };
        Some(Self { scheme, authority, path, query })
    }

    /// Names and values, form-decoded to bytes: two that aren't UTF-8 differ as they differ.
    fn parameters(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + use<'a> {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).collect();
        self.query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
    }
}

/// User information stays in it: no redirect URI has any.
fn normal_authority(scheme: &str, authority: &str) -> String {
    let authority = normal_escapes(authority).to_ascii_lowercase();
    let default = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => ":",
    };
    let bare = authority.strip_suffix(default).or_else(|| authority.strip_suffix(':'));
    bare.map(str::to_owned).unwrap_or(authority)
}

/// RFC 3986 6.2.2.1 and 6.2.2.2: hex digits in upper case, unreserved characters as themselves. What isn't an escape stays.
fn normal_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escaped = part.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    normal.push(char::from(byte));
                } else {
                    normal.push_str(&format!("%{byte:02X}"));
                }
                normal.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                normal.push('%');
                normal.push_str(part);
            }
        }
    }
    normal
}

/// RFC 3986 5.2.4.
fn without_dots(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_in_slash = false;
    for segment in path.split('/').skip(1) {
        ends_in_slash = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let mut normal = String::new();
    for segment in &segments {
        normal.push('/');
        normal.push_str(segment);
    }
    if ends_in_slash || normal.is_empty() {
        normal.push('/');
    }
    normal
}

/// By name: a parameter that comes twice could be read as either.
fn has_parameters(arrival: &Location<'_>, expected: &Location<'_>) -> bool {
    let values = |location: &Location<'_>, name: &[u8]| -> Vec<Vec<u8>> {
        location.parameters().filter(|(candidate, _)| candidate == name).map(|(_, value)| value).collect()
    };
    expected.parameters().all(|(name, _)| values(arrival, &name) == values(expected, &name))
}

#[cfg(test)]
mod tests;
