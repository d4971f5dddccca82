//! Which URLs a step may ask for: the origins that it names itself, cut down by what its tenant's operator permits.

use std::collections::HashMap;

use url::{Host, Url};

use super::address::judge_address;

/// The egress policy of a host. As it starts, it denies everything.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    allow_loopback: bool,
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

/// An origin (RFC 6454) whose host may have `*` in place of whole labels: `https://*.auth.eu-west-1.amazoncognito.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginPattern {
    scheme: String,
    labels: Vec<String>,
    port: Option<u16>,
}

impl Egress {
    /// Denies everything.
    pub fn deny_all() -> Self {
        Self::default()
    }

    /// Allows loopback addresses, and plain `http` to them. For tests and demos.
    #[must_use]
    pub fn with_loopback(mut self) -> Self {
        self.allow_loopback = true;
        self
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

    /// Whether loopback addresses may be connected to.
    pub(crate) fn allows_loopback(&self) -> bool {
        self.allow_loopback
    }

    /// Judges a URL before anything is resolved or sent. `named`: the step's own `settings.origins`.
    ///
    /// # Errors
    ///
    /// A text for a log, which holds no part of the URL but its origin.
    pub(crate) fn judge_url(&self, url: &str, named: &[String], tenant: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|_| "not an absolute URL".to_owned())?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("the URL holds user information or a fragment".to_owned());
        }
        let origin = url.origin().ascii_serialization();
        match url.scheme() {
            "https" => {}
            "http" if self.allow_loopback && is_loopback(&url) => {}
            _ => return Err(format!("{origin}: https only")),
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return Err("the URL has no host".to_owned()),
        };
        if let Some(address) = literal {
            judge_address(address, self.allow_loopback).map_err(|refused| format!("{origin}: {refused}"))?;
        }
        if self.policy(tenant).permits(&url, named) { Ok(url) } else { Err(format!("{origin}: not among the origins permitted")) }
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

    fn permits(&self, url: &Url, named: &[String]) -> bool {
        let origin = url.origin().ascii_serialization();
        let is_named =
            named.iter().any(|named| Url::parse(named).is_ok_and(|named| named.origin().ascii_serialization() == origin));
        let matches = |patterns: &[OriginPattern]| patterns.iter().any(|pattern| pattern.matches(url));
        is_named && (self.trusts_the_step || matches(&self.permitted)) || matches(&self.additional)
    }
}

impl OriginPattern {
    /// Reads `scheme://host[:port]`.
    ///
    /// # Errors
    ///
    /// Where it is anything else than an origin.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let not_an_origin = || format!("not an origin: {pattern}");
        let url = Url::parse(pattern).map_err(|_| not_an_origin())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !bare || !matches!(url.scheme(), "https" | "http") {
            return Err(not_an_origin());
        }
        let host = url.host_str().ok_or_else(not_an_origin)?;
        Ok(Self { scheme: url.scheme().to_owned(), labels: labels(host), port: url.port_or_known_default() })
    }

    fn parse_all(patterns: &[&str]) -> Result<Vec<Self>, String> {
        patterns.iter().map(|pattern| Self::parse(pattern)).collect()
    }

    fn matches(&self, url: &Url) -> bool {
        let host = labels(url.host_str().unwrap_or_default());
        self.scheme == url.scheme()
            && self.port == url.port_or_known_default()
            && self.labels.len() == host.len()
            && self.labels.iter().zip(&host).all(|(pattern, label)| pattern == "*" || pattern == label)
    }
}

fn labels(host: &str) -> Vec<String> {
    host.split('.').map(str::to_owned).collect()
}

/// `localhost` counts: the resolver lets it mean nothing but a loopback address.
fn is_loopback(url: &Url) -> bool {
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
    fn a_refusal_names_the_origin_and_nothing_else_of_the_url() {
        let text = Egress::deny_all().judge_url("https://login.example.com/path?code=secret", &[], "tenant").unwrap_err();
        assert_eq!(text, "https://login.example.com: not among the origins permitted");
    }
}
