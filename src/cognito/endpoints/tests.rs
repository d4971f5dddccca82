//! Endpoints derived, overridden one by one, and discovered.

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
    document["authorization_endpoint"] = json!("https://cognito-idp.eu-west-1.amazonaws.com/anywhere");
    assert_eq!(resolve(&source(None), &document), Err(Rejection::NoDomain));
    document["authorization_endpoint"] = json!("https://cognito-idp.eu-west-1.amazonaws.com.example/oauth2/authorize");
    assert!(resolve(&source(None), &document).is_ok(), "another host whose name begins alike");
}

/// Another issuer's keys must not vouch: each has a key set of its own, and the metadata speaks for the one it was asked from.
#[test]
fn k03_discovered_keys_are_those_of_the_issuer_that_named_them() {
    let mut source = source(None);
    source.issuer = IssuerKind::Either;
    source.additional_regions = vec![Region::parse("us-east-1").unwrap()];
    let issuers = resolve(&source, &document()).unwrap().issuers;
    assert_eq!(issuers.len(), 3, "a replica is named by the original issuer alone");
    for Issuer { issuer, jwks_uri } in issuers {
        let expected = match issuer == ISSUER {
            true => "https://keys.example.com/jwks.json".to_owned(),
            false => format!("{issuer}/.well-known/jwks.json"),
        };
        assert_eq!(jwks_uri, expected, "{issuer}");
    }
}

#[test]
fn b13_metadata_names_https_only() {
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        for value in ["http://127.0.0.1/x", "http://shop.example.com/x", "ftp://x", "/x", "https://u@x/"] {
            let mut document = document();
            document[name] = json!(value);
            let Err(Rejection::Endpoint(expected)) = resolve(&source(None), &document) else { panic!("{name} {value}") };
            assert_eq!(expected, format!("expected `{name}` as an https URL"), "{value}");
        }
    }
    let mut document = document();
    document["revocation_endpoint"] = json!("http://127.0.0.1/x");
    assert_eq!(resolve(&source(None), &document).unwrap().revocation, None);
    document["authorization_endpoint"] = json!("https://shop.example.com/authorize?state=x");
    let expected = "expected `authorization_endpoint` without parameters that the protocol owns";
    assert_eq!(resolve(&source(None), &document), Err(Rejection::Endpoint(expected)));
}

#[test]
fn metadata_may_name_another_issuer_of_the_pool_where_either_is_accepted() {
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
    let mut document = document();
    document["issuer"] = json!(updated);
    let mut source = source(None);
    source.issuer = IssuerKind::Either;
    let issuers = resolve(&source, &document).unwrap().issuers;
    let keys: Vec<_> = issuers.iter().map(|issuer| (issuer.issuer.as_str(), issuer.jwks_uri.as_str())).collect();
    let derived = format!("{ISSUER}/.well-known/jwks.json");
    assert_eq!(keys, [(ISSUER, derived.as_str()), (updated, "https://keys.example.com/jwks.json")]);

    source.issuer = IssuerKind::Original;
    let mismatch = Err(Rejection::Metadata(metadata::Rejection::IssuerMismatch));
    assert_eq!(resolve(&source, &document), mismatch);
    document["issuer"] = json!("https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other");
    source.issuer = IssuerKind::Either;
    assert_eq!(resolve(&source, &document), mismatch);
}

#[test]
fn cognitos_own_session_ends_at_the_domain_a_custom_endpoint_or_what_metadata_says() {
    let mut known = source(Some("auth.example.com"));
    assert_eq!(known.known().unwrap().logout.as_deref(), Some("https://auth.example.com/logout"));
    known.custom.logout = Some("https://proxy.example.com/logout".into());
    assert_eq!(known.known().unwrap().logout.as_deref(), Some("https://proxy.example.com/logout"));
    let mut document = document();
    assert_eq!(resolve(&source(None), &document).unwrap().logout, None);
    document["end_session_endpoint"] = json!("https://shop.example.com/logout");
    assert_eq!(resolve(&source(None), &document).unwrap().logout.as_deref(), Some("https://shop.example.com/logout"));
    document["end_session_endpoint"] = json!("javascript:alert(1)");
    assert_eq!(resolve(&source(None), &document).unwrap().logout, None);
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
