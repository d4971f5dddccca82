//! One login, the same for all that is measured: documents, a user's tokens as Cognito issues them, and what the provider
//! answers.
//!
//! Random bytes and the time are fixed, so that `begin` writes the same state and nonce each time, and one ID token fits every
//! attempt.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use url::Url;
use wasmtime::Result;
use wasmtime::error::Context as _;

pub const POOL: &str = "eu-west-1_AbCdEf123";
pub const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123";
pub const DOMAIN: &str = "https://acme.auth.eu-west-1.amazoncognito.com";
pub const CLIENT: &str = "1example23456789client0000";
pub const SECRET: &str = "1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0z1x2c3v4b5n6m";
pub const CALLBACK: &str = "https://login.acme.example/callback";
pub const SUBJECT: &str = "92e5f4a4-7051-70ea-4ea5-3d1c51b09ab2";
pub const BROWSER: [u8; 32] = [7; 32];
const CODE: &str = "a7b3c9d1-54e2-4f60-8a1b-2c3d4e5f6a7b";
const KEY_ID: &str = "3qUGfEXAMPLEyB0kJ5o3mQZ0l9xkq4dK1mXyZ8Qw2s=";

/// What the provider answers for a URL; always 200.
pub struct Canned {
    pub content_type: &'static str,
    pub body: String,
}

/// The login before `begin` ran: what needs no nonce.
pub struct Fixture {
    pub now: u64,
    pub settings: String,
    pub connector: String,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    pair: RsaKeyPair,
}

/// The rest of it, for the state and the nonce of one authorization request.
pub struct Login {
    pub state: String,
    pub nonce: String,
    /// The URL at which the response arrives, and its query.
    pub arrival: String,
    pub query: String,
    pub id_token: String,
    pub key_set: Value,
    pub metadata: Value,
    pub exchanges: BTreeMap<String, Canned>,
}

/// The byte of that number, of a sequence that each call begins anew.
pub fn random_byte(index: u64) -> u8 {
    (index.wrapping_mul(37).wrapping_add(11) & 0xff) as u8
}

impl Fixture {
    pub fn new() -> Result<Self> {
        let pair = RsaKeyPair::from_pkcs8(include_bytes!("../../src/testing/rsa-2048-a.pk8"));
        let pair = pair.map_err(|error| wasmtime::format_err!("the key: {error}"))?;
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        Ok(Self {
            now: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
            settings: json!({ "callback_url": CALLBACK }).to_string(),
            connector: json!({"user_pool_id": POOL, "domain": "acme", "client_id": CLIENT, "issuer": "original"}).to_string(),
            modulus: public.n,
            exponent: public.e,
            pair,
        })
    }

    /// The user logs in for this authorization request.
    pub fn authorize(&self, request: &str) -> Result<Login> {
        let request = Url::parse(request)?;
        let parameters: BTreeMap<String, String> = request.query_pairs().into_owned().collect();
        let parameter = |name: &str| parameters.get(name).cloned().with_context(|| format!("the request has no {name}"));
        let (state, nonce) = (parameter("state")?, parameter("nonce")?);
        let query = format!("code={CODE}&state={state}");

        let times = json!({"auth_time": self.now, "iat": self.now, "exp": self.now + 3600});
        let access_token = self.token(&merged(
            &times,
            &json!({
                "sub": SUBJECT, "iss": ISSUER, "version": 2, "client_id": CLIENT, "token_use": "access", "scope": "openid",
                "origin_jti": "0c1a4b7e-3d2f-4c5a-9b8e-7f6d5c4b3a29", "event_id": "5e2d1c0b-9a8f-4e7d-a6c5-b4a392817065",
                "jti": "f1e2d3c4-b5a6-4798-8a9b-0c1d2e3f4a5b", "username": SUBJECT,
            }),
        ))?;
        let digest = ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes());
        let id_token = self.token(&merged(
            &times,
            &json!({
                "at_hash": URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]), "sub": SUBJECT, "iss": ISSUER, "aud": CLIENT,
                "cognito:groups": ["customers", "newsletter"], "cognito:username": SUBJECT, "email": "ada@example.com",
                "email_verified": true, "given_name": "Ada", "family_name": "Lovelace", "nonce": nonce, "token_use": "id",
                "origin_jti": "0c1a4b7e-3d2f-4c5a-9b8e-7f6d5c4b3a29", "event_id": "5e2d1c0b-9a8f-4e7d-a6c5-b4a392817065",
                "jti": "a5b4c3d2-e1f0-4a9b-8c7d-6e5f4a3b2c1d",
            }),
        ))?;
        let key_set = json!({"keys": [self.jwk(KEY_ID, 0), self.jwk("another+EXAMPLE/GkR2n0aJmS4bJ1eXv5tTgJk8oYw=", 2)]});
        let metadata = json!({
            "authorization_endpoint": format!("{DOMAIN}/oauth2/authorize"),
            "end_session_endpoint": format!("{DOMAIN}/logout"),
            "id_token_signing_alg_values_supported": ["RS256"], "issuer": ISSUER,
            "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"), "response_types_supported": ["code", "token"],
            "revocation_endpoint": format!("{DOMAIN}/oauth2/revoke"), "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"], "token_endpoint": format!("{DOMAIN}/oauth2/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "userinfo_endpoint": format!("{DOMAIN}/oauth2/userInfo"),
        });
        let tokens = json!({
            // Encrypted for Cognito itself: opaque to everybody else, and the longest of the three.
            "id_token": id_token, "access_token": access_token, "refresh_token": "eyJjdHkiOiJKV1QiLCJlbmMi".repeat(70),
            "expires_in": 3600, "token_type": "Bearer",
        });
        let user = json!({
            "sub": SUBJECT, "email_verified": "true", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com",
            "username": SUBJECT,
        });
        let json = |body: &Value| Canned { content_type: "application/json;charset=UTF-8", body: body.to_string() };
        let exchanges = BTreeMap::from([
            (format!("{DOMAIN}/oauth2/token"), json(&tokens)),
            (format!("{DOMAIN}/oauth2/userInfo"), json(&user)),
            (format!("{ISSUER}/.well-known/jwks.json"), json(&key_set)),
            (format!("{ISSUER}/.well-known/openid-configuration"), json(&metadata)),
        ]);
        let arrival = format!("{CALLBACK}?{query}");
        Ok(Login { state, nonce, arrival, query, id_token, key_set, metadata, exchanges })
    }

    /// The signing input and the signature of a token.
    pub fn parts<'a>(&self, token: &'a str) -> Result<(&'a str, &'a str)> {
        token.rsplit_once('.').context("a token in compact form")
    }

    fn jwk(&self, kid: &str, changed: u8) -> Value {
        let mut modulus = self.modulus.clone();
        if let Some(last) = modulus.last_mut() {
            *last ^= changed;
        }
        json!({
            "alg": "RS256", "e": URL_SAFE_NO_PAD.encode(&self.exponent), "kid": kid, "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(modulus), "use": "sig",
        })
    }

    fn token(&self, claims: &Value) -> Result<String> {
        let header = json!({"kid": KEY_ID, "alg": "RS256"});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signing_input = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signing_input.as_bytes(), &mut signature);
        signed.map_err(|_| wasmtime::format_err!("can't sign"))?;
        Ok(format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn merged(one: &Value, other: &Value) -> Value {
    let members = [one, other].into_iter().filter_map(Value::as_object).flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
}
