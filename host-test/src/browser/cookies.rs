//! The cookie jar: as much of RFC 6265bis as a login needs.

use url::{Host, Url};

/// Which requests a cookie goes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SameSite {
    /// Same-site ones only.
    Strict,
    /// Also cross-site top-level navigations by a safe method. The default.
    Lax,
    /// All.
    None,
}

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    /// Host and port: see the note on sites in the parent module.
    authority: String,
    path: String,
    secure: bool,
    same_site: SameSite,
    /// In seconds since the epoch; none: until the browser ends.
    expires_at: Option<u64>,
}

/// A browser's cookies.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    /// Takes in a `Set-Cookie` header of a response from this URL. What a browser would refuse is dropped without a word.
    pub(super) fn set(&mut self, url: &Url, header: &str, now: u64) {
        let Some(cookie) = Cookie::parse(url, header, now) else {
            return;
        };
        self.0.retain(|other| (&other.name, &other.authority, &other.path) != (&cookie.name, &cookie.authority, &cookie.path));
        if cookie.expires_at.is_none_or(|expires_at| now < expires_at) {
            self.0.push(cookie);
        }
    }

    /// The cookies that go with a top-level request, by name and value, longer paths first.
    pub(super) fn sent_with(&self, url: &Url, method: &str, initiator: Option<&Url>, now: u64) -> Vec<(String, String)> {
        let cross_site = initiator.is_some_and(|page| page.origin() != url.origin());
        let allowed = |same_site| match same_site {
            SameSite::None => true,
            SameSite::Lax => !cross_site || matches!(method, "GET" | "HEAD"),
            SameSite::Strict => !cross_site,
        };
        let mut cookies: Vec<&Cookie> = self
            .0
            .iter()
            .filter(|cookie| cookie.authority == authority(url) && path_matches(url.path(), &cookie.path))
            .filter(|cookie| allowed(cookie.same_site) && (!cookie.secure || trustworthy(url)))
            .filter(|cookie| cookie.expires_at.is_none_or(|expires_at| now < expires_at))
            .collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        cookies.into_iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }
}

impl Cookie {
    fn parse(url: &Url, header: &str, now: u64) -> Option<Self> {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            authority: authority(url),
            path: default_path(url.path()),
            secure: false,
            same_site: SameSite::Lax,
            expires_at: None,
        };
        let mut has_domain = false;
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            match attribute.to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "secure" => cookie.secure = true,
                "domain" => has_domain = true,
                "max-age" => cookie.expires_at = max_age(value).map(|seconds| now.saturating_add(seconds)),
                "samesite" => {
                    cookie.same_site = match value.to_ascii_lowercase().as_str() {
                        "strict" => SameSite::Strict,
                        "none" => SameSite::None,
                        _ => SameSite::Lax,
                    };
                }
                _ => {}
            }
        }
        let refused = cookie.name.is_empty()
            || cookie.secure && !trustworthy(url)
            || cookie.same_site == SameSite::None && !cookie.secure
            || cookie.name.starts_with("__Secure-") && !cookie.secure
            || cookie.name.starts_with("__Host-") && (!cookie.secure || has_domain || cookie.path != "/");
        (!refused).then_some(cookie)
    }
}

/// `Max-Age` in seconds; a negative one counts as 0. `Expires` isn't read: no server here uses it.
fn max_age(value: &str) -> Option<u64> {
    value.parse::<i64>().ok().map(|seconds| u64::try_from(seconds).unwrap_or_default())
}

fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// Whether `Secure` cookies may come and go: over https, or on loopback, as browsers have it.
fn trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path).is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// Whether a cookie set with these attributes at `/a/b` goes with a request.
    fn goes_along(header: &str, method: &str, target: &str, initiator: Option<&str>) -> bool {
        let mut jar = Jar::default();
        jar.set(&url("http://127.0.0.1:1/a/b"), header, 100);
        !jar.sent_with(&url(target), method, initiator.map(url).as_ref(), 100).is_empty()
    }

    const SAME: Option<&str> = Some("http://127.0.0.1:1/page");
    const CROSS: Option<&str> = Some("http://127.0.0.1:2/page");

    #[test]
    fn same_site_decides_what_crosses_sites() {
        let target = "http://127.0.0.1:1/a/b";
        let table = [
            ("c=1; SameSite=Lax", "GET", CROSS, true),
            ("c=1; SameSite=Lax", "POST", CROSS, false),
            ("c=1; SameSite=Lax", "POST", SAME, true),
            ("c=1", "POST", CROSS, false),
            ("c=1; SameSite=Strict", "GET", CROSS, false),
            ("c=1; SameSite=Strict", "GET", None, true),
            ("c=1; SameSite=None; Secure", "POST", CROSS, true),
            ("c=1; SameSite=None", "GET", SAME, false),
        ];
        for (header, method, initiator, expected) in table {
            assert_eq!(goes_along(header, method, target, initiator), expected, "{header} {method} {initiator:?}");
        }
    }

    #[test]
    fn paths_match_by_segment_and_ports_keep_cookies_apart() {
        assert!(goes_along("c=1; Path=/a", "GET", "http://127.0.0.1:1/a/x", None));
        assert!(goes_along("c=1", "GET", "http://127.0.0.1:1/a/x", None));
        assert!(!goes_along("c=1; Path=/a", "GET", "http://127.0.0.1:1/ab", None));
        assert!(!goes_along("c=1; Path=/", "GET", "http://127.0.0.1:2/a", None));
    }

    #[test]
    fn a_host_prefix_wants_secure_the_root_path_and_no_domain() {
        let target = "http://127.0.0.1:1/";
        assert!(goes_along("__Host-c=1; Path=/; Secure", "GET", target, None));
        assert!(!goes_along("__Host-c=1; Path=/", "GET", target, None));
        assert!(!goes_along("__Host-c=1; Path=/; Secure; Domain=127.0.0.1", "GET", target, None));
        assert!(!goes_along("__Host-c=1; Path=/a; Secure", "GET", "http://127.0.0.1:1/a", None));
    }

    #[test]
    fn secure_cookies_need_https_or_loopback() {
        let mut jar = Jar::default();
        jar.set(&url("http://example.com/"), "c=1; Secure", 0);
        assert!(jar.sent_with(&url("https://example.com/"), "GET", None, 0).is_empty());
    }

    #[test]
    fn cookies_expire_and_are_deleted_by_max_age() {
        let target = url("http://127.0.0.1:1/");
        let mut jar = Jar::default();
        jar.set(&target, "c=1; Max-Age=10", 100);
        assert_eq!(jar.sent_with(&target, "GET", None, 109).len(), 1);
        assert!(jar.sent_with(&target, "GET", None, 110).is_empty());
        jar.set(&target, "c=; Max-Age=0", 105);
        assert!(jar.sent_with(&target, "GET", None, 105).is_empty());
    }
}
