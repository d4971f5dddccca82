//! The client, and how it authenticates at the provider's endpoints (RFC 6749 2.3, OpenID Connect Core 9).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{exchange, form};
use crate::host::Request;
use crate::json::FromJson;
use crate::secret::Secret;

/// Client authentication method; the names are those of OpenID Connect Core 9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum ClientAuthentication {
    /// The client secret in the `Authorization` header.
    #[cfg_attr(test, schemars(title = "Client secret, in the header"))]
    #[default]
    ClientSecretBasic,
    /// The client secret in the body.
    #[cfg_attr(test, schemars(title = "Client secret, in the body"))]
    ClientSecretPost,
    /// A public client: no secret.
    #[cfg_attr(test, schemars(title = "None: a public client"))]
    None,
}

impl FromJson for ClientAuthentication {
    fn from_json(value: Value) -> Option<Self> {
        match value.as_str()? {
            "client_secret_basic" => Some(Self::ClientSecretBasic),
            "client_secret_post" => Some(Self::ClientSecretPost),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// Client credentials that fit together.
#[derive(Clone, Debug)]
pub struct Client {
    id: String,
    credential: Credential,
}

#[derive(Clone, Debug)]
enum Credential {
    Basic(Secret),
    Post(Secret),
    Public,
}

/// The method and the presence of a secret contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The method needs a secret and none was given.
    SecretMissing,
    /// A secret was given for a public client.
    SecretUnexpected,
    /// The secret holds what none does: a line break, a space at an end, or a character that isn't visible ASCII (RFC 6749 A.2).
    SecretMalformed,
}

impl Client {
    /// Pairs the client with its secret.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub fn new(id: &str, method: ClientAuthentication, secret: Option<Secret>) -> Result<Self, Rejection> {
        let secret = secret.filter(|secret| !secret.expose().is_empty());
        let credential = match (method, secret) {
            // Mostly a secret that was pasted with the line's end. Told here, and not by the provider after the user's login.
            (ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost, Some(secret))
                if !is_sound(secret.expose()) =>
            {
                return Err(Rejection::SecretMalformed);
            }
            (ClientAuthentication::ClientSecretBasic, Some(secret)) => Credential::Basic(secret),
            (ClientAuthentication::ClientSecretPost, Some(secret)) => Credential::Post(secret),
            (ClientAuthentication::None, None) => Credential::Public,
            (ClientAuthentication::None, Some(_)) => return Err(Rejection::SecretUnexpected),
            (_, None) => return Err(Rejection::SecretMissing),
        };
        Ok(Self { id: id.to_owned(), credential })
    }

    /// A form post to one of the provider's endpoints, authenticated by exactly one method (RFC 6749 2.3).
    #[must_use]
    pub fn post(&self, endpoint: &str, parameters: &[(&'static str, &str)], timeout: std::time::Duration) -> Request {
        let mut form = String::new();
        for (name, value) in parameters {
            form::append(&mut form, name, value);
        }
        let mut authorization = None;
        match &self.credential {
            Credential::Basic(secret) => authorization = Some(("authorization", self.basic(secret))),
            Credential::Post(secret) => {
                form::append(&mut form, "client_id", &self.id);
                form::append(&mut form, "client_secret", secret.expose());
            }
            Credential::Public => {
                form::append(&mut form, "client_id", &self.id);
            }
        }
        let mut request = exchange::post(endpoint, form, timeout);
        request.headers.extend(authorization);
        request
    }

    /// Both parts are form-encoded before they are joined (RFC 6749 2.3.1), or a colon in either would shift the border.
    fn basic(&self, secret: &Secret) -> String {
        let mut credentials = String::new();
        form::encode(&mut credentials, &self.id);
        credentials.push(':');
        form::encode(&mut credentials, secret.expose());
        ["Basic ", &STANDARD.encode(credentials)].concat()
    }
}

/// `client_secret` (RFC 6749 A.2), without a space at either end.
fn is_sound(secret: &str) -> bool {
    let has_space_at_an_end = secret.starts_with(' ') || secret.ends_with(' ');
    !has_space_at_an_end && secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Method;
    use std::time::Duration;

    fn post(method: ClientAuthentication, secret: Option<&str>) -> (Option<String>, String) {
        let client = Client::new("cl:ient", method, secret.map(Secret::new)).unwrap();
        let request = client.post("https://idp.example.com/token", &[("a", "b c")], Duration::from_secs(1));
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.url, "https://idp.example.com/token");
        assert!(request.headers.contains(&("content-type", "application/x-www-form-urlencoded".to_owned())));
        let authorization = request.headers.iter().find(|(name, _)| *name == "authorization");
        (authorization.map(|(_, value)| value.clone()), String::from_utf8(request.body).unwrap())
    }

    #[test]
    fn t02_t03_basic_encodes_both_parts_and_leaves_the_body_alone() {
        let (authorization, body) = post(ClientAuthentication::ClientSecretBasic, Some("s:e c+r%"));
        assert_eq!(authorization.unwrap(), format!("Basic {}", STANDARD.encode("cl%3Aient:s%3Ae+c%2Br%25")));
        assert_eq!(body, "a=b+c");
    }

    #[test]
    fn t02_t03_post_puts_the_secret_into_the_body_alone() {
        let (authorization, body) = post(ClientAuthentication::ClientSecretPost, Some("s&"));
        assert_eq!(authorization, None);
        assert_eq!(body, "a=b+c&client_id=cl%3Aient&client_secret=s%26");
    }

    #[test]
    fn t03_a_public_client_names_itself() {
        let (authorization, body) = post(ClientAuthentication::None, None);
        assert_eq!(authorization, None);
        assert_eq!(body, "a=b+c&client_id=cl%3Aient");
    }

    #[test]
    fn a_secret_and_a_method_that_contradict_each_other_are_refused() {
        use ClientAuthentication::{ClientSecretBasic, ClientSecretPost, None as Public};
        for (method, secret, rejection) in [
            (ClientSecretBasic, None, Rejection::SecretMissing),
            (ClientSecretPost, None, Rejection::SecretMissing),
            (ClientSecretPost, Some(""), Rejection::SecretMissing),
            (Public, Some("s"), Rejection::SecretUnexpected),
            (ClientSecretBasic, Some("s\n"), Rejection::SecretMalformed),
            (ClientSecretPost, Some("s\r\n"), Rejection::SecretMalformed),
            (ClientSecretBasic, Some(" s"), Rejection::SecretMalformed),
            (ClientSecretPost, Some("s "), Rejection::SecretMalformed),
            (ClientSecretBasic, Some("s\t"), Rejection::SecretMalformed),
            (ClientSecretBasic, Some("a\nb"), Rejection::SecretMalformed),
            (ClientSecretBasic, Some("\u{feff}s"), Rejection::SecretMalformed),
            (ClientSecretBasic, Some("s\u{a0}"), Rejection::SecretMalformed),
            (ClientSecretBasic, Some("\n"), Rejection::SecretMalformed),
        ] {
            assert_eq!(Client::new("c", method, secret.map(Secret::new)).unwrap_err(), rejection);
        }
    }

    #[test]
    fn h01_a_client_prints_no_secret() {
        let client = Client::new("c", ClientAuthentication::ClientSecretPost, Some(Secret::new("hunter2"))).unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}
