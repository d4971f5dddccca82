//! A provider whose answers are right, but for what a script says.

use std::cell::RefCell;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_oidc::host::{Method, Request, Response};
use serde_json::{Value, json};

use super::host::NOW;
use super::http::Fetched;
use super::script::{Script, patched};
use super::signer;

/// The code of a right response.
pub const CODE: &str = "6b0f2f5e-43b1-4f2d-9f53-3a1f2d7c9e10";
/// The client secret of a right call.
pub const CLIENT_SECRET: &str = "1h8s5vq0n3k7d2m9x4z6c1b8j5g0f3l7p2r9";
/// The tokens of a right token response.
pub const ACCESS_TOKEN: &str = "eyJhY2Nlc3MiOiJ0b2tlbiJ9.kd83hsQ92mZpw7Lx0vBnT5.4uY1rE6aXcGj8iOq";
pub const REFRESH_TOKEN: &str = "eyJyZWZyZXNoIjoidG9rZW4ifQ.Vt93kPz0.Wm4nQ8sLb2Xy7RcD1fHg";

const SUBJECT: &str = "5f2c8a3e-1b7d-4c90-a6e2-9d8f7b6c5a41";

/// What this run's own values are.
#[derive(Default)]
pub struct Known {
    pub state: String,
    pub other_state: String,
    pub nonce: String,
    pub verifier: String,
    pub client_id: String,
    pub issuer: String,
    pub now: u64,
    /// Metadata is asked for by `begin`, keys by `complete`: their requests look the same.
    pub is_completing: bool,
    /// The token that was signed last.
    pub id_token: String,
    /// The last answer of the token endpoint.
    pub token_answer: Option<Fetched>,
}

/// The provider.
pub struct Provider<'a> {
    script: &'a Script,
    pub known: RefCell<Known>,
}

impl<'a> Provider<'a> {
    pub fn new(script: &'a Script) -> Self {
        let known = Known { now: NOW, ..Known::default() };
        Self { script, known: RefCell::new(known) }
    }

    /// Puts the run's own values in.
    pub fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let known = self.known.borrow();
        let jwk = |index, kid| if text.contains("{key_") { signer::key(index).jwk(kid).to_string() } else { String::new() };
        let values = [
            ("{state}", known.state.as_str()),
            ("{other_state}", &known.other_state),
            ("{nonce}", &known.nonce),
            ("{verifier}", &known.verifier),
            ("{code}", CODE),
            ("{client_secret}", CLIENT_SECRET),
            ("{access_token}", ACCESS_TOKEN),
            ("{refresh_token}", REFRESH_TOKEN),
            ("{id_token}", &known.id_token),
            ("{key_a}", &jwk(0, "a")),
            ("{key_b}", &jwk(1, "b")),
        ];
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// The answer to a request, judged by its form, since endpoints may share one address.
    pub fn answer(&self, request: &Request) -> Fetched {
        let is_code_exchange = request.body.windows(11).any(|window| window == b"grant_type=");
        let is_authorized = request.headers.iter().any(|(name, _)| *name == "authorization");
        match request.method {
            Method::Post if is_code_exchange => {
                self.sign();
                let answer = self.written("token", || self.tokens());
                self.known.borrow_mut().token_answer = Some(answer.clone());
                answer
            }
            Method::Post => self.written("revocation", || json!({})),
            Method::Get if is_authorized => self.written("userinfo", Self::claims_of_userinfo),
            Method::Get if self.known.borrow().is_completing => {
                self.written("keys", || json!({ "keys": [signer::key(0).jwk("a")] }))
            }
            Method::Get => self.written("metadata", || metadata(&request.url)),
        }
    }

    /// The right body, unless the script says otherwise.
    fn written(&self, name: &str, right: impl FnOnce() -> Value) -> Fetched {
        if let Some(error) = self.script.error(name) {
            return Err(error);
        }
        let mut words = self.script.value(name).unwrap_or_default().splitn(3, ' ');
        let (status, content_type, body) = (words.next(), words.next(), words.next());
        let body = body.map_or_else(
            || match self.script.value(&format!("{name}_patch")) {
                Some(patch) => patched(&right().to_string(), &self.fill(patch)),
                None => right().to_string(),
            },
            |body| self.fill(body),
        );
        let mut headers = vec![("content-type".to_owned(), content_type.unwrap_or("application/json").to_owned())];
        for line in self.script.all("response_header") {
            if let Some((name, value)) = line.split_once('=') {
                headers.push((name.to_owned(), self.fill(value)));
            }
        }
        let status = status.and_then(|status| status.parse().ok()).unwrap_or(200);
        Ok(Response { status, headers, body: body.into_bytes() })
    }

    fn tokens(&self) -> Value {
        json!({
            "id_token": self.known.borrow().id_token,
            "access_token": ACCESS_TOKEN,
            "refresh_token": REFRESH_TOKEN,
            "token_type": "Bearer",
            "expires_in": 3600,
        })
    }

    fn sign(&self) {
        let claims = self.claims().to_string();
        let patch = |text: String, name| match self.script.value(name) {
            Some(patch) => patched(&text, &self.fill(patch)),
            None => text,
        };
        let claims = patch(claims, "claims");
        let header = patch(json!({"alg": "RS256", "kid": "a"}).to_string(), "header");
        let signer = signer::key(usize::from(self.script.value("signed_by") == Some("b")));
        self.known.borrow_mut().id_token = signer.token(&header, &claims);
        if let Some(text) = self.script.value("id_token") {
            let text = self.fill(text);
            self.known.borrow_mut().id_token = text;
        }
    }

    fn claims(&self) -> Value {
        let known = self.known.borrow();
        let digest = ring::digest::digest(&ring::digest::SHA256, ACCESS_TOKEN.as_bytes());
        json!({
            "iss": known.issuer,
            "sub": SUBJECT,
            "aud": known.client_id,
            "token_use": "id",
            "nonce": known.nonce,
            "at_hash": URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]),
            "auth_time": known.now,
            "iat": known.now,
            "exp": known.now.saturating_add(3600),
            "cognito:username": "ada",
            "cognito:groups": ["staff", "eu-west-1_AbCdEf123_Google"],
            "email": "ada@example.com",
            "email_verified": true,
            "identities": [{"userId": "42", "providerName": "Google", "providerType": "Google", "primary": "true", "dateCreated": "1700000000000"}],
        })
    }

    fn claims_of_userinfo() -> Value {
        json!({"sub": SUBJECT, "email": "ada@example.com", "email_verified": "true", "username": "ada", "custom:tier": "gold"})
    }
}

fn metadata(url: &str) -> Value {
    let issuer = url.strip_suffix("/.well-known/openid-configuration").unwrap_or(url);
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://login.example.com/oauth2/authorize",
        "token_endpoint": "https://login.example.com/oauth2/token",
        "userinfo_endpoint": "https://login.example.com/oauth2/userInfo",
        "revocation_endpoint": "https://login.example.com/oauth2/revoke",
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
    })
}
