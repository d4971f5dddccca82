//! A relying party of a few lines, which trusts nothing that it can check by `ring`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use host_test::browser::{Browser, Navigation, Page};
use host_test::cognito::{Config, DEFAULT_PASSWORD, DEFAULT_USERNAME, LocalCognito, SteppedClock};
use ring::digest::{SHA256, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;

/// Registered, and never reached: the browser stops before it.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/callback";
pub(crate) const STATE: &str = "state-AZ09_";
pub(crate) const NONCE: &str = "nonce-AZ09_";
pub(crate) const VERIFIER: &str = "verifier-verifier-verifier-verifier-verifier";

/// A provider at a clock that stands still, and a browser.
pub(crate) struct Bench {
    pub(crate) cognito: LocalCognito,
    pub(crate) clock: SteppedClock,
    pub(crate) browser: Browser,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = SteppedClock::at(1_800_000_000);
        let mut config = Config { clock: clock.clock(), ..Config::default() };
        config.client.redirect_uris.push(CALLBACK.to_owned());
        change(&mut config);
        let cognito = LocalCognito::start(config).await.unwrap();
        let browser = Browser::with_clock(clock.clock());
        Self { cognito, clock, browser }
    }

    /// A sound authorization request, changed by these parameters; an empty value drops one.
    pub(crate) fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let client_id = self.cognito.config().client.id.clone();
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        parameters.extend(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
        url::Url::parse_with_params(&self.cognito.authorization_endpoint(), parameters).unwrap().into()
    }

    /// Goes to the login page and signs the default user in.
    pub(crate) async fn sign_in(&self, changes: &[(&str, &str)]) -> Navigation {
        let page = self.browser.open(&self.authorization_url(changes)).await.unwrap();
        let fields = [("username", DEFAULT_USERNAME), ("password", DEFAULT_PASSWORD)];
        let form = page.form().expect("a login form");
        self.browser.submit_until(&form, &fields, CALLBACK).await.unwrap().stopped().unwrap()
    }

    /// Goes wherever the authorization request leads without a person's help: back to the relying party.
    pub(crate) async fn callback(&self, changes: &[(&str, &str)]) -> Navigation {
        self.browser.open_until(&self.authorization_url(changes), CALLBACK).await.unwrap().stopped().unwrap()
    }

    pub(crate) fn code_request(&self, code: &str, changes: &[(&str, &str)]) -> Navigation {
        let config = self.cognito.config();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("client_id", config.client.id.as_str()),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
        Navigation::post(&self.cognito.token_endpoint(), &fields).unwrap()
    }

    pub(crate) async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Page {
        let request = self.code_request(code, changes).header("authorization", &self.basic());
        self.browser.request(request).await.unwrap()
    }

    /// Signs the default user in and exchanges the code.
    pub(crate) async fn tokens(&self, changes: &[(&str, &str)]) -> Value {
        let code = self.sign_in(changes).await.parameter("code").expect("a code");
        let page = self.exchange(&code, &[]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        page.json().unwrap()
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Page {
        let request = Navigation::get(&self.cognito.userinfo_endpoint()).unwrap();
        self.browser.request(request.header("authorization", &format!("Bearer {access_token}"))).await.unwrap()
    }

    pub(crate) fn basic(&self) -> String {
        let config = self.cognito.config();
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let secret = encode(config.client.secret.as_deref().unwrap_or_default());
        format!("Basic {}", STANDARD.encode(format!("{}:{secret}", encode(&config.client.id))))
    }

    /// The published keys.
    pub(crate) async fn jwks(&self) -> Value {
        self.browser.open(&self.cognito.jwks_uri()).await.unwrap().json().unwrap()
    }
}

/// Header and claims of a token, unchecked.
pub(crate) fn decode(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap_or_default();
    (json(), json())
}

/// Whether a token's RS256 signature holds under the key that its `kid` names.
pub(crate) fn signature_holds(token: &str, jwks: &Value) -> bool {
    let (header, _) = decode(token);
    let keys = jwks["keys"].as_array().unwrap();
    let Some(key) = keys.iter().find(|key| key["kid"] == header["kid"]) else {
        return false;
    };
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    header["alg"] == "RS256" && public.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).is_ok()
}
