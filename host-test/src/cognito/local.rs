//! The running provider, as tests and the demo hold it.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::back_channel::metadata::UPDATED_ISSUER_PREFIX;
use super::faults::Faults;
use super::pool::config::{Config, Issuer};
use super::server;
use super::state::provider::{Provider, lock};
use super::state::request_log::RequestLog;
use super::wire::http::Origin;

/// A local Cognito. It stops, with every connection to it, when it's dropped.
pub struct LocalCognito {
    provider: Arc<Provider>,
    servers: [JoinHandle<()>; 2],
}

impl LocalCognito {
    /// Starts one. Needs a Tokio runtime with I/O and time.
    ///
    /// # Errors
    /// A listener could not be bound.
    pub async fn start(config: Config) -> io::Result<Self> {
        let issuer = TcpListener::bind(config.issuer_address).await?;
        let domain = TcpListener::bind(config.domain_address).await?;
        let origin = |listener: &TcpListener| listener.local_addr().map(|address| format!("http://{address}"));
        let provider = Arc::new(Provider::new(config, origin(&issuer)?, origin(&domain)?));
        let servers = [
            tokio::spawn(server::serve(issuer, Origin::Issuer, Arc::clone(&provider))),
            tokio::spawn(server::serve(domain, Origin::Domain, Arc::clone(&provider))),
        ];
        Ok(Self { provider, servers })
    }

    /// Starts the default pool with these redirect URIs.
    ///
    /// # Errors
    /// A listener could not be bound.
    pub async fn start_with_redirect_uris(redirect_uris: &[&str]) -> io::Result<Self> {
        let mut config = Config::default();
        config.client.redirect_uris = redirect_uris.iter().map(|&uri| uri.to_owned()).collect();
        Self::start(config).await
    }

    /// The setup at this moment.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.provider.config()
    }

    /// Changes the setup while the provider runs. Addresses stay as they are.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        self.provider.configure(change);
    }

    /// Allows the app client one redirect URI more.
    pub fn register_redirect_uri(&self, uri: &str) {
        self.configure(|config| config.client.redirect_uris.push(uri.to_owned()));
    }

    /// The `iss` of the tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.config().issuer()
    }

    /// The origin of discovery and keys, such as `http://127.0.0.1:4000`.
    #[must_use]
    pub fn issuer_origin(&self) -> &str {
        &self.provider.issuer_origin
    }

    /// The origin of the user pool domain.
    #[must_use]
    pub fn domain_origin(&self) -> &str {
        &self.provider.domain_origin
    }

    /// The URL of the authorization endpoint.
    #[must_use]
    pub fn authorization_endpoint(&self) -> String {
        format!("{}/oauth2/authorize", self.domain_origin())
    }

    /// The URL of the token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.domain_origin())
    }

    /// The URL of the userInfo endpoint.
    #[must_use]
    pub fn userinfo_endpoint(&self) -> String {
        format!("{}/oauth2/userInfo", self.domain_origin())
    }

    /// The URL of the revocation endpoint.
    #[must_use]
    pub fn revocation_endpoint(&self) -> String {
        format!("{}/oauth2/revoke", self.domain_origin())
    }

    /// The URL of the key set of the issuer that the pool uses.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        format!("{}/.well-known/jwks.json", self.issuer_base())
    }

    /// The URL of the discovery document of the issuer that the pool uses.
    #[must_use]
    pub fn openid_configuration(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer_base())
    }

    /// A connector's `custom_endpoints` for this provider: all seven.
    #[must_use]
    pub fn custom_endpoints(&self) -> Value {
        json!({
            "authorization_endpoint": self.authorization_endpoint(),
            "token_endpoint": self.token_endpoint(),
            "userinfo_endpoint": self.userinfo_endpoint(),
            "revocation_endpoint": self.revocation_endpoint(),
            "logout_endpoint": format!("{}/logout", self.domain_origin()),
            "jwks_uri": self.jwks_uri(),
            "openid_configuration": self.openid_configuration(),
        })
    }

    /// A connector for this provider with every endpoint given.
    #[must_use]
    pub fn connector(&self) -> Value {
        self.connector_with(self.custom_endpoints())
    }

    /// A connector for this provider that finds its endpoints by discovery.
    #[must_use]
    pub fn connector_by_discovery(&self) -> Value {
        self.connector_with(json!({"openid_configuration": self.openid_configuration()}))
    }

    /// The client secret; none for a public client.
    #[must_use]
    pub fn client_secret(&self) -> Option<String> {
        self.config().client.secret.clone()
    }

    /// The step's settings with nothing but the callback URL. Register that too: [`Self::register_redirect_uri`].
    #[must_use]
    pub fn settings(&self, callback_url: &str) -> Value {
        json!({"callback_url": callback_url})
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.provider.faults
    }

    /// What was asked.
    #[must_use]
    pub fn requests(&self) -> &RequestLog {
        &self.provider.requests
    }

    /// Takes new signing keys into use and stops publishing the old ones.
    pub fn rotate_keys(&self) {
        lock(&self.provider.keys).rotate(false);
    }

    /// Takes new signing keys into use and goes on publishing the old ones.
    pub fn rotate_keys_and_keep_the_old(&self) {
        lock(&self.provider.keys).rotate(true);
    }

    /// The key set as it is published when nothing is wrong.
    #[must_use]
    pub fn jwks(&self) -> Value {
        lock(&self.provider.keys).jwks()
    }

    /// The `kid` of the key that signs ID tokens.
    #[must_use]
    pub fn id_token_kid(&self) -> String {
        lock(&self.provider.keys).id_token_key().0
    }

    /// Every token issued, in order, each with its kind: access, refresh and ID token.
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<(&'static str, String)> {
        lock(&self.provider.issued).clone()
    }

    /// The refresh tokens that were revoked, in order.
    #[must_use]
    pub fn revoked_tokens(&self) -> Vec<String> {
        lock(&self.provider.revoked).clone()
    }

    /// Where the documents of the issuer in use are.
    fn issuer_base(&self) -> String {
        let config = self.config();
        let prefix = if config.issuer == Issuer::Updated { UPDATED_ISSUER_PREFIX } else { "" };
        format!("{}{prefix}/{}", self.issuer_origin(), config.user_pool_id)
    }

    fn connector_with(&self, custom_endpoints: Value) -> Value {
        let config = self.config();
        json!({
            "name": "Local Cognito",
            "user_pool_id": config.user_pool_id,
            "client_id": config.client.id,
            "client_authentication": if config.client.secret.is_some() { "client_secret_basic" } else { "none" },
            "custom_endpoints": custom_endpoints,
        })
    }
}

/// With [`Faults::clear`]: a fault that didn't take effect fails the test that set it.
impl Drop for LocalCognito {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
        self.provider.faults.clear();
    }
}

impl fmt::Debug for LocalCognito {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LocalCognito")
            .field("issuer", &self.issuer_origin())
            .field("domain", &self.domain_origin())
            .finish()
    }
}
