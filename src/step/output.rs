//! The output variable: what a login gave, for the next step. It always has every member: reading a missing one is an error in a
//! journey.

use serde::Serialize;
use serde_json::{Map, Value};

use super::outcome::Authentication;
use crate::cognito::user::User;
use crate::json;
use crate::oidc::attempt::Attempt;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::id_token::IdToken;
use crate::oidc::token::TokenResponse;
use crate::oidc::userinfo::UserInfo;

/// Longest text that goes into a variable, in bytes; a host may allow less. AWS lets an ID token have 120 KB of claims: as a
/// token they are 160 KB, and they stand beside it, custom attributes twice.
pub const MAX_VARIABLE_BYTES: usize = 512 * 1024;

/// What the output variable holds. Secrets are in it: there is no `Debug`.
#[derive(Clone, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(title = "Output", description = "What the output variable holds after a login. Every member is always there.")
)]
pub struct Output {
    /// Version of this shape.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    version: u32,
    /// The ID token, verified.
    id_token: String,
    /// Its claims, as received.
    id_token_claims: Map<String, Value>,
    /// The claims of userinfo, as received. Their `sub` is the ID token's.
    user_info: Map<String, Value>,
    /// The user to create or update.
    user: User,
    /// About the login itself.
    login: Login,
    /// Where the settings ask for them; otherwise null.
    tokens: Option<TokensOutput>,
}

/// About a login.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Login {
    /// `iss`. One user's changes with the region that answers and with the kind of issuer.
    issuer: String,
    /// The user pool's id.
    user_pool_id: String,
    /// The app client.
    client_id: String,
    /// `sub`: unique and stable within the user pool.
    subject: String,
    /// When the user authenticated, in seconds since 1970.
    auth_time: Option<u64>,
    /// When the step was done, in seconds since 1970.
    completed_at: u64,
    /// Authentication context class reference.
    acr: Option<String>,
    /// Authentication methods.
    amr: Vec<String>,
    /// The identity provider that the user came through, by its name in the pool; null where it can't be told.
    identity_provider: Option<String>,
    /// The scope asked for.
    requested_scope: String,
    /// The scope granted, where the provider says so; null means as requested.
    granted_scope: Option<String>,
    /// How the response came.
    response_mode: ResponseMode,
    /// Where Cognito's own session ends, for the journey to send the user to; null where it isn't known.
    logout_endpoint: Option<String>,
}

/// Tokens for the journey's own use.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TokensOutput {
    /// For userinfo and APIs.
    access_token: String,
    /// For new tokens.
    refresh_token: Option<String>,
    /// `Bearer`.
    token_type: String,
    /// When the access token expires, in seconds since 1970.
    expires_at: Option<u64>,
}

/// What was verified, and is now to be told.
pub struct Verified<'a> {
    /// The attempt that was completed.
    pub attempt: &'a Attempt,
    /// The user pool's id.
    pub user_pool_id: &'a str,
    /// The ID token's claims.
    pub id_token: IdToken,
    /// Userinfo's claims.
    pub user_info: UserInfo,
    /// The tokens.
    pub tokens: &'a TokenResponse,
    /// How the response came.
    pub response_mode: ResponseMode,
    /// The current time.
    pub now: u64,
}

impl Output {
    /// Tells what was verified; tokens beside the ID token only `with_tokens`. Claims are moved: a token can have many.
    #[must_use]
    pub fn new(verified: Verified<'_>, with_tokens: bool) -> Self {
        let Verified { attempt, user_pool_id, id_token, user_info, tokens, response_mode, now } = verified;
        let claims = id_token.claims();
        let user = User::new(user_pool_id, id_token.subject(), claims, user_info.claims());
        let amr = claims.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let login = Login {
            issuer: id_token.issuer().to_owned(),
            user_pool_id: user_pool_id.to_owned(),
            client_id: attempt.client_id.clone(),
            subject: id_token.subject().to_owned(),
            auth_time: id_token.auth_time(),
            completed_at: now,
            acr: claims.get("acr").and_then(Value::as_str).map(str::to_owned),
            amr: amr.map(str::to_owned).collect(),
            identity_provider: user.identity_provider(claims),
            requested_scope: attempt.scope.clone(),
            granted_scope: tokens.scope.clone(),
            response_mode,
            logout_endpoint: attempt.logout_endpoint.clone(),
        };
        Self {
            version: 1,
            id_token: tokens.id_token.expose().to_owned(),
            id_token_claims: id_token.into_claims(),
            user_info: user_info.into_claims(),
            user,
            login,
            tokens: with_tokens.then(|| TokensOutput {
                access_token: tokens.access_token.expose().to_owned(),
                refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose().to_owned()),
                token_type: tokens.token_type.clone(),
                expires_at: tokens.expires_in.map(|seconds| now.saturating_add(seconds)),
            }),
        }
    }

    /// As JSON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        json::text(self)
    }

    /// As JSON. Claims are moved, not copied.
    #[must_use]
    pub fn into_json(self) -> Value {
        let Self { version, id_token, id_token_claims, user_info, user, login, tokens } = self;
        let mut document = Map::new();
        // Strings, numbers and JSON itself always serialize.
        let mut add = |name: &str, value: Result<Value, _>| drop(document.insert(name.to_owned(), value.unwrap_or_default()));
        add("version", serde_json::to_value(version));
        add("id_token", Ok(Value::String(id_token)));
        add("id_token_claims", Ok(Value::Object(id_token_claims)));
        add("user_info", Ok(Value::Object(user_info)));
        add("user", serde_json::to_value(user));
        add("login", serde_json::to_value(login));
        add("tokens", serde_json::to_value(tokens));
        Value::Object(document)
    }

    /// Who it is about.
    #[must_use]
    pub fn authentication(&self) -> Authentication {
        let Login { user_pool_id, subject, issuer, .. } = &self.login;
        Authentication { user_pool_id: user_pool_id.clone(), subject: subject.clone(), issuer: issuer.clone() }
    }
}
