//! A test of a connection: a line with the connector and a line with the settings (each empty for the usual one, `none` for no
//! settings), then the HTTP responses in the order of the requests, with a line `===` before each. What isn't there is a timeout.

use cognito_oidc::connection::finding::{Check, Finding, Status};
use cognito_oidc::connection::test;
use cognito_oidc::host::FetchError;

use super::documents::{CONNECTOR, SETTINGS};
use super::host::ScriptedHost;
use super::{http, provider_text};

const CLIENT_SECRET: &str = "1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0z1x2c3v4b5n6m";
const SEPARATOR: &[u8] = b"\n===\n";
/// Requests of a test at most.
const REQUESTS: usize = 6;

/// Whatever is answered, it comes to findings that are fit for a person, nothing is kept, and nothing secret is told.
pub fn run(input: &[u8]) {
    let mut parts = split(input).into_iter();
    let documents = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let (connector, settings) = documents.split_once('\n').unwrap_or((&documents, ""));
    let connector = if connector.is_empty() { CONNECTOR } else { connector };
    let settings = match settings {
        "" => Some(SETTINGS),
        "none" => None,
        settings => Some(settings),
    };
    let answers: Vec<_> = parts.map(http::parse).collect();

    let mut asked = answers.iter().cloned();
    let mut host = ScriptedHost::new(|_| asked.next().unwrap_or(Err(FetchError::Timeout)));
    let findings = test(&mut host, settings, connector, Some(CLIENT_SECRET));
    assert!(host.requests.len() <= REQUESTS);
    assert!(host.writes == 0 && host.variables.is_empty() && host.attempts.is_empty() && host.cache.is_empty());
    for request in &host.requests {
        assert!(request.headers.iter().any(|(name, value)| *name == "user-agent" && value.ends_with(" (connection-test)")));
    }
    assert_eq!(findings.first().map(|finding| finding.check), Some(Check::Documents));
    assert_eq!(findings.last().map(|finding| finding.check), Some(Check::Untested));
    findings.iter().for_each(check);

    let mut asked = answers.iter().cloned();
    let mut host = ScriptedHost::new(|_| asked.next().unwrap_or(Err(FetchError::Timeout)));
    assert_eq!(test(&mut host, settings, connector, Some(CLIENT_SECRET)), findings, "the same answers, the same findings");
}

fn split(mut input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some(end) = input.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        parts.push(&input[..end]);
        input = &input[end + SEPARATOR.len()..];
    }
    parts.push(input);
    parts
}

fn check(finding: &Finding) {
    assert!(!finding.message.is_empty());
    assert!(finding.status != Status::Failed || finding.remedy.is_some(), "{finding:?}");
    assert!(finding.status != Status::Passed || (finding.code.is_none() && finding.path.is_none()), "{finding:?}");
    let (provider, trace) = (finding.provider.as_ref(), finding.trace.as_ref());
    let request_id = trace.and_then(|trace| trace.request_id.as_deref());
    let texts = [provider.map(|error| error.error.as_str()), provider.and_then(|error| error.description.as_deref()), request_id];
    for text in texts.into_iter().flatten() {
        provider_text::check(text);
        assert!(!text.contains(CLIENT_SECRET), "{finding:?}");
    }
}
