//! Where a request goes, read out of its URL: an origin that the call may contact, or none.

/// The parts that `wasi:http` wants apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) is_https: bool,
    pub(crate) authority: &'a str,
    /// Begins with `/`.
    pub(crate) path_and_query: String,
}

impl<'a> Target<'a> {
    /// None where the URL's origin isn't among `origins`, letter for letter. Plain `http` besides goes to a loopback address
    /// alone, whoever named it.
    pub(crate) fn permitted(url: &'a str, origins: &[String]) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at)?;
        let origin = url.get(..scheme.len() + 3 + authority.len())?;
        if authority.is_empty() || authority.contains('@') || path.contains('#') || !origins.iter().any(|named| named == origin) {
            return None;
        }
        let is_https = match scheme {
            "https" => true,
            "http" if is_loopback(authority) => false,
            _ => return None,
        };
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self { is_https, authority, path_and_query: format!("{slash}{path}") })
    }
}

/// By the address alone: a name could lead anywhere.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted<'a>(url: &'a str, origins: &[&str]) -> Option<Target<'a>> {
        Target::permitted(url, &origins.iter().map(|&origin| origin.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_named_origin_is_taken_apart() {
        let shop = "https://shop.auth.eu-west-1.amazoncognito.com";
        let url = format!("{shop}/oauth2/token?a=b");
        let target = permitted(&url, &["https://other.example", shop]).unwrap();
        assert_eq!((target.is_https, target.authority), (true, "shop.auth.eu-west-1.amazoncognito.com"));
        assert_eq!(target.path_and_query, "/oauth2/token?a=b");
        assert_eq!(permitted("https://a.example?b", &["https://a.example"]).unwrap().path_and_query, "/?b");
        assert_eq!(permitted("http://127.0.0.1:8080/x", &["http://127.0.0.1:8080"]).unwrap().authority, "127.0.0.1:8080");
        assert!(permitted("http://[::1]:8080/x", &["http://[::1]:8080"]).is_some());
    }

    #[test]
    fn any_other_origin_is_refused() {
        for (url, origin) in [
            ("https://a.example.evil.test/", "https://a.example"),
            ("https://a.example:444/", "https://a.example"),
            ("https://a.example@evil.test/", "https://a.example@evil.test"),
            ("https://a.example/#x", "https://a.example"),
            ("https:///x", "https://"),
            ("a.example/x", "a.example"),
            ("", ""),
        ] {
            assert_eq!(permitted(url, &[origin]), None, "{url}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_addresses_even_where_it_is_named() {
        for origin in
            ["http://a.example", "http://localhost:80", "http://127.0.0.1.evil.test", "http://10.0.0.1", "ftp://127.0.0.1"]
        {
            assert_eq!(permitted(&format!("{origin}/x"), &[origin]), None, "{origin}");
        }
    }
}
