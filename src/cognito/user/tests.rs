//! Cognito's quirks, one by one.

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
    for flag in [json!("True"), json!("TRUE"), json!(1), json!("1"), json!("yes"), json!(null), json!([true]), json!("false")] {
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
    let identity =
        |provider_name: &str, provider_type: &str, user_id: &str, issuer: Option<&str>, primary, linked_at| FederatedIdentity {
            provider_name: provider_name.into(),
            provider_type: provider_type.into(),
            user_id: user_id.into(),
            issuer: issuer.map(str::to_owned),
            primary,
            linked_at,
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
