//! A scripted provider: issues a code for an authorization request, and answers for its endpoints as Cognito does. A test changes
//! what it says by a hook for each document, or answers for an endpoint itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::keys::{self, TestKey};
use super::{Fetched, response};
use crate::host::Request;
use crate::secret::digest;

pub(crate) const POOL: &str = "eu-west-1_Ab";
pub(crate) const CLIENT: &str = "client";
pub(crate) const SUBJECT: &str = "7f1c9d2e";
pub(crate) const KEY_ID: &str = "key+/=";
pub(crate) const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
pub(crate) const METADATA: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/.well-known/jwks.json";
pub(crate) const AUTHORIZE: &str = "https://login.example.com/oauth2/authorize";
pub(crate) const TOKEN: &str = "https://login.example.com/oauth2/token";
pub(crate) const USERINFO: &str = "https://login.example.com/oauth2/userInfo";
pub(crate) const REVOKE: &str = "https://login.example.com/oauth2/revoke";

type Change = Box<dyn Fn(&mut Value)>;
type Script = Box<dyn FnMut(&Request) -> Option<Fetched>>;

pub(crate) struct Provider {
    pub(crate) change_metadata: Change,
    pub(crate) change_header: Change,
    pub(crate) change_claims: Change,
    pub(crate) change_tokens: Change,
    pub(crate) change_user_info: Change,
    /// Asked before the provider itself answers.
    pub(crate) answer: Script,
    /// Signs ID tokens.
    pub(crate) key: TestKey,
    /// The key set.
    pub(crate) keys: Vec<Value>,
    /// Its clock.
    pub(crate) now: u64,
    /// Every code that came to the token endpoint, in order.
    pub(crate) exchanged: Vec<String>,
    /// Everything issued that must not leak, by its name.
    pub(crate) issued: Vec<(&'static str, String)>,
    grants: BTreeMap<String, Grant>,
}

/// What a code was issued for.
struct Grant {
    parameters: BTreeMap<String, String>,
    is_used: bool,
}

impl Provider {
    pub(crate) fn new(now: u64) -> Self {
        let unchanged = || -> Change { Box::new(|_| {}) };
        Self {
            change_metadata: unchanged(),
            change_header: unchanged(),
            change_claims: unchanged(),
            change_tokens: unchanged(),
            change_user_info: unchanged(),
            answer: Box::new(|_| None),
            key: keys::signing(0),
            keys: vec![keys::signing(0).jwk(KEY_ID), keys::signing(1).jwk("another")],
            now,
            exchanged: Vec::new(),
            issued: Vec::new(),
            grants: BTreeMap::new(),
        }
    }

    /// The user logs in: a code for the request, which is a right one.
    pub(crate) fn authorize(&mut self, url: &str) -> String {
        let url = url::Url::parse(url).unwrap();
        let parameters: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(url.query_pairs().count(), parameters.len(), "a parameter is repeated");
        assert_eq!(parameters["response_type"], "code");
        assert_eq!(parameters["code_challenge_method"], "S256");
        assert!(parameters["scope"].split(' ').any(|scope| scope == "openid"));
        let code = digest(format!("code {}", self.grants.len()).as_bytes());
        self.issued.extend([
            ("state", parameters["state"].clone()),
            ("nonce", parameters["nonce"].clone()),
            ("code", code.clone()),
        ]);
        self.grants.insert(code.clone(), Grant { parameters, is_used: false });
        code
    }

    pub(crate) fn respond(&mut self, request: &Request) -> Option<Fetched> {
        let form = form(request);
        if request.url == TOKEN {
            self.exchanged.extend(form.get("code").cloned());
            self.issued.extend(form.get("code_verifier").map(|verifier| ("verifier", verifier.clone())));
        }
        if let Some(answer) = (self.answer)(request) {
            return Some(answer);
        }
        let document = match request.url.as_str() {
            TOKEN => match self.tokens(&form) {
                Some(tokens) => tokens,
                None => return Some(refusal(400, "invalid_grant", None)),
            },
            USERINFO => self.user_info(request),
            KEYS => json!({ "keys": self.keys }),
            METADATA => self.metadata(),
            REVOKE => return Some(Ok(response(200, "", ""))),
            _ => return None,
        };
        Some(Ok(response(200, "application/json", &document.to_string())))
    }

    fn tokens(&mut self, form: &BTreeMap<String, String>) -> Option<Value> {
        let count = self.exchanged.len();
        let grant = self.grants.get_mut(form.get("code")?).filter(|grant| !grant.is_used)?;
        grant.is_used = true;
        let asked = &grant.parameters;
        let is_right = form["grant_type"] == "authorization_code"
            && form["redirect_uri"] == asked["redirect_uri"]
            && digest(form["code_verifier"].as_bytes()) == asked["code_challenge"];
        if !is_right {
            return None;
        }
        let access_token = digest(format!("access token {count}").as_bytes());
        let refresh_token = digest(format!("refresh token {count}").as_bytes());
        let mut header = json!({"alg": "RS256", "kid": KEY_ID});
        (self.change_header)(&mut header);
        let mut claims = json!({
            "iss": ISSUER, "aud": asked["client_id"], "sub": SUBJECT, "nonce": asked["nonce"], "token_use": "id",
            "auth_time": self.now, "iat": self.now, "exp": self.now + 3600,
            "cognito:username": "ada", "email": "ada@example.com", "email_verified": true,
        });
        (self.change_claims)(&mut claims);
        let id_token = self.key.token(&header, &claims);
        let mut tokens = json!({
            "id_token": id_token, "access_token": access_token, "refresh_token": refresh_token, "token_type": "Bearer",
            "expires_in": 3600,
        });
        self.issued.extend([("access token", access_token), ("refresh token", refresh_token), ("ID token", id_token)]);
        (self.change_tokens)(&mut tokens);
        Some(tokens)
    }

    fn user_info(&self, request: &Request) -> Value {
        let authorization = request.headers.iter().find(|(name, _)| *name == "authorization").map(|(_, value)| value);
        let token =
            self.issued.iter().rev().find(|(name, _)| *name == "access token").map(|(_, token)| format!("Bearer {token}"));
        assert_eq!(authorization, token.as_ref(), "the access token just issued");
        let mut claims = json!({"sub": SUBJECT, "username": "ada", "email": "ada@example.com", "email_verified": "true"});
        (self.change_user_info)(&mut claims);
        claims
    }

    fn metadata(&self) -> Value {
        let mut metadata = json!({
            "issuer": ISSUER, "authorization_endpoint": AUTHORIZE, "token_endpoint": TOKEN, "userinfo_endpoint": USERINFO,
            "revocation_endpoint": REVOKE, "jwks_uri": KEYS,
        });
        (self.change_metadata)(&mut metadata);
        metadata
    }
}

/// An error response (RFC 6749 5.2).
pub(crate) fn refusal(status: u16, error: &str, description: Option<&str>) -> Fetched {
    let mut body = json!({ "error": error });
    if let Some(description) = description {
        body["error_description"] = json!(description);
    }
    Ok(response(status, "application/json", &body.to_string()))
}

fn form(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}
