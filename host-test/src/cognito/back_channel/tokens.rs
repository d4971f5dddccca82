//! Making the tokens of one login.

use serde_json::{Map, Value, json};

use crate::cognito::faults::id_token_faults;
use crate::cognito::keys::jwt::{self, Signer};
use crate::cognito::keys::test_keys::Algorithm;
use crate::cognito::pool::config::Config;
use crate::cognito::pool::user::{Identity, User};
use crate::cognito::random;
use crate::cognito::state::grants::{AccessGrant, CodeGrant};
use crate::cognito::state::provider::{Provider, lock};

/// The token response (RFC 6749, 5.1). Like Cognito's it has no `scope`, and an ID token only where `openid` was granted.
pub(in crate::cognito) fn issue(provider: &Provider, config: &Config, grant: &CodeGrant, user: &User) -> Value {
    let common = common_claims(provider, config, grant, user);
    let access_token = access_token(provider, &common, config, grant, user);
    let refresh_token = random::token::<96>();
    let mut response = json!({
        "access_token": access_token,
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": config.token_lifetime,
    });
    let mut issued = vec![("access token", access_token.clone()), ("refresh token", refresh_token.clone())];
    if grant.scopes.iter().any(|scope| scope == "openid") {
        let claims = id_token_claims(common, &access_token, config, grant, user);
        let faults = provider.faults.for_id_token();
        let id_token = id_token_faults::encode(claims, &lock(&provider.keys), config.client.secret.as_deref(), faults);
        issued.push(("ID token", id_token.clone()));
        response["id_token"] = id_token.into();
    }
    let access_grant = AccessGrant {
        username: user.username.clone(),
        scopes: grant.scopes.clone(),
        expires_at: provider.now().saturating_add(config.token_lifetime),
        refresh_token,
    };
    lock(&provider.access_tokens).insert(access_token, access_grant);
    lock(&provider.issued).extend(issued);
    response
}

/// Whether a scope covers an attribute. `profile` covers all of them in Cognito.
pub(in crate::cognito) fn scope_covers(scope: &str, attribute: &str) -> bool {
    match scope {
        "email" => matches!(attribute, "email" | "email_verified"),
        "phone" => matches!(attribute, "phone_number" | "phone_number_verified"),
        "profile" => true,
        _ => false,
    }
}

/// The user's attributes that the scopes cover and the client may read. `openid` alone covers all of them.
pub(in crate::cognito) fn granted_attributes(scopes: &[String], config: &Config, user: &User) -> Map<String, Value> {
    let openid_alone = !scopes.iter().any(|scope| matches!(scope.as_str(), "email" | "phone" | "profile"));
    let covered = |name: &str| openid_alone || scopes.iter().any(|scope| scope_covers(scope, name));
    let granted =
        user.attributes.iter().filter(|(name, _)| covered(name) && !config.client.unreadable_attributes.contains(*name));
    granted.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The claims that ID and access token of one login share.
fn common_claims(provider: &Provider, config: &Config, grant: &CodeGrant, user: &User) -> Value {
    let now = provider.now();
    let mut claims = json!({
        "iss": config.issuer(),
        "sub": user.sub,
        "auth_time": grant.auth_time,
        "iat": now,
        "exp": now.saturating_add(config.token_lifetime),
        "origin_jti": random::uuid(),
        "event_id": random::uuid(),
    });
    if !user.groups.is_empty() {
        claims["cognito:groups"] = json!(user.groups);
    }
    claims
}

fn access_token(provider: &Provider, common: &Value, config: &Config, grant: &CodeGrant, user: &User) -> String {
    let mut claims = common.clone();
    claims["token_use"] = "access".into();
    claims["client_id"] = config.client.id.clone().into();
    claims["username"] = user.username.clone().into();
    claims["scope"] = grant.scopes.join(" ").into();
    claims["version"] = 2.into();
    claims["jti"] = random::uuid().into();
    let (kid, key) = lock(&provider.keys).access_token_key();
    jwt::encode(&json!({"kid": kid, "alg": "RS256"}), &claims, &Signer::Key(key, Algorithm::Rs256))
}

fn id_token_claims(mut claims: Value, access_token: &str, config: &Config, grant: &CodeGrant, user: &User) -> Value {
    for (name, value) in granted_attributes(&grant.scopes, config, user) {
        claims[name] = value;
    }
    claims["token_use"] = "id".into();
    claims["aud"] = config.client.id.clone().into();
    claims["cognito:username"] = user.username.clone().into();
    claims["at_hash"] = jwt::at_hash(access_token).into();
    claims["jti"] = random::uuid().into();
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.clone().into();
    }
    if !user.roles.is_empty() {
        claims["cognito:roles"] = json!(user.roles);
    }
    if !user.identities.is_empty() {
        claims["identities"] = user.identities.iter().map(Identity::claim).collect();
    }
    if let Some(acr) = &config.acr {
        claims["acr"] = acr.clone().into();
    }
    if !config.amr.is_empty() {
        claims["amr"] = json!(config.amr);
    }
    claims
}
