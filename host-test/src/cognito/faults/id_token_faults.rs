//! ID tokens that are wrong in one way each.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cognito::keys::jwt::{self, Signer};
use crate::cognito::keys::key_ring::KeyRing;
use crate::cognito::keys::test_keys::{Algorithm, TestKey};

/// How an ID token is signed instead of the way it should be.
///
/// `alg` in the header is that of the signature, `kid` that of the pool's ID token key;
/// [`crate::cognito::Faults::alter_id_token`] can change both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// By the right key, then one bit of the signature is changed.
    Corrupted,
    /// By the pool's other key, and with that one's `kid`.
    AccessTokenKey,
    /// By a key of the test's choice.
    Key(TestKey, Algorithm),
    /// Not at all: `alg` is `none`.
    Unsigned,
    /// HS256 with the client secret, or no bytes for a public client.
    Hs256ClientSecret,
    /// HS256 with the PEM of the ID token key's public half as the secret.
    Hs256PublicKey,
}

/// Changes header and claims.
pub(in crate::cognito) type AlterIdToken = Arc<dyn Fn(&mut Value, &mut Value) + Send + Sync>;

/// What is wrong with one ID token.
#[derive(Clone, Default)]
pub(in crate::cognito) struct IdTokenFaults {
    /// Changes header and claims before they are signed.
    pub(in crate::cognito) alter: Option<AlterIdToken>,
    /// Signs it otherwise.
    pub(in crate::cognito) signing: Option<Signing>,
    /// Takes its place.
    pub(in crate::cognito) replacement: Option<String>,
}

/// Makes the ID token, right or wrong.
pub(in crate::cognito) fn encode(
    mut claims: Value,
    keys: &KeyRing,
    client_secret: Option<&str>,
    faults: IdTokenFaults,
) -> String {
    let (kid, key) = match faults.signing {
        Some(Signing::AccessTokenKey) => keys.access_token_key(),
        _ => keys.id_token_key(),
    };
    let signer = match faults.signing {
        None | Some(Signing::Corrupted | Signing::AccessTokenKey) => Signer::Key(key, Algorithm::Rs256),
        Some(Signing::Key(key, algorithm)) => Signer::Key(key, algorithm),
        Some(Signing::Unsigned) => Signer::Unsigned,
        Some(Signing::Hs256ClientSecret) => Signer::Hs256(client_secret.unwrap_or_default().as_bytes().to_vec()),
        Some(Signing::Hs256PublicKey) => Signer::Hs256(key.public_pem().as_bytes().to_vec()),
    };
    let mut header = json!({"kid": kid, "alg": signer.algorithm()});
    if let Some(alter) = faults.alter {
        alter(&mut header, &mut claims);
    }
    let token = jwt::encode(&header, &claims, &signer);
    let token = if faults.signing == Some(Signing::Corrupted) { jwt::corrupt_signature(&token) } else { token };
    faults.replacement.unwrap_or(token)
}
