//! The userinfo response: the input is the HTTP response (see [`super::http`]). What is accepted becomes a user.

use cognito_oidc::cognito::user::User;
use cognito_oidc::json::Object;
use cognito_oidc::oidc::userinfo::judge;
use cognito_oidc::step::error::Failure;
use serde_json::{Value, json};

use super::http;

const SUBJECT: &str = "5f2c8a3e";

/// Claims are only accepted for the subject, and say no more of the user than they hold.
pub fn run(input: &[u8]) {
    match judge(http::parse(input), SUBJECT) {
        Ok(user_info) => {
            let claims = user_info.claims();
            assert_eq!(claims.get("sub"), Some(&json!(SUBJECT)));
            check(&User::new("eu-west-1_AbCdEf123", SUBJECT, &Object::new(), claims), claims);
            // An ID token with the same claims says them again; one with another email takes the flag away.
            check(&User::new("eu-west-1_AbCdEf123", SUBJECT, claims, claims), claims);
            let other: Object = [("email".to_owned(), json!("other than any\u{0}"))].into_iter().collect();
            assert!(!User::new("eu-west-1_AbCdEf123", SUBJECT, &other, claims).email_verified || !claims.contains_key("email"));
        }
        Err(rejection) => super::token::check(&Failure::from(rejection)),
    }
}

fn check(user: &User, claims: &Object) {
    assert_eq!(user.external_user_id, SUBJECT);
    let is_true = |name: &str| matches!(claims.get(name), Some(Value::Bool(true))) || claims.get(name) == Some(&json!("true"));
    assert!(!user.email_verified || (user.email.is_some() && is_true("email_verified")));
    assert!(!user.phone_number_verified || (user.phone_number.is_some() && is_true("phone_number_verified")));
    assert!(user.provider_groups.iter().all(|group| group.starts_with("eu-west-1_AbCdEf123_")));
    assert!(user.custom.keys().all(|name| claims.contains_key(&format!("custom:{name}"))));
    for url in [&user.picture, &user.website, &user.profile].into_iter().flatten() {
        let url = url.to_ascii_lowercase();
        assert!(url.starts_with("https://") || url.starts_with("http://"));
    }
    let is_whole = |text: &Option<String>| text.as_deref() != Some("");
    assert!(
        [&user.username, &user.email, &user.phone_number, &user.name, &user.address.formatted, &user.address.country]
            .into_iter()
            .all(is_whole)
    );
    serde_json::to_string(user).expect("a user in JSON");
}
