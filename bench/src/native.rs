//! What runs without a sandbox: `ring`, by which everything is measured, and the crate `openidconnect`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, TokenResponse,
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use wasmtime::error::Context as _;
use wasmtime::{Result, ensure, format_err};

use crate::fixture::{CALLBACK, CLIENT, Fixture, Login, SECRET, SUBJECT};

/// One verification of RS256 from the numbers of the key: the unit of the table.
pub fn ring<'a>(fixture: &'a Fixture, login: &'a Login) -> Result<impl Fn() -> Result<()> + 'a> {
    let (message, signature) = fixture.parts(&login.id_token)?;
    let signature = URL_SAFE_NO_PAD.decode(signature)?;
    Ok(move || {
        let key = RsaPublicKeyComponents { n: &fixture.modulus, e: &fixture.exponent };
        let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature);
        verified.map_err(|_| format_err!("the signature is wrong"))
    })
}

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The same login by the crate `openidconnect`, as its documentation shows it.
pub struct OpenIdConnect {
    client: Client,
    nonce: Nonce,
    code: String,
    answers: BTreeMap<String, HttpResponse>,
}

impl OpenIdConnect {
    pub fn new(login: &Login) -> Result<Self> {
        let metadata: CoreProviderMetadata = serde_json::from_value(login.metadata.clone())?;
        let metadata = metadata.set_jwks(serde_json::from_value(login.key_set.clone())?);
        let (id, secret) = (ClientId::new(CLIENT.to_owned()), ClientSecret::new(SECRET.to_owned()));
        let client = CoreClient::from_provider_metadata(metadata, id, Some(secret));
        let answers = login.exchanges.iter().map(|(url, canned)| {
            let response = journey_host::http::Response::builder().header("content-type", canned.content_type);
            Ok((url.clone(), response.body(canned.body.clone().into_bytes())?))
        });
        let code = login.query.split(['=', '&']).nth(1).context("the response has no code")?;
        Ok(Self {
            client: client.set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?),
            nonce: Nonce::new(login.nonce.clone()),
            code: code.to_owned(),
            answers: answers.collect::<Result<_>>()?,
        })
    }

    /// The authorization request.
    pub fn begin(&self) -> String {
        let (challenge, _verifier) = PkceCodeChallenge::new_random_sha256();
        let request =
            self.client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
        request.set_pkce_challenge(challenge).url().0.into()
    }

    /// Code exchange, ID token with signature and hash of the access token, userinfo of the same subject. Keys and metadata are
    /// there.
    pub fn complete(&self) -> Result<()> {
        let http = |request: HttpRequest| -> Result<HttpResponse, std::io::Error> {
            let answer = self.answers.get(&request.uri().to_string()).cloned();
            answer.ok_or_else(|| std::io::Error::other("nothing is canned for this URL"))
        };
        let verifier = PkceCodeVerifier::new("0123456789abcdefghijABCDEFGHIJ-._~0123456789a".to_owned());
        let code = AuthorizationCode::new(self.code.clone());
        let tokens = self.client.exchange_code(code)?.set_pkce_verifier(verifier).request(&http)?;
        let id_token = tokens.id_token().context("no ID token")?;
        let id_token_verifier = self.client.id_token_verifier();
        let claims = id_token.claims(&id_token_verifier, &self.nonce)?;
        let (algorithm, key) = (id_token.signing_alg()?, id_token.signing_key(&id_token_verifier)?);
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)?;
        ensure!(claims.access_token_hash() == Some(&hash), "the access token is another one");
        let user = self.client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?;
        let user: CoreUserInfoClaims = user.request(&http)?;
        ensure!(user.subject().as_str() == SUBJECT, "another user");
        Ok(())
    }
}
