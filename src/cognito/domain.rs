//! A user pool's domain: where users log in. It changes neither issuer nor keys.

use super::pool::{Partition, Region};

/// A host name in ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

/// What is wrong with a domain; what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid(pub &'static str);

impl Domain {
    /// Reads a custom domain (`auth.example.com`), a prefix domain in full (`<prefix>.auth.<region>.amazoncognito.com`), or its
    /// prefix alone, in a partition whose prefix domains are known.
    ///
    /// # Errors
    /// A URL, or a name that DNS doesn't know.
    pub fn parse(text: &str, region: &Region) -> Result<Self, Invalid> {
        if text.bytes().any(|byte| b"/:?#@".contains(&byte)) {
            return Err(Invalid("expected a host name without scheme, port and path"));
        }
        if !text.is_ascii() {
            return Err(Invalid("expected a host name in ASCII (an international one in its `xn--` form)"));
        }
        let name = text.to_ascii_lowercase();
        let is_label = |label: &[u8]| {
            (1..=63).contains(&label.len())
                && !label.starts_with(b"-")
                && !label.ends_with(b"-")
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        };
        if name.len() > 253 || !name.as_bytes().split(|byte| *byte == b'.').all(is_label) {
            return Err(Invalid("expected a host name"));
        }
        // A last label that is a number, be it hexadecimal, makes an address, of one number or of up to four (WHATWG URL, host
        // parsing).
        if name.rsplit('.').next().is_some_and(is_number) {
            return Err(Invalid("expected a host name, not an address"));
        }
        if name.contains('.') {
            return Ok(Self(name));
        }
        let region_name = region.as_str();
        match region.partition() {
            Partition::Commercial => Ok(Self([&name, ".auth.", region_name, ".amazoncognito.com"].concat())),
            Partition::GovCloud => Ok(Self([&name, ".auth-fips.", region_name, ".amazoncognito.com"].concat())),
            Partition::EuSovereignCloud => {
                Ok(Self([&name, ".auth.cognito-idp.", region_name, ".on.amazonwebservices.eu"].concat()))
            }
            // AWS doesn't say how prefix domains are called there.
            Partition::China | Partition::Isolated => {
                Err(Invalid("expected the whole host name: this region's are not known by a prefix"))
            }
        }
    }

    /// An endpoint of the domain.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        ["https://", &self.0, path].concat()
    }
}

fn is_number(label: &str) -> bool {
    let is_hexadecimal = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    label.bytes().all(|byte| byte.is_ascii_digit()) || label.strip_prefix("0x").is_some_and(is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str, region: &str) -> Result<String, Invalid> {
        Domain::parse(text, &Region::parse(region).unwrap()).map(|domain| domain.endpoint("/x"))
    }

    #[test]
    fn prefix_and_custom_domains_become_endpoints() {
        for (text, region, endpoint) in [
            ("auth.example.com", "eu-west-1", "https://auth.example.com/x"),
            ("Auth.Example.COM", "eu-west-1", "https://auth.example.com/x"),
            ("shop.auth.eu-west-1.amazoncognito.com", "eu-west-1", "https://shop.auth.eu-west-1.amazoncognito.com/x"),
            ("shop", "eu-west-1", "https://shop.auth.eu-west-1.amazoncognito.com/x"),
            ("shop", "us-gov-west-1", "https://shop.auth-fips.us-gov-west-1.amazoncognito.com/x"),
            ("shop", "eusc-de-east-1", "https://shop.auth.cognito-idp.eusc-de-east-1.on.amazonwebservices.eu/x"),
            ("auth.example.cn", "cn-north-1", "https://auth.example.cn/x"),
            ("xn--mller-kva.example", "eu-west-1", "https://xn--mller-kva.example/x"),
        ] {
            assert_eq!(parse(text, region).as_deref(), Ok(endpoint));
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused_with_what_would_be_right() {
        let url = Invalid("expected a host name without scheme, port and path");
        let name = Invalid("expected a host name");
        let address = Invalid("expected a host name, not an address");
        let unicode = Invalid("expected a host name in ASCII (an international one in its `xn--` form)");
        for (text, invalid) in [
            ("https://auth.example.com", url),
            ("auth.example.com/", url),
            ("auth.example.com:8443", url),
            ("user@auth.example.com", url),
            ("auth.example.com?x", url),
            ("auth.example.com#x", url),
            ("[::1]", url),
            ("müller.example", unicode),
            ("", name),
            ("auth..example.com", name),
            ("auth.example.com.", name),
            ("-a.example.com", name),
            ("a-.example.com", name),
            ("a b.example.com", name),
            ("a%2eexample.com", name),
            ("127.0.0.1", address),
            ("2130706433", address),
            ("example.1", address),
            ("127.0.0.0x1", address),
            ("example.0x", address),
            (&format!("{}.example", "a".repeat(64)), name),
            (&format!("{}example", "a.".repeat(124)), name),
        ] {
            assert_eq!(parse(text, "eu-west-1"), Err(invalid), "{text}");
        }
    }

    #[test]
    fn where_prefix_domains_are_unknown_the_whole_host_name_is_expected() {
        for region in ["cn-north-1", "us-iso-east-1"] {
            let whole = Invalid("expected the whole host name: this region's are not known by a prefix");
            assert_eq!(parse("shop", region), Err(whole), "{region}");
        }
    }

    #[test]
    fn a_host_name_has_at_most_253_characters() {
        let name = |last: usize| format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(last));
        assert_eq!((name(61).len(), name(62).len()), (253, 254));
        assert!(parse(&name(61), "eu-west-1").is_ok());
        assert_eq!(parse(&name(62), "eu-west-1"), Err(Invalid("expected a host name")));
    }

    proptest! {

        #[test]
        fn a_domain_that_is_accepted_is_the_host_of_its_endpoints(text in "[a-zA-Z0-9.-]{1,20}|\\PC{0,20}|[a-z0-9-]{1,9}(\\.[a-z0-9-]{1,9}){1,3}") {
            if let Ok(endpoint) = parse(&text, "eu-west-1") {
                let url = url::Url::parse(&endpoint).unwrap();
                prop_assert_eq!((url.scheme(), url.path(), url.port()), ("https", "/x", None));
                prop_assert!(url.host_str().unwrap().starts_with(&text.to_ascii_lowercase()));
                prop_assert!(matches!(url.host(), Some(url::Host::Domain(_))));
            }
        }
    }
}
