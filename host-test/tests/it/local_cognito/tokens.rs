//! What the tokens, userInfo and the issuer's documents say.

use host_test::browser::Navigation;
use host_test::cognito::{Algorithm, Endpoint};
use host_test::cognito::{Config, Issuer, Signing, TestKey, Times};
use serde_json::json;

use super::relying_party::{Bench, decode, signature_holds};

#[tokio::test]
async fn the_id_token_is_like_cognitos() {
    let bench = Bench::with(|config| config.acr = Some("mfa".to_owned())).await;
    let tokens = bench.tokens(&[]).await;
    let (header, claims) = decode(tokens["id_token"].as_str().unwrap());
    let kid = header["kid"].as_str().unwrap();
    assert!(kid.contains('+') && kid.contains('/') && kid.ends_with('='));
    assert_eq!(header.as_object().unwrap().len(), 2, "`kid` and `alg` alone");

    let (access_header, access_claims) = decode(tokens["access_token"].as_str().unwrap());
    assert_ne!(header["kid"], access_header["kid"]);
    assert_eq!(access_claims["token_use"], "access");
    assert!(access_claims.get("aud").is_none() && access_claims["client_id"].is_string());

    let expected = json!({
        "token_use": "id", "acr": "mfa", "email_verified": true, "cognito:groups": ["engineers", "authors"],
        "aud": bench.cognito.config().client.id, "exp": 1_800_003_600, "custom:employee_number": "1843",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&claims[name], value, "{name}");
    }
    for name in ["at_hash", "jti", "origin_jti", "event_id", "cognito:username"] {
        assert!(claims[name].is_string(), "{name}");
    }
    for name in ["azp", "nbf", "identities", "amr"] {
        assert!(claims.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn scopes_choose_the_attributes() {
    let bench = Bench::start().await;
    for (scope, email, name, phone) in
        [("openid email", true, false, false), ("openid phone", false, false, true), ("openid", true, true, true)]
    {
        bench.browser.clear_cookies();
        let tokens = bench.tokens(&[("scope", scope)]).await;
        let (_, claims) = decode(tokens["id_token"].as_str().unwrap());
        let userinfo = bench.userinfo(tokens["access_token"].as_str().unwrap()).await.json().unwrap();
        for found in [claims, userinfo] {
            let has = |attribute: &str| found.get(attribute).is_some();
            assert_eq!((has("email"), has("name"), has("phone_number")), (email, name, phone), "{scope}");
        }
    }
}

#[tokio::test]
async fn userinfo_has_strings_for_flags_and_neither_groups_nor_cognito_claims() {
    let bench = Bench::start().await;
    let tokens = bench.tokens(&[]).await;
    let userinfo = bench.userinfo(tokens["access_token"].as_str().unwrap()).await.json().unwrap();
    assert_eq!((&userinfo["email_verified"], &userinfo["phone_number_verified"]), (&"true".into(), &"false".into()));
    assert!(userinfo["username"].is_string());
    assert!(!userinfo.as_object().unwrap().keys().any(|name| name.starts_with("cognito:")));
}

#[tokio::test]
async fn the_issuer_is_made_from_the_pool_id() {
    let issuer = |issuer| Config { issuer, ..Config::default() }.issuer();
    assert_eq!(issuer(Issuer::Original), "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123");
    assert_eq!(issuer(Issuer::Updated), "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123");
    assert_eq!(
        issuer(Issuer::OtherRegion("us-east-1".to_owned())),
        "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_AbCdEf123"
    );
}

#[tokio::test]
async fn discovery_names_the_issuer_and_every_endpoint_and_nothing_about_pkce() {
    let bench = Bench::start().await;
    let document = bench.browser.open(&bench.cognito.openid_configuration()).await.unwrap().json().unwrap();
    let endpoints = bench.cognito.custom_endpoints();
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"] {
        assert_eq!(document[name], endpoints[name], "{name}");
    }
    assert_eq!(document["issuer"], bench.cognito.issuer());
    for name in ["code_challenge_methods_supported", "response_modes_supported", "acr_values_supported", "claims_supported"] {
        assert!(document.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn the_updated_issuers_documents_are_for_pools_switched_to_it() {
    let bench = Bench::start().await;
    let pool = bench.cognito.config().user_pool_id.clone();
    let url = format!("{}/issuer-cognito-idp/{pool}/.well-known/openid-configuration", bench.cognito.issuer_origin());
    assert_eq!(bench.browser.open(&url).await.unwrap().status, 403);
    bench.cognito.configure(|config| config.issuer = Issuer::Updated);
    assert_eq!(bench.cognito.openid_configuration(), url);
    let document = bench.browser.open(&url).await.unwrap().json().unwrap();
    assert_eq!(document["issuer"], bench.cognito.issuer());
    assert_eq!(document["jwks_uri"], bench.cognito.jwks_uri());
    assert!(bench.jwks().await["keys"].is_array());
}

#[tokio::test]
async fn rotated_keys_sign_at_once_and_the_old_ones_vanish() {
    let bench = Bench::start().await;
    let before = bench.jwks().await;
    bench.cognito.rotate_keys();
    let tokens = bench.tokens(&[]).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    assert!(!signature_holds(id_token, &before));
    assert!(signature_holds(id_token, &bench.jwks().await));
}

#[tokio::test]
async fn a_revoked_refresh_token_is_remembered_and_ends_its_access_token() {
    let bench = Bench::start().await;
    let tokens = bench.tokens(&[]).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let request = Navigation::post(&bench.cognito.revocation_endpoint(), &[("token", refresh_token)]).unwrap();
    let page = bench.browser.request(request.header("authorization", &bench.basic())).await.unwrap();
    assert_eq!((page.status, page.body.len()), (200, 0));
    assert_eq!(bench.cognito.revoked_tokens(), [refresh_token]);
    assert_eq!(bench.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
}

#[tokio::test]
async fn an_id_token_is_signed_wrongly_on_demand() {
    let signings = [
        (Signing::Corrupted, "RS256"),
        (Signing::Key(TestKey::Rsa2048E, Algorithm::Rs256), "RS256"),
        (Signing::Key(TestKey::Rsa1024, Algorithm::Rs256), "RS256"),
        (Signing::Key(TestKey::Rsa2048A, Algorithm::Rs384), "RS384"),
        (Signing::Key(TestKey::Rsa2048A, Algorithm::Ps256), "PS256"),
        (Signing::Key(TestKey::EcP256, Algorithm::Es256), "ES256"),
        (Signing::Unsigned, "none"),
        (Signing::Hs256ClientSecret, "HS256"),
        (Signing::Hs256PublicKey, "HS256"),
    ];
    let bench = Bench::start().await;
    let jwks = bench.jwks().await;
    for (signing, algorithm) in signings {
        bench.browser.clear_cookies();
        bench.cognito.faults().sign_id_token(Times::First(1), signing.clone());
        let tokens = bench.tokens(&[]).await;
        let id_token = tokens["id_token"].as_str().unwrap();
        let (header, _) = decode(id_token);
        assert_eq!((&header["alg"], &header["kid"]), (&algorithm.into(), &bench.cognito.id_token_kid().into()), "{signing:?}");
        assert!(!signature_holds(id_token, &jwks), "{signing:?}");
    }
}

#[tokio::test]
async fn a_published_test_key_makes_a_good_signature() {
    let bench = Bench::start().await;
    bench.cognito.faults().alter_json(Endpoint::Jwks, Times::Always, |jwks| jwks["keys"] = json!([TestKey::Rsa4096.jwk("long")]));
    bench.cognito.faults().sign_id_token(Times::Always, Signing::Key(TestKey::Rsa4096, Algorithm::Rs256));
    bench.cognito.faults().alter_id_token(Times::Always, |header, _| header["kid"] = "long".into());
    let tokens = bench.tokens(&[]).await;
    assert!(signature_holds(tokens["id_token"].as_str().unwrap(), &bench.jwks().await));
}

#[tokio::test]
async fn the_connector_reaches_the_provider_by_custom_endpoints() {
    let bench = Bench::start().await;
    let connector = bench.cognito.connector();
    assert_eq!(connector["user_pool_id"], "eu-west-1_AbCdEf123");
    assert_eq!(connector["client_authentication"], "client_secret_basic");
    let endpoints = connector["custom_endpoints"].as_object().unwrap();
    assert_eq!(endpoints.len(), 7);
    assert!(endpoints.values().all(|url| url.as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:"))));
    let discovering = bench.cognito.connector_by_discovery();
    assert_eq!(discovering["custom_endpoints"], json!({"openid_configuration": endpoints["openid_configuration"]}));
}
