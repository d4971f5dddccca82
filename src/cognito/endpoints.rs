//! Where a user pool is reached: derived from pool id and domain, overridden one by one, or discovered.

use super::domain::Domain;
use super::pool::{IssuerKind, Region, UserPoolId};
use crate::host::Host;
use crate::oidc::authorization;
use crate::oidc::issuer::Issuer;
use crate::oidc::metadata::{self, Metadata};
use crate::web_address;

/// Every address of a pool that a login needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where the user agent is sent.
    pub authorization: String,
    /// Where codes are exchanged.
    pub token: String,
    /// Where claims come from.
    pub userinfo: String,
    /// Where refresh tokens are revoked, where it is known.
    pub revocation: Option<String>,
    /// Where Cognito's own session ends, where it is known.
    pub logout: Option<String>,
    /// The issuers accepted in tokens, with their key sets.
    pub issuers: Vec<Issuer>,
    /// The provider promises `iss` in each authorization response.
    pub names_issuer_in_responses: bool,
}

/// A pool and what the connector says of its addresses.
#[derive(Clone, Debug)]
pub struct Source {
    /// The pool.
    pub pool: UserPoolId,
    /// Its domain, where one is configured.
    pub domain: Option<Domain>,
    /// Which issuers it uses.
    pub issuer: IssuerKind,
    /// Regions it is replicated to.
    pub additional_regions: Vec<Region>,
    /// Addresses that stand above all others.
    pub custom: CustomEndpoints,
}

/// Addresses named one by one, each checked by [`check_endpoint`].
#[derive(Clone, Debug, Default)]
pub struct CustomEndpoints {
    /// `authorization_endpoint`
    pub authorization: Option<String>,
    /// `token_endpoint`
    pub token: Option<String>,
    /// `userinfo_endpoint`
    pub userinfo: Option<String>,
    /// `revocation_endpoint`
    pub revocation: Option<String>,
    /// `logout_endpoint`
    pub logout: Option<String>,
    /// `jwks_uri`, for every issuer.
    pub jwks_uri: Option<String>,
    /// Where the metadata is, if not under the issuer.
    pub openid_configuration: Option<String>,
}

/// Why a pool's addresses aren't known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The metadata can't be had or used.
    Metadata(metadata::Rejection),
    /// The metadata names an endpoint that isn't a URL to contact; what was expected.
    Endpoint(&'static str),
    /// The pool has no domain, so nobody can log in at it: its metadata names endpoints that don't exist.
    NoDomain,
}

impl Source {
    /// The addresses, without any network where domain or custom endpoints tell enough.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub fn resolve(&self, host: &mut dyn Host) -> Result<Endpoints, Rejection> {
        match self.known() {
            Some(endpoints) => Ok(endpoints),
            None => self.discover(host),
        }
    }

    /// The addresses, where nothing needs to be discovered.
    #[must_use]
    pub fn known(&self) -> Option<Endpoints> {
        let endpoint = |custom: &Option<String>, path: &str| {
            custom.clone().or_else(|| self.domain.as_ref().map(|domain| domain.endpoint(path)))
        };
        Some(Endpoints {
            authorization: endpoint(&self.custom.authorization, "/oauth2/authorize")?,
            token: endpoint(&self.custom.token, "/oauth2/token")?,
            userinfo: endpoint(&self.custom.userinfo, "/oauth2/userInfo")?,
            revocation: endpoint(&self.custom.revocation, "/oauth2/revoke"),
            logout: endpoint(&self.custom.logout, "/logout"),
            issuers: self.issuers(),
            names_issuer_in_responses: false,
        })
    }

    /// The issuers accepted, each with its own key set.
    #[must_use]
    pub fn issuers(&self) -> Vec<Issuer> {
        let with_keys = |issuer: String| {
            let jwks_uri = self.custom.jwks_uri.clone().unwrap_or_else(|| [&issuer, "/.well-known/jwks.json"].concat());
            Issuer { issuer, jwks_uri }
        };
        self.names().into_iter().map(with_keys).collect()
    }

    /// How many of the issuers, the last ones, are those of regions that the pool is replicated to.
    #[must_use]
    pub fn replicas(&self) -> usize {
        if self.issuer == IssuerKind::Updated { 0 } else { self.additional_regions.len() }
    }

    /// The issuer whose metadata tells the rest, and where it is.
    #[must_use]
    pub fn metadata_location(&self) -> (String, String) {
        let issuer = self.pool.discovery_issuer(self.issuer);
        let derived = || [&issuer, "/.well-known/openid-configuration"].concat();
        let uri = self.custom.openid_configuration.clone().unwrap_or_else(derived);
        (issuer, uri)
    }

    fn discover(&self, host: &mut dyn Host) -> Result<Endpoints, Rejection> {
        let (asked, uri) = self.metadata_location();
        self.discovered(metadata::find(host, &asked, &uri, &self.names()).map_err(Rejection::Metadata)?)
    }

    /// The issuers accepted, by name. Whichever of them a pool's own metadata names, they are the pool's.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.pool.issuers(self.issuer, &self.additional_regions)
    }

    /// The addresses, by the pool's metadata.
    ///
    /// # Errors
    /// [`Rejection::Endpoint`] or [`Rejection::NoDomain`].
    pub fn discovered(&self, metadata: Metadata) -> Result<Endpoints, Rejection> {
        let mut issuers = self.issuers();
        let pick = |custom: &Option<String>, discovered: &str, expected: &'static str| match custom {
            Some(custom) => Ok(custom.clone()),
            None if self.may_discover(discovered) => Ok(discovered.to_owned()),
            None => Err(Rejection::Endpoint(expected)),
        };
        let expected = "expected `authorization_endpoint` as an https URL";
        let authorization = pick(&self.custom.authorization, &metadata.authorization_endpoint, expected)?;
        if self.custom.authorization.is_none() && self.is_the_issuers(&authorization) {
            return Err(Rejection::NoDomain);
        }
        if check_authorization_endpoint(&authorization).is_err() {
            return Err(Rejection::Endpoint("expected `authorization_endpoint` without parameters that the protocol owns"));
        }
        let jwks_uri = pick(&self.custom.jwks_uri, &metadata.jwks_uri, "expected `jwks_uri` as an https URL")?;
        for named in issuers.iter_mut().filter(|accepted| accepted.issuer == metadata.issuer) {
            named.jwks_uri.clone_from(&jwks_uri);
        }
        let optional = |custom: &Option<String>, discovered: Option<String>| {
            custom.clone().or_else(|| discovered.filter(|endpoint| self.may_discover(endpoint)))
        };
        Ok(Endpoints {
            authorization,
            token: pick(&self.custom.token, &metadata.token_endpoint, "expected `token_endpoint` as an https URL")?,
            userinfo: pick(&self.custom.userinfo, &metadata.userinfo_endpoint, "expected `userinfo_endpoint` as an https URL")?,
            revocation: optional(&self.custom.revocation, metadata.revocation_endpoint),
            logout: optional(&self.custom.logout, metadata.end_session_endpoint),
            issuers,
            names_issuer_in_responses: metadata.names_issuer_in_responses,
        })
    }

    /// Whether an endpoint that metadata name may be contacted. Plain http is for custom endpoints: what somebody else's document
    /// names isn't the operator's choice, unless the operator reads that document over plain http already.
    #[must_use]
    pub fn may_discover(&self, endpoint: &str) -> bool {
        let (_, uri) = self.metadata_location();
        let allows_http = uri.starts_with("http://");
        check_endpoint(endpoint).is_ok() && (allows_http || endpoint.starts_with("https://"))
    }

    /// Whether an endpoint is at an issuer's own origin, where no user logs in.
    fn is_the_issuers(&self, endpoint: &str) -> bool {
        self.names().iter().any(|issuer| origin(issuer) == origin(endpoint))
    }
}

/// Checks an address that was named one by one: absolute, https, in ASCII, without user information and fragment. Plain http is
/// for a loopback address, and the host has to allow it too.
///
/// # Errors
/// What was expected.
pub fn check_endpoint(endpoint: &str) -> Result<(), &'static str> {
    if web_address::plain_origin(endpoint).is_some() {
        return Ok(());
    }
    let url = web_address::parse(endpoint)?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if web_address::is_loopback(&url) => Ok(()),
        "http" => Err("expected https; http is for 127.0.0.1, [::1] and localhost"),
        _ => Err("expected a URL that begins with `https://`"),
    }
}

/// As [`check_endpoint`], and without parameters that are the protocol's in its query (RFC 6749 3.1).
///
/// # Errors
/// What was expected.
pub fn check_authorization_endpoint(endpoint: &str) -> Result<(), &'static str> {
    check_endpoint(endpoint)?;
    let url = web_address::parse(endpoint)?;
    if url.query_pairs().any(|(name, _)| authorization::is_owned(&name)) {
        return Err("expected a query without parameters that the protocol owns");
    }
    Ok(())
}

/// The origin of a URL (RFC 6454), as text.
#[must_use]
pub fn origin(endpoint: &str) -> Option<String> {
    match web_address::plain_origin(endpoint) {
        Some(origin) => Some(origin.to_owned()),
        None => web_address::parse(endpoint).ok().map(|url| url.origin().ascii_serialization()),
    }
}

/// The origins of URLs, each once, in their order.
#[derive(Debug, Default)]
pub struct Origins<'a> {
    list: Vec<String>,
    known: &'a [String],
}

impl<'a> Origins<'a> {
    /// None yet. `known`: some that were found before, elsewhere.
    #[must_use]
    pub fn knowing(known: &'a [String]) -> Self {
        Self { list: Vec::new(), known }
    }

    /// Adds those that aren't there yet.
    pub fn add<'b>(&mut self, urls: impl IntoIterator<Item = &'b String>) {
        for url in urls {
            // One that goes on with a path behind an origin is of that origin: most are, and need not be read.
            let is_behind = |origin: &&String| url.strip_prefix(origin.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if !self.list.iter().any(|origin| is_behind(&origin)) {
                let origin = self.known.iter().find(is_behind).cloned().or_else(|| origin(url));
                self.list.extend(origin.filter(|origin| !self.list.contains(origin)));
            }
        }
    }

    /// As texts.
    #[must_use]
    pub fn into_list(self) -> Vec<String> {
        self.list
    }
}

#[cfg(test)]
mod tests;
