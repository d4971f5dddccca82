//! Provider metadata: a line with the connector that needs it (empty for the usual one), then the HTTP response.

use cognito_oidc::cognito::endpoints::{Endpoints, Source};
use cognito_oidc::step::configuration::Configuration;
use cognito_oidc::step::error::Failure;
use url::Url;

use super::host::ScriptedHost;
use super::http;

const SETTINGS: &str = r#"{"callback_url":"https://app.example.com/callback"}"#;
/// No domain: everything is discovered.
const CONNECTOR: &str = r#"{"user_pool_id":"eu-west-1_AbCdEf123","client_id":"client-of-tests"}"#;

/// Endpoints are only taken from the pool's own document, and lead nowhere but to https.
pub fn run(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let connector = String::from_utf8_lossy(&input[..end]);
    let connector = if connector.is_empty() { CONNECTOR } else { &connector };
    let (_, Ok(configuration)) = Configuration::read(SETTINGS, connector) else { return };
    let source = &configuration.connector.source;

    let answer = http::parse(input.get(end + 1..).unwrap_or_default());
    let mut host = ScriptedHost::new(|_| answer.clone());
    match source.resolve(&mut host) {
        Ok(endpoints) => {
            check(&endpoints, source);
            let requests = host.requests.len();
            assert_eq!(source.resolve(&mut host), Ok(endpoints));
            assert_eq!(host.requests.len(), requests, "the second time, the cache knows");
        }
        Err(rejection) => {
            super::token::check(&Failure::from(rejection));
            assert!(host.requests.len() == 1);
        }
    }
}

/// Endpoints to which a code, a token and a user may be sent.
pub(super) fn check(endpoints: &Endpoints, source: &Source) {
    let allows_http = source.metadata_location().1.starts_with("http://");
    let custom = &source.custom;
    let named = [&custom.authorization, &custom.token, &custom.userinfo, &custom.revocation, &custom.jwks_uri];
    let jwks_uris = endpoints.issuers.iter().map(|issuer| &issuer.jwks_uri);
    let all = [&endpoints.authorization, &endpoints.token, &endpoints.userinfo];
    for endpoint in all.into_iter().chain(&endpoints.revocation).chain(jwks_uris) {
        let url = Url::parse(endpoint).expect("a URL");
        let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        let may_be_http = allows_http || named.iter().any(|named| named.as_ref() == Some(endpoint));
        assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback && may_be_http), "{endpoint}");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{endpoint}");
    }
    let names =
        |issuers: &[cognito_oidc::oidc::issuer::Issuer]| issuers.iter().map(|issuer| issuer.issuer.clone()).collect::<Vec<_>>();
    assert_eq!(names(&endpoints.issuers), names(&source.issuers()), "issuers are never discovered");
}
