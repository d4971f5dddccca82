//! What the journey finds in its variables: always whole, or not there.

use serde_json::Value;

const OUTPUT: [&str; 7] = ["id_token", "id_token_claims", "login", "tokens", "user", "user_info", "version"];
const LOGIN: [&str; 13] = [
    "acr",
    "amr",
    "auth_time",
    "client_id",
    "completed_at",
    "granted_scope",
    "identity_provider",
    "issuer",
    "logout_endpoint",
    "requested_scope",
    "response_mode",
    "subject",
    "user_pool_id",
];
const USER: [&str; 25] = [
    "address",
    "birthdate",
    "custom",
    "email",
    "email_verified",
    "external_user_id",
    "family_name",
    "federated_identities",
    "gender",
    "given_name",
    "groups",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "provider_groups",
    "updated_at",
    "username",
    "website",
    "zoneinfo",
];
const ADDRESS: [&str; 6] = ["country", "formatted", "locality", "postal_code", "region", "street_address"];
const FEDERATED_IDENTITY: [&str; 6] = ["issuer", "linked_at", "primary", "provider_name", "provider_type", "user_id"];
const TOKENS: [&str; 4] = ["access_token", "expires_at", "refresh_token", "token_type"];
const ERROR: [&str; 7] = ["category", "code", "message", "path", "provider", "retryable", "version"];
const PROVIDER: [&str; 4] = ["error", "error_description", "request_id", "status"];

/// An output variable with every member.
pub fn check_output_variable(json: &str) -> Value {
    let output: Value = serde_json::from_str(json).expect("an output variable in JSON");
    check_members(&output, &OUTPUT);
    check_members(&output["login"], &LOGIN);
    check_members(&output["user"], &USER);
    check_members(&output["user"]["address"], &ADDRESS);
    for identity in output["user"]["federated_identities"].as_array().expect("a list") {
        check_members(identity, &FEDERATED_IDENTITY);
    }
    if !output["tokens"].is_null() {
        check_members(&output["tokens"], &TOKENS);
    }
    output
}

/// An error variable with every member and that code, which is empty after a success.
pub fn check_error_variable(json: &str, code: &str) {
    let error: Value = serde_json::from_str(json).expect("an error variable in JSON");
    check_members(&error, &ERROR);
    check_members(&error["provider"], &PROVIDER);
    assert_eq!(error["code"], code);
    assert_eq!(error["message"] == "", code.is_empty());
}

fn check_members(value: &Value, names: &[&str]) {
    let mut members: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, names);
}
