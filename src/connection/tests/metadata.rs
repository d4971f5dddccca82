//! Metadata and keys.

use super::*;
use crate::host::FetchError;
use crate::testing::provider::{KEYS, METADATA, TOKEN, refusal};

#[test]
fn metadata_that_are_not_the_pools_are_told() {
    let check = |change: fn(&mut Connection), expected: (Check, Status, &'static str, Option<String>)| {
        let mut connection = Connection::new();
        change(&mut connection);
        let wrong = connection.wrong();
        assert_eq!(wrong.iter().filter(|wrong| wrong.0 == Check::Metadata).cloned().collect::<Vec<_>>(), [expected], "{wrong:?}");
    };
    let pool = "/connector/user_pool_id";
    let missing = response(404, "application/json", r#"{"message":"User pool eu-west-1_Ab does not exist."}"#);
    let discovering = |connection: &mut Connection| {
        connection.connect("domain", json!(null));
    };
    let m = Check::Metadata;
    let answered = |answer: Fetched, is_discovered: bool, expected: (Check, Status, &'static str, Option<String>)| {
        let mut connection = Connection::new();
        if is_discovered {
            discovering(&mut connection);
        }
        let wrong = connection.answer(METADATA, answer.clone()).wrong();
        let of_metadata: Vec<_> = wrong.into_iter().filter(|wrong| wrong.0 == m).collect();
        assert_eq!(of_metadata, [expected], "{:?}", answer.map(|response| response.status));
    };
    for is_discovered in [true, false] {
        answered(Ok(missing.clone()), is_discovered, failed(m, "unexpected_status", pool));
        let aws = response(400, "application/x-amz-json-1.1", r#"{"__type":"x#ResourceNotFoundException"}"#);
        answered(Ok(aws), is_discovered, failed(m, "unexpected_status", pool));
        answered(
            Ok(response(200, "application/json", r#"{"issuer":"https://other.example"}"#)),
            is_discovered,
            failed(m, "metadata_issuer_mismatch", pool),
        );
        for (answer, code) in [
            (Ok(response(403, "text/html", "<html>")), "unexpected_status"),
            (Ok(response(400, "application/json", "{}")), "unexpected_status"),
            (Ok(response(429, "", "")), "rate_limited"),
            (Ok(response(503, "", "")), "metadata_unavailable"),
            (Ok(response(200, "text/html", "<html>")), "metadata_invalid"),
            (Err(FetchError::Timeout), "metadata_unavailable"),
            (Err(FetchError::Unreachable), "metadata_unavailable"),
        ] {
            answered(answer, is_discovered, unknown(m, code));
        }
        // Only who has to discover something needs them.
        let status = |code| if is_discovered { failed(m, code, "") } else { unknown(m, code) };
        answered(Err(FetchError::Denied), is_discovered, status("destination_denied"));
        answered(Ok(response(200, "application/json", "[]")), is_discovered, status("metadata_invalid"));
    }
    check(
        |connection| {
            let forbidden = response(403, "application/json", r#"{"message":"Forbidden"}"#);
            connection.connect("issuer", json!("updated")).answer(UPDATED_METADATA, Ok(forbidden));
        },
        failed(m, "unexpected_status", "/connector/issuer"),
    );
    check(
        |connection| {
            let forbidden = response(403, "text/html", "Forbidden");
            connection.connect("issuer", json!("updated")).answer(UPDATED_METADATA, Ok(forbidden));
        },
        unknown(m, "unexpected_status"),
    );
    check(
        |connection| {
            let change = |metadata: &mut Value| {
                metadata["issuer"] = json!("https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab")
            };
            connection.connect("issuer", json!("original")).metadata(change);
        },
        failed(m, "metadata_issuer_mismatch", "/connector/issuer"),
    );
    check(
        |connection| {
            let change = |metadata: &mut Value| {
                metadata["authorization_endpoint"] = json!("https://cognito-idp.eu-west-1.amazonaws.com/x")
            };
            connection.connect("domain", json!(null)).metadata(change);
        },
        failed(m, "user_pool_without_domain", "/connector/domain"),
    );
    check(
        |connection| {
            let change = |metadata: &mut Value| metadata["token_endpoint"] = json!("http://login.example.com/token");
            connection.connect("domain", json!(null)).metadata(change);
        },
        failed(m, "metadata_invalid", ""),
    );
    check(
        |connection| {
            let custom = json!({"openid_configuration": "https://proxy.example.com/metadata"});
            connection.connect("custom_endpoints", custom);
            connection.answer("https://proxy.example.com/metadata", Ok(response(200, "application/json", r#"{"issuer":"x"}"#)));
        },
        failed(m, "metadata_issuer_mismatch", "/connector/custom_endpoints/openid_configuration"),
    );
}

const UPDATED_METADATA: &str = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/.well-known/openid-configuration";

#[test]
fn without_endpoints_what_needs_them_is_skipped() {
    let mut connection = Connection::new();
    connection.connect("domain", json!(null)).answer(METADATA, Err(FetchError::Timeout));
    let checks = [Check::Callback, Check::Scope, Check::Credentials, Check::Userinfo];
    let expected: Vec<_> = [unknown(Check::Metadata, "metadata_unavailable")].into_iter().chain(checks.map(skipped)).collect();
    assert_eq!(connection.wrong(), expected);
}

#[test]
fn another_domain_than_the_metadata_name_is_wrong_only_where_it_does_not_know_the_client() {
    let other = |metadata: &mut Value| {
        metadata["authorization_endpoint"] = json!("https://other.auth.eu-west-1.amazoncognito.com/oauth2/authorize")
    };
    let domain = "/connector/domain";
    let check = |change: fn(&mut Connection), expected: Option<(Status, &str)>| {
        let mut connection = Connection::new();
        connection.metadata(other);
        change(&mut connection);
        let found = connection.wrong().into_iter().find(|wrong| wrong.0 == Check::Metadata);
        let found = found.map(|(_, status, code, path)| (status, code, path));
        assert_eq!(found, expected.map(|(status, path)| (status, "", Some(path.to_owned()))));
    };
    // A pool can have two domains, and the metadata name one.
    check(|_| {}, None);
    check(
        |connection| {
            connection.answer(AUTHORIZE, kept("redirect_mismatch"));
        },
        None,
    );
    check(
        |connection| {
            connection.answer(AUTHORIZE, back("error=login_required"));
        },
        None,
    );
    check(|connection| connection.settings = None, None);
    check(
        |connection| {
            connection.answer(AUTHORIZE, kept("invalid_request")).answer(TOKEN, refusal(400, "invalid_client", None));
        },
        Some((Status::Failed, domain)),
    );
    check(
        |connection| {
            connection.answer(AUTHORIZE, Err(FetchError::Unreachable)).answer(TOKEN, Err(FetchError::Unreachable));
        },
        Some((Status::Failed, domain)),
    );
    let challenged = |connection: &mut Connection| {
        connection.answer(AUTHORIZE, Ok(response(202, "text/html", ""))).answer(TOKEN, Ok(response(202, "text/html", "")));
    };
    check(challenged, Some((Status::Unknown, domain)));
    // A wrong secret says nothing of the domain.
    check(
        |connection| {
            connection.answer(AUTHORIZE, Err(FetchError::Timeout)).answer(TOKEN, refusal(400, "invalid_client", None));
        },
        Some((Status::Unknown, domain)),
    );
}

#[test]
fn another_token_endpoint_than_the_metadata_name_is_one_that_has_to_know_the_client() {
    let custom = json!({"token_endpoint": "https://proxy.example.com/token"});
    let mut connection = Connection::new();
    connection.connect("custom_endpoints", custom);
    connection.answer("https://proxy.example.com/token", refusal(400, "invalid_grant", None));
    assert_eq!(connection.wrong(), []);
    connection.answer("https://proxy.example.com/token", Ok(response(403, "text/html", "")));
    let path = Some("/connector/custom_endpoints/token_endpoint".to_owned());
    let expected = [(Check::Metadata, Status::Unknown, "", path), unknown(Check::Credentials, "unexpected_status")];
    assert_eq!(connection.wrong(), expected);
}

#[test]
fn keys_that_can_be_used_are_there_or_it_is_told() {
    let check = |answer: Fetched, expected: (Check, Status, &'static str, Option<String>)| {
        assert_eq!(Connection::new().answer(KEYS, answer).wrong(), [expected]);
    };
    let pool = "/connector/user_pool_id";
    check(Ok(response(200, "application/json", r#"{"keys":[]}"#)), failed(Check::Keys, "signing_key_unknown", pool));
    check(Ok(response(200, "application/json", r#"{"keys":[{"kty":"EC"}]}"#)), failed(Check::Keys, "signing_key_unknown", pool));
    check(Ok(response(200, "application/json", "{}")), failed(Check::Keys, "keys_invalid", pool));
    check(Ok(response(404, "", "")), failed(Check::Keys, "unexpected_status", pool));
    check(Err(FetchError::Denied), failed(Check::Keys, "destination_denied", ""));
    check(Ok(response(403, "text/html", "")), unknown(Check::Keys, "unexpected_status"));
    check(Ok(response(200, "text/html", "")), unknown(Check::Keys, "keys_invalid"));
    check(Err(FetchError::Timeout), unknown(Check::Keys, "keys_unavailable"));
}

#[test]
fn the_keys_are_those_of_the_issuer_that_the_metadata_name() {
    let mut connection = Connection::new();
    let updated = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab";
    connection.metadata(move |metadata| metadata["issuer"] = json!(updated));
    connection.test();
    assert_eq!(connection.host.requests[1].url, format!("{updated}/.well-known/jwks.json"));
}

const REPLICA_KEYS: &str = "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Ab/.well-known/jwks.json";

#[test]
fn a_test_makes_six_requests_at_most_and_skips_what_does_not_fit() {
    let mut connection = Connection::new();
    connection.connect("additional_regions", json!(["us-east-1", "us-east-2", "us-west-2"]));
    connection.answer(REPLICA_KEYS, Ok(response(404, "", "")));
    let regions: Vec<_> = connection.test().into_iter().filter(|finding| finding.check == Check::Keys).collect();
    assert_eq!(connection.host.requests.len(), 6);
    let status: Vec<_> = regions.iter().map(|finding| finding.status).collect();
    assert_eq!(status, [Status::Passed, Status::Failed, Status::Skipped, Status::Skipped]);
    assert!(regions[1..].iter().all(|finding| finding.path.as_deref() == Some("/connector/additional_regions")));
    let urls: Vec<_> = connection.host.requests.iter().map(|request| request.url.split('?').next().unwrap().to_owned()).collect();
    assert!(urls[2] == REPLICA_KEYS && urls[5] == USERINFO, "{urls:?}");

    connection.host.requests.clear();
    connection.connect("custom_endpoints", json!({"jwks_uri": KEYS})).test();
    assert_eq!(connection.host.requests.len(), 5, "one set for all regions");
}
