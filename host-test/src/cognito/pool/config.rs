//! How the pool, its app client and its users are set up.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use super::clock::{Clock, system_clock};
use super::user::{Identity, User};

/// The name by which the default user signs in.
pub const DEFAULT_USERNAME: &str = "ada@example.com";
/// The default user's password.
pub const DEFAULT_PASSWORD: &str = "Analytical-Engine-1843";

/// The setup of a local Cognito. [`Config::default`] is a pool with one confidential app client, one native and one federated
/// user.
#[derive(Clone)]
pub struct Config {
    /// Where the issuer's stand-in listens. Port 0: any free one.
    pub issuer_address: SocketAddr,
    /// Where the user pool domain's stand-in listens. Port 0: any free one.
    pub domain_address: SocketAddr,
    /// The pool id: region, underscore, alphanumerics.
    pub user_pool_id: String,
    /// Which issuer the tokens name.
    pub issuer: Issuer,
    /// The app client.
    pub client: AppClient,
    /// The pool's users.
    pub users: Vec<User>,
    /// The identity providers that the app client allows beside the pool itself.
    pub identity_providers: Vec<IdentityProvider>,
    /// What the provider makes of `response_mode`.
    pub response_modes: ResponseModes,
    /// Whether an authorization request without a PKCE challenge is refused.
    pub pkce_required: bool,
    /// The `acr` that every ID token gets; none on the Lite plan, which ignores `acr_values`.
    pub acr: Option<String>,
    /// The `amr` that every ID token gets; the claim is absent when empty.
    pub amr: Vec<String>,
    /// How long a code lives, in seconds.
    pub code_lifetime: u64,
    /// How long ID and access token live, in seconds.
    pub token_lifetime: u64,
    /// How long the login cookie lives, in seconds; 0 switches single sign-on off.
    pub session_lifetime: u64,
    /// The status of `invalid_client`: 400, in places 401.
    pub invalid_client_status: u16,
    /// Whether a firewall stands before the endpoints that servers ask, and refuses requests without a user agent, as the Core
    /// rule set of AWS WAF does.
    pub user_agent_required: bool,
    /// Whether identity providers let the user choose an account, or none, on a page of their own. Otherwise they answer at once.
    pub accounts_are_chosen: bool,
    /// Where a person goes on from a page on which a login ends. A real pool's pages don't say.
    pub way_back: Option<String>,
    /// The time.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            issuer_address: loopback,
            domain_address: loopback,
            user_pool_id: "eu-west-1_AbCdEf123".to_owned(),
            issuer: Issuer::Original,
            client: AppClient::default(),
            users: vec![ada(), grace()],
            identity_providers: vec![IdentityProvider::new("Google", IdpAnswer::SignIn("google_114259".to_owned()))],
            response_modes: ResponseModes::QueryOnly,
            pkce_required: true,
            acr: None,
            amr: Vec::new(),
            code_lifetime: 300,
            token_lifetime: 3600,
            session_lifetime: 3600,
            invalid_client_status: 400,
            user_agent_required: false,
            accounts_are_chosen: false,
            way_back: None,
            clock: system_clock(),
        }
    }
}

impl Config {
    /// The region: the pool id's part before the underscore.
    #[must_use]
    pub fn region(&self) -> &str {
        self.user_pool_id.split('_').next().unwrap_or_default()
    }

    /// The `iss` of this pool's tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        let pool = &self.user_pool_id;
        match &self.issuer {
            Issuer::Original => {
                format!("https://cognito-idp.{}.amazonaws.com/{pool}", self.region())
            }
            Issuer::Updated => format!("https://issuer-cognito-idp.{}.amazonaws.com/{pool}", self.region()),
            Issuer::OtherRegion(region) => {
                format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
            }
        }
    }

    pub(in crate::cognito) fn user(&self, username: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == username)
    }
}

/// Names the pool and the client, not the secret nor the passwords.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("user_pool_id", &self.user_pool_id)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Which issuer a pool's tokens name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// `cognito-idp.<region>`, the default.
    Original,
    /// `issuer-cognito-idp.<region>`, for pools switched to it.
    Updated,
    /// `cognito-idp.` of the region that answered, as replicated pools do.
    OtherRegion(String),
}

/// What the provider makes of `response_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseModes {
    /// Answers come by query whatever was asked: all that Cognito documents.
    QueryOnly,
    /// `form_post` is honoured, by a page that submits itself (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// An app client of the pool.
#[derive(Clone)]
pub struct AppClient {
    /// Its id.
    pub id: String,
    /// Its secret; none for a public client.
    pub secret: Option<String>,
    /// Redirect URIs, each to be matched exactly.
    pub redirect_uris: Vec<String>,
    /// Where the logout endpoint may send a browser.
    pub logout_uris: Vec<String>,
    /// Whether it has the authorization code grant. One for machines alone has not, and no redirect URI either.
    pub code_grant: bool,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Attributes that it may not read. A scope that covers one of them makes the token endpoint answer `invalid_grant`.
    pub unreadable_attributes: BTreeSet<String>,
}

impl Default for AppClient {
    fn default() -> Self {
        let scopes = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];
        Self {
            id: "6q2fnj1k8mtd4s0v3hb7l9czxa".to_owned(),
            // Characters that Basic must form-encode before base64 (RFC 6749, 2.3.1), so that a client which doesn't is noticed.
            secret: Some("local+secret/with:odd%characters&1q8v7d6m5n4b3k2j1h0g".to_owned()),
            redirect_uris: Vec::new(),
            logout_uris: Vec::new(),
            code_grant: true,
            scopes: scopes.map(str::to_owned).to_vec(),
            unreadable_attributes: BTreeSet::new(),
        }
    }
}

impl fmt::Debug for AppClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AppClient")
            .field("id", &self.id)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// An identity provider behind the pool. Unless accounts are chosen, its own pages are left out: it answers at once, by a
/// redirect to `/oauth2/idpresponse`; where the clock moves more than 300 s before that, the login ends on Cognito's own page.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// The name that `identity_provider` asks for.
    pub name: String,
    /// The identifiers that `idp_identifier` asks for, such as an email domain.
    pub identifiers: Vec<String>,
    /// What it answers.
    pub answer: IdpAnswer,
}

impl IdentityProvider {
    /// An identity provider without identifiers.
    #[must_use]
    pub fn new(name: &str, answer: IdpAnswer) -> Self {
        Self { name: name.to_owned(), identifiers: Vec::new(), answer }
    }
}

/// What an identity provider answers to Cognito.
#[derive(Clone, Debug)]
pub enum IdpAnswer {
    /// It signs in the pool's user with this username.
    SignIn(String),
    /// It refuses: `error` and `error_description`, which reach the relying party.
    Refuse(String, Option<String>),
}

fn ada() -> User {
    let sub = "62b5e414-00d1-70e5-b6f1-8a1c2d3e4f50";
    User::new(sub, sub, DEFAULT_PASSWORD)
        .attribute("email", DEFAULT_USERNAME)
        .attribute("email_verified", true)
        .attribute("phone_number", "+442079460018")
        .attribute("phone_number_verified", false)
        .attribute("name", "Ada Lovelace")
        .attribute("given_name", "Ada")
        .attribute("family_name", "Lovelace")
        .attribute("locale", "en-GB")
        .attribute("zoneinfo", "Europe/London")
        .attribute("birthdate", "1815-12-10")
        .attribute("custom:department", "Mathematics")
        .attribute("custom:employee_number", "1843")
        .group("engineers")
        .group("authors")
}

fn grace() -> User {
    User::federated("google_114259", "f2c5a4d4-90a1-7002-3c1b-5e6f7a8b9c0d")
        .attribute("email", "grace@example.org")
        .attribute("email_verified", false)
        .attribute("name", "Grace Hopper")
        .attribute("given_name", "Grace")
        .attribute("family_name", "Hopper")
        .group("eu-west-1_AbCdEf123_Google")
        .identity(Identity {
            user_id: "114259".to_owned(),
            provider_name: "Google".to_owned(),
            provider_type: "Google".to_owned(),
            issuer: None,
            primary: true,
            date_created: 1_700_000_000_000,
        })
}
