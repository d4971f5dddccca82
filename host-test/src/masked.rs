//! Secrets as they are shown: enough to see which is which.

use serde_json::Value;

/// What of the output variable may not be shown, as JSON Pointers (RFC 6901).
const SECRETS: [&str; 4] = ["/id_token", "/id_token_claims/nonce", "/tokens/access_token", "/tokens/refresh_token"];

/// The first four characters and the length. Of a short secret only the length.
pub(crate) fn masked(secret: &str) -> String {
    let length = secret.chars().count();
    let beginning: String = if length < 24 { String::new() } else { secret.chars().take(4).collect() };
    format!("{beginning}… ({length} characters)")
}

/// The output variable with its tokens and the nonce masked.
pub(crate) fn without_secrets(mut output: Value) -> Value {
    for pointer in SECRETS {
        if let Some(Value::String(secret)) = output.pointer_mut(pointer) {
            *secret = masked(secret);
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mask_shows_at_most_four_characters() {
        assert_eq!(masked(&"abcdefgh".repeat(4)), "abcd… (32 characters)");
        assert_eq!(masked("short"), "… (5 characters)");
    }

    #[test]
    fn tokens_and_nonce_are_masked_wherever_they_stand() {
        let secret = "s".repeat(43);
        let output = json!({"id_token": secret, "id_token_claims": {"nonce": secret, "sub": "1"},
            "tokens": {"access_token": secret, "refresh_token": secret}});
        let shown = without_secrets(output).to_string();
        assert!(!shown.contains(&secret[..20]), "{shown}");
        assert!(shown.contains("\"sub\":\"1\""), "{shown}");
    }
}
