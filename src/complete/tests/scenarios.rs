//! How each error code comes about: the rows of the tests that go over all of them.

use serde_json::json;

use crate::host::{FetchError, StoreError};
use crate::step::error::Code::{self, *};
use crate::step::outcome::AbandonmentReason;
use crate::testing::Fetched;
use crate::testing::login::{Act, Login};
use crate::testing::provider::{KEYS, METADATA, TOKEN, USERINFO, refusal};
use crate::testing::response;

/// A way to an error code.
pub(super) struct Scenario {
    pub(super) code: Code,
    /// The journey waits on.
    pub(super) is_ignored: bool,
    /// What the last call fetches.
    pub(super) fetches: &'static [&'static str],
    /// Everything up to the last call, which it returns.
    pub(super) prepare: fn(&mut Login) -> Act,
}

const NOTHING: &[&str] = &[];
const UP_TO_KEYS: &[&str] = &[TOKEN, KEYS];
const ALL: &[&str] = &[TOKEN, KEYS, USERINFO];

fn failed(code: Code, fetches: &'static [&'static str], prepare: fn(&mut Login) -> Act) -> Scenario {
    Scenario { code, is_ignored: false, fetches, prepare }
}

fn ignored(code: Code, prepare: fn(&mut Login) -> Act) -> Scenario {
    Scenario { code, is_ignored: true, fetches: NOTHING, prepare }
}

fn page(status: u16) -> Fetched {
    Ok(response(status, "text/html", "<html>"))
}

fn json_of(body: &str) -> Fetched {
    Ok(response(200, "application/json", body))
}

/// The user logs in; an endpoint answers something else than it should.
fn answered(login: &mut Login, url: &'static str, answer: Fetched) -> Act {
    login.answer(url, answer);
    Act::Query(login.authorized())
}

fn responded(login: &mut Login, beginning: &str) -> Act {
    Act::Query(login.responded(beginning))
}

fn claimed(login: &mut Login, name: &'static str, value: serde_json::Value) -> Act {
    login.claim(name, value);
    Act::Query(login.authorized())
}

fn headed(login: &mut Login, name: &'static str, value: &'static str) -> Act {
    login.provider.borrow_mut().change_header = Box::new(move |header| header[name] = json!(value));
    Act::Query(login.authorized())
}

fn discovered(login: &mut Login, name: &'static str, value: serde_json::Value) -> Act {
    login.connect("domain", json!(null));
    login.provider.borrow_mut().change_metadata = Box::new(move |metadata| metadata[name] = value.clone());
    Act::Begin
}

fn abandoned(login: &mut Login, ending: AbandonmentReason) -> Act {
    Act::Abandon(login.begin().state.expose().to_owned(), ending)
}

fn connected(login: &mut Login, name: &str, value: serde_json::Value) -> Act {
    login.connect(name, value);
    Act::Begin
}

/// Every scenario; some codes have several.
pub(super) fn all() -> Vec<Scenario> {
    [configuration(), flow(), ignored_ones(), id_token(), provider(), system()].into_iter().flatten().collect()
}

fn configuration() -> Vec<Scenario> {
    vec![
        failed(InvalidSettings, NOTHING, |login| {
            login.set("scope", json!(1));
            Act::Begin
        }),
        failed(InvalidSettings, NOTHING, |login| {
            let query = login.authorized();
            login.set("tokens", json!("keep"));
            Act::Query(query)
        }),
        failed(InvalidIntegration, NOTHING, |login| connected(login, "client_id", json!(null))),
        failed(InvalidIntegration, NOTHING, |login| {
            login.journey.client_secret = None;
            Act::Query(login.authorized())
        }),
        failed(IntegrationDisabled, NOTHING, |login| connected(login, "enabled", json!(false))),
        failed(OidcNotEnabled, NOTHING, |login| connected(login, "authentication_methods", json!(["password"]))),
        failed(UserPoolWithoutDomain, &[METADATA], |login| {
            let endpoint = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/oauth2/authorize";
            discovered(login, "authorization_endpoint", json!(endpoint))
        }),
        failed(MetadataIssuerMismatch, &[METADATA], |login| discovered(login, "issuer", json!("https://idp.example.com"))),
        failed(DestinationDenied, &[METADATA], |login| {
            login.answer(METADATA, Err(FetchError::Denied));
            connected(login, "domain", json!(null))
        }),
        failed(DestinationDenied, &[TOKEN], |login| answered(login, TOKEN, Err(FetchError::Denied))),
        failed(ClientRejected, &[TOKEN], |login| answered(login, TOKEN, refusal(401, "invalid_client", None))),
        failed(ClientNotAllowed, NOTHING, |login| responded(login, "error=unauthorized_client")),
        failed(ScopeRejected, NOTHING, |login| responded(login, "error=invalid_request&error_description=invalid_scope")),
        failed(IdTokenMissing, &[TOKEN], |login| {
            login.provider.borrow_mut().change_tokens = Box::new(|tokens| tokens["id_token"] = json!(null));
            Act::Query(login.authorized())
        }),
        failed(IntegrationChanged, NOTHING, |login| {
            let query = login.authorized();
            login.connect("client_id", json!("another"));
            Act::Query(query)
        }),
        failed(IntegrationChanged, NOTHING, |login| {
            let query = login.authorized();
            login.connect("issuer", json!("original"));
            Act::Query(query)
        }),
    ]
}

fn flow() -> Vec<Scenario> {
    vec![
        failed(AccessDenied, NOTHING, |login| responded(login, "error=access_denied&error_description=User+said+no")),
        failed(LoginRequired, NOTHING, |login| responded(login, "error=login_required")),
        failed(TriggerRefused, NOTHING, |login| {
            responded(login, "error=invalid_request&error_description=PreSignUp+failed+with+error+Gesperrt.+")
        }),
        failed(LoginCancelled, NOTHING, |login| abandoned(login, AbandonmentReason::Cancelled)),
        failed(LoginTimedOut, NOTHING, |login| abandoned(login, AbandonmentReason::TimedOut)),
        failed(AccountJustLinked, NOTHING, |login| {
            responded(login, "error=server_error&error_description=Already+found+an+entry+for+username+google_1")
        }),
        failed(LoginExpired, NOTHING, |login| {
            let query = login.authorized();
            login.advance(901);
            Act::Query(query)
        }),
        failed(AcrNotMet, UP_TO_KEYS, |login| {
            login.set("advanced", json!({"acr_values": "gold"}));
            Act::Query(login.authorized())
        }),
        failed(AcrNotMet, UP_TO_KEYS, |login| {
            login.set("advanced", json!({"acr_values": "urn:cognito:loa:3"}));
            claimed(login, "acr", json!("urn:cognito:loa:2"))
        }),
        failed(AmrNotMet, UP_TO_KEYS, |login| {
            login.set("advanced", json!({"required_amr": "mfa"}));
            claimed(login, "amr", json!(["pwd"]))
        }),
        failed(AuthenticationTooOld, UP_TO_KEYS, |login| {
            login.set("advanced", json!({"max_age": 300}));
            let now = login.provider.borrow().now;
            claimed(login, "auth_time", json!(now - 361))
        }),
    ]
}

fn ignored_ones() -> Vec<Scenario> {
    vec![
        ignored(Duplicate, |login| {
            let query = login.authorized();
            login.complete(&query);
            Act::Query(query)
        }),
        ignored(ResponseMalformed, |login| responded(login, "code=a&code=b")),
        ignored(ResponseMalformed, |login| responded(login, "code=a&error=b")),
        ignored(StateMissing, |login| {
            login.begin();
            Act::Query("code=a".into())
        }),
        ignored(StateUnknown, |login| {
            login.begin();
            Act::Query("code=a&state=b".into())
        }),
        ignored(ResponseModeMismatch, |login| Act::FormPost(login.authorized())),
        ignored(CallbackMismatch, |login| {
            login.journey.arrives_at = Some("https://evil.example/callback".into());
            Act::Query(login.authorized())
        }),
        ignored(BrowserMismatch, |login| {
            let query = login.authorized();
            login.journey.browser = b"another browser";
            Act::Query(query)
        }),
        ignored(BrowserMismatch, |login| {
            let query = login.authorized();
            login.journey.browser = b"";
            Act::Query(query)
        }),
        ignored(UnexpectedToken, |login| responded(login, "code=a&access_token=b")),
        ignored(StorageFailed, |login| {
            let query = login.authorized();
            login.host.failing.insert("replace_attempt".into(), StoreError::Unavailable);
            Act::Query(query)
        }),
    ]
}

fn id_token() -> Vec<Scenario> {
    vec![
        failed(ResponseIssuerMismatch, NOTHING, |login| {
            Act::Query(format!("{}&iss=https%3A%2F%2Fevil.example", login.authorized()))
        }),
        failed(ResponseIssuerMissing, NOTHING, |login| {
            discovered(login, "authorization_response_iss_parameter_supported", json!(true));
            Act::Query(login.authorized())
        }),
        failed(IdTokenMalformed, &[TOKEN], |login| headed(login, "zip", "DEF")),
        failed(IdTokenAlgorithm, &[TOKEN], |login| headed(login, "alg", "none")),
        failed(IdTokenCritical, &[TOKEN], |login| headed(login, "crit", "x")),
        failed(IdTokenIssuer, &[TOKEN], |login| claimed(login, "iss", json!("https://idp.example.com"))),
        failed(IdTokenSignature, UP_TO_KEYS, |login| headed(login, "kid", "another")),
        failed(IdTokenAudience, UP_TO_KEYS, |login| claimed(login, "aud", json!("another"))),
        failed(IdTokenAuthorizedParty, UP_TO_KEYS, |login| claimed(login, "azp", json!("another"))),
        failed(IdTokenExpired, UP_TO_KEYS, |login| claimed(login, "exp", json!(1))),
        failed(IdTokenNotYetValid, UP_TO_KEYS, |login| claimed(login, "nbf", json!(4_000_000_000_u64))),
        failed(IdTokenIssuedAt, UP_TO_KEYS, |login| claimed(login, "iat", json!(null))),
        failed(IdTokenSubject, UP_TO_KEYS, |login| claimed(login, "sub", json!(null))),
        failed(IdTokenNonce, UP_TO_KEYS, |login| claimed(login, "nonce", json!("another"))),
        failed(IdTokenUse, UP_TO_KEYS, |login| claimed(login, "token_use", json!("access"))),
        failed(IdTokenAtHash, UP_TO_KEYS, |login| claimed(login, "at_hash", json!("another"))),
        failed(UserinfoSubjectMismatch, ALL, |login| {
            login.provider.borrow_mut().change_user_info = Box::new(|claims| claims["sub"] = json!("another"));
            Act::Query(login.authorized())
        }),
    ]
}

fn provider() -> Vec<Scenario> {
    vec![
        failed(IdTokenTooLarge, &[TOKEN], |login| claimed(login, "x", json!("x".repeat(256 * 1024)))),
        failed(SigningKeyUnnamed, UP_TO_KEYS, |login| {
            login.provider.borrow_mut().change_header = Box::new(|header| drop(header.as_object_mut().unwrap().remove("kid")));
            Act::Query(login.authorized())
        }),
        failed(SigningKeyUnknown, UP_TO_KEYS, |login| headed(login, "kid", "unknown")),
        failed(KeysUnavailable, UP_TO_KEYS, |login| answered(login, KEYS, page(503))),
        failed(KeysInvalid, UP_TO_KEYS, |login| answered(login, KEYS, json_of("{}"))),
        failed(MetadataUnavailable, &[METADATA], |login| {
            login.answer(METADATA, page(503));
            connected(login, "domain", json!(null))
        }),
        failed(MetadataInvalid, &[METADATA], |login| discovered(login, "token_endpoint", json!(null))),
        failed(MetadataInvalid, &[METADATA], |login| discovered(login, "token_endpoint", json!("http://login.example.com/"))),
        failed(TokenUnavailable, &[TOKEN], |login| answered(login, TOKEN, Err(FetchError::Timeout))),
        failed(UnexpectedStatus, &[TOKEN], |login| answered(login, TOKEN, page(403))),
        failed(UnexpectedStatus, ALL, |login| answered(login, USERINFO, page(202))),
        failed(TokenResponseInvalid, &[TOKEN], |login| answered(login, TOKEN, json_of("{}"))),
        failed(RateLimited, &[TOKEN], |login| answered(login, TOKEN, page(429))),
        failed(ProviderUnavailable, NOTHING, |login| responded(login, "error=temporarily_unavailable")),
        failed(IdentityProviderUnavailable, NOTHING, |login| {
            responded(login, "error=invalid_request&error_description=Timeout+occurred+in+calling+IdP+token+endpoint")
        }),
        failed(IdentityProviderRejected, NOTHING, |login| {
            responded(login, "error=server_error&error_description=Invalid+SAML+response+received%3A+whatever")
        }),
        failed(GrantRefused, &[TOKEN], |login| Act::Query(login.responded("code=made-up"))),
        failed(UserinfoUnavailable, ALL, |login| answered(login, USERINFO, page(502))),
        failed(UserinfoInvalid, ALL, |login| answered(login, USERINFO, json_of("[]"))),
        failed(UserinfoRefused, ALL, |login| answered(login, USERINFO, page(401))),
        failed(ProviderError, NOTHING, |login| responded(login, "error=invalid_request&error_description=whatever")),
    ]
}

fn system() -> Vec<Scenario> {
    vec![
        failed(StorageFailed, NOTHING, |login| {
            login.host.failing.insert("put_attempt".into(), StoreError::TooLarge);
            Act::Begin
        }),
        failed(StorageFailed, NOTHING, |login| {
            let query = login.authorized();
            let key = login.host.attempts.keys().find(|key| key.starts_with("attempt.")).unwrap().clone();
            login.host.attempts.insert(key, "{}".into());
            let state = query.rsplit('=').next().unwrap();
            Act::Abandon(state.into(), AbandonmentReason::TimedOut)
        }),
        failed(LoginInterrupted, NOTHING, |login| {
            let redirect = login.begin();
            let query = login.authorize(&redirect);
            login.lose(&redirect.state);
            login.advance(91);
            Act::Query(query)
        }),
        failed(Internal, NOTHING, |login| {
            login.journey.browser = b"";
            Act::Begin
        }),
        failed(Internal, NOTHING, |login| {
            login.host.random_fails = true;
            Act::Begin
        }),
        failed(OutputTooLarge, ALL, |login| {
            login.provider.borrow_mut().change_user_info = Box::new(|claims| claims["x"] = json!("x".repeat(511 * 1024)));
            Act::Query(login.authorized())
        }),
    ]
}
