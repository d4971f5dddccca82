//! Which URLs a step may ask for: the origins that it names itself, cut down by what its tenant's operator permits.

use std::collections::HashMap;
use std::net::IpAddr;

use url::{Host, Url};

use super::address::{AddressPolicy, Refused};
use super::origin::OriginPattern;

/// Bytes of a URL that a step may ask for. The longest that an identity provider is known to have are a few hundred.
const MAX_URL: usize = 8 << 10;

/// The egress policy of a host. As it starts, it denies everything.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    addresses: AddressPolicy,
    tenants: HashMap<String, TenantPolicy>,
    otherwise: TenantPolicy,
}

/// What one tenant's operator permits. The default permits nothing.
#[derive(Clone, Debug, Default)]
pub struct TenantPolicy {
    trusts_the_step: bool,
    permitted: Vec<OriginPattern>,
    additional: Vec<OriginPattern>,
}

impl Egress {
    /// Denies everything.
    pub fn deny_all() -> Self {
        Self::default()
    }

    /// Allows loopback addresses, and plain `http` to them. For tests and demos.
    #[must_use]
    pub fn with_loopback(mut self) -> Self {
        self.addresses.allow_loopback = true;
        self
    }

    /// Denies these ranges of addresses, in CIDR notation ([`AddressRange`](super::address::AddressRange)), to every tenant and
    /// before all else: the operator's own public addresses, say, or a NAT64 prefix of his own. Adds to ranges that are denied
    /// already; what is refused in any case needs no mention.
    ///
    /// Has no effect on what goes through a proxy, but on a URL with an address in place of a name.
    ///
    /// # Errors
    ///
    /// Names the range that is malformed, and what was expected.
    pub fn with_denied(mut self, ranges: &[&str]) -> Result<Self, String> {
        for range in ranges {
            let malformed = |why| format!("{}: {why}", range.chars().take(100).collect::<String>());
            self.addresses.denied.push(range.parse().map_err(malformed)?);
        }
        Ok(self)
    }

    /// Sets one tenant's policy.
    #[must_use]
    pub fn with_tenant(mut self, tenant: &str, policy: TenantPolicy) -> Self {
        self.tenants.insert(tenant.to_owned(), policy);
        self
    }

    /// Sets the policy of every tenant that has none of its own.
    #[must_use]
    pub fn with_default(mut self, policy: TenantPolicy) -> Self {
        self.otherwise = policy;
        self
    }

    /// Judges an address that a name resolves to, as the host does before it is connected to.
    ///
    /// # Errors
    ///
    /// Where the address isn't global unicast, or the operator denies it. Loopback is allowed where the operator said so.
    pub fn judge_address(&self, address: IpAddr) -> Result<(), Refused> {
        self.addresses.judge(address)
    }

    /// Judges a URL before anything is resolved or sent. `named`: the step's own `settings.origins`.
    ///
    /// # Errors
    ///
    /// A text for a log, which holds no part of the URL but its origin.
    pub(super) fn judge_url(&self, url: &str, named: &[String], tenant: &str) -> Result<Url, String> {
        if url.len() > MAX_URL {
            return Err(format!("the URL is longer than {MAX_URL} bytes"));
        }
        let url = Url::parse(url).map_err(|_| "not an absolute URL".to_owned())?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("the URL holds user information or a fragment".to_owned());
        }
        let origin = url.origin().ascii_serialization();
        match url.scheme() {
            "https" => {}
            "http" if self.addresses.allow_loopback && is_loopback(&url) => {}
            _ => return Err(format!("{origin}: https only")),
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            // A trailing dot makes another origin of the same host, for certificates and policies alike.
            Some(Host::Domain(name)) if name.split('.').any(str::is_empty) => {
                return Err(format!("{origin}: the host has an empty label"));
            }
            Some(Host::Domain(_)) => None,
            None => return Err("the URL has no host".to_owned()),
        };
        if let Some(address) = literal {
            self.judge_address(address).map_err(|refused| format!("{origin}: {refused}"))?;
        }
        if self.policy(tenant).permits(&url, &origin, named) {
            Ok(url)
        } else {
            Err(format!("{origin}: not among the origins permitted"))
        }
    }

    fn policy(&self, tenant: &str) -> &TenantPolicy {
        self.tenants.get(tenant).unwrap_or(&self.otherwise)
    }
}

impl TenantPolicy {
    /// Permits those origins of the step's own that match one of these.
    ///
    /// # Errors
    ///
    /// Names the pattern that isn't an origin.
    pub fn permitting(origins: &[&str]) -> Result<Self, String> {
        Ok(Self { permitted: OriginPattern::parse_all(origins)?, ..Self::default() })
    }

    /// Permits these, too, though the step doesn't name them: the endpoints that it is yet to discover.
    ///
    /// # Errors
    ///
    /// Names the pattern that isn't an origin.
    pub fn with_discovered(mut self, origins: &[&str]) -> Result<Self, String> {
        self.additional = OriginPattern::parse_all(origins)?;
        Ok(self)
    }

    /// Permits whatever the step names: whoever writes its settings decides where this host connects to.
    pub fn trusting_the_step() -> Self {
        Self { trusts_the_step: true, ..Self::default() }
    }

    /// `origin`: that of the URL, which has a scheme and a host.
    fn permits(&self, url: &Url, origin: &str, named: &[String]) -> bool {
        // A step names its origins in this form as a rule: only another form of the same has to be read.
        let is_named = named.iter().any(|named| named == origin)
            || named.iter().any(|named| Url::parse(named).is_ok_and(|named| named.origin().ascii_serialization() == origin));
        let matches = |patterns: &[OriginPattern]| patterns.iter().any(|pattern| pattern.matches(url));
        is_named && (self.trusts_the_step || matches(&self.permitted)) || matches(&self.additional)
    }
}

/// `localhost` counts: the resolver lets it mean nothing but a loopback address.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(egress: &Egress, named: &[&str], url: &str, allowed: bool) {
        let named: Vec<String> = named.iter().map(|origin| (*origin).to_owned()).collect();
        let judged = egress.judge_url(url, &named, "tenant");
        assert_eq!(judged.is_ok(), allowed, "{url}: {judged:?}");
    }

    const NAMED: &[&str] =
        &["https://login.example.com", "https://keys.eu-west-1.example.net", "http://127.0.0.1:8080", "http://localhost"];

    #[test]
    fn without_a_policy_everything_is_denied() {
        check(&Egress::deny_all(), NAMED, "https://login.example.com/oauth2/token", false);
        check(&Egress::deny_all().with_default(TenantPolicy::trusting_the_step()), &[], "https://login.example.com/", false);
        check(
            &Egress::deny_all().with_default(TenantPolicy::permitting(&["https://*.example.com"]).unwrap()),
            &[],
            "https://login.example.com/",
            false,
        );
    }

    #[test]
    fn the_step_names_an_origin_in_any_form_and_no_text_that_begins_so() {
        let egress = Egress::deny_all().with_default(TenantPolicy::trusting_the_step());
        for (named, allowed) in [
            ("https://login.example.com", true),
            ("https://LOGIN.example.com:443/", true),
            ("https://login.example.com:444", false),
            ("https://login.example.co", false),
            ("login.example.com", false),
        ] {
            check(&egress, &[named], "https://login.example.com/oauth2/token", allowed);
        }
    }

    #[test]
    fn the_operator_cuts_down_what_the_step_names() {
        let policy = TenantPolicy::permitting(&["https://*.example.com"])
            .unwrap()
            .with_discovered(&["https://found.example.org:8443"])
            .unwrap();
        let egress = Egress::deny_all().with_tenant("tenant", policy);
        for (url, allowed) in [
            ("https://login.example.com/oauth2/token", true),
            ("https://LOGIN.example.com:443/", true),
            ("https://login.example.com:444/", false),
            ("https://keys.eu-west-1.example.net/", false),
            ("https://other.example.com/", false),
            ("https://found.example.org:8443/token", true),
            ("https://found.example.org/token", false),
            ("http://login.example.com/", false),
            ("https://user@login.example.com/", false),
            ("https://login.example.com/#fragment", false),
            ("https://login.example.com.evil.test/", false),
            ("https://login.example.com./", false),
            ("https://:secret@login.example.com/", false),
            ("wss://login.example.com/", false),
            ("https:", false),
            ("ftp://login.example.com/", false),
            ("/oauth2/token", false),
        ] {
            check(&egress, NAMED, url, allowed);
        }
        assert!(egress.judge_url("https://login.example.com/", &["https://login.example.com".into()], "another tenant").is_err());
    }

    #[test]
    fn plain_http_reaches_loopback_alone_and_only_by_the_flag() {
        let closed = Egress::deny_all().with_default(TenantPolicy::trusting_the_step());
        let open = closed.clone().with_loopback();
        for url in ["http://127.0.0.1:8080/", "http://localhost/"] {
            check(&closed, NAMED, url, false);
            check(&open, NAMED, url, true);
        }
        let named = [
            "http://10.0.0.1",
            "http://login.example.com",
            "https://10.0.0.1",
            "https://169.254.169.254",
            "https://[::ffff:10.0.0.1]",
            "https://[fd00:ec2::254]",
            "https://2130706433",
        ];
        for url in named {
            check(&open, &named, url, url == "https://2130706433");
        }
    }

    #[test]
    fn a_pattern_widens_nothing_that_the_step_names_with_care() {
        let policy = TenantPolicy::permitting(&["https://*.example.com"]).unwrap();
        let egress = Egress::deny_all().with_default(policy);
        for (origin, allowed) in [
            ("https://login.example.com", true),
            ("https://evilexample.com", false),
            ("https://a.b.example.com", false),
            ("https://example.com", false),
            ("https://.example.com", false),
            ("https://login.example.com.", false),
        ] {
            check(&egress, &[origin], &format!("{origin}/oauth2/token"), allowed);
        }
        let found = Egress::deny_all().with_default(TenantPolicy::default().with_discovered(&["https://*.example.com"]).unwrap());
        check(&found, &[], "https://login.example.com/", true);
        check(&found, &[], "https://evilexample.com/", false);
        check(&found, &[], "https://.example.com/", false);
    }

    #[test]
    fn a_host_with_an_empty_label_is_denied_whoever_names_it() {
        let egress = Egress::deny_all().with_loopback().with_default(TenantPolicy::trusting_the_step());
        for origin in ["https://login.example.com.", "https://.example.com", "https://a..example.com", "http://localhost."] {
            check(&egress, &[origin], origin, false);
        }
    }

    #[test]
    fn a_range_that_the_operator_denies_is_denied_in_a_url_too() {
        let denied = Egress::deny_all().with_loopback().with_default(TenantPolicy::trusting_the_step());
        let denied = denied.with_denied(&["8.8.0.0/16"]).unwrap().with_denied(&["127.0.0.1/32", "2600::/16"]).unwrap();
        for (origin, allowed) in [
            ("https://8.8.8.8", false),
            ("https://8.9.8.8", true),
            ("https://[::ffff:808:808]", false),
            ("https://[2600::1]", false),
            ("https://[2601::1]", true),
            ("http://127.0.0.1", false),
            ("http://127.0.0.2", true),
        ] {
            check(&denied, &[origin], origin, allowed);
        }
        let error = Egress::deny_all().with_denied(&["10.0.0.0/8", "10.0.0.1/8"]).unwrap_err();
        assert_eq!(error, "10.0.0.1/8: expected no bit to be set beyond the prefix");
        assert!(Egress::deny_all().with_denied(&["x".repeat(10_000).as_str()]).unwrap_err().len() < 200);
    }

    #[test]
    fn a_url_is_denied_beyond_its_longest() {
        let egress = Egress::deny_all().with_default(TenantPolicy::trusting_the_step());
        let url = format!("https://login.example.com/{}", "x".repeat(MAX_URL - 26));
        assert_eq!(url.len(), MAX_URL);
        check(&egress, NAMED, &url, true);
        check(&egress, NAMED, &format!("{url}x"), false);
    }

    #[test]
    fn a_refusal_names_the_origin_and_nothing_else_of_the_url() {
        let text = Egress::deny_all().judge_url("https://login.example.com/path?code=secret", &[], "tenant").unwrap_err();
        assert_eq!(text, "https://login.example.com: not among the origins permitted");
    }
}
