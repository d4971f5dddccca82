//! A hostile provider, or whatever answers in its place: a test ends, tells what it met, passes nothing that isn't right, follows
//! no redirect, and repeats nothing that it sent.

use std::time::Duration;

use host_test::cognito::{Body, CannedResponse, Endpoint, Fault, Times};
use journey_host::{ClientSecret, FindingStatus, Limits};

use super::test;
use crate::leaks::leak;
use crate::stage::Stage;

const JSON: &str = "application/json";

/// Each endpoint, and the checks that stand on its answer.
const ENDPOINTS: [(Endpoint, &[&str]); 5] = [
    (Endpoint::Discovery, &["metadata"]),
    (Endpoint::Jwks, &["keys"]),
    (Endpoint::Authorize, &["callback", "scope"]),
    (Endpoint::Token, &["credentials"]),
    (Endpoint::UserInfo, &["userinfo"]),
];

/// What any endpoint can do.
fn behaviours(stage: &Stage) -> Vec<(&'static str, Fault)> {
    let elsewhere = format!("{}/elsewhere", stage.cognito.domain_origin());
    let answer = |body: Vec<u8>| CannedResponse::new(200, JSON, body);
    let flood = (0..200).fold(answer(b"{}".to_vec()), |answer, number| answer.header(&format!("x-{number}"), &"x".repeat(4000)));
    let long = format!("https://x.example/{}", "x".repeat(32 << 10));
    let told = |answer: CannedResponse| Fault::Respond(answer);
    vec![
        ("hangs", Fault::Hang),
        ("hangs up", Fault::Disconnect),
        ("never ends", told(answer(Vec::new()).body(Body::Endless(b"{".to_vec())))),
        ("breaks off", told(answer(Vec::new()).body(Body::Truncated(b"{".to_vec())))),
        ("drips", told(answer(Vec::new()).body(Body::Drip(vec![b' '; 1000], Duration::from_millis(50))))),
        ("sends too many headers", told(flood)),
        ("sends half a megabyte of brackets", told(answer(b"[0],".repeat(100_000)))),
        ("sends another kind of JSON", told(answer(b"[]".to_vec()))),
        ("leads elsewhere", told(CannedResponse::redirect(302, &elsewhere))),
        ("leads to itself", told(CannedResponse::redirect(307, ""))),
        ("leads to a long URL", told(CannedResponse::redirect(302, &long))),
        ("leads to a script", told(CannedResponse::redirect(302, "javascript:alert(1)"))),
        ("leads nowhere", told(CannedResponse::redirect(302, "https://[::"))),
        ("challenges", told(CannedResponse::firewall_challenge())),
        ("is in trouble", told(CannedResponse::empty(503))),
        ("is another page", told(CannedResponse::new(200, "text/html", "<html>"))),
    ]
}

#[tokio::test]
async fn whatever_an_endpoint_does_is_told_of_it_and_of_nothing_else() {
    let mut stage = Stage::new().await;
    // A call of two seconds, in which no fetch has more than one and a half.
    let limits = Limits { wall_clock: Duration::from_secs(2), ..Limits::default() };
    let rate = journey_host::TestRate { per_tenant: 1000, per_directory: 1000, ..journey_host::TestRate::default() };
    stage.step = stage.step.with_limits(limits).with_test_rate(rate);
    for (what, fault) in behaviours(&stage) {
        for (endpoint, checks) in ENDPOINTS {
            stage.cognito.faults().set(endpoint, Times::Always, fault.clone());
            let mark = stage.cognito.requests().mark();
            let findings = test(&stage).await;
            stage.cognito.faults().clear();
            let requests = stage.cognito.requests().since(mark);
            let context = format!("{endpoint:?} {what}");
            assert!(
                requests.len() <= 5 && requests.iter().all(|request| request.path != "/elsewhere"),
                "{context}: {requests:?}"
            );
            for finding in findings.iter().filter(|finding| checks.contains(&finding.check.as_str())) {
                assert_ne!(finding.status, FindingStatus::Passed, "{context}: {finding:?}");
            }
            let slow = matches!(what, "hangs" | "never ends" | "drips");
            for finding in findings.iter().filter(|finding| !checks.contains(&finding.check.as_str())) {
                // A call that has lost its time on one endpoint has none for the next.
                let unharmed = finding.status == FindingStatus::Passed || finding.check == "untested";
                assert!(unharmed || slow && finding.status != FindingStatus::Failed, "{context}: {finding:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_provider_that_repeats_what_it_was_sent_is_not_repeated() {
    let mut stage = Stage::new().await;
    let secret = "1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0z1x2c3v4b5n6m";
    stage.client_secret = Some(ClientSecret::new(secret));
    let told = serde_json::json!({"error": "invalid_client", "error_description": format!("no {secret}")});
    let answer = CannedResponse::json(400, &told).header("x-amz-cognito-request-id", secret);
    stage.cognito.faults().answer(Endpoint::Token, Times::Always, answer);
    let kept = format!("{}/error?error={secret}", stage.cognito.domain_origin());
    stage.cognito.faults().answer(Endpoint::Authorize, Times::Always, CannedResponse::redirect(302, &kept));
    let findings = test(&stage).await;
    let credentials = findings.iter().find(|finding| finding.check == "credentials").expect("a finding");
    assert_eq!(credentials.provider.error_description.as_deref(), Some("[redacted]"));
    assert_eq!(leak(&format!("{findings:?}"), &[("client secret", secret.to_owned())]), None);
}
