//! How each error code comes about: by the provider's own doing where it can, by its faults where it can't.

use std::sync::Arc;

use host_test::cognito::{AuthorizationError, CannedResponse, Endpoint, Fault, Signing, Times};
use journey_host::{
    Abandonment, AbandonmentReason, Arrival as At, AuthorizationResponse, Begun, Browser, Called, ClientSecret, Completed,
    Egress, Failed, Failure, FailureBehavior, Faults, HostFault, Import, Limits, Network, PublicOrigin, Services, Step,
};
use serde_json::{Value, json};

use crate::arranged::{Arrange, Arranged, Parameters, add, parameter, put};
use crate::stage::{Stage, compiled, form_post};

/// A way to an error code.
pub(super) struct Scenario {
    pub(super) code: &'static str,
    /// The error names a setting.
    pub(super) has_path: bool,
    arranged: Arranged,
    arrival: Arrival,
}

/// What ends the login.
enum Arrival {
    /// `begin` does.
    None,
    /// The response.
    Response,
    /// The response, by form post.
    Posted,
    /// The response, at another callback URL of the host's.
    Elsewhere,
    /// The response, once more.
    Replayed,
    /// The response, a minute and a half after the host that handled it died.
    Lost,
    /// The host.
    Abandoned(AbandonmentReason),
}

/// A login that has ended.
pub(super) struct Ended {
    pub(super) stage: Stage,
    /// Output and error variable before the last call.
    pub(super) before: [Option<Value>; 2],
    pub(super) begun: Called<Begun>,
    pub(super) completed: Option<Called<Completed>>,
    /// The last response, of whatever kind.
    pub(super) response: Option<AuthorizationResponse>,
}

/// What the last call said.
#[derive(Debug)]
pub(super) enum Verdict {
    Succeeded,
    Failed(Failure),
    Ignored(Failure),
}

impl Ended {
    pub(super) fn verdict(&self) -> Verdict {
        match &self.completed {
            Some(completed) => match &completed.outcome {
                Completed::Authenticated(_) => Verdict::Succeeded,
                Completed::Failed(failed) => Verdict::Failed(failed.failure.clone()),
                Completed::Ignored(failure) | Completed::TooLate(failure) => Verdict::Ignored(failure.clone()),
                other => panic!("{other:?}"),
            },
            None => match &self.begun.outcome {
                Begun::Redirect(_) => Verdict::Succeeded,
                Begun::Failed(failed) => Verdict::Failed(failed.failure.clone()),
                other => panic!("{other:?}"),
            },
        }
    }

    /// What the journey does, where it does anything.
    pub(super) fn behavior(&self) -> Option<FailureBehavior> {
        let completed = self.completed.as_ref().map(|called| &called.outcome);
        match (completed, &self.begun.outcome) {
            (Some(Completed::Failed(Failed { behavior, .. })), _) | (None, Begun::Failed(Failed { behavior, .. })) => {
                Some(*behavior)
            }
            _ => None,
        }
    }
}

impl Scenario {
    /// Plays it; `first` changes the stage before everything else.
    pub(super) async fn play(&self, first: impl FnOnce(&mut Stage)) -> Ended {
        let mut stage = self.arranged.stage().await;
        first(&mut stage);
        self.arranged.before_begin(&mut stage);
        let begun = stage.call_begin().await;
        let redirect = match &begun.outcome {
            Begun::Redirect(request) if !matches!(self.arrival, Arrival::None) => request.clone(),
            _ => return Ended { stage, before: [None, None], begun, completed: None, response: None },
        };
        let response = match self.arrival {
            Arrival::Abandoned(reason) => AuthorizationResponse::Abandoned(Abandonment { state: redirect.state, reason }),
            _ => stage.sign_in(&redirect).await,
        };
        self.arranged.before_complete(&mut stage);
        let response = match (&self.arrival, response) {
            (Arrival::Response, response) => self.arranged.response(&response),
            (Arrival::Posted, AuthorizationResponse::Query(arrival)) => form_post(&arrival.parameters),
            (Arrival::Elsewhere, AuthorizationResponse::Query(arrival)) => {
                let origin = PublicOrigin::parse("http://127.0.0.1:9").expect("an origin");
                AuthorizationResponse::Query(At::at(&origin, &format!("/another?{}", arrival.parameters)))
            }
            (Arrival::Replayed, response) => {
                stage.complete(&response).await;
                response
            }
            (Arrival::Lost, response) => {
                stage.lose(&response, Endpoint::Token).await;
                stage.advance(91);
                response
            }
            (_, response) => response,
        };
        let before = [stage.output().await, stage.variable("error_output").await];
        let completed = stage.complete(&response).await;
        Ended { stage, before, begun, completed: Some(completed), response: Some(response) }
    }

    /// A login that succeeds.
    pub(super) fn success() -> Self {
        completes("")
    }

    fn with_path(mut self) -> Self {
        self.has_path = true;
        self
    }
}

impl Arrange for Scenario {
    fn arranged(&mut self) -> &mut Arranged {
        &mut self.arranged
    }
}

fn scenario(code: &'static str, arrival: Arrival) -> Scenario {
    Scenario { code, has_path: false, arranged: Arranged::default(), arrival }
}

/// Ends with `begin`.
fn begins(code: &'static str) -> Scenario {
    scenario(code, Arrival::None)
}

/// Ends with the response.
fn completes(code: &'static str) -> Scenario {
    scenario(code, Arrival::Response)
}

/// Another value than the one that the provider sent.
fn prefix(response: &mut Parameters, name: &str) {
    let value = format!("un{}", parameter(response, name));
    put(response, name, Some(&value));
}

/// Another network, the rest as it was.
fn without_network(stage: &mut Stage) {
    let http = Network::new(Egress::deny_all()).expect("an HTTP client");
    let services = Services { network: http, ..stage.step.services().clone() };
    stage.step = Step::new(compiled(), services, Limits::default());
}

fn failing(stage: &mut Stage, import: Import, index: u32, fault: HostFault) {
    stage.step = stage.step.with_interceptor(Arc::new(Faults::none().fail(import, index, fault)));
}

/// Every scenario; each code has one at least.
pub(super) fn all() -> Vec<Scenario> {
    [configuration(), flow(), response(), id_token(), provider(), system()].into_iter().flatten().collect()
}

fn configuration() -> Vec<Scenario> {
    vec![
        begins("invalid_settings").setting("scope", json!(1)),
        completes("invalid_settings").meanwhile(|stage| stage.settings["tokens"] = json!("keep")),
        begins("invalid_integration").arrange(|stage| stage.connector["client_id"] = json!(null)),
        completes("invalid_integration").meanwhile(|stage| stage.client_secret = None),
        begins("integration_disabled").with_path().arrange(|stage| stage.connector["enabled"] = json!(false)),
        begins("oidc_not_enabled").with_path().arrange(|stage| stage.connector["authentication_methods"] = json!(["password"])),
        begins("user_pool_without_domain").by_discovery().member(
            Endpoint::Discovery,
            "authorization_endpoint",
            json!("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/oauth2/authorize"),
        ),
        begins("metadata_issuer_mismatch").by_discovery().member(Endpoint::Discovery, "issuer", json!("https://idp.example.com")),
        completes("destination_denied").meanwhile(without_network),
        completes("client_rejected")
            .meanwhile(|stage| stage.client_secret = Some(ClientSecret::new("one that was rotated away"))),
        completes("client_not_allowed").refused(AuthorizationError::new("unauthorized_client", None)),
        completes("scope_rejected").setting("scope", json!("openid orders/read")),
        completes("id_token_missing").member(Endpoint::Token, "id_token", Value::Null),
        completes("integration_changed").meanwhile(|stage| stage.connector["issuer"] = json!("original")),
    ]
}

fn flow() -> Vec<Scenario> {
    vec![
        completes("access_denied").refused(AuthorizationError::access_denied()),
        completes("login_required").setting("advanced", json!({ "prompt": "none" })),
        completes("trigger_refused").refused(AuthorizationError::pre_sign_up("Gesperrt")),
        completes("account_just_linked").refused(AuthorizationError::account_just_linked("google_114259")),
        scenario("login_cancelled", Arrival::Abandoned(AbandonmentReason::Cancelled)),
        scenario("login_timed_out", Arrival::Abandoned(AbandonmentReason::TimedOut)),
        completes("login_expired").meanwhile(|stage| stage.advance(901)),
        completes("acr_not_met").setting("advanced", json!({ "acr_values": "gold" })),
        completes("amr_not_met")
            .setup(|config| config.amr = vec!["pwd".to_owned()])
            .setting("advanced", json!({ "required_amr": "mfa" })),
        completes("authentication_too_old").setting("advanced", json!({ "max_age": 300 })).claim("auth_time", json!(1)),
        scenario("duplicate", Arrival::Replayed),
    ]
}

fn response() -> Vec<Scenario> {
    vec![
        completes("response_malformed").response(|response| add(response, "code", "another")),
        completes("state_missing").response(|response| put(response, "state", None)),
        completes("state_unknown").response(|response| prefix(response, "state")),
        scenario("response_mode_mismatch", Arrival::Posted),
        scenario("callback_mismatch", Arrival::Elsewhere),
        completes("browser_mismatch").meanwhile(|stage| stage.browser = Browser::from_session("another session")),
        completes("unexpected_token").response(|response| add(response, "access_token", "token")),
        completes("response_issuer_mismatch").response(|response| add(response, "iss", "https://idp.example.com")),
        completes("response_issuer_missing").by_discovery().member(
            Endpoint::Discovery,
            "authorization_response_iss_parameter_supported",
            json!(true),
        ),
    ]
}

fn id_token() -> Vec<Scenario> {
    vec![
        completes("id_token_malformed").header("zip", json!("DEF")),
        completes("id_token_algorithm").signed(Signing::Hs256ClientSecret),
        completes("id_token_critical").header("crit", json!(["exp"])),
        completes("id_token_signature").signed(Signing::Corrupted),
        completes("id_token_issuer").claim("iss", json!("https://idp.example.com")),
        completes("id_token_audience").claim("aud", json!("another")),
        completes("id_token_authorized_party").claim("azp", json!("another")),
        completes("id_token_expired").claim("exp", json!(1)),
        completes("id_token_not_yet_valid").claim("nbf", json!(4_000_000_000_u64)),
        completes("id_token_issued_at").claim("iat", Value::Null),
        completes("id_token_subject").claim("sub", json!("")),
        completes("id_token_nonce").claim("nonce", json!("another login's")),
        completes("id_token_use").claim("token_use", json!("access")),
        completes("id_token_at_hash").claim("at_hash", json!("another token's")),
        completes("userinfo_subject_mismatch").member(Endpoint::UserInfo, "sub", json!("another")),
    ]
}

fn provider() -> Vec<Scenario> {
    vec![
        completes("signing_key_unknown").header("kid", json!("unknown")),
        completes("keys_unavailable").answer(Endpoint::Jwks, CannedResponse::empty(503)),
        begins("metadata_unavailable").by_discovery().answer(Endpoint::Discovery, CannedResponse::empty(503)),
        completes("token_unavailable")
            .arrange(|stage| stage.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Disconnect)),
        completes("userinfo_unavailable").answer(Endpoint::UserInfo, CannedResponse::empty(502)),
        completes("unexpected_status").answer(Endpoint::UserInfo, CannedResponse::firewall()),
        completes("unexpected_status").answer(Endpoint::Token, CannedResponse::firewall_challenge()),
        completes("rate_limited").answer(Endpoint::Token, CannedResponse::empty(429)),
        completes("identity_provider_unavailable").refused(AuthorizationError::identity_provider_timeout()),
        completes("identity_provider_rejected").refused(AuthorizationError::saml("Audience mismatch")),
        completes("id_token_too_large").claim("essay", json!("x".repeat(256 << 10))),
        completes("signing_key_unnamed").header("kid", Value::Null),
        completes("provider_unavailable").refused(AuthorizationError::new("temporarily_unavailable", None)),
        completes("grant_refused").response(|response| prefix(response, "code")),
        completes("grant_refused").setup(|config| {
            config.client.unreadable_attributes.insert("email_verified".to_owned());
        }),
        completes("token_response_invalid").answer(Endpoint::Token, CannedResponse::json(200, &json!([]))),
        completes("keys_invalid").answer(Endpoint::Jwks, CannedResponse::json(200, &json!({}))),
        begins("metadata_invalid").by_discovery().member(
            Endpoint::Discovery,
            "token_endpoint",
            json!("http://login.example.com/"),
        ),
        completes("userinfo_invalid").answer(Endpoint::UserInfo, CannedResponse::json(200, &json!([]))),
        completes("userinfo_refused").answer(Endpoint::UserInfo, CannedResponse::empty(401)),
        completes("provider_error").refused(AuthorizationError::new("invalid_request", Some("whatever"))),
    ]
}

fn system() -> Vec<Scenario> {
    vec![
        begins("storage_failed").arrange(|stage| failing(stage, Import::PutAttempt, 0, HostFault::Unavailable)),
        completes("storage_failed").meanwhile(|stage| failing(stage, Import::ReplaceAttempt, 0, HostFault::Refused)),
        scenario("login_interrupted", Arrival::Lost),
        begins("internal").arrange(|stage| stage.browser = Browser::from_bytes(b"")),
        // Longer than a variable may be, shorter than a body.
        completes("output_too_large").member(Endpoint::UserInfo, "custom:essay", json!("x".repeat(511 << 10))),
    ]
}
