//! The authorization response: the input is the query or the form body.

use cognito_oidc::complete::complete;
use cognito_oidc::host::FetchError;
use cognito_oidc::oidc::response::parse;
use cognito_oidc::step::outcome::{Arrival, AuthorizationResponse, CompleteOutcome, Invocation};

use super::documents::{BROWSER, CONNECTOR, SETTINGS};
use super::host::ScriptedHost;

/// What is parsed is sound; and where no login is pending, nothing comes of it.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(response) = parse(&text) {
        assert!(!response.state.expose().is_empty());
        match &response.result {
            Ok(code) => {
                assert!(!code.expose().is_empty() && code.expose().bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
                assert!(code.expose().len() <= 8 * 1024);
            }
            Err(error) => {
                super::provider_text::check(&error.error);
                error.description.iter().for_each(|description| super::provider_text::check(description));
            }
        }
        // What a lenient reader would see is there, and once.
        let states = url::form_urlencoded::parse(text.as_bytes()).filter(|(name, _)| name == "state");
        assert_eq!(states.map(|(_, value)| value.into_owned()).collect::<Vec<_>>(), [response.state.expose()]);
    }
    let arrival = Arrival { url: "https://app.example.com/callback", parameters: &text };
    for response in [AuthorizationResponse::Query(arrival), AuthorizationResponse::FormPost(arrival)] {
        let mut host = ScriptedHost::new(|_| Err(FetchError::Denied));
        let invocation = Invocation { settings: SETTINGS, connector: CONNECTOR, browser: BROWSER.as_bytes(), round: 1 };
        let completed = complete(&mut host, invocation, Some("secret"), response);
        assert!(matches!(completed.outcome, CompleteOutcome::Ignored(_)));
        assert!(completed.event_data.is_none());
        assert!(host.requests.is_empty() && host.writes == 0 && host.attempts.is_empty() && host.cache.is_empty());
    }
}
