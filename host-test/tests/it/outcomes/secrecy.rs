//! Whatever a login ends with, nothing secret is in what leaves the component or its host: the outcome, the variables, the event
//! data, what the host shows of its calls to whoever watches, its spans, log lines and metrics, and the spans that it sends to a
//! collector.

use std::sync::{Arc, Mutex};

use host_test::cognito::Endpoint;
use journey_host::{AuthorizationResponse, Begun, HostCall, HostReply, Interceptor, Telemetry};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::scenarios::{self, Ended, Scenario, Verdict};
use crate::exported::{Collector, Exported};
use crate::leaks::leak;

/// What a host shows of its calls.
#[derive(Default)]
struct Watcher(Mutex<String>);

impl Interceptor for Watcher {
    fn after(&self, call: &HostCall, reply: &HostReply) {
        let mut seen = self.0.lock().expect("a lock");
        *seen += &format!("{call:?} {reply:?}\n");
    }
}

/// Every secret of a login, by its name: those that the step drew, and those that it was given.
fn secrets(ended: &Ended) -> Vec<(&'static str, String)> {
    let cognito = &ended.stage.cognito;
    let mut secrets = cognito.issued_tokens();
    secrets.extend(cognito.client_secret().map(|secret| ("client secret", secret)));
    if let Begun::Redirect(request) = &ended.begun.outcome {
        let url = Url::parse(&request.url).expect("a URL");
        let nonce = url.query_pairs().find(|(name, _)| name == "nonce").expect("a nonce").1;
        secrets.extend([("state", request.state.clone()), ("nonce", nonce.into_owned())]);
    }
    if let Some(AuthorizationResponse::Query(response) | AuthorizationResponse::FormPost(response)) = &ended.response {
        let codes = form_urlencoded::parse(response.parameters.as_bytes()).filter(|(name, _)| name == "code");
        secrets.extend(codes.filter(|(_, code)| code.len() > 16).map(|(_, code)| ("code", code.into_owned())));
    }
    for request in cognito.requests().to(Endpoint::Token) {
        secrets.extend(request.field("code_verifier").map(|verifier| ("code verifier", verifier)));
    }
    for (key, value) in ended.stage.attempts.dump(&ended.stage.visit) {
        let stored: Value = serde_json::from_str(&value).unwrap_or_default();
        if key.starts_with("attempt.") {
            // One that was taken holds none any more.
            let verifier = stored["value"]["pending"]["verifier"].as_str();
            secrets.extend(verifier.map(|verifier| ("code verifier", verifier.to_owned())));
        }
    }
    secrets
}

/// What no other secret has in common with this one: of a token its signature, since headers and claims are much the same.
fn own_part((name, secret): &(&'static str, String)) -> (&'static str, String) {
    (name, secret.rsplit('.').next().unwrap_or_default().to_owned())
}

/// All that is for somebody's eyes.
async fn told(ended: &Ended, watcher: &Watcher, captured: &Exported) -> String {
    let calls = watcher.0.lock().expect("a lock").clone();
    let error = ended.stage.variable("error_output").await;
    format!("{:?}\n{:?}\n{error:?}\n{calls}\n{}", ended.begun, ended.completed, captured.text())
}

async fn play(scenario: &Scenario, event_data: Value, tokens: &str) -> (Ended, String) {
    play_captured(Exported::begin(), scenario, event_data, tokens).await
}

async fn play_captured(captured: Exported, scenario: &Scenario, event_data: Value, tokens: &str) -> (Ended, String) {
    let watcher = Arc::new(Watcher::default());
    let ended = scenario
        .play(|stage| {
            stage.settings["event_data"] = event_data;
            stage.settings["tokens"] = json!(tokens);
            let step = stage.step.with_interceptor(Arc::clone(&watcher) as _);
            stage.step = step.with_telemetry(Telemetry::new().labelling_tenants());
        })
        .await;
    let told = told(&ended, &watcher, &captured).await;
    (ended, told)
}

#[tokio::test]
async fn h01_no_failure_tells_a_secret() {
    let collector = Collector::start().await;
    let exported = collector.exporter();
    let (mut all_secrets, mut all_told) = (Vec::new(), String::new());
    for scenario in scenarios::all() {
        for event_data in [json!("input_output"), json!({ "custom": ["/input", "/exchanges", "/error", "/output"] })] {
            let (ended, told) = play_captured(Exported::sending(&exported), &scenario, event_data, "output").await;
            assert!(matches!(ended.verdict(), Verdict::Failed(_) | Verdict::Ignored(_)), "{}", scenario.code);
            let secrets = secrets(&ended);
            assert_eq!(leak(&told, &secrets), None, "{}: {told}", scenario.code);
            all_secrets.extend(secrets);
            all_told.push_str(&told);
        }
    }
    // Something of each kind was there to be searched.
    for part in ["\"client_id\":", "step.call", "http.fetch", "journey_step_calls_total{", "journey_step_fetches_total{"] {
        assert!(all_told.contains(part), "{part} isn't searched");
    }
    exported.end().await;
    let sent = collector.text();
    assert!(sent.contains("step.call") && sent.contains("server.address") && sent.contains("client_rejected"), "{sent}");
    assert_eq!(leak(&sent, &all_secrets), None);
}

#[tokio::test]
async fn h01_a_success_tells_what_its_output_is_asked_for() {
    for tokens in ["discard", "revoke", "output"] {
        let (ended, told) = play(&Scenario::success(), json!("input_output"), tokens).await;
        assert!(matches!(ended.verdict(), Verdict::Succeeded));
        let secrets = secrets(&ended);
        for name in ["access token", "refresh token", "ID token", "client secret", "state", "nonce", "code", "code verifier"] {
            assert!(secrets.iter().any(|(known, _)| *known == name), "{name} isn't looked for");
        }
        assert!(told.contains("SetVariable"), "{told}");
        assert_eq!(leak(&told, &secrets), None, "{told}");

        // The ID token and its nonce are the output's; access and refresh token are where they were asked for.
        let output = ended.stage.output().await.expect("an output").to_string();
        let is_asked_for = |name: &str| match name {
            "ID token" | "nonce" => true,
            "access token" | "refresh token" => tokens == "output",
            _ => false,
        };
        let hidden: Vec<_> = secrets.iter().filter(|(name, _)| !is_asked_for(name)).map(own_part).collect();
        assert_eq!(leak(&output, &hidden), None, "{tokens}");
    }
}

#[tokio::test]
async fn h01_the_provider_gets_each_secret_where_the_protocol_puts_it() {
    let (ended, _) = play(&Scenario::success(), json!("none"), "revoke").await;
    let secrets = secrets(&ended);
    for request in ended.stage.cognito.requests().back_channel_since(0) {
        assert_eq!(leak(&format!("{} {}", request.path, request.query), &secrets), None, "{}", request.path);
        let is_allowed = |name: &str| match request.path.as_str() {
            "/oauth2/token" => matches!(name, "code" | "code verifier" | "client secret"),
            "/oauth2/userInfo" => name == "access token",
            "/oauth2/revoke" => matches!(name, "refresh token" | "client secret"),
            _ => false,
        };
        let others: Vec<_> = secrets.iter().filter(|(name, _)| !is_allowed(name)).map(own_part).collect();
        let sent = format!("{:?} {}", request.headers, String::from_utf8_lossy(&request.body));
        assert_eq!(leak(&sent, &others), None, "{}", request.path);
    }
}
