//! Callback URLs in a form in which they can be compared (RFC 3986 6.2.2), and which of them a response can't tell apart.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use url::Url;

/// A URL in its normal form.
#[derive(Debug)]
pub(super) struct Location {
    pub place: Place,
    pub parameters: Parameters,
}

/// All of a URL but its query.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    scheme: String,
    user: String,
    host: String,
    port: Option<u16>,
    path: String,
}

/// Those of a query, by name, in order.
pub(super) type Parameters = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

impl Location {
    /// None where it isn't an absolute URL.
    pub(super) fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let decode = |text: &str| -> Vec<u8> { percent_decode_str(&text.replace('+', " ")).collect() };
        let mut parameters = Parameters::new();
        for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.entry(decode(name)).or_default().push(decode(value));
        }
        let place = Place {
            scheme: url.scheme().to_owned(),
            user: url.username().to_owned(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: url.port_or_known_default(),
            path: if url.path().is_empty() { "/".to_owned() } else { normal_escapes(url.path()) },
        };
        Some(Self { place, parameters })
    }
}

/// Whether no response at the place that two URLs share can be one to both.
pub(super) fn are_apart(one: &Parameters, other: &Parameters) -> bool {
    one.iter().any(|(name, values)| other.get(name).is_some_and(|others| others != values))
}

/// Whether a response that arrived with these parameters is one to a URL at its place: the URL's own are there, as often and in
/// the same order.
pub(super) fn are_received(own: &Parameters, arrived: &Parameters) -> bool {
    own.iter().all(|(name, values)| arrived.get(name) == Some(values))
}

/// RFC 3986 6.2.2.1 and 6.2.2.2: hex digits in upper case, unreserved characters as themselves.
fn normal_escapes(path: &str) -> String {
    let mut parts = path.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => normal.push(char::from(byte)),
            Some(byte) => normal.push_str(&format!("%{byte:02X}")),
            None => normal.push('%'),
        }
        normal.push_str(if byte.is_some() { &part[2..] } else { part });
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_escapes_that_mean_nothing_are_undone() {
        for (path, normal) in
            [("/%61%2D", "/a-"), ("/a%2fb", "/a%2Fb"), ("/%25%7e", "/%25~"), ("/%", "/%"), ("/%zz", "/%zz"), ("/%4", "/%4")]
        {
            assert_eq!(normal_escapes(path), normal, "{path}");
        }
    }
}
