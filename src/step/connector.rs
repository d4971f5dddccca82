//! The connector: the user pool and the app client, as the Integration Hub knows them. Without the client secret.

use serde_json::Value;

#[cfg(test)]
use super::document;
use super::document::{Field, Problem, Reader};
use super::error::Code;
use crate::cognito::domain::Domain;
use crate::cognito::endpoints::{self, CustomEndpoints, Endpoints, Origins, Source};
use crate::cognito::pool::{IssuerKind, Region, UserPoolId};
use crate::json::{FromJson, Object};
use crate::limit::limit;
use crate::oidc::client::ClientAuthentication;

/// The authentication method that this step is.
const OIDC: &str = "oidc";
const A_LIST: &str = "expected a list of strings";
limit! {
    /// Longest client id, in bytes (AWS allows 128).
    MAX_CLIENT_ID: usize = 128;
    A_CLIENT_ID = "expected 1 to ", " visible ASCII characters";
}
limit! {
    /// Most additional regions: more than AWS has.
    MAX_REGIONS: usize = 64;
    A_NUMBER_OF_REGIONS = "expected at most ", " regions";
}
/// Every member, for a name that is nearly one of them.
const MEMBERS: &[&str] = &[
    "name",
    "enabled",
    "authentication_methods",
    "user_pool_id",
    "domain",
    "issuer",
    "additional_regions",
    "client_id",
    "client_authentication",
    "custom_endpoints",
    "custom_endpoints.authorization_endpoint",
    "custom_endpoints.token_endpoint",
    "custom_endpoints.userinfo_endpoint",
    "custom_endpoints.revocation_endpoint",
    "custom_endpoints.logout_endpoint",
    "custom_endpoints.jwks_uri",
    "custom_endpoints.openid_configuration",
];
/// As a pattern of JSON Schema.
#[cfg(test)]
const REGION: &str = "^[a-z]+(-[a-z]+){1,3}-[0-9]{1,2}$";

/// Connector to an app client of an Amazon Cognito user pool. Without the client secret, which the host keeps apart.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(default, title = "Connector", deny_unknown_fields))]
pub struct ConnectorDocument {
    /// What people call the connector.
    #[cfg_attr(test, schemars(title = "Name"))]
    name: Field<String>,
    /// Whether it may be used.
    #[cfg_attr(test, schemars(title = "Enabled", extend("default" = true)))]
    enabled: Field<bool>,
    /// Authentication methods enabled on it; this step needs `oidc`.
    #[cfg_attr(
        test,
        schemars(title = "Authentication methods", extend("default" = ["oidc"]), transform = document::items_titled("Authentication method"))
    )]
    authentication_methods: Field<Vec<String>>,
    /// User pool id, such as `eu-west-1_AbCdEf123`. The region is part of it.
    #[cfg_attr(
        test,
        schemars(
            title = "User pool ID",
            extend("x-required" = true, "pattern" = format!("{}_[A-Za-z0-9]+$", REGION.trim_end_matches('$')), "maxLength" = 55, "examples" = ["eu-west-1_AbCdEf123"])
        )
    )]
    user_pool_id: Field<String>,
    /// Domain of the user pool: a custom domain, a prefix domain, or its prefix alone (not in China). Where absent, endpoints are
    /// discovered.
    #[cfg_attr(
        test,
        schemars(
            title = "Domain",
            extend("minLength" = 1, "maxLength" = 253, "examples" = ["auth.example.com", "shop", "shop.auth.eu-west-1.amazoncognito.com"])
        )
    )]
    domain: Field<String>,
    /// Which of its issuers the pool puts into its tokens.
    #[cfg_attr(test, schemars(title = "Issuer", extend("default" = "either")))]
    issuer: Field<IssuerKind>,
    /// Regions that the pool is replicated to. Only the original issuer names them.
    #[cfg_attr(
        test,
        schemars(title = "Additional regions", extend("default" = [], "maxItems" = MAX_REGIONS), inner(regex(pattern = REGION)), transform = document::items_titled("Region"))
    )]
    additional_regions: Field<Vec<String>>,
    /// Client id of the app client.
    #[cfg_attr(
        test,
        schemars(title = "Client ID", extend("x-required" = true, "minLength" = 1, "maxLength" = MAX_CLIENT_ID, "pattern" = "^[!-~]+$"))
    )]
    client_id: Field<String>,
    /// How the app client authenticates. The secret itself is kept apart.
    #[cfg_attr(test, schemars(title = "Client authentication", extend("default" = "client_secret_basic")))]
    client_authentication: Field<ClientAuthentication>,
    /// Addresses that override the derived ones, one by one.
    #[cfg_attr(test, schemars(title = "Custom endpoints", extend("options" = {"collapsed": true})))]
    custom_endpoints: Field<CustomEndpointsDocument>,
    #[cfg_attr(test, schemars(skip))]
    unknown: Object,
}

/// Addresses that override the derived ones. `https`, or `http` for a loopback address where the host allows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(default, title = "Custom endpoints", deny_unknown_fields))]
pub struct CustomEndpointsDocument {
    /// Where the user agent is sent.
    #[cfg_attr(test, schemars(title = "Authorization endpoint", extend("format" = "uri")))]
    authorization_endpoint: Field<String>,
    /// Where codes are exchanged.
    #[cfg_attr(test, schemars(title = "Token endpoint", extend("format" = "uri")))]
    token_endpoint: Field<String>,
    /// Where the user's claims come from.
    #[cfg_attr(test, schemars(title = "Userinfo endpoint", extend("format" = "uri")))]
    userinfo_endpoint: Field<String>,
    /// Where refresh tokens are revoked.
    #[cfg_attr(test, schemars(title = "Revocation endpoint", extend("format" = "uri")))]
    revocation_endpoint: Field<String>,
    /// Where Cognito's own session ends. The step only tells it.
    #[cfg_attr(test, schemars(title = "Logout endpoint", extend("format" = "uri")))]
    logout_endpoint: Field<String>,
    /// The key set, for every issuer.
    #[cfg_attr(test, schemars(title = "JWKS URI", extend("format" = "uri")))]
    jwks_uri: Field<String>,
    /// The provider metadata. What it says is believed only under the pool's own issuer.
    #[cfg_attr(test, schemars(title = "OpenID configuration", extend("format" = "uri")))]
    openid_configuration: Field<String>,
    #[cfg_attr(test, schemars(skip))]
    unknown: Object,
}

/// A connector that holds together, is enabled, and has the authentication method `oidc`.
#[derive(Clone, Debug)]
pub struct Connector {
    /// `client_id`.
    pub client_id: String,
    /// How the client authenticates.
    pub client_authentication: ClientAuthentication,
    /// The pool and its addresses.
    pub source: Source,
}

impl Connector {
    /// Reads a connector that a login may use.
    ///
    /// # Errors
    /// Every problem.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        match Self::read(text)? {
            (connector, obstacles) if obstacles.is_empty() => Ok(connector),
            (_, obstacles) => Err(obstacles),
        }
    }

    /// Reads a connector that is valid, with what keeps logins from using it all the same: it is disabled, or OIDC is.
    ///
    /// # Errors
    /// Every problem.
    pub fn read(text: &str) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut reader = Reader::new("/connector", Code::InvalidIntegration, &mut problems);
        let document = reader.object(text).map(ConnectorDocument::read);
        let connector = document.and_then(|document| document.check(&mut reader));
        match connector {
            Some(connector) if problems.iter().all(|problem| problem.code != Code::InvalidIntegration) => {
                Ok((connector, problems))
            }
            _ => Err(problems),
        }
    }

    /// The origins that a test of the connection contacts, in the order of their use, as far as nothing has to be discovered:
    /// those of the metadata, the key sets, and the three endpoints. `endpoints`: what [`Source::known`] says; `known`: origins
    /// that were found before.
    #[must_use]
    pub fn test_origins(&self, endpoints: Option<&Endpoints>, known: &[String]) -> Vec<String> {
        let source = &self.source;
        let mut origins = Origins::knowing(known);
        origins.add([&source.metadata_location().1]);
        match endpoints {
            Some(Endpoints { authorization, token, userinfo, issuers, .. }) => {
                origins.add(issuers.iter().map(|issuer| &issuer.jwks_uri));
                origins.add([authorization, token, userinfo]);
            }
            None => {
                let CustomEndpoints { authorization, token, userinfo, .. } = &source.custom;
                origins.add(source.issuers().iter().map(|issuer| &issuer.jwks_uri));
                origins.add([authorization, token, userinfo].into_iter().flatten());
            }
        }
        origins.into_list()
    }
}

impl ConnectorDocument {
    /// Each member leniently, so that nothing fails here.
    fn read(members: Object) -> Self {
        let mut document = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "name" => document.name = value.into(),
                "enabled" => document.enabled = value.into(),
                "authentication_methods" => document.authentication_methods = value.into(),
                "user_pool_id" => document.user_pool_id = value.into(),
                "domain" => document.domain = value.into(),
                "issuer" => document.issuer = value.into(),
                "additional_regions" => document.additional_regions = value.into(),
                "client_id" => document.client_id = value.into(),
                "client_authentication" => document.client_authentication = value.into(),
                "custom_endpoints" => document.custom_endpoints = value.into(),
                _ => drop(document.unknown.insert(name, value)),
            }
        }
        document
    }

    fn check(self, reader: &mut Reader<'_>) -> Option<Connector> {
        refuse_unknown(&self.unknown, reader);
        reader.optional("name", self.name, "expected a string");
        if reader.optional("enabled", self.enabled, "expected true or false") == Some(false) {
            reader.problem_of(Code::IntegrationDisabled, "enabled", "expected an enabled connector");
        }
        let methods = reader.optional("authentication_methods", self.authentication_methods, A_LIST);
        if methods.is_some_and(|methods| methods.iter().all(|method| method != OIDC)) {
            reader.problem_of(Code::OidcNotEnabled, "authentication_methods", "expected `oidc` among the methods");
        }

        let a_pool_id = "expected a user pool id, such as `eu-west-1_AbCdEf123`";
        let pool = reader.required("user_pool_id", self.user_pool_id, a_pool_id);
        let pool = pool.and_then(|id| UserPoolId::parse(&id).map_err(|_| reader.problem("user_pool_id", a_pool_id)).ok());
        let domain = reader.optional("domain", self.domain, "expected a host name as a string");
        let domain = match (domain, &pool) {
            (Some(text), Some(pool)) => {
                Domain::parse(&text, pool.region()).map_err(|invalid| reader.problem("domain", invalid.0)).ok()
            }
            _ => None,
        };
        let issuer = reader.optional("issuer", self.issuer, "expected `either`, `original` or `updated`");
        let regions = reader.optional("additional_regions", self.additional_regions, A_LIST).unwrap_or_default();
        let additional_regions: Result<Vec<Region>, _> = regions.iter().map(|region| Region::parse(region)).collect();
        if regions.len() > MAX_REGIONS {
            reader.problem("additional_regions", A_NUMBER_OF_REGIONS);
        } else if additional_regions.is_err() {
            reader.problem("additional_regions", "expected regions, such as `eu-west-1`");
        }

        let client_id = reader.required("client_id", self.client_id, "expected a string");
        let client_id = reader.checked("client_id", client_id, |id| check_client_id(id));
        let client_authentication = reader.optional(
            "client_authentication",
            self.client_authentication,
            "expected `client_secret_basic`, `client_secret_post` or `none`",
        );
        let custom = reader.optional("custom_endpoints", self.custom_endpoints, "expected an object");
        let custom = custom.unwrap_or_default().check(&mut reader.at("custom_endpoints"));

        Some(Connector {
            client_id: client_id?,
            client_authentication: client_authentication.unwrap_or_default(),
            source: Source {
                pool: pool?,
                domain,
                issuer: issuer.unwrap_or_default(),
                additional_regions: additional_regions.ok()?,
                custom,
            },
        })
    }
}

impl FromJson for CustomEndpointsDocument {
    fn from_json(value: Value) -> Option<Self> {
        Object::from_json(value).map(Self::read)
    }
}

impl CustomEndpointsDocument {
    /// Each member leniently, so that nothing fails here.
    fn read(members: Object) -> Self {
        let mut document = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "authorization_endpoint" => document.authorization_endpoint = value.into(),
                "token_endpoint" => document.token_endpoint = value.into(),
                "userinfo_endpoint" => document.userinfo_endpoint = value.into(),
                "revocation_endpoint" => document.revocation_endpoint = value.into(),
                "logout_endpoint" => document.logout_endpoint = value.into(),
                "jwks_uri" => document.jwks_uri = value.into(),
                "openid_configuration" => document.openid_configuration = value.into(),
                _ => drop(document.unknown.insert(name, value)),
            }
        }
        document
    }

    fn check(self, reader: &mut Reader<'_>) -> CustomEndpoints {
        reader.refuse_unknown(&self.unknown, MEMBERS);
        let mut read = |name: &str, field, check: fn(&str) -> Result<(), &'static str>| {
            let endpoint: Option<String> = reader.optional(name, field, "expected a URL as a string");
            reader.checked(name, endpoint, |endpoint| check(endpoint))
        };
        CustomEndpoints {
            authorization: read("authorization_endpoint", self.authorization_endpoint, endpoints::check_authorization_endpoint),
            token: read("token_endpoint", self.token_endpoint, endpoints::check_endpoint),
            userinfo: read("userinfo_endpoint", self.userinfo_endpoint, endpoints::check_endpoint),
            revocation: read("revocation_endpoint", self.revocation_endpoint, endpoints::check_endpoint),
            logout: read("logout_endpoint", self.logout_endpoint, endpoints::check_endpoint),
            jwks_uri: read("jwks_uri", self.jwks_uri, endpoints::check_endpoint),
            openid_configuration: read("openid_configuration", self.openid_configuration, endpoints::check_endpoint),
        }
    }
}

/// The one unknown member that somebody is bound to try deserves an answer of its own.
fn refuse_unknown(unknown: &Object, reader: &mut Reader<'_>) {
    if unknown.is_empty() {
        return;
    }
    let mut rest = unknown.clone();
    if rest.remove("client_secret").is_some() {
        reader.problem("client_secret", "expected apart from the connector: the host passes it to `complete`");
    }
    reader.refuse_unknown(&rest, MEMBERS);
}

/// Visible ASCII without a space: nothing else comes out of Cognito, and nothing else fits everywhere that it's sent.
fn check_client_id(client_id: &str) -> Result<(), &'static str> {
    let is_sound = (1..=MAX_CLIENT_ID).contains(&client_id.len()) && client_id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sound { Ok(()) } else { Err(A_CLIENT_ID) }
}

#[cfg(test)]
mod tests;
