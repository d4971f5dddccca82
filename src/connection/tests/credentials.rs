//! The token endpoint, the userinfo endpoint, and what the host itself brings: its clock, its random bytes.

use super::*;
use crate::host::FetchError;
use crate::testing::provider::{TOKEN, refusal};

#[test]
fn whatever_the_token_endpoint_says_else_is_no_verdict_on_the_client() {
    let tokens = json!({"access_token": "at", "id_token": "it", "token_type": "Bearer"});
    for (answer, code) in [
        (refusal(400, "invalid_request", None), "provider_error"),
        (refusal(400, "server_error", None), "provider_unavailable"),
        (Ok(response(400, "application/json", r#"{"__type":"TooManyRequestsException"}"#)), "rate_limited"),
        (Ok(response(400, "application/json", "{}")), "token_response_invalid"),
        (Ok(response(200, "application/json", &tokens.to_string())), ""),
        (Ok(response(200, "application/json", r#"{"access_token":"at","token_type":"Bearer"}"#)), "id_token_missing"),
        (Ok(response(200, "text/html", "<html>")), "token_response_invalid"),
        (Ok(response(202, "text/html", "")), "unexpected_status"),
        (Ok(response(302, "", "")), "unexpected_status"),
        (Ok(response(403, "text/html", "")), "unexpected_status"),
        (Ok(response(503, "", "")), "token_unavailable"),
        (Err(FetchError::Timeout), "token_unavailable"),
        (Err(FetchError::Unreachable), "token_unavailable"),
    ] {
        assert_eq!(Connection::new().answer(TOKEN, answer).wrong(), [unknown(Check::Credentials, code)], "{code}");
    }
    let denied = Connection::new().answer(TOKEN, Err(FetchError::Denied)).wrong();
    assert_eq!(denied, [failed(Check::Credentials, "destination_denied", "")]);
    let missing = Connection::new().answer(TOKEN, Ok(response(404, "", ""))).wrong();
    assert_eq!(missing, [failed(Check::Credentials, "unexpected_status", "/connector/domain")]);
}

#[test]
fn a_secret_that_does_not_fit_its_method_is_told_before_it_is_sent() {
    for (secret, method) in [
        (None, "client_secret_basic"),
        (Some("s"), "none"),
        (Some("pasted\n"), "client_secret_post"),
        (Some(""), "client_secret_basic"),
    ] {
        let mut connection = Connection::new();
        connection.secret = secret;
        let wrong = connection.connect("client_authentication", json!(method)).wrong();
        assert_eq!(wrong, [failed(Check::Credentials, "invalid_integration", "/connector/client_authentication")], "{method}");
        assert_eq!(connection.host.fetched(TOKEN), 0);
    }
    let mut public = Connection::new();
    public.secret = None;
    assert_eq!(public.connect("client_authentication", json!("none")).wrong(), []);
}

#[test]
fn the_userinfo_endpoint_is_known_by_its_refusal() {
    let refused = |status: u16, challenge: &str, body: &str| {
        let mut response = response(status, "application/json", body);
        response.headers.push(("www-authenticate".into(), challenge.into()));
        Ok(response)
    };
    for good in [
        refused(401, "Bearer", ""),
        refused(401, r#"bearer realm="x""#, ""),
        refused(400, r#"error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint""#, ""),
        refused(401, "", r#"{"error":"invalid_token"}"#),
    ] {
        assert_eq!(Connection::new().answer(USERINFO, good).wrong(), []);
    }
    let check = Check::Userinfo;
    for (answer, expected) in [
        (refused(401, r#"Basic realm="x""#, ""), unknown(check, "unexpected_status")),
        (refused(401, "BearerX", ""), unknown(check, "unexpected_status")),
        (refused(403, "Bearer", ""), unknown(check, "unexpected_status")),
        (refused(400, "", "{}"), unknown(check, "unexpected_status")),
        (Ok(response(200, "application/json", r#"{"sub":"x"}"#)), unknown(check, "unexpected_status")),
        (Ok(response(202, "text/html", "")), unknown(check, "unexpected_status")),
        (Ok(response(302, "", "")), unknown(check, "unexpected_status")),
        (Ok(response(503, "", "")), unknown(check, "userinfo_unavailable")),
        (Err(FetchError::Timeout), unknown(check, "userinfo_unavailable")),
        (Ok(response(404, "", "")), failed(check, "unexpected_status", "/connector/domain")),
        (Err(FetchError::Denied), failed(check, "destination_denied", "")),
    ] {
        assert_eq!(Connection::new().answer(USERINFO, answer).wrong(), [expected]);
    }
}

#[test]
fn a_clock_that_is_off_is_told_with_its_direction() {
    for (seconds, told) in [(61, "61 s ahead of"), (3600, "3600 s ahead of")] {
        let mut connection = Connection::new();
        connection.host.advance(seconds);
        assert_eq!(connection.wrong(), [failed(Check::Clock, "id_token_issued_at", "")]);
        assert!(connection.test().iter().any(|finding| finding.message.contains(told)));
    }
    let mut connection = Connection::new();
    connection.host.set_back(61);
    assert!(connection.test().iter().any(|finding| finding.message.contains("61 s behind")));
    let mut connection = Connection::new();
    connection.host.advance(60);
    assert_eq!(connection.wrong(), []);
}

#[test]
fn a_host_without_random_bytes_asks_no_endpoint_that_needs_some() {
    let mut connection = Connection::new();
    connection.host.random_fails = true;
    assert_eq!(connection.wrong(), [skipped(Check::Callback), skipped(Check::Scope), skipped(Check::Credentials)]);
}
