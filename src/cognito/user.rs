//! The user, as the next step wants it: Cognito's claims from ID token and userinfo, brought into one shape.
//!
//! | quirk of Cognito | here |
//! |---|---|
//! | `email_verified` is a boolean in the ID token, a string in userinfo | `true` and `"true"` are true, and nothing else is |
//! | a flag says something about the value beside it | it counts where they come from one source |
//! | ID token and userinfo name different emails, or flags that disagree | the flag is false: nobody knows which of them holds |
//! | `cognito:username` in the ID token, `username` in userinfo | `username` |
//! | `cognito:groups` holds groups that Cognito itself makes, `<pool id>_<IdP>` | those are `provider_groups` |
//! | `identities` is a list, or a list's JSON text; in it, `primary` and `dateCreated` are strings | typed |
//! | `custom:*` | `custom`, without the prefix |
//! | `address` is a string, where the standard has an object | the standard's object ([`super::address`]) |
//! | mapped attributes hold whatever an identity provider sent | what isn't of its form is null ([`super::attributes`]) |

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::address::Address;
use super::attributes::{birthdate, picture, seconds, web_address};
use crate::json::{self, Object};

/// A user to create or update. Every member is always there: null, false or empty where nothing is known. Null means that nothing
/// was told, never that something is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct User {
    /// The user's `sub`: unique and stable within the user pool.
    pub external_user_id: String,
    /// The user name in the pool (`cognito:username`). For a federated user: `<provider>_<id>`.
    pub username: Option<String>,
    /// What the user wants to be called by (`preferred_username`).
    pub preferred_username: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Whether the pool says that the email address is the user's. For a federated user that is the identity provider's word, by
    /// the mapping.
    pub email_verified: bool,
    /// Phone number, as the pool has it.
    pub phone_number: Option<String>,
    /// Whether the pool says that the phone number is the user's.
    pub phone_number_verified: bool,
    /// Full name.
    pub name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Nickname.
    pub nickname: Option<String>,
    /// URL of a picture, `https` or `http`.
    pub picture: Option<String>,
    /// URL of the user's web page, `https` or `http`.
    pub website: Option<String>,
    /// URL of the user's profile page, `https` or `http`.
    pub profile: Option<String>,
    /// Locale, such as `en-US`.
    pub locale: Option<String>,
    /// Time zone, such as `Europe/Berlin`.
    pub zoneinfo: Option<String>,
    /// Birth date: `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY` alone.
    pub birthdate: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// Postal address.
    pub address: Address,
    /// When the profile was last changed, in seconds since 1970.
    pub updated_at: Option<u64>,
    /// Groups that the pool's owner made.
    pub groups: Vec<String>,
    /// Groups that Cognito made, one for each identity provider: `<pool id>_<provider>`.
    pub provider_groups: Vec<String>,
    /// Custom attributes, without the prefix `custom:`.
    pub custom: BTreeMap<String, Value>,
    /// The user's identities at other providers.
    pub federated_identities: Vec<FederatedIdentity>,
}

/// An identity of the user at another provider, linked in the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FederatedIdentity {
    /// The provider's name in the pool.
    pub provider_name: String,
    /// Its type: `Google`, `SAML`, `OIDC` …
    pub provider_type: String,
    /// The user's id there.
    pub user_id: String,
    /// The provider's issuer, where Cognito names it.
    pub issuer: Option<String>,
    /// Whether it is the one that the account was made with.
    pub primary: bool,
    /// When it was linked, in seconds since 1970; 0 where unknown.
    pub linked_at: u64,
}

/// Where claims come from: the ID token is signed, so it goes first.
struct Sources<'a>([&'a Object; 2]);

impl User {
    /// Normalizes the claims of one subject.
    #[must_use]
    pub fn new(pool_id: &str, subject: &str, id_token: &Object, user_info: &Object) -> Self {
        let sources = Sources([id_token, user_info]);
        let text = |name: &str| sources.text(name);
        let (email, email_verified) = sources.verified_pair("email", "email_verified");
        let (phone_number, phone_number_verified) = sources.verified_pair("phone_number", "phone_number_verified");
        let provider_prefix = format!("{pool_id}_");
        let (provider_groups, groups) =
            texts(id_token.get("cognito:groups")).partition(|group| group.starts_with(&provider_prefix));
        Self {
            external_user_id: subject.to_owned(),
            username: text("cognito:username").or_else(|| text("username")),
            preferred_username: text("preferred_username"),
            email,
            email_verified,
            phone_number,
            phone_number_verified,
            name: text("name"),
            given_name: text("given_name"),
            family_name: text("family_name"),
            middle_name: text("middle_name"),
            nickname: text("nickname"),
            picture: sources.find("picture", picture),
            website: sources.find("website", web_address),
            profile: sources.find("profile", web_address),
            locale: text("locale"),
            zoneinfo: text("zoneinfo"),
            birthdate: sources.find("birthdate", birthdate),
            gender: text("gender"),
            address: sources.find("address", Address::read).unwrap_or_default(),
            updated_at: sources.find("updated_at", seconds),
            groups,
            provider_groups,
            custom: sources.custom(),
            federated_identities: sources.find("identities", identities).unwrap_or_default(),
        }
    }

    /// The identity provider of this login, where it can be told: a user with one identity who isn't the pool's own, or came by
    /// federation. Of a user with several, or with an account in the pool beside it, nobody says which one was used.
    #[must_use]
    pub fn identity_provider(&self, id_token: &Object) -> Option<String> {
        let [identity] = self.federated_identities.as_slice() else {
            return None;
        };
        let is_named_by_it = self.username.as_deref().and_then(|name| name.split_once('_')).is_some_and(|(provider, user_id)| {
            provider.eq_ignore_ascii_case(&identity.provider_name) && user_id == identity.user_id
        });
        let is_federated = texts(id_token.get("amr")).any(|method| method == "fed");
        (is_named_by_it || is_federated).then(|| identity.provider_name.clone())
    }
}

impl Sources<'_> {
    /// The first source's claim that can be read.
    fn find<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|claims| claims.get(name).and_then(&read))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.find(name, text)
    }

    /// The value of the first source that flags it, or else of the first that has it. The flag holds where every source that has
    /// a value has this one, one of them flags it, and none says otherwise.
    fn verified_pair(&self, name: &str, flag: &str) -> (Option<String>, bool) {
        let told =
            |claims: &&Object, name: &str| claims.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
        let values = || self.0.iter().filter_map(|claims| Some((text(claims.get(name)?)?, claims)));
        let Some((value, _)) = values().find(|(_, claims)| told(claims, flag)).or_else(|| values().next()) else {
            return (None, false);
        };
        let is_agreed = self
            .0
            .iter()
            .filter(|claims| told(claims, name))
            .all(|claims| claims.get(name).and_then(text).as_ref() == Some(&value));
        let is_flagged = values().any(|(_, claims)| told(claims, flag));
        let is_denied = self.0.iter().filter(|claims| told(claims, flag)).any(|claims| !claims.get(flag).is_some_and(is_true));
        (Some(value), is_agreed && is_flagged && !is_denied)
    }

    fn custom(&self) -> BTreeMap<String, Value> {
        let [id_token, user_info] = self.0;
        // The ID token's come last, and stay.
        let claims = user_info.iter().chain(id_token);
        // Added one by one: to collect them would sort them, and a sort is 7 KB of code.
        let mut custom = BTreeMap::new();
        custom.extend(claims.filter_map(|(name, value)| Some((name.strip_prefix("custom:")?.to_owned(), value.clone()))));
        custom
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(text)
}

fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true) || value.as_str() == Some("true")
}

fn identities(value: &Value) -> Option<Vec<FederatedIdentity>> {
    let parsed;
    let list = match value {
        Value::String(text) => {
            parsed = json::value(text.as_bytes()).ok()?;
            parsed.as_array()?
        }
        other => other.as_array()?,
    };
    Some(list.iter().filter_map(identity).collect())
}

/// One without provider or id is of no use to anybody.
fn identity(value: &Value) -> Option<FederatedIdentity> {
    let member = |name: &str| value.get(name).and_then(text);
    Some(FederatedIdentity {
        provider_name: member("providerName")?,
        provider_type: member("providerType").unwrap_or_default(),
        user_id: member("userId")?,
        issuer: member("issuer"),
        primary: value.get("primary").is_some_and(is_true),
        linked_at: value.get("dateCreated").and_then(milliseconds).map_or(0, |milliseconds| milliseconds / 1000),
    })
}

fn milliseconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests;
