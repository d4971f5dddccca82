//! The user agent's session: its two cookies, where in the store it lies, and what binds an attempt to it.

use sha2::{Digest, Sha256};

/// Seconds after which a session and all that belongs to it is garbage: longer than any attempt is kept.
pub(crate) const LIFETIME: u64 = 2 * 24 * 60 * 60;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session itself: `SameSite=Lax`, so it comes with a cross-site GET and not with a cross-site POST.
    Session,
    /// For one attempt whose response is a cross-site POST: `SameSite=None; Secure`, with a value of its own.
    FormPost,
}

impl Cookie {
    /// `__Host-` binds a cookie to this host and to https, which loopback has not.
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Session, true) => "__Host-journey",
            (Self::Session, false) => "journey",
            (Self::FormPost, true) => "__Host-journey-form-post",
            (Self::FormPost, false) => "journey-form-post",
        }
    }

    /// The value of `Set-Cookie`.
    pub(crate) fn set(self, secret: &Secret, is_https: bool, lifetime: u32) -> String {
        let (name, value) = (self.name(is_https), &secret.0);
        match (self, is_https) {
            (Self::Session, true) => format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Secure"),
            (Self::Session, false) => format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"),
            (Self::FormPost, _) => format!("{name}={value}; Path=/; HttpOnly; SameSite=None; Secure; Max-Age={lifetime}"),
        }
    }

    /// The cookie out of the lines of a request, if it came once. Twice means that somebody else has put one beside ours.
    pub(crate) fn read<'a>(self, mut lines: impl Iterator<Item = &'a str>, is_https: bool) -> Option<Secret> {
        let of_line = |line: &'a str| line.split(';').filter_map(|pair| pair.trim().split_once('='));
        let mut found = None;
        for (_, value) in lines.by_ref().flat_map(of_line).filter(|(name, _)| *name == self.name(is_https)) {
            if found.replace(value).is_some() {
                return None;
            }
        }
        found.and_then(Secret::read)
    }
}

/// A cookie's value: when it ends, in ten digits, and 256 random bits.
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(random: &[u8], now: u64) -> Self {
        Self(format!("{:010}.{}", now + LIFETIME, hexadecimal(random)))
    }

    fn read(value: &str) -> Option<Self> {
        let (end, random) = value.split_once('.')?;
        let is_ours = end.len() == 10
            && end.bytes().all(|byte| byte.is_ascii_digit())
            && random.len() == 64
            && random.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours.then(|| Self(value.to_owned()))
    }

    /// Where in the store what belongs to it lies. The store holds nothing that opens a session. The end stands first, so that a
    /// key alone tells what is garbage; who changes it in his cookie names another place.
    pub(crate) fn place(&self) -> String {
        let end = self.0.get(..10).unwrap_or_default();
        format!("{end}.{}", hexadecimal(&self.hash("place")))
    }

    /// What binds an attempt to this user agent.
    pub(crate) fn binding(&self) -> Vec<u8> {
        self.hash("browser")
    }

    fn hash(&self, purpose: &str) -> Vec<u8> {
        Sha256::new().chain_update(purpose).chain_update([0]).chain_update(&self.0).finalize().to_vec()
    }
}

/// Whether what lies under a key of the store is garbage: a session's, or an attempt's of it, whose end has passed.
pub(crate) fn has_ended(key: &str, now: u64) -> bool {
    key.split_once('.')
        .filter(|(end, _)| end.len() == 10)
        .and_then(|(end, _)| end.parse::<u64>().ok())
        .is_some_and(|end| end < now)
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new(&[7; 32], 1_000)
    }

    fn read(line: &str) -> Option<String> {
        Cookie::Session.read([line].into_iter(), false).map(|secret| secret.0)
    }

    #[test]
    fn a_cookie_counts_only_if_it_came_once() {
        let own = format!("journey={}", secret().0);
        assert_eq!(read(&own), Some(secret().0));
        assert_eq!(read(&format!("a=b; {own}; journey-form-post=c")), Some(secret().0));
        for line in
            ["", "journey=", "journey=a", &format!("{own}; {own}"), &format!("journey=x; {own}"), &format!("__Host-{own}")]
        {
            assert_eq!(read(line), None, "{line}");
        }
        assert!(Cookie::Session.read([own.as_str(), own.as_str()].into_iter(), false).is_none(), "in two lines");
    }

    #[test]
    fn over_https_both_cookies_are_bound_to_the_host() {
        let value = secret().0;
        let session = Cookie::Session.set(&secret(), true, 0);
        assert_eq!(session, format!("__Host-journey={value}; Path=/; HttpOnly; SameSite=Lax; Secure"));
        let form_post = Cookie::FormPost.set(&secret(), true, 900);
        assert_eq!(form_post, format!("__Host-journey-form-post={value}; Path=/; HttpOnly; SameSite=None; Secure; Max-Age=900"));
        assert_eq!(Cookie::Session.set(&secret(), false, 0), format!("journey={value}; Path=/; HttpOnly; SameSite=Lax"));
    }

    #[test]
    fn neither_the_place_nor_the_binding_tells_the_cookie() {
        let (secret, other) = (secret(), Secret::new(&[8; 32], 1_000));
        assert!(!secret.place().contains(secret.0.get(11..).unwrap()));
        assert_eq!(secret.binding().len(), 32);
        assert!(!secret.place().contains(&hexadecimal(&secret.binding())));
        assert_ne!(secret.binding(), other.binding());
        assert_ne!(secret.place(), other.place());
    }

    #[test]
    fn a_key_tells_what_is_garbage() {
        let place = secret().place();
        let end = 1_000 + LIFETIME;
        assert!(!has_ended(&place, end) && has_ended(&place, end + 1));
        assert!(has_ended(&format!("{place}.attempt"), end + 1));
        assert!(!has_ended("cache.keys", u64::MAX) && !has_ended("1.x", u64::MAX) && !has_ended("", u64::MAX));
    }
}
