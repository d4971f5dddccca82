//! Discovery document and key set, on the issuer's origin.

use serde_json::{Value, json};

use crate::cognito::endpoint::Endpoint;
use crate::cognito::pool::config::{Config, Issuer};
use crate::cognito::state::provider::{Provider, lock};
use crate::cognito::wire::http::{Request, Response, json};

/// Where the updated issuer's documents are: AWS has them on a host of their own.
pub(in crate::cognito) const UPDATED_ISSUER_PREFIX: &str = "/issuer-cognito-idp";

/// Serves `/<pool id>/.well-known/…` for the original issuer and, below a prefix, for the updated one.
pub(in crate::cognito) fn metadata(provider: &Provider, request: &Request) -> Response {
    let config = provider.config();
    let (updated, path) = match request.path.strip_prefix(UPDATED_ISSUER_PREFIX) {
        Some(path) => (true, path),
        None => (false, request.path.as_str()),
    };
    let document = path.strip_prefix('/').and_then(|path| path.strip_prefix(config.user_pool_id.as_str()));
    match document {
        // AWS answers 403 for pools that weren't switched to the updated issuer.
        Some(_) if updated && config.issuer != Issuer::Updated => json(403, &json!({"message": "Forbidden"})),
        Some("/.well-known/openid-configuration") => {
            json(200, &provider.faults.altered(Endpoint::Discovery, configuration(provider, &config, updated)))
        }
        Some("/.well-known/jwks.json") => {
            let jwks = lock(&provider.keys).jwks();
            json(200, &provider.faults.altered(Endpoint::Jwks, jwks))
        }
        _ => json(404, &json!({"message": format!("User pool {} does not exist.", path.trim_start_matches('/'))})),
    }
}

/// The discovery document (OpenID Connect Discovery 1.0, 3) with the members that Cognito's has: nothing about PKCE, response
/// modes, ACRs or claims.
fn configuration(provider: &Provider, config: &Config, updated: bool) -> Value {
    let domain = &provider.domain_origin;
    let host = if updated { "issuer-cognito-idp" } else { "cognito-idp" };
    let prefix = if updated { UPDATED_ISSUER_PREFIX } else { "" };
    json!({
        "authorization_endpoint": format!("{domain}/oauth2/authorize"),
        "end_session_endpoint": format!("{domain}/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": format!("https://{host}.{}.amazonaws.com/{}", config.region(), config.user_pool_id),
        "jwks_uri": format!("{}{prefix}/{}/.well-known/jwks.json", provider.issuer_origin, config.user_pool_id),
        "response_types_supported": ["code", "token"],
        "revocation_endpoint": format!("{domain}/oauth2/revoke"),
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": format!("{domain}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": format!("{domain}/oauth2/userInfo"),
    })
}
