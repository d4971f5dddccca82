//! Connectors as people write them, right and wrong.

use std::slice;

use super::*;
use crate::testing::json::object as json_object;
use proptest::prelude::*;
use serde_json::{Value, json};

fn with(name: &str, value: Value) -> Value {
    let mut connector = json!({"user_pool_id": "eu-west-1_Ab", "client_id": "client"});
    connector[name] = value;
    connector
}

fn problems(connector: &Value) -> Vec<(String, &'static str)> {
    let problems = Connector::parse(&connector.to_string()).unwrap_err();
    problems.into_iter().map(|problem| (problem.path, &*problem.expected.into_owned().leak())).collect()
}

#[test]
fn pool_and_client_are_enough() {
    let connector = Connector::parse(r#"{"user_pool_id":"eu-west-1_Ab","client_id":"client"}"#).unwrap();
    assert_eq!(connector.client_id, "client");
    assert_eq!(connector.client_authentication, ClientAuthentication::ClientSecretBasic);
    assert_eq!(connector.source.issuer, IssuerKind::Either);
    assert_eq!(connector.source.domain, None);
    assert!(connector.source.known().is_none());
}

#[test]
fn every_member_is_taken_over() {
    let connector = Connector::parse(
        &json!({
            "name": "Shop", "enabled": true, "authentication_methods": ["password", "oidc"], "user_pool_id": "eu-west-1_Ab",
            "domain": "shop", "issuer": "updated", "additional_regions": ["us-east-1"], "client_id": "client",
            "client_authentication": "none",
            "custom_endpoints": {
                "authorization_endpoint": "https://a/", "token_endpoint": "https://b/", "userinfo_endpoint": "https://c/",
                "revocation_endpoint": "https://d/", "jwks_uri": "https://e/", "openid_configuration": "http://127.0.0.1/",
            },
        })
        .to_string(),
    )
    .unwrap();
    assert_eq!(connector.client_authentication, ClientAuthentication::None);
    let Source { pool, domain, issuer, additional_regions, custom } = connector.source;
    assert_eq!(pool.as_str(), "eu-west-1_Ab");
    assert_eq!(domain.unwrap().endpoint("/"), "https://shop.auth.eu-west-1.amazoncognito.com/");
    assert_eq!(issuer, IssuerKind::Updated);
    assert_eq!(additional_regions[0].as_str(), "us-east-1");
    let endpoints =
        [custom.authorization, custom.token, custom.userinfo, custom.revocation, custom.jwks_uri, custom.openid_configuration];
    let expected = ["https://a/", "https://b/", "https://c/", "https://d/", "https://e/", "http://127.0.0.1/"];
    assert_eq!(endpoints.map(Option::unwrap), expected);
}

#[test]
fn each_wrong_value_has_its_problem() {
    let pool = "expected a user pool id, such as `eu-west-1_AbCdEf123`";
    let region = "expected regions, such as `eu-west-1`";
    let client = "expected 1 to 128 visible ASCII characters";
    for (name, value, expected) in [
        ("name", json!(1), "expected a string"),
        ("enabled", json!("true"), "expected true or false"),
        ("authentication_methods", json!("oidc"), A_LIST),
        ("user_pool_id", json!(null), pool),
        ("user_pool_id", json!(1), pool),
        ("user_pool_id", json!("eu-west-1"), pool),
        ("domain", json!(1), "expected a host name as a string"),
        ("domain", json!("https://x"), "expected a host name without scheme, port and path"),
        ("userPoolId", json!("eu-west-1_Ab"), "unknown setting: perhaps `user_pool_id` is meant"),
        ("token_endpoint", json!("https://a/"), "unknown setting: perhaps `custom_endpoints.token_endpoint` is meant"),
        ("issuer", json!("https://x"), "expected `either`, `original` or `updated`"),
        ("additional_regions", json!("us-east-1"), A_LIST),
        ("additional_regions", json!(["x"]), region),
        ("additional_regions", json!(vec!["us-east-1"; 65]), A_NUMBER_OF_REGIONS),
        ("client_id", json!(null), "expected a string"),
        ("client_id", json!(""), client),
        ("client_id", json!("a b"), client),
        ("client_id", json!("ä"), client),
        ("client_id", json!("x".repeat(129)), client),
        ("client_authentication", json!("private_key_jwt"), "expected `client_secret_basic`, `client_secret_post` or `none`"),
        ("custom_endpoints", json!([]), "expected an object"),
        ("client_secret", json!("hunter2"), "expected apart from the connector: the host passes it to `complete`"),
        ("region", json!("eu-west-1"), "unknown setting"),
    ] {
        assert_eq!(problems(&with(name, value.clone())), [(format!("/connector/{name}"), expected)], "{name} {value}");
    }
    assert!(Connector::parse(&with("client_id", json!("x".repeat(128))).to_string()).is_ok());
    assert!(Connector::parse(&with("additional_regions", json!(vec!["us-east-1"; 64])).to_string()).is_ok());
}

#[test]
fn b13_each_custom_endpoint_is_checked() {
    let https = "expected https; http is for 127.0.0.1, [::1] and localhost";
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "logout_endpoint",
        "jwks_uri",
        "openid_configuration",
    ] {
        let path = format!("/connector/custom_endpoints/{name}");
        assert_eq!(problems(&with("custom_endpoints", json!({name: "http://a.example/"}))), [(path.clone(), https)]);
        assert_eq!(problems(&with("custom_endpoints", json!({name: 1}))), [(path, "expected a URL as a string")]);
    }
    let unknown = problems(&with("custom_endpoints", json!({"issuer": "https://a/"})));
    assert_eq!(unknown, [("/connector/custom_endpoints/issuer".into(), "unknown setting: perhaps `issuer` is meant")]);
}

#[test]
fn every_problem_is_found_at_once() {
    let problems = problems(&json!({"enabled": 1, "domain": 1, "custom_endpoints": {"token_endpoint": 1}}));
    assert_eq!(problems.len(), 5, "{problems:?}");
    let problem =
        Problem { code: Code::InvalidIntegration, path: "/connector".into(), expected: "expected JSON: line 1, column 1".into() };
    assert_eq!(Connector::parse("x").unwrap_err(), [problem]);
}

#[test]
fn a_connector_that_may_not_be_used_is_no_connector() {
    let codes = |connector: &Value| -> Vec<_> {
        let problems = Connector::parse(&connector.to_string()).unwrap_err();
        problems.into_iter().map(|problem| (problem.code, problem.path)).collect()
    };
    let disabled = (Code::IntegrationDisabled, "/connector/enabled".to_owned());
    let without_oidc = (Code::OidcNotEnabled, "/connector/authentication_methods".to_owned());
    assert_eq!(codes(&with("enabled", json!(false))), slice::from_ref(&disabled));
    for methods in [json!([]), json!(["password"]), json!(["OIDC"])] {
        assert_eq!(codes(&with("authentication_methods", methods)), slice::from_ref(&without_oidc));
    }
    let neither = json!({"enabled": false, "authentication_methods": []});
    assert_eq!(codes(&neither)[..2], [disabled, without_oidc]);
}

proptest! {

    #[test]
    fn any_connector_is_read_or_refused_with_problems_under_its_path(connector in json_object(&[
        "name", "enabled", "authentication_methods", "user_pool_id", "domain", "issuer", "additional_regions", "client_id",
        "client_authentication", "custom_endpoints", "token_endpoint", "jwks_uri",
    ]), is_sound in any::<bool>()) {
        let mut connector = connector;
        if is_sound {
            connector.extend([("user_pool_id".to_owned(), json!("eu-west-1_Ab")), ("client_id".to_owned(), json!("client"))]);
        }
        match Connector::parse(&Value::Object(connector).to_string()) {
            Ok(connector) => {
                prop_assert!(check_client_id(&connector.client_id).is_ok());
                let issuers = connector.source.issuers();
                let of_the_pool = format!("/{}", connector.source.pool.as_str());
                let suffix = |host: &str| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
                for issuer in issuers {
                    let url = url::Url::parse(&issuer.issuer).unwrap();
                    prop_assert_eq!((url.scheme(), url.path()), ("https", of_the_pool.as_str()));
                    prop_assert!(suffix(url.host_str().unwrap()));
                }
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.iter().all(|problem| problem.path.starts_with("/connector")));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        prop_assert!(Connector::parse(&text).is_err());
    }
}
