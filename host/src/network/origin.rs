//! An origin that an operator permits, with whole labels of its host left open.

use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// An origin (RFC 6454) whose host may have `*` in place of whole labels: `https://*.auth.eu-west-1.amazoncognito.com`.
///
/// | written | matches | doesn't match |
/// |---|---|---|
/// | `https://login.example.com` | that origin, in any case, with or without `:443` | another scheme, port or host |
/// | `https://*.example.com` | `login.example.com` | `example.com`, `evilexample.com`, `a.b.example.com`, `.example.com` |
/// | `https://login.*.example.com` | `login.eu.example.com` | `login.example.com` |
/// | `https://203.0.113.1`, `https://[2001:db8::1]` | that address, however it is written | a name |
///
/// A `*` stands for exactly one label, and never for part of one, for the last one, or for part of an address. An international
/// name is written in its `xn--` form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    scheme: String,
    host: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Address(IpAddr),
    /// `None` is a `*`.
    Name(Vec<Option<String>>),
}

impl OriginPattern {
    pub(super) fn parse_all(patterns: &[&str]) -> Result<Vec<Self>, String> {
        patterns.iter().map(|pattern| pattern.parse()).collect()
    }

    /// Whether the URL's origin is one of those that this stands for.
    pub fn matches(&self, url: &Url) -> bool {
        let host = match (&self.host, url.host()) {
            (HostPattern::Name(pattern), Some(Host::Domain(name))) => matches_name(pattern, name),
            (HostPattern::Address(IpAddr::V4(pattern)), Some(Host::Ipv4(address))) => *pattern == address,
            (HostPattern::Address(IpAddr::V6(pattern)), Some(Host::Ipv6(address))) => *pattern == address,
            _ => false,
        };
        host && self.scheme == url.scheme() && self.port == url.port_or_known_default()
    }
}

/// Reads `scheme://host[:port]`, without a path. The error says what was expected, after the beginning of what was given.
impl FromStr for OriginPattern {
    type Err = String;

    fn from_str(pattern: &str) -> Result<Self, String> {
        let expected = |what: &str| format!("{}: expected {what}", pattern.chars().take(100).collect::<String>());
        let (scheme, authority) = pattern.split_once("://").ok_or_else(|| expected("scheme://host"))?;
        if !["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(expected("https, or http for a loopback address"));
        }
        // What the URL standard would take for a delimiter, strip or decode: a pattern means what it looks like.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._*:[]".contains(c);
        if !authority.chars().all(is_plain) || authority.ends_with(':') {
            return Err(expected("a host in ASCII, perhaps a port, and nothing else"));
        }
        let url = Url::parse(pattern).map_err(|_| expected("an absolute URL"))?;
        let host = match url.host() {
            Some(Host::Ipv4(address)) => HostPattern::Address(address.into()),
            Some(Host::Ipv6(address)) => HostPattern::Address(address.into()),
            Some(Host::Domain(name)) => HostPattern::Name(labels(name).ok_or_else(|| expected("whole labels, or * for one"))?),
            None => return Err(expected("a host")),
        };
        Ok(Self { scheme: url.scheme().to_owned(), host, port: url.port_or_known_default() })
    }
}

fn labels(name: &str) -> Option<Vec<Option<String>>> {
    let label = |label: &str| match label {
        "*" => Some(None),
        "" => None,
        label if label.contains('*') => None,
        label => Some(Some(label.to_owned())),
    };
    let labels: Vec<_> = name.split('.').map(label).collect::<Option<_>>()?;
    matches!(labels.last(), Some(Some(_))).then_some(labels)
}

fn matches_name(pattern: &[Option<String>], name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let matches = |(pattern, label): (&Option<String>, &&str)| match pattern {
        Some(pattern) => pattern == label,
        None => !label.is_empty(),
    };
    pattern.len() == labels.len() && pattern.iter().zip(&labels).all(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let parsed: OriginPattern = pattern.parse().unwrap();
        for (urls, expected) in [(matching, true), (others, false)] {
            for url in urls {
                assert_eq!(parsed.matches(&Url::parse(url).unwrap()), expected, "{pattern} and {url}");
            }
        }
    }

    #[test]
    fn an_origin_matches_itself_alone() {
        check(
            "https://login.example.com",
            &["https://login.example.com/oauth2/token?a=b", "https://LOGIN.Example.COM", "https://login.example.com:443/"],
            &[
                "http://login.example.com/",
                "http://login.example.com:443/",
                "wss://login.example.com/",
                "https://login.example.com:444/",
                "https://login.example.com./",
                "https://example.com/",
                "https://a.login.example.com/",
                "https://login.example.com.evil.test/",
                "https://evil.test/login.example.com",
                "https://login.example.com@evil.test/",
                "https://login-example.com/",
            ],
        );
        check("HTTPS://LOGIN.example.com:443", &["https://login.example.com/"], &["https://login.example.com:8443/"]);
        check("https://login.example.com:8443", &["https://login.example.com:8443/"], &["https://login.example.com/"]);
        check("http://localhost:8080", &["http://localhost:8080/"], &["https://localhost:8080/", "http://localhost/"]);
        check("http://localhost", &["http://localhost:80/"], &["https://localhost/", "https://localhost:80/"]);
    }

    #[test]
    fn a_star_stands_for_one_whole_label() {
        check(
            "https://*.example.com",
            &[
                "https://login.example.com/",
                "https://LOGIN.EXAMPLE.COM/",
                "https://xn--bcher-kva.example.com/",
                "https://a-b.example.com/",
            ],
            &[
                "https://example.com/",
                "https://evilexample.com/",
                "https://.example.com/",
                "https://a.b.example.com/",
                "https://a..example.com/",
                "https://..example.com/",
                "https://login.example.com./",
                "https://login.example.com.evil.test/",
                "https://login.example.org/",
                "https://login.evil.com/",
                "http://login.example.com/",
                "https://login.example.com:8443/",
            ],
        );
        check(
            "https://login.*.example.com",
            &["https://login.eu-west-1.example.com/"],
            &[
                "https://login.example.com/",
                "https://login..example.com/",
                "https://login.a.b.example.com/",
                "https://other.eu.example.com/",
            ],
        );
        check("https://*.*.example.com", &["https://a.b.example.com/"], &["https://a.example.com/", "https://.b.example.com/"]);
        check("https://*.xn--bcher-kva.example", &["https://a.xn--bcher-kva.example/"], &["https://a.bcher.example/"]);
    }

    #[test]
    fn an_address_matches_itself_alone_however_it_is_written() {
        check(
            "https://203.0.113.1",
            &["https://203.0.113.1/", "https://0xcb007101/", "https://203.0.28929/"],
            &["https://203.0.113.2/", "https://[::ffff:203.0.113.1]/", "http://203.0.113.1/"],
        );
        check(
            "https://[2001:DB8:0::1]:8443",
            &["https://[2001:db8::1]:8443/"],
            &["https://[2001:db8::1]/", "https://[2001:db8::2]:8443/"],
        );
        check("https://*.*.example.com", &[], &["https://203.0.113.1/"]);
    }

    #[test]
    fn whatever_is_more_or_less_than_an_origin_is_no_pattern() {
        for pattern in [
            "",
            "*",
            "login.example.com",
            "//login.example.com",
            "https:login.example.com",
            "https:/login.example.com",
            "https://",
            "https:///login.example.com",
            "https://login.example.com/",
            "https://login.example.com/path",
            "https://login.example.com?query",
            "https://login.example.com#fragment",
            "https://user@login.example.com",
            "https://:password@login.example.com",
            "https://@login.example.com",
            "https://login.example.com\\",
            "https:\\\\login.example.com",
            "https://login.exa\tmple.com",
            " https://login.example.com",
            "https://login.example.com ",
            "https://login.example.com\n",
            "https://login%2eexample.com",
            "https://login.example.com:",
            "https://login.example.com:port",
            "https://login.example.com:65536",
            "https://login.example.com:*",
            "ftp://login.example.com",
            "wss://login.example.com",
            "*://login.example.com",
            "https://*",
            "https://login.*",
            "https://*.*",
            "https://.example.com",
            "https://*..example.com",
            "https://login.example.com.",
            "https://*.example.com.",
            "https://.",
            "https://log*.example.com",
            "https://*login.example.com",
            "https://**.example.com",
            "https://203.0.113.*",
            "https://203.*.113.1",
            "https://*.0.113.1",
            "https://[2001:db8::*]",
            "https://bücher.example",
        ] {
            let parsed = pattern.parse::<OriginPattern>();
            assert!(parsed.is_err(), "{pattern:?}: {parsed:?}");
        }
    }

    #[test]
    fn what_was_expected_is_said_after_the_beginning_of_what_was_given() {
        let error = "ftp://login.example.com".parse::<OriginPattern>().unwrap_err();
        assert_eq!(error, "ftp://login.example.com: expected https, or http for a loopback address");
        assert!("x".repeat(10_000).parse::<OriginPattern>().unwrap_err().len() < 200);
    }
}
