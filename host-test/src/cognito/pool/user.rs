//! The users of the pool.

use serde_json::{Map, Value, json};

/// A user of the pool.
#[derive(Clone, Debug)]
pub struct User {
    /// `cognito:username` in the ID token, `username` elsewhere. In a pool where people sign in by email it equals `sub`.
    pub username: String,
    /// The subject. It looks like a UUID and needn't be a valid one.
    pub sub: String,
    /// The password; none for users who come through an identity provider.
    pub password: Option<String>,
    /// Attributes as the ID token shows them: `email_verified` and `phone_number_verified` as booleans, `custom:*` as strings.
    pub attributes: Map<String, Value>,
    /// `cognito:groups`; the claim is absent when empty.
    pub groups: Vec<String>,
    /// `cognito:roles`; the claim is absent when empty.
    pub roles: Vec<String>,
    /// `identities`; the claim is absent when empty.
    pub identities: Vec<Identity>,
}

impl User {
    /// A user who signs in by username, or email, and password.
    #[must_use]
    pub fn new(username: &str, sub: &str, password: &str) -> Self {
        Self { password: Some(password.to_owned()), ..Self::federated(username, sub) }
    }

    /// A user who comes through an identity provider only.
    #[must_use]
    pub fn federated(username: &str, sub: &str) -> Self {
        Self {
            username: username.to_owned(),
            sub: sub.to_owned(),
            password: None,
            attributes: Map::new(),
            groups: Vec::new(),
            roles: Vec::new(),
            identities: Vec::new(),
        }
    }

    /// The same user with an attribute more.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// The same user in a group more.
    #[must_use]
    pub fn group(mut self, name: &str) -> Self {
        self.groups.push(name.to_owned());
        self
    }

    /// The same user with a role more.
    #[must_use]
    pub fn role(mut self, arn: &str) -> Self {
        self.roles.push(arn.to_owned());
        self
    }

    /// The same user with a linked identity more.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identities.push(identity);
        self
    }

    pub(in crate::cognito) fn email(&self) -> Option<&str> {
        self.attributes.get("email").and_then(Value::as_str)
    }

    /// Whether the user goes by this name on the login page.
    pub(in crate::cognito) fn is_called(&self, name: &str) -> bool {
        let alias = |attribute: &str| self.attributes.get(attribute).and_then(Value::as_str) == Some(name);
        self.username == name || alias("email") || alias("phone_number") || alias("preferred_username")
    }
}

/// An account at an identity provider, linked to a user.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The subject there.
    pub user_id: String,
    /// The identity provider's name in the pool, such as `Google`.
    pub provider_name: String,
    /// Its type, such as `Google`, `OIDC` or `SAML`.
    pub provider_type: String,
    /// The issuer; SAML providers have one.
    pub issuer: Option<String>,
    /// Whether it's the identity that the user was created from.
    pub primary: bool,
    /// When it was linked, in milliseconds since the epoch.
    pub date_created: u64,
}

impl Identity {
    /// The claim's element. `primary` and `dateCreated` are strings in Cognito.
    pub(in crate::cognito) fn claim(&self) -> Value {
        json!({
            "userId": self.user_id,
            "providerName": self.provider_name,
            "providerType": self.provider_type,
            "issuer": self.issuer,
            "primary": self.primary.to_string(),
            "dateCreated": self.date_created.to_string(),
        })
    }
}
