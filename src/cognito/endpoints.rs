//! Where a user pool is reached: derived from pool id and domain, overridden one by one, or discovered.

use super::domain::Domain;
use super::pool::{IssuerKind, Region, UserPoolId};
use crate::host::Host;
use crate::oidc::attempt::Issuer;
use crate::oidc::authorization;
use crate::oidc::metadata;
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
    /// The metadata names an endpoint that isn't a URL to contact; which.
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
            issuers: self.issuers(),
            names_issuer_in_responses: false,
        })
    }

    /// The issuers accepted, each with its own key set.
    #[must_use]
    pub fn issuers(&self) -> Vec<Issuer> {
        let with_keys = |issuer: String| {
            let jwks_uri = self.custom.jwks_uri.clone().unwrap_or_else(|| format!("{issuer}/.well-known/jwks.json"));
            Issuer { issuer, jwks_uri }
        };
        self.pool.issuers(self.issuer, &self.additional_regions).into_iter().map(with_keys).collect()
    }

    /// The issuer whose metadata tells the rest, and where it is.
    #[must_use]
    pub fn metadata_location(&self) -> (String, String) {
        let issuer = self.pool.discovery_issuer(self.issuer);
        let derived = || format!("{issuer}/.well-known/openid-configuration");
        let uri = self.custom.openid_configuration.clone().unwrap_or_else(derived);
        (issuer, uri)
    }

    fn discover(&self, host: &mut dyn Host) -> Result<Endpoints, Rejection> {
        let (issuer, uri) = self.metadata_location();
        let metadata = metadata::find(host, &issuer, &uri).map_err(Rejection::Metadata)?;
        // Plain http is for custom endpoints: what somebody else's document names isn't the operator's choice, unless the operator
        // reads that document over plain http already.
        let allows_http = uri.starts_with("http://");
        let pick = |custom: &Option<String>, discovered: &str, name: &'static str| match custom {
            Some(custom) => Ok(custom.clone()),
            None if is_discovered_endpoint(discovered, allows_http) => Ok(discovered.to_owned()),
            None => Err(Rejection::Endpoint(name)),
        };
        let authorization = pick(&self.custom.authorization, &metadata.authorization_endpoint, "authorization_endpoint")?;
        if self.custom.authorization.is_none() && origin(&authorization) == origin(&issuer) {
            return Err(Rejection::NoDomain);
        }
        if check_authorization_endpoint(&authorization).is_err() {
            return Err(Rejection::Endpoint("authorization_endpoint"));
        }
        let jwks_uri = pick(&self.custom.jwks_uri, &metadata.jwks_uri, "jwks_uri")?;
        let mut issuers = self.issuers();
        for accepted in issuers.iter_mut().filter(|accepted| accepted.issuer == issuer) {
            accepted.jwks_uri.clone_from(&jwks_uri);
        }
        let revocation = metadata.revocation_endpoint.filter(|endpoint| is_discovered_endpoint(endpoint, allows_http));
        Ok(Endpoints {
            authorization,
            token: pick(&self.custom.token, &metadata.token_endpoint, "token_endpoint")?,
            userinfo: pick(&self.custom.userinfo, &metadata.userinfo_endpoint, "userinfo_endpoint")?,
            revocation: self.custom.revocation.clone().or(revocation),
            issuers,
            names_issuer_in_responses: metadata.names_issuer_in_responses,
        })
    }
}

fn is_discovered_endpoint(endpoint: &str, allows_http: bool) -> bool {
    check_endpoint(endpoint).is_ok() && (allows_http || endpoint.starts_with("https://"))
}

/// Checks an address that was named one by one: absolute, https, in ASCII, without user information and fragment. Plain http is for a
/// loopback address, and the host has to allow it too.
///
/// # Errors
/// What was expected.
pub fn check_endpoint(endpoint: &str) -> Result<(), &'static str> {
    let url = web_address::parse(endpoint)?;
    match url.scheme() {
        "https" if endpoint.starts_with("https://") => Ok(()),
        "http" if web_address::is_loopback(&url) && endpoint.starts_with("http://") => Ok(()),
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
    web_address::parse(endpoint).ok().map(|url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeHost, response};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
    const METADATA: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/.well-known/openid-configuration";

    fn source(domain: Option<&str>) -> Source {
        let pool = UserPoolId::parse("eu-west-1_Ab").unwrap();
        let domain = domain.map(|domain| Domain::parse(domain, pool.region()).unwrap());
        Source { pool, domain, issuer: IssuerKind::Original, additional_regions: vec![], custom: CustomEndpoints::default() }
    }

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://shop.example.com/oauth2/authorize",
            "token_endpoint": "https://shop.example.com/oauth2/token",
            "userinfo_endpoint": "https://shop.example.com/oauth2/userInfo",
            "revocation_endpoint": "https://shop.example.com/oauth2/revoke",
            "jwks_uri": "https://keys.example.com/jwks.json",
        })
    }

    fn resolve(source: &Source, document: &Value) -> Result<Endpoints, Rejection> {
        let mut host = FakeHost::new();
        host.respond(METADATA, Ok(response(200, "application/json", &document.to_string())));
        source.resolve(&mut host)
    }

    #[test]
    fn a_domain_tells_every_endpoint_without_the_network() {
        let mut host = FakeHost::new();
        let endpoints = source(Some("auth.example.com")).resolve(&mut host).unwrap();
        assert!(host.requests.is_empty());
        assert_eq!(endpoints.authorization, "https://auth.example.com/oauth2/authorize");
        assert_eq!(endpoints.token, "https://auth.example.com/oauth2/token");
        assert_eq!(endpoints.userinfo, "https://auth.example.com/oauth2/userInfo");
        assert_eq!(endpoints.revocation.as_deref(), Some("https://auth.example.com/oauth2/revoke"));
        assert_eq!(endpoints.issuers, [Issuer { issuer: ISSUER.into(), jwks_uri: format!("{ISSUER}/.well-known/jwks.json") }]);
        assert!(!endpoints.names_issuer_in_responses);
    }

    #[test]
    fn custom_endpoints_override_one_by_one() {
        let mut source = source(Some("auth.example.com"));
        source.custom.token = Some("https://proxy.example.com/token".into());
        source.custom.jwks_uri = Some("https://proxy.example.com/jwks".into());
        source.issuer = IssuerKind::Either;
        let endpoints = source.known().unwrap();
        assert_eq!(endpoints.token, "https://proxy.example.com/token");
        assert_eq!(endpoints.userinfo, "https://auth.example.com/oauth2/userInfo");
        assert_eq!(endpoints.issuers.len(), 2);
        assert!(endpoints.issuers.iter().all(|issuer| issuer.jwks_uri == "https://proxy.example.com/jwks"));
    }

    #[test]
    fn k03_each_issuer_has_a_key_set_of_its_own() {
        let mut source = source(Some("auth.example.com"));
        source.issuer = IssuerKind::Either;
        source.additional_regions = vec![Region::parse("us-east-1").unwrap()];
        for Issuer { issuer, jwks_uri } in source.issuers() {
            assert_eq!(jwks_uri, format!("{issuer}/.well-known/jwks.json"));
        }
    }

    #[test]
    fn without_a_domain_the_issuers_metadata_tells() {
        let endpoints = resolve(&source(None), &document()).unwrap();
        assert_eq!(endpoints.authorization, "https://shop.example.com/oauth2/authorize");
        assert_eq!(endpoints.token, "https://shop.example.com/oauth2/token");
        assert_eq!(endpoints.userinfo, "https://shop.example.com/oauth2/userInfo");
        assert_eq!(endpoints.revocation.as_deref(), Some("https://shop.example.com/oauth2/revoke"));
        assert_eq!(endpoints.issuers[0].jwks_uri, "https://keys.example.com/jwks.json");
    }

    #[test]
    fn custom_endpoints_stand_above_metadata() {
        let mut source = source(None);
        source.custom.authorization = Some("https://proxy.example.com/authorize".into());
        source.custom.revocation = Some("https://proxy.example.com/revoke".into());
        let endpoints = resolve(&source, &document()).unwrap();
        assert_eq!(endpoints.authorization, "https://proxy.example.com/authorize");
        assert_eq!(endpoints.revocation.as_deref(), Some("https://proxy.example.com/revoke"));
        assert_eq!(endpoints.token, "https://shop.example.com/oauth2/token");
    }

    #[test]
    fn a_pool_without_a_domain_is_told_by_its_metadata() {
        let mut document = document();
        document["authorization_endpoint"] = json!("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/oauth2/authorize");
        assert_eq!(resolve(&source(None), &document), Err(Rejection::NoDomain));
    }

    #[test]
    fn b13_metadata_names_https_only() {
        for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
            for value in ["http://127.0.0.1/x", "http://shop.example.com/x", "ftp://x", "/x", "https://u@x/"] {
                let mut document = document();
                document[name] = json!(value);
                assert_eq!(resolve(&source(None), &document), Err(Rejection::Endpoint(name)), "{name} {value}");
            }
        }
        let mut document = document();
        document["revocation_endpoint"] = json!("http://127.0.0.1/x");
        assert_eq!(resolve(&source(None), &document).unwrap().revocation, None);
        document["authorization_endpoint"] = json!("https://shop.example.com/authorize?state=x");
        assert_eq!(resolve(&source(None), &document), Err(Rejection::Endpoint("authorization_endpoint")));
    }

    #[test]
    fn metadata_read_from_a_loopback_address_may_name_others() {
        let mut source = source(None);
        let uri = "http://127.0.0.1:1/openid-configuration";
        source.custom.openid_configuration = Some(uri.into());
        let mut document = document();
        document["token_endpoint"] = json!("http://127.0.0.1:2/token");
        let mut host = FakeHost::new();
        host.respond(uri, Ok(response(200, "application/json", &document.to_string())));
        assert_eq!(source.resolve(&mut host).unwrap().token, "http://127.0.0.1:2/token");
    }

    #[test]
    fn b13_an_endpoint_is_https_or_a_loopback_address() {
        for endpoint in [
            "https://auth.example.com/token",
            "https://auth.example.com:8443/token?a=b",
            "http://127.0.0.1:8080/token",
            "http://[::1]:8080/token",
            "http://localhost/token",
        ] {
            assert_eq!(check_endpoint(endpoint), Ok(()), "{endpoint}");
        }
        for endpoint in [
            "",
            "/token",
            "auth.example.com/token",
            "http://auth.example.com/token",
            "http://127.0.0.2/token",
            "http://localhost.example.com/",
            "http://127.0.0.1@evil.example/",
            "https://user@auth.example.com/",
            "https://user:password@auth.example.com/",
            "https://auth.example.com/#f",
            "https://auth.example.com/#",
            "https:/auth.example.com/",
            "https:\\\\auth.example.com\\",
            "https://auth.example.com\\@evil.example/",
            "HTTPS://auth.example.com/",
            "https://müller.example/",
            "https://auth.example.com/a b",
            "https://auth.example.com/\n",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:,x",
            "ftp://127.0.0.1/",
        ] {
            assert!(check_endpoint(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn b11_an_authorization_endpoints_query_leaves_the_protocol_its_parameters() {
        assert_eq!(check_authorization_endpoint("https://auth.example.com/authorize?tenant=x"), Ok(()));
        for query in ["state=x", "a=b&redirect_uri=x", "Client_Id=x", "st%61te=x"] {
            assert!(check_authorization_endpoint(&format!("https://auth.example.com/authorize?{query}")).is_err(), "{query}");
        }
    }

    proptest! {

        #[test]
        fn b13_an_endpoint_that_is_accepted_is_contacted_where_it_says(
            endpoint in "(https?|ftp)?:?[/\\\\]{0,3}([a-z]{1,3}(:[a-z])?@)?(127.0.0.1|localhost|\\[::1\\]|[a-z.]{1,9})(:[0-9]{1,4})?[/?#\\\\]?[ -~]{0,8}|\\PC*"
        ) {
            if check_endpoint(&endpoint).is_ok() {
                let url = url::Url::parse(&endpoint).unwrap();
                let authority = endpoint.split("://").nth(1).unwrap().split(['/', '?']).next().unwrap();
                let host = authority.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(':').unwrap_or(authority);
                let host = percent_encoding::percent_decode_str(host).decode_utf8().unwrap().to_ascii_lowercase();
                prop_assert_eq!(url.host_str(), Some(host.as_str()), "{}", endpoint);
                prop_assert!(url.scheme() == "https" || matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")));
            }
        }
    }
}
