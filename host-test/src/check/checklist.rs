//! The findings of a test, for a person and for a program.

use std::io;

use journey_host::{Finding, FindingStatus, ProviderAnswer, Tested};
use serde_json::{Value, json};

use crate::demo::screen::Screen;

/// The check that names what no test reaches.
const UNTESTED: &str = "untested";

/// How many findings say that a login would fail.
pub(crate) fn failures(tested: &Tested) -> usize {
    tested.findings().iter().filter(|finding| finding.status == FindingStatus::Failed).count()
}

/// One line a finding, and below one that isn't passed what is known of it; a verdict at the end.
pub(crate) fn print(tested: &Tested, screen: &mut Screen<'_>) -> io::Result<()> {
    screen.line("")?;
    for finding in tested.findings() {
        let status = match finding.status {
            FindingStatus::Failed => "FAILED",
            status => status.as_str(),
        };
        screen.cells(&[(2, status), (11, &finding.check), (24, &finding.message)])?;
        for (name, text) in details(finding) {
            screen.cells(&[(24, name), (30, &text)])?;
        }
    }
    screen.line("")?;
    screen.line(&verdict(tested))
}

/// What is known of a finding that isn't passed, by name.
pub(crate) fn details(finding: &Finding) -> Vec<(&'static str, String)> {
    if finding.status == FindingStatus::Passed || finding.check == UNTESTED {
        return Vec::new();
    }
    let ProviderAnswer { error, error_description, status, request_id } = &finding.provider;
    let mut said: Vec<String> =
        [error, error_description].into_iter().flatten().filter(|text| !text.is_empty()).cloned().collect();
    said.extend(status.map(|status| format!("status {status}")));
    said.extend(request_id.as_ref().map(|request_id| format!("request {request_id}")));
    let said = Some(said.join(", ")).filter(|said| !said.is_empty());
    let rows = [("code", finding.code.clone()), ("at", finding.path.clone()), ("said", said), ("do", finding.remedy.clone())];
    rows.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// What it all comes to.
pub(crate) fn verdict(tested: &Tested) -> String {
    let unknown = tested.findings().iter().filter(|finding| finding.status == FindingStatus::Unknown).count();
    let beside = match unknown {
        0 => String::new(),
        1 => " One check told nothing.".to_owned(),
        number => format!(" {number} checks told nothing."),
    };
    match tested {
        Tested::Findings(_) => match failures(tested) {
            0 => format!("Nothing failed.{beside}"),
            1 => format!("One check failed: logins will, too.{beside}"),
            number => format!("{number} checks failed: logins will, too.{beside}"),
        },
        Tested::SecretNeeded => {
            "Enter the client secret anew: the connector would send it elsewhere than it was saved for.".to_owned()
        }
        Tested::TooOften(left) => format!("Tested too often: try again in {} s.", left.as_secs() + 1),
        Tested::Busy => "The host is at its limit: try again.".to_owned(),
        Tested::Ended => "The host ended the test before it had found anything.".to_owned(),
    }
}

/// The same for a program.
pub(crate) fn to_json(tested: &Tested) -> Value {
    let finding = |finding: &Finding| {
        let ProviderAnswer { error, error_description, status, request_id } = &finding.provider;
        json!({
            "check": finding.check, "status": finding.status.as_str(), "code": finding.code, "message": finding.message,
            "path": finding.path, "remedy": finding.remedy,
            "provider": { "error": error, "error_description": error_description, "status": status, "request_id": request_id },
        })
    };
    json!({ "outcome": tested.to_string(), "findings": tested.findings().iter().map(finding).collect::<Vec<_>>() })
}
