//! A signed token in its compact form (RFC 7515 3.1), taken apart before anything in it is believed.
//!
//! | part | accepted |
//! |---|---|
//! | the whole | three parts of base64url without padding; five (encrypted) or any other number are refused |
//! | `alg` | `RS256`; no other, whatever key it comes with (RFC 8725 3.1) |
//! | `crit` | absent: no extension is understood (RFC 7515 4.1.11) |
//! | `zip`, `enc`, `b64` | absent (RFC 8725 3.6) |
//! | `typ` | absent, or `JWT` in any case (RFC 8725 3.11) |
//! | `kid` | a string, used to look a key up and for nothing else |
//! | `jku`, `jwk`, `x5u`, `x5c` | ignored: keys come from the issuer's key set alone (RFC 8725 3.10) |

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::ALGORITHM;
use super::signature::{self, PublicKey};
use crate::json::{self, Object};

/// Longest token read, in bytes. AWS lets one of Cognito's have 120 KB of claims, which are 160 KB of base64.
pub(crate) const MAX_TOKEN_BYTES: usize = 256 * 1024;

/// A token whose signature is yet to be checked.
#[derive(Debug)]
pub struct Jws<'a> {
    key_id: Option<String>,
    payload: Object,
    signing_input: &'a str,
    signature: &'a str,
}

/// Why it isn't a token that this relying party can check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Not the compact form of two JSON objects, or encrypted, or compressed.
    Malformed,
    /// Longer, or of more values, than any that a provider means.
    TooLarge,
    /// `alg` isn't RS256.
    Algorithm,
    /// `crit` is there.
    Critical,
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub fn parse(token: &'a str) -> Result<Self, Rejection> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Rejection::TooLarge);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Rejection::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Rejection::Malformed)?;
        let header = object(header)?;
        let payload = object(payload)?;
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| Rejection::Malformed)?;

        let algorithm = header.get("alg").and_then(|alg| alg.as_str());
        if algorithm != Some(ALGORITHM) {
            return Err(Rejection::Algorithm);
        }
        if header.contains_key("crit") {
            return Err(Rejection::Critical);
        }
        if ["zip", "enc", "b64"].iter().any(|name| header.contains_key(*name)) {
            return Err(Rejection::Malformed);
        }
        if header.get("typ").is_some_and(|typ| !typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"))) {
            return Err(Rejection::Malformed);
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().ok_or(Rejection::Malformed)?.to_owned()),
        };
        Ok(Self { key_id, payload, signing_input, signature })
    }

    /// `kid`, to look a key up with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// A claim that nothing vouches for yet.
    #[must_use]
    pub fn unverified_claim(&self, name: &str) -> Option<&str> {
        self.payload.get(name).and_then(|claim| claim.as_str())
    }

    /// The claims, where `key` made the signature.
    ///
    /// # Errors
    /// Another key did: the token itself, to be tried with another one.
    pub fn verify(self, key: &PublicKey) -> Result<Object, Self> {
        if signature::verify(self.signature, self.signing_input.as_bytes(), key) { Ok(self.payload) } else { Err(self) }
    }
}

fn object(part: &str) -> Result<Object, Rejection> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)?;
    json::claims(&bytes).map_err(|fault| match fault {
        json::Rejection::TooManyValues => Rejection::TooLarge,
        json::Rejection::Syntax | json::Rejection::DuplicateMember | json::Rejection::NotAnObject => Rejection::Malformed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(header: &str, payload: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode(payload), encode("signature"))
    }

    fn rejection(token: &str) -> Option<Rejection> {
        Jws::parse(token).err()
    }

    #[test]
    fn i01_a_token_is_taken_apart() {
        let text = token(r#"{"alg":"RS256","kid":"a+/=","typ":"jwt","jku":"https://evil.example"}"#, r#"{"iss":"me"}"#);
        let jws = Jws::parse(&text).unwrap();
        assert_eq!(jws.key_id(), Some("a+/="));
        assert_eq!(jws.unverified_claim("iss"), Some("me"));
        assert_eq!(jws.unverified_claim("sub"), None);
        assert_eq!(Jws::parse(&token(r#"{"alg":"RS256"}"#, "{}")).unwrap().key_id(), None);
    }

    #[test]
    fn i01_i19_what_is_not_three_strict_parts_is_malformed() {
        let good = token(r#"{"alg":"RS256"}"#, "{}");
        let parts: Vec<&str> = good.split('.').collect();
        for text in [
            String::new(),
            "a".into(),
            format!("{}.{}", parts[0], parts[1]),
            format!("{good}.x"),
            format!("{good}.x.y"),
            format!("{good}="),
            format!(" {good}"),
            format!("{good}\n"),
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]) + "+/",
            token("[]", "{}"),
            token("{}}", "{}"),
            token(r#"{"alg":"RS256"}"#, "[]"),
            token(r#"{"alg":"RS256"}"#, "\u{feff}{}"),
            token(r#"{"alg":"none","alg":"RS256"}"#, "{}"),
            token(r#"{"alg":"RS256"}"#, r#"{"sub":"a","sub":"b"}"#),
            token(r#"{"alg":"RS256","zip":"DEF"}"#, "{}"),
            token(r#"{"alg":"RS256","enc":"A128GCM"}"#, "{}"),
            token(r#"{"alg":"RS256","b64":true}"#, "{}"),
            token(r#"{"alg":"RS256","kid":7}"#, "{}"),
        ] {
            assert_eq!(rejection(&text), Some(Rejection::Malformed), "{text}");
        }
    }

    #[test]
    fn i01_a_token_may_be_as_long_as_a_provider_makes_it_and_not_longer() {
        let header = r#"{"alg":"RS256"}"#;
        let of_bytes = |length: usize| token(header, &format!(r#"{{"a":"{}"}}"#, "x".repeat(length)));
        let (short, long) = (of_bytes(196_560), of_bytes(196_700));
        assert!(short.len() <= 256 * 1024 && long.len() > 256 * 1024);
        assert_eq!(rejection(&short), None);
        assert_eq!(rejection(&long), Some(Rejection::TooLarge));
        let of_values = |values: usize| token(header, &format!(r#"{{"a":[{}0]}}"#, "[],".repeat(values - 10)));
        assert_eq!(rejection(&of_values(60_000)), None);
        let of_objects = |objects: usize| token(header, &format!(r#"{{"a":[{}0]}}"#, "{\"\":0},".repeat(objects)));
        assert_eq!(rejection(&of_objects(18_000)), None);
        assert_eq!(rejection(&of_objects(18_210)), Some(Rejection::TooLarge));
    }

    #[test]
    fn i02_only_rs256_is_accepted() {
        for alg in ["none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RSA-OAEP", ""] {
            assert_eq!(rejection(&token(&format!(r#"{{"alg":"{alg}"}}"#), "{}")), Some(Rejection::Algorithm), "{alg}");
        }
        for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["RS256"]}"#] {
            assert_eq!(rejection(&token(header, "{}")), Some(Rejection::Algorithm));
        }
    }

    #[test]
    fn i04_a_critical_extension_is_refused() {
        for crit in [r#"["b64"]"#, "[]", "null", r#"["exp"]"#] {
            let header = format!(r#"{{"alg":"RS256","crit":{crit}}}"#);
            assert_eq!(rejection(&token(&header, "{}")), Some(Rejection::Critical), "{crit}");
        }
    }

    #[test]
    fn i06_a_type_that_is_no_jwt_is_refused() {
        for typ in [r#""at+jwt""#, r#""JOSE""#, "1", "null", r#""""#] {
            let header = format!(r#"{{"alg":"RS256","typ":{typ}}}"#);
            assert_eq!(rejection(&token(&header, "{}")), Some(Rejection::Malformed), "{typ}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_or_refused(text in ".*", header in ".*", payload in ".*") {
            let _ = Jws::parse(&text);
            let _ = Jws::parse(&token(&header, &payload));
        }
    }
}
