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
            "website": null, "profile": null, "locale": null, "zoneinfo": null, "birthdate": null, "gender": null,
            "address": {
                "formatted": null, "street_address": null, "locality": null, "region": null, "postal_code": null, "country": null,
            },
            "updated_at": null, "groups": [],
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
        "locale",
        "zoneinfo",
        "gender",
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
fn an_attribute_that_is_not_of_its_form_is_passed_over() {
    let sound = json!({
        "picture": "https://example.com/p", "website": "https://example.com/w", "profile": "https://example.com/i",
        "birthdate": "1815-12-10", "updated_at": "1700000000", "address": {"country": "GB"},
    });
    let odd = json!({
        "picture": "{}", "website": "example.com", "profile": "javascript:x", "birthdate": "12/10/1815", "updated_at": "yesterday",
        "address": {"formatted": "{}"},
    });
    for (id_token, user_info) in [(&sound, &odd), (&odd, &sound), (&sound, &json!({})), (&json!({}), &sound)] {
        let user = serde_json::to_value(user(id_token, user_info)).unwrap();
        for name in ["picture", "website", "profile", "birthdate"] {
            assert_eq!(user[name], sound[name], "{name}");
        }
        assert_eq!((&user["updated_at"], &user["address"]["country"]), (&json!(1_700_000_000), &json!("GB")));
    }
    let none = user(&odd, &odd);
    assert_eq!(none, user(&json!({}), &json!({})));
}

#[test]
fn the_identity_provider_is_told_where_it_is_sure() {
    let google = json!({"userId": "1", "providerName": "Google"});
    let other = json!({"userId": "2", "providerName": "Corp"});
    for (username, identities, amr, expected) in [
        ("google_1", json!([google]), json!(null), Some("Google")),
        ("Google_1", json!([google]), json!(null), Some("Google")),
        ("google_2", json!([google]), json!(null), None),
        ("ada", json!([google]), json!(null), None),
        ("ada", json!([google]), json!(["pwd"]), None),
        ("ada", json!([google]), json!(["fed"]), Some("Google")),
        ("google_1", json!([google, other]), json!(null), None),
        ("google_1", json!([google, other]), json!(["fed"]), None),
        ("google_1", json!(null), json!(["fed"]), None),
        ("ada", json!([]), json!(["pwd"]), None),
    ] {
        let claims = json!({"cognito:username": username, "identities": identities, "amr": amr});
        let found = user(&claims, &json!({})).identity_provider(claims.as_object().unwrap());
        assert_eq!(found.as_deref(), expected, "{claims}");
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
        (json!({"email": "a", "email_verified": true}), json!({"email": "a", "email_verified": "false"}), Some("a"), false),
        (json!({"email": "a", "email_verified": true}), json!({"email": "a", "email_verified": "true"}), Some("a"), true),
        (json!({"email": "a", "email_verified": true}), json!({"email": "a"}), Some("a"), true),
        (json!({"email": "a", "email_verified": true}), json!({"email_verified": "false"}), Some("a"), false),
        (json!({"email": "a", "email_verified": true}), json!({"email": "a", "email_verified": null}), Some("a"), true),
        (json!({"email": "a", "email_verified": true}), json!({"email": null}), Some("a"), true),
        (json!({"email": "a", "email_verified": true}), json!({"email": "A"}), Some("a"), false),
        (json!({"email": "a", "email_verified": true}), json!({"email": ["a"]}), Some("a"), false),
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

proptest! {
    #[test]
    fn a_flag_is_never_true_for_another_value(a in "[ab]?", b in "[ab]?", fa in any::<bool>(), fb in any::<bool>()) {
        let user = user(&json!({"email": a, "email_verified": fa}), &json!({"email": b, "email_verified": fb}));
        if user.email_verified {
            let email = user.email.unwrap();
            prop_assert!((email == a && fa) || (email == b && fb));
            prop_assert!(a.is_empty() || b.is_empty() || a == b);
            prop_assert!(fa && fb, "no source says otherwise");
        }
    }
}
