//! `GET /oauth2/userInfo`.

use serde_json::Value;

use super::tokens;
use crate::cognito::endpoint::Endpoint;
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::wire::http::{Request, Response, json, respond};

pub(in crate::cognito) fn userinfo(provider: &Provider, request: &Request) -> Response {
    let bearer = request.header("authorization").and_then(|value| value.split_once(' '));
    let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")) else {
        return refuse(401, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint");
    };
    let config = provider.config();
    let grant = lock(&provider.access_tokens).get(token).cloned();
    let Some(grant) = grant.filter(|grant| provider.now() < grant.expires_at) else {
        return refuse(
            401,
            "invalid_token",
            "Access token is expired, disabled, or deleted, or the user has globally signed out.",
        );
    };
    if !grant.scopes.iter().any(|scope| scope == "openid") {
        return refuse(401, "invalid_token", "Access token does not contain openid scope");
    }
    let Some(user) = config.user(&grant.username) else {
        return refuse(401, "invalid_token", "User does not exist.");
    };

    let mut claims = tokens::granted_attributes(&grant.scopes, &config, user);
    for flag in ["email_verified", "phone_number_verified"] {
        // Strings here, booleans in the ID token.
        if let Some(value) = claims.get_mut(flag) {
            *value = Value::String(value.as_bool().unwrap_or_default().to_string());
        }
    }
    claims.insert("sub".to_owned(), user.sub.clone().into());
    claims.insert("username".to_owned(), user.username.clone().into());
    json(200, &provider.faults.altered(Endpoint::UserInfo, Value::Object(claims)))
}

/// An error as Cognito sends it: the challenge lacks its scheme, `Bearer` (RFC 6750, 3, would have it).
fn refuse(status: u16, error: &str, description: &str) -> Response {
    let challenge = format!(r#"error="{error}", error_description="{description}""#);
    respond(status, &[("www-authenticate", &challenge)], "")
}
