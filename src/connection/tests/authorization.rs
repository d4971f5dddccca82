//! Where the authorization endpoint leads, and what the token endpoint says beside it.

use super::*;
use crate::host::FetchError;
use crate::testing::provider::{TOKEN, refusal};

/// The authorization endpoint and the token endpoint answer, and of the connection these checks differ.
fn check_together(
    change: impl Fn(&mut Connection),
    authorize: Fetched,
    token: Fetched,
    expected: &[(Check, Status, &'static str, Option<String>)],
) {
    let mut connection = Connection::new();
    change(&mut connection);
    let told = format!("{:?}", authorize.as_ref().map(|response| response.headers.clone()));
    assert_eq!(connection.answer(AUTHORIZE, authorize).answer(TOKEN, token).wrong(), expected, "{told}");
}

#[test]
fn where_the_authorization_endpoint_leads_tells_what_a_user_would_see() {
    let grant = || refusal(400, "invalid_grant", None);
    let check = |authorize: Fetched, expected: &[_]| check_together(|_| {}, authorize, grant(), expected);
    let (callback, scope) = (Check::Callback, Check::Scope);
    for good in [
        redirect("/login?client_id=client"),
        redirect("https://login.example.com/login"),
        redirect("https://LOGIN.example.com:443/login?x=%2F"),
        back("error=login_required&state=x"),
        back("error_description=x&error=interaction_required"),
    ] {
        check(good, &[]);
    }
    let redirect_uri = failed(callback, "client_not_allowed", "/settings/callback_url");
    check(kept("redirect_mismatch"), &[redirect_uri, skipped(scope)]);
    check(back("error=unauthorized_client"), &[failed(callback, "client_not_allowed", ""), skipped(scope)]);
    for scope_rejected in ["error=invalid_scope", "error_description=invalid_scope&error=invalid_request"] {
        check(back(scope_rejected), &[failed(scope, "scope_rejected", "/settings/scope")]);
    }
    check(back("error=invalid_request&error_description=bad+max_age"), &[failed(scope, "provider_error", "")]);
    check(back("error=server_error"), &[unknown(scope, "provider_unavailable")]);
    check(back("error=temporarily_unavailable"), &[unknown(scope, "provider_unavailable")]);
    check(back("error=access_denied"), &[unknown(scope, "access_denied")]);
    check(kept("Required+parameters+missing"), &[unknown(callback, "provider_error"), skipped(scope)]);
    check(kept(""), &[unknown(callback, "provider_error"), skipped(scope)]);
    for (odd, code) in [
        (redirect("https://elsewhere.example/login"), ""),
        (redirect("https://login.example.com.evil.example/error?error=redirect_mismatch"), ""),
        (redirect("https://login.example.com/oauth2/logout"), ""),
        (redirect("javascript:alert(1)"), ""),
        (redirect("https://"), ""),
        (back("code=x&state=y"), ""),
        (Ok(response(302, "", "")), "unexpected_status"),
        (Ok(response(200, "text/html", "<html>")), "unexpected_status"),
        (Ok(response(202, "text/html", "")), "unexpected_status"),
        (Ok(response(400, "text/html", "")), "unexpected_status"),
        (Ok(response(403, "text/html", "")), "unexpected_status"),
        (Ok(response(405, "text/html", "")), "unexpected_status"),
        (Ok(response(429, "", "")), "rate_limited"),
        (Ok(response(503, "", "")), "provider_unavailable"),
        (Err(FetchError::Denied), "destination_denied"),
        (Err(FetchError::Timeout), ""),
        (Err(FetchError::Unreachable), ""),
        (Err(FetchError::TooLarge), "provider_error"),
    ] {
        check(odd, &[unknown(callback, code), unknown(scope, code)]);
    }
    check(Ok(response(404, "", "")), &[failed(callback, "unexpected_status", "/connector/domain"), skipped(scope)]);
}

#[test]
fn an_invalid_request_is_told_apart_by_the_token_endpoint() {
    let (callback, scope, credentials) = (Check::Callback, Check::Scope, Check::Credentials);
    let (grant, client) = (|| refusal(400, "invalid_grant", None), || refusal(400, "invalid_client", None));
    let to_google = |connection: &mut Connection| {
        connection.set("advanced", json!({"identity_provider": "Google"}));
    };
    let by_identifier = |connection: &mut Connection| {
        connection.set("advanced", json!({"idp_identifier": "example.com"}));
    };
    let with_language = |connection: &mut Connection| {
        connection.set("advanced", json!({"lang": "de"}));
    };
    let refused = || kept("invalid_request");

    let unknown_client =
        [failed(callback, "client_rejected", "/connector/client_id"), skipped(scope), failed(credentials, "client_rejected", "")];
    check_together(|_| {}, refused(), client(), &unknown_client);
    let path = "/settings/advanced/identity_provider";
    check_together(to_google, refused(), grant(), &[failed(callback, "provider_error", path), skipped(scope)]);
    let path = "/settings/advanced/idp_identifier";
    check_together(by_identifier, refused(), grant(), &[failed(callback, "provider_error", path), skipped(scope)]);
    check_together(|_| {}, refused(), grant(), &[failed(callback, "provider_error", ""), skipped(scope)]);
    // Of two things that are wrong, neither is named.
    for change in [to_google, with_language] {
        let both = [unknown(callback, "provider_error"), skipped(scope), failed(credentials, "client_rejected", "")];
        check_together(change, refused(), client(), &both);
    }
    let challenge = || Ok(response(202, "text/html", ""));
    let untold = [unknown(callback, "provider_error"), skipped(scope), unknown(credentials, "unexpected_status")];
    check_together(|_| {}, refused(), challenge(), &untold);
}

#[test]
fn a_foreign_origin_is_right_only_where_an_identity_provider_is_asked_for() {
    let google = || redirect("https://accounts.google.com/o/oauth2/v2/auth?client_id=x");
    let grant = || refusal(400, "invalid_grant", None);
    check_together(
        |connection| {
            connection.set("advanced", json!({"identity_provider": "Google"}));
        },
        google(),
        grant(),
        &[],
    );
    check_together(
        |connection| {
            connection.set("advanced", json!({"idp_identifier": "x"}));
        },
        google(),
        grant(),
        &[],
    );
    let expected = [unknown(Check::Callback, ""), unknown(Check::Scope, "")];
    check_together(
        |connection| {
            connection.set("advanced", json!({"lang": "de"}));
        },
        google(),
        grant(),
        &expected,
    );
}

#[test]
fn a_client_that_the_authorization_endpoint_knows_has_a_wrong_secret_or_method() {
    let client = |status| refusal(status, "invalid_client", None);
    for status in [400, 401] {
        let path = "/connector/client_authentication";
        check_together(|_| {}, redirect("/login"), client(status), &[failed(Check::Credentials, "client_rejected", path)]);
        let callback = failed(Check::Callback, "client_not_allowed", "/settings/callback_url");
        let expected = [callback, skipped(Check::Scope), failed(Check::Credentials, "client_rejected", path)];
        check_together(|_| {}, kept("redirect_mismatch"), client(status), &expected);
    }
    // A client for machines alone: its secret is right.
    let callback = failed(Check::Callback, "client_not_allowed", "/settings/callback_url");
    let expected = [callback, skipped(Check::Scope), failed(Check::Credentials, "client_not_allowed", "")];
    check_together(|_| {}, kept("redirect_mismatch"), refusal(400, "unauthorized_client", None), &expected);
}
