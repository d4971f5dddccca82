//! What the journey finds in its variables: always whole, or not there.

use std::sync::LazyLock;

use serde_json::Value;

/// As tests hold them to the code, so that a member is added in one place.
static OUTPUT: LazyLock<Value> = LazyLock::new(|| schema(include_str!("../../schema/output.json")));
static ERROR: LazyLock<Value> = LazyLock::new(|| schema(include_str!("../../schema/error.json")));

/// An output variable with every member.
pub fn check_output_variable(json: &str) -> Value {
    let output: Value = serde_json::from_str(json).expect("an output variable in JSON");
    check_members(&output, &OUTPUT);
    for object in ["/login", "/user", "/user/address"] {
        assert!(output.pointer(object).is_some_and(Value::is_object), "{object}");
    }
    assert!(output["user"]["federated_identities"].is_array());
    output
}

/// An error variable with every member and that code, which is empty after a success.
pub fn check_error_variable(json: &str, code: &str) {
    let error: Value = serde_json::from_str(json).expect("an error variable in JSON");
    check_members(&error, &ERROR);
    assert_eq!(error["code"], code);
    assert_eq!(error["message"] == "", code.is_empty());
}

/// Every object whose members the schema names has those and no others.
fn check_members(value: &Value, schema: &Value) {
    if let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        let named = |names: &serde_json::Map<String, Value>| {
            let mut names: Vec<String> = names.keys().cloned().collect();
            names.sort_unstable();
            names
        };
        assert_eq!(named(members), named(properties));
        for (name, member) in members {
            check_members(member, &properties[name]);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check_members(item, &schema["items"]);
    }
}

fn schema(text: &str) -> Value {
    serde_json::from_str(text).expect("a schema in JSON")
}
