//! The user agent's own session with this server: two cookies, and how each is read.

use std::fmt::Write;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use sha2::{Digest, Sha256};

use journey_host::Random;

/// Names a session in this server's memory: SHA-256 of the cookie's value, so that memory holds nothing that opens a session.
pub(super) type SessionId = [u8; 32];

/// Which of the two cookies.
#[derive(Clone, Copy)]
pub(super) enum Cookie {
    /// The session itself: `SameSite=Lax`, so it comes with a cross-site GET and not with a cross-site POST.
    Session,
    /// For one login whose answer is a cross-site POST: `SameSite=None; Secure`, a value of its own, and as short-lived as the
    /// attempt.
    FormPost,
}

impl Cookie {
    /// `__Host-` binds a cookie to this host and to https (RFC 6265bis 4.1.3.2), which a test over loopback has not.
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-journey",
            (Self::Session, false) => "journey",
            (Self::FormPost, true) => "__Host-journey-form-post",
            (Self::FormPost, false) => "journey-form-post",
        }
    }

    /// The `Set-Cookie` value. User agents take `Secure` over plain http from a loopback address, too.
    pub(super) fn set(self, value: &str, https: bool, lifetime: u32) -> String {
        let name = self.name(https);
        match self {
            Self::Session => {
                let secure = if https { "; Secure" } else { "" };
                format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")
            }
            Self::FormPost => format!("{name}={value}; Path=/; HttpOnly; SameSite=None; Secure; Max-Age={lifetime}"),
        }
    }

    /// The cookie's value, if it came once. Twice means that somebody else has put one beside ours.
    pub(super) fn read(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut values = lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name(https))
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }
}

/// 256 random bits, in hexadecimal.
///
/// # Errors
///
/// Where there are no random bytes.
pub(super) fn new_value(random: &dyn Random) -> Result<String, String> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes)?;
    let mut value = String::new();
    for byte in bytes {
        let _ = write!(value, "{byte:02x}");
    }
    Ok(value)
}

pub(super) fn id_of(value: &str) -> SessionId {
    Sha256::digest(value).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_counts_only_if_it_came_once() {
        for (line, value) in [
            ("journey=a", Some("a")),
            ("other=b; journey=a; journey-form-post=c", Some("a")),
            ("journey=a; journey=b", None),
            ("__Host-journey=a", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, line.parse().unwrap());
            assert_eq!(Cookie::Session.read(&headers, false), value, "{line}");
        }
    }

    #[test]
    fn over_https_both_cookies_are_bound_to_the_host() {
        assert_eq!(Cookie::Session.set("v", true, 900), "__Host-journey=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(
            Cookie::FormPost.set("v", true, 900),
            "__Host-journey-form-post=v; Path=/; HttpOnly; SameSite=None; Secure; Max-Age=900"
        );
        assert_eq!(Cookie::Session.set("v", false, 900), "journey=v; Path=/; HttpOnly; SameSite=Lax");
    }
}
