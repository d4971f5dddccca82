//! A callback URL in its normal form, and when two of them are apart.

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Parameters(BTreeMap<Vec<u8>, Vec<Vec<u8>>>);

/// The names of a query's parameters, in order.
pub(super) type Names = Vec<Vec<u8>>;

impl Location {
    /// `None` where it isn't a URL.
    pub(super) fn read(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let decode = |text: &str| -> Vec<u8> { percent_decode_str(&text.replace('+', " ")).collect() };
        let mut parameters = BTreeMap::<_, Vec<_>>::new();
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
        Some(Self { place, parameters: Parameters(parameters) })
    }
}

impl Parameters {
    pub(super) fn names(&self) -> Names {
        self.0.keys().cloned().collect()
    }

    /// Those of these names alone, where it has all of them.
    pub(super) fn of(&self, names: &Names) -> Option<Self> {
        let named = names.iter().map(|name| Some((name.clone(), self.0.get(name)?.clone())));
        named.collect::<Option<_>>().map(Self)
    }

    /// Whether no response at the place that two URLs share can be one to both.
    pub(super) fn are_apart(&self, other: &Self) -> bool {
        self.0.iter().any(|(name, values)| other.0.get(name).is_some_and(|others| others != values))
    }

    /// Whether a response that arrived with `arrived` is one to a URL with these: its own are there, as often and in the same
    /// order.
    pub(super) fn are_received(&self, arrived: &Self) -> bool {
        self.0.iter().all(|(name, values)| arrived.0.get(name) == Some(values))
    }
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
