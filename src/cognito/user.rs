//! The user, as the next step wants it: Cognito's claims from ID token and userinfo, brought into one shape.
//!
//! | quirk of Cognito | here |
//! |---|---|
//! | `email_verified` is a boolean in the ID token, a string in userinfo | `true` and `"true"` are true, and nothing else is |
//! | a flag says something about the value beside it | value and flag come from one source |
//! | ID token and userinfo name different emails | the flag is false: nobody knows which one was verified |
//! | `cognito:username` in the ID token, `username` in userinfo | `username` |
//! | `cognito:groups` holds groups that Cognito itself makes, `<pool id>_<IdP>` | those are `provider_groups` |
//! | `identities` is a list, or a list's JSON text; in it, `primary` and `dateCreated` are strings | typed |
//! | `custom:*` | `custom`, without the prefix |
//! | `address` is a string, where the standard has an object | a string |

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::json::{self, Object};

/// A user to create or update. Every member is always there: null, false or empty where nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct User {
    /// The user's `sub` in the pool: unique and stable.
    pub external_user_id: String,
    /// The user name in the pool (`cognito:username`). For a federated user: `<provider>_<id>`.
    pub username: Option<String>,
    /// What the user wants to be called by (`preferred_username`).
    pub preferred_username: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Whether the pool knows the email address to be the user's.
    pub email_verified: bool,
    /// Phone number (E.164 in Cognito).
    pub phone_number: Option<String>,
    /// Whether the pool knows the phone number to be the user's.
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
    /// URL of a picture.
    pub picture: Option<String>,
    /// Locale, such as `en-US`.
    pub locale: Option<String>,
    /// Time zone, such as `Europe/Berlin`.
    pub zoneinfo: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    pub birthdate: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// Postal address, as one text.
    pub address: Option<String>,
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
            picture: text("picture"),
            locale: text("locale"),
            zoneinfo: text("zoneinfo"),
            birthdate: text("birthdate"),
            gender: text("gender"),
            address: sources.find("address", address),
            groups,
            provider_groups,
            custom: sources.custom(),
            federated_identities: sources.find("identities", identities).unwrap_or_default(),
        }
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

    /// A value and its flag from the first source that has both, or else the first that has the value.
    fn verified_pair(&self, name: &str, flag: &str) -> (Option<String>, bool) {
        let values = || self.0.iter().filter_map(|claims| Some((text(claims.get(name)?)?, claims.get(flag))));
        let Some((value, flag)) = values().find(|(_, flag)| flag.is_some()).or_else(|| values().next()) else {
            return (None, false);
        };
        let is_agreed = values().all(|(other, _)| other == value);
        (Some(value), is_agreed && flag.is_some_and(is_true))
    }

    fn custom(&self) -> BTreeMap<String, Value> {
        let [id_token, user_info] = self.0;
        // The ID token's come last, and stay.
        let claims = user_info.iter().chain(id_token);
        claims.filter_map(|(name, value)| Some((name.strip_prefix("custom:")?.to_owned(), value.clone()))).collect()
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

/// Cognito's text, or `formatted` of the standard's object (OpenID Connect Core 5.1.1).
fn address(value: &Value) -> Option<String> {
    text(value).or_else(|| text(value.get("formatted")?))
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn user(id_token: &Value, user_info: &Value) -> User {
        User::new("eu-west-1_Ab", "the-sub", id_token.as_object().unwrap(), user_info.as_object().unwrap())
    }

    #[test]
    fn u06_a_user_of_whom_nothing_is_known_has_every_member() {
        let user = user(&json!({}), &json!({}));
        let json = serde_json::to_value(&user).unwrap();
        assert_eq!(
            json,
            json!({
                "external_user_id": "the-sub", "username": null, "preferred_username": null, "email": null,
                "email_verified": false, "phone_number": null, "phone_number_verified": false, "name": null,
                "given_name": null, "family_name": null, "middle_name": null, "nickname": null, "picture": null,
                "locale": null, "zoneinfo": null, "birthdate": null, "gender": null, "address": null, "groups": [],
                "provider_groups": [], "custom": {}, "federated_identities": [],
            })
        );
    }

    #[test]
    fn the_id_token_goes_before_userinfo_and_wrong_types_are_passed_over() {
        let user = user(
            &json!({"name": "Ada", "given_name": 7, "nickname": "", "cognito:username": "ada1", "custom:a": "1", "custom:b": "2"}),
            &json!({"name": "Eve", "given_name": "Ada", "nickname": "ace", "username": "eve", "custom:b": "x", "custom:c": "3",
                    "cognito:groups": ["admins"]}),
        );
        assert_eq!(user.name.as_deref(), Some("Ada"));
        assert_eq!(user.given_name.as_deref(), Some("Ada"));
        assert_eq!(user.nickname.as_deref(), Some("ace"));
        assert_eq!(user.username.as_deref(), Some("ada1"));
        assert_eq!(json!(user.custom), json!({"a": "1", "b": "2", "c": "3"}));
        assert!(user.groups.is_empty(), "only what is signed makes a group");
    }

    #[test]
    fn every_attribute_is_taken_over() {
        let names = [
            "preferred_username",
            "name",
            "given_name",
            "family_name",
            "middle_name",
            "nickname",
            "picture",
            "locale",
            "zoneinfo",
            "birthdate",
            "gender",
            "address",
            "email",
            "phone_number",
            "username",
        ];
        let claims: Object = names.iter().map(|name| ((*name).to_owned(), json!(format!("the {name}")))).collect();
        for (id_token, user_info) in [(json!(claims), json!({})), (json!({}), json!(claims))] {
            let json = serde_json::to_value(user(&id_token, &user_info)).unwrap();
            for name in names {
                assert_eq!(json[name], json!(format!("the {name}")));
            }
        }
    }

    #[test]
    fn u06_a_value_and_its_flag_come_from_one_source() {
        for (id_token, user_info, email, verified) in [
            (json!({"email": "a", "email_verified": true}), json!({}), Some("a"), true),
            (json!({"email": "a", "email_verified": "true"}), json!({}), Some("a"), true),
            (json!({}), json!({"email": "a", "email_verified": "true"}), Some("a"), true),
            (json!({"email": "a"}), json!({"email": "a", "email_verified": "true"}), Some("a"), true),
            (json!({"email": "a"}), json!({"email_verified": "true"}), Some("a"), false),
            (json!({"email_verified": true}), json!({"email": "a"}), Some("a"), false),
            (json!({"email": "a", "email_verified": true}), json!({"email": "b", "email_verified": "true"}), Some("a"), false),
            (json!({"email": "a"}), json!({"email": "b", "email_verified": "true"}), Some("b"), false),
            (json!({"email": "a", "email_verified": false}), json!({"email": "a", "email_verified": "true"}), Some("a"), false),
            (json!({"email": "", "email_verified": true}), json!({}), None, false),
            (json!({"email": 1, "email_verified": true}), json!({}), None, false),
            (json!({"email_verified": true}), json!({}), None, false),
        ] {
            let user = user(&id_token, &user_info);
            assert_eq!((user.email.as_deref(), user.email_verified), (email, verified), "{id_token} {user_info}");
        }
        for flag in [json!("True"), json!("TRUE"), json!(1), json!("1"), json!("yes"), json!(null), json!([true]), json!("false")]
        {
            assert!(!user(&json!({"email": "a", "email_verified": flag}), &json!({})).email_verified, "{flag}");
        }
        let user = user(&json!({"phone_number": "+1", "phone_number_verified": true}), &json!({}));
        assert_eq!((user.phone_number.as_deref(), user.phone_number_verified), (Some("+1"), true));
    }

    #[test]
    fn groups_that_cognito_makes_stand_apart() {
        let user = user(&json!({"cognito:groups": ["admins", "eu-west-1_Ab_Google", 7, "eu-west-1_AbX"]}), &json!({}));
        assert_eq!(user.groups, ["admins", "eu-west-1_AbX"]);
        assert_eq!(user.provider_groups, ["eu-west-1_Ab_Google"]);
    }

    #[test]
    fn identities_become_typed() {
        let list = json!([
            {"userId": "1", "providerName": "Google", "providerType": "Google", "issuer": null, "primary": "true", "dateCreated": "1642699117273"},
            {"userId": "2", "providerName": "Corp", "providerType": "SAML", "issuer": "urn:corp", "primary": "false", "dateCreated": 5000},
            {"providerName": "no user"}, {"userId": "no provider"}, 7,
            {"userId": "3", "providerName": "X", "dateCreated": "x"},
        ]);
        let identity = |provider_name: &str, provider_type: &str, user_id: &str, issuer: Option<&str>, primary, linked_at| {
            FederatedIdentity {
                provider_name: provider_name.into(),
                provider_type: provider_type.into(),
                user_id: user_id.into(),
                issuer: issuer.map(str::to_owned),
                primary,
                linked_at,
            }
        };
        let expected = [
            identity("Google", "Google", "1", None, true, 1_642_699_117),
            identity("Corp", "SAML", "2", Some("urn:corp"), false, 5),
            identity("X", "", "3", None, false, 0),
        ];
        assert_eq!(user(&json!({"identities": list}), &json!({})).federated_identities, expected);
        assert_eq!(user(&json!({}), &json!({"identities": list.to_string()})).federated_identities, expected);
        for broken in [json!("x"), json!("{}"), json!({}), json!(null)] {
            assert_eq!(user(&json!({"identities": broken}), &json!({})).federated_identities, []);
        }
    }

    #[test]
    fn an_address_is_one_text() {
        for (claim, address) in [
            (json!("1 Street"), Some("1 Street")),
            (json!({"formatted": "1 Street", "country": "X"}), Some("1 Street")),
            (json!({"country": "X"}), None),
            (json!(7), None),
        ] {
            assert_eq!(user(&json!({"address": claim}), &json!({})).address.as_deref(), address);
        }
    }

    proptest! {
        #[test]
        fn a_flag_is_never_true_for_another_value(a in "[ab]?", b in "[ab]?", fa in any::<bool>(), fb in any::<bool>()) {
            let user = user(&json!({"email": a, "email_verified": fa}), &json!({"email": b, "email_verified": fb}));
            if user.email_verified {
                let email = user.email.unwrap();
                prop_assert!((email == a && fa) || (email == b && fb));
                prop_assert!(a.is_empty() || b.is_empty() || a == b);
            }
        }
    }
}
