//! How each error code comes about: by the provider's own doing where it can, by its faults where it can't.

use std::sync::Arc;

use host_test::cognito::{Answer, AuthorizationError, Config, Endpoint, Fault, Signing, Times};
use journey_host::{
    Abandonment, AbandonmentReason, Arrival as At, AuthorizationResponse, Begun, Browser, Called, ClientSecret, Completed,
    Egress, Failed, Failure, FailureBehavior, Fault as HostFault, Faults, HttpClient, Import, Limits, PublicOrigin, Services,
    Step,
};
use serde_json::{Value, json};

use crate::stage::{Stage, compiled, form_post, query};

/// A way to an error code.
pub(super) struct Scenario {
    pub(super) code: &'static str,
    /// The error names a setting.
    pub(super) has_path: bool,
    /// The pool.
    setup: fn(&mut Config),
    /// Before `begin`.
    arrange: fn(&mut Stage),
    /// While the user is with the provider.
    meanwhile: fn(&mut Stage),
    arrival: Arrival,
}

/// What ends the login.
enum Arrival {
    /// `begin` does.
    None,
    /// The response as the provider sent it.
    Response,
    /// The response, changed on its way.
    Changed(fn(&str) -> String),
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
        let mut config = Config::default();
        (self.setup)(&mut config);
        let mut stage = Stage::with(config).await;
        first(&mut stage);
        (self.arrange)(&mut stage);
        let begun = stage.call_begin().await;
        let redirect = match &begun.outcome {
            Begun::Redirect(request) if !matches!(self.arrival, Arrival::None) => request.clone(),
            _ => return Ended { stage, before: [None, None], begun, completed: None, response: None },
        };
        let response = match self.arrival {
            Arrival::Abandoned(reason) => AuthorizationResponse::Abandoned(Abandonment { state: redirect.state, reason }),
            _ => stage.sign_in(&redirect).await,
        };
        (self.meanwhile)(&mut stage);
        let response = match (&self.arrival, response) {
            (Arrival::Changed(change), AuthorizationResponse::Query(arrival)) => query(&change(&arrival.parameters)),
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

    fn setup(mut self, change: fn(&mut Config)) -> Self {
        self.setup = change;
        self
    }

    fn arrange(mut self, change: fn(&mut Stage)) -> Self {
        self.arrange = change;
        self
    }

    fn meanwhile(mut self, change: fn(&mut Stage)) -> Self {
        self.meanwhile = change;
        self
    }
}

fn scenario(code: &'static str, arrival: Arrival) -> Scenario {
    Scenario { code, has_path: false, setup: |_| {}, arrange: |_| {}, meanwhile: |_| {}, arrival }
}

/// Ends with `begin`.
fn begins(code: &'static str) -> Scenario {
    scenario(code, Arrival::None)
}

/// Ends with the response.
fn completes(code: &'static str) -> Scenario {
    scenario(code, Arrival::Response)
}

/// Ends with another response than the provider's.
fn changed(code: &'static str, change: fn(&str) -> String) -> Scenario {
    scenario(code, Arrival::Changed(change))
}

/// What an endpoint answers instead.
fn answer(stage: &Stage, endpoint: Endpoint, answer: Answer) {
    stage.cognito.faults().answer(endpoint, Times::Always, answer);
}

/// A member of an endpoint's JSON is another one.
fn member(stage: &Stage, endpoint: Endpoint, name: &'static str, value: Value) {
    stage.cognito.faults().alter_json(endpoint, Times::Always, move |object| object[name] = value.clone());
}

/// A claim of the ID token is another one.
fn claim(stage: &Stage, name: &'static str, value: Value) {
    stage.cognito.faults().alter_id_token(Times::Always, move |_, claims| claims[name] = value.clone());
}

/// A member of the ID token's header is another one.
fn header(stage: &Stage, name: &'static str, value: Value) {
    stage.cognito.faults().alter_id_token(Times::Always, move |header, _| header[name] = value.clone());
}

fn refused(stage: &Stage, error: AuthorizationError) {
    stage.cognito.faults().refuse_login(Times::Always, error);
}

fn discover(stage: &mut Stage) {
    stage.connector = stage.cognito.connector_by_discovery();
}

/// Another network, the rest as it was.
fn without_network(stage: &mut Stage) {
    let http = HttpClient::new(Egress::deny_all()).expect("an HTTP client");
    let services = Services { http, ..stage.step.services().clone() };
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
        begins("invalid_settings").arrange(|stage| stage.settings["scope"] = json!(1)),
        completes("invalid_settings").meanwhile(|stage| stage.settings["tokens"] = json!("keep")),
        begins("invalid_integration").arrange(|stage| stage.connector["client_id"] = json!(null)),
        completes("invalid_integration").meanwhile(|stage| stage.client_secret = None),
        begins("integration_disabled").with_path().arrange(|stage| stage.connector["enabled"] = json!(false)),
        begins("oidc_not_enabled").with_path().arrange(|stage| stage.connector["authentication_methods"] = json!(["password"])),
        begins("user_pool_without_domain").arrange(|stage| {
            discover(stage);
            let endpoint = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/oauth2/authorize";
            member(stage, Endpoint::Discovery, "authorization_endpoint", json!(endpoint));
        }),
        begins("metadata_issuer_mismatch").arrange(|stage| {
            discover(stage);
            member(stage, Endpoint::Discovery, "issuer", json!("https://idp.example.com"));
        }),
        completes("destination_denied").meanwhile(without_network),
        completes("client_rejected")
            .meanwhile(|stage| stage.client_secret = Some(ClientSecret::new("one that was rotated away"))),
        completes("client_not_allowed").arrange(|stage| refused(stage, AuthorizationError::new("unauthorized_client", None))),
        completes("scope_rejected").arrange(|stage| stage.settings["scope"] = json!("openid orders/read")),
        completes("id_token_missing").arrange(|stage| member(stage, Endpoint::Token, "id_token", Value::Null)),
        completes("integration_changed").meanwhile(|stage| stage.connector["issuer"] = json!("original")),
    ]
}

fn flow() -> Vec<Scenario> {
    vec![
        completes("access_denied").arrange(|stage| refused(stage, AuthorizationError::access_denied())),
        completes("login_required").arrange(|stage| stage.settings["advanced"] = json!({ "prompt": "none" })),
        completes("trigger_refused").arrange(|stage| refused(stage, AuthorizationError::pre_sign_up("Gesperrt"))),
        completes("account_just_linked")
            .arrange(|stage| refused(stage, AuthorizationError::account_just_linked("google_114259"))),
        scenario("login_cancelled", Arrival::Abandoned(AbandonmentReason::Cancelled)),
        scenario("login_timed_out", Arrival::Abandoned(AbandonmentReason::TimedOut)),
        completes("login_expired").meanwhile(|stage| stage.advance(901)),
        completes("acr_not_met").arrange(|stage| stage.settings["advanced"] = json!({ "acr_values": "gold" })),
        completes("authentication_too_old").arrange(|stage| {
            stage.settings["advanced"] = json!({ "max_age": 300 });
            claim(stage, "auth_time", json!(1));
        }),
        scenario("duplicate", Arrival::Replayed),
    ]
}

fn response() -> Vec<Scenario> {
    vec![
        changed("response_malformed", |query| format!("{query}&code=another")),
        changed("state_missing", |query| query.replace("state=", "estate=")),
        changed("state_unknown", |query| query.replace("state=", "state=un")),
        scenario("response_mode_mismatch", Arrival::Posted),
        scenario("callback_mismatch", Arrival::Elsewhere),
        completes("browser_mismatch").meanwhile(|stage| stage.browser = Browser::from_session("another session")),
        changed("unexpected_token", |query| format!("{query}&access_token=token")),
        changed("response_issuer_mismatch", |query| format!("{query}&iss=https%3A%2F%2Fidp.example.com")),
        completes("response_issuer_missing").arrange(|stage| {
            discover(stage);
            member(stage, Endpoint::Discovery, "authorization_response_iss_parameter_supported", json!(true));
        }),
    ]
}

fn id_token() -> Vec<Scenario> {
    vec![
        completes("id_token_malformed").arrange(|stage| header(stage, "zip", json!("DEF"))),
        completes("id_token_algorithm")
            .arrange(|stage| stage.cognito.faults().sign_id_token(Times::Always, Signing::Hs256ClientSecret)),
        completes("id_token_critical").arrange(|stage| header(stage, "crit", json!(["exp"]))),
        completes("id_token_signature").arrange(|stage| stage.cognito.faults().sign_id_token(Times::Always, Signing::Corrupted)),
        completes("id_token_issuer").arrange(|stage| claim(stage, "iss", json!("https://idp.example.com"))),
        completes("id_token_audience").arrange(|stage| claim(stage, "aud", json!("another"))),
        completes("id_token_authorized_party").arrange(|stage| claim(stage, "azp", json!("another"))),
        completes("id_token_expired").arrange(|stage| claim(stage, "exp", json!(1))),
        completes("id_token_not_yet_valid").arrange(|stage| claim(stage, "nbf", json!(4_000_000_000_u64))),
        completes("id_token_issued_at").arrange(|stage| claim(stage, "iat", Value::Null)),
        completes("id_token_subject").arrange(|stage| claim(stage, "sub", json!(""))),
        completes("id_token_nonce").arrange(|stage| claim(stage, "nonce", json!("another login's"))),
        completes("id_token_use").arrange(|stage| claim(stage, "token_use", json!("access"))),
        completes("id_token_at_hash").arrange(|stage| claim(stage, "at_hash", json!("another token's"))),
        completes("userinfo_subject_mismatch").arrange(|stage| member(stage, Endpoint::UserInfo, "sub", json!("another"))),
    ]
}

fn provider() -> Vec<Scenario> {
    vec![
        completes("signing_key_unknown").arrange(|stage| header(stage, "kid", json!("unknown"))),
        completes("keys_unavailable").arrange(|stage| answer(stage, Endpoint::Jwks, Answer::empty(503))),
        begins("metadata_unavailable").arrange(|stage| {
            discover(stage);
            answer(stage, Endpoint::Discovery, Answer::firewall());
        }),
        completes("token_unavailable")
            .arrange(|stage| stage.cognito.faults().set(Endpoint::Token, Times::Always, Fault::Disconnect)),
        completes("userinfo_unavailable").arrange(|stage| answer(stage, Endpoint::UserInfo, Answer::firewall())),
        completes("rate_limited").arrange(|stage| answer(stage, Endpoint::Token, Answer::empty(429))),
        completes("provider_unavailable")
            .arrange(|stage| refused(stage, AuthorizationError::new("temporarily_unavailable", None))),
        changed("grant_refused", |query| query.replace("code=", "code=un")),
        completes("grant_refused").setup(|config| {
            config.client.unreadable_attributes.insert("email_verified".to_owned());
        }),
        completes("token_response_invalid").arrange(|stage| answer(stage, Endpoint::Token, Answer::json(200, &json!([])))),
        completes("keys_invalid").arrange(|stage| answer(stage, Endpoint::Jwks, Answer::json(200, &json!({})))),
        begins("metadata_invalid").arrange(|stage| {
            discover(stage);
            member(stage, Endpoint::Discovery, "token_endpoint", json!("http://login.example.com/"));
        }),
        completes("userinfo_invalid").arrange(|stage| answer(stage, Endpoint::UserInfo, Answer::json(200, &json!([])))),
        completes("userinfo_refused").arrange(|stage| answer(stage, Endpoint::UserInfo, Answer::empty(401))),
        completes("provider_error").arrange(|stage| refused(stage, AuthorizationError::new("invalid_request", Some("whatever")))),
    ]
}

fn system() -> Vec<Scenario> {
    vec![
        begins("storage_failed").arrange(|stage| failing(stage, Import::PutAttempt, 0, HostFault::Unavailable)),
        completes("storage_failed").meanwhile(|stage| failing(stage, Import::ReplaceAttempt, 0, HostFault::Refused)),
        scenario("login_interrupted", Arrival::Lost),
        begins("internal").arrange(|stage| stage.browser = Browser::from_bytes(b"")),
        completes("output_too_large").arrange(|stage| {
            // Longer than a variable may be, shorter than a body.
            member(stage, Endpoint::UserInfo, "custom:essay", json!("x".repeat(256 << 10)));
        }),
    ]
}
