//! A test of a connection, through the sandbox: what is wrong, and what the findings say of it; what a hostile provider can do;
//! what is sent where; and who gets the stored secret.

mod documents;
mod hostile;
mod rows;
mod secret;
mod told;

use journey_host::{Called, Finding, FindingStatus, SecretForTest, Tested};

use crate::stage::Stage;

/// What was told, of a test that ran.
fn findings(called: Called<Tested>) -> Vec<Finding> {
    match called.outcome {
        Tested::Findings(findings) => findings,
        other => panic!("{other}: {:?}", called.trapped),
    }
}

async fn test(stage: &Stage) -> Vec<Finding> {
    let settings = stage.settings.to_string();
    let settings = (!stage.settings.is_null()).then_some(settings.as_str());
    let secret = stage.client_secret.as_ref().map_or(SecretForTest::None, SecretForTest::Entered);
    findings(stage.step.test("tenant", settings, &stage.connector.to_string(), secret).await)
}

/// What differs from a connection in order, as one line: `` `callback` failed `client_not_allowed` at `/settings/callback_url`
/// ``.
fn line(findings: &[Finding]) -> String {
    let differs = findings.iter().filter(|finding| finding.status != FindingStatus::Passed && finding.check != "untested");
    let told = differs.map(|finding| {
        let mut told = format!("`{}` {}", finding.check, finding.status.as_str());
        for (before, text) in [(" ", &finding.code), (" at ", &finding.path)] {
            if let Some(text) = text {
                told += &format!("{before}`{text}`");
            }
        }
        told
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "all passed".to_owned() } else { told.join("; ") }
}
