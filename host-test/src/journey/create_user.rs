//! The journey's next step: what "Create user" takes from the output variable. It shows what that variable is for.

use std::fmt;

use serde_json::{Value, json};

/// The output variable lacks this property, which a journey counts as an error at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingProperty(&'static str);

impl fmt::Display for MissingProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the output variable has no property `user.{}`", self.0)
    }
}

impl std::error::Error for MissingProperty {}

/// The user record to create, from the output variable of the step.
///
/// An email and a phone number keep their flags beside them: whoever links accounts by email must not take an unverified one.
///
/// # Errors
///
/// The first property that isn't there.
pub fn create_user(output: &Value) -> Result<Value, MissingProperty> {
    let user = |name: &'static str| output["user"].get(name).cloned().ok_or(MissingProperty(name));
    let with_flag = |name: &'static str, flag: &'static str| match user(name)? {
        Value::Null => Ok(Value::Null),
        value => Ok(json!({ "value": value, "verified": user(flag)? == Value::Bool(true) })),
    };
    Ok(json!({
        "external_user_id": user("external_user_id")?,
        "username": user("username")?,
        "email": with_flag("email", "email_verified")?,
        "phone_number": with_flag("phone_number", "phone_number_verified")?,
        "name": user("name")?,
        "given_name": user("given_name")?,
        "family_name": user("family_name")?,
        "picture": user("picture")?,
        "locale": user("locale")?,
        "birthdate": user("birthdate")?,
        "address": user("address")?,
        "groups": user("groups")?,
        "custom": user("custom")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output() -> Value {
        json!({"user": {
            "external_user_id": "sub-1", "username": "ada", "email": "ada@example.com", "email_verified": false, "phone_number": null,
            "phone_number_verified": false, "name": "Ada", "given_name": null, "family_name": null, "picture": null, "locale": null,
            "birthdate": null, "address": null, "groups": ["staff"], "custom": {"tier": "gold"},
        }})
    }

    #[test]
    fn an_email_keeps_its_flag_and_an_absent_phone_number_has_none() {
        let user = create_user(&output()).unwrap();
        assert_eq!(user["email"], json!({"value": "ada@example.com", "verified": false}));
        assert_eq!(user["phone_number"], Value::Null);
        assert_eq!(user["groups"], json!(["staff"]));
    }

    #[test]
    fn a_property_that_is_missing_is_an_error() {
        let mut output = output();
        output["user"].as_object_mut().unwrap().remove("groups");
        assert_eq!(create_user(&output), Err(MissingProperty("groups")));
    }
}
