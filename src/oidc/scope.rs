//! Scope: what the relying party asks for (RFC 6749 3.3).

/// A checked list of scope tokens that begins with `openid`, or holds it where the author put it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

/// Without it there is no ID token (OpenID Connect Core 3.1.2.1).
const OPENID: &str = "openid";

/// What a profile needs.
pub const DEFAULT: &str = "openid profile email";

/// A scope token holds a character that RFC 6749 section 3.3 doesn't allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidScopeToken;

impl Default for Scope {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl Scope {
    /// Puts `openid` in where it's missing, and drops repetitions.
    ///
    /// # Errors
    /// A token that RFC 6749 3.3 doesn't allow.
    pub fn new<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidScopeToken> {
        let mut scope: Vec<&str> = Vec::new();
        for token in tokens {
            if token.is_empty() || !token.bytes().all(is_scope_character) {
                return Err(InvalidScopeToken);
            }
            if !scope.contains(&token) {
                scope.push(token);
            }
        }
        if !scope.contains(&OPENID) {
            scope.insert(0, OPENID);
        }
        Ok(Self(scope.join(" ")))
    }

    /// As [`Scope::as_str`], for keeps.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    /// Separated by spaces, as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// %x21 / %x23-5B / %x5D-7E
fn is_scope_character(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b01_openid_is_always_in_the_scope() {
        for (tokens, scope) in [
            (&["email", "profile"][..], "openid email profile"),
            (&["email", "openid"], "email openid"),
            (&[], "openid"),
            (&["openid", "email", "email"], "openid email"),
            (&["openid", "https://api.example.com/read"], "openid https://api.example.com/read"),
            (&["openid", "!#[]~"], "openid !#[]~"),
            (&["openid2", "email"], "openid openid2 email"),
            (&["OpenID"], "openid OpenID"),
            (&["my-openid"], "openid my-openid"),
        ] {
            assert_eq!(Scope::new(tokens.iter().copied()).unwrap().as_str(), scope);
        }
    }

    #[test]
    fn characters_beyond_rfc_6749_are_refused() {
        for token in ["", "a b", "a\"b", "a\\b", "ä", "a\n", "\x7f"] {
            assert_eq!(Scope::new([token]), Err(InvalidScopeToken), "{token:?}");
        }
    }
}
