//! Documents that are right: what an input leaves out.

use cognito_oidc::begin::begin;
use cognito_oidc::host::FetchError;
use cognito_oidc::step::configuration::Configuration;
use cognito_oidc::step::description::Description;
use cognito_oidc::step::outcome::Invocation;
use cognito_oidc::step::settings::Tokens;
use url::Url;

use super::host::ScriptedHost;

/// Settings with which a login has most to do: it revokes a token, and tells all that it may.
pub const SETTINGS: &str = r#"{"callback_url":"https://app.example.com/callback","event_data":"input_output","tokens":"revoke"}"#;
/// A connector with a domain, so that nothing has to be discovered.
pub const CONNECTOR: &str =
    r#"{"user_pool_id":"eu-west-1_AbCdEf123","domain":"login.example.com","client_id":"client-of-tests"}"#;
/// The host's binding of the user agent.
pub const BROWSER: &str = "session of the user agent";

/// Parameters of an authorization request that nobody may set twice.
const OWNED: [&str; 8] =
    ["client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "scope", "state"];

/// What must hold of two documents, whatever is in them.
pub fn check(settings: &str, connector: &str) {
    let (destinations, configuration) = Configuration::read(settings, connector);
    let problems = configuration.as_ref().err().cloned().unwrap_or_default();
    assert_eq!(configuration.is_err(), !problems.is_empty(), "what is wrong is told");
    for problem in &problems {
        assert!(problem.path.starts_with("/settings") || problem.path.starts_with("/connector"));
        assert!(!problem.path.chars().any(char::is_control));
    }
    let description = Description::new(settings, connector);
    assert_eq!(description.problems, problems);
    assert_eq!(description.origins.is_empty(), configuration.is_err(), "documents with problems lead nowhere");
    assert_eq!(description.error_variable, destinations.error_output_variable);
    if let Ok(configuration) = &configuration {
        assert_eq!(description.callback_url.as_ref(), Some(&configuration.settings.callback_url));
    }
    assert_ne!(destinations.output_variable.as_ref(), Some(&destinations.error_output_variable));
    for name in destinations.output_variable.iter().chain([&destinations.error_output_variable]) {
        assert!(!name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }

    let mut host = ScriptedHost::new(|_| Err(FetchError::Unreachable));
    host.variables.insert(destinations.error_output_variable.clone(), "stale".to_owned());
    let begun = begin(&mut host, Invocation { settings, connector, browser: BROWSER.as_bytes(), round: 1 });
    match (&begun.outcome, configuration) {
        (Ok(redirect), Ok(configuration)) => {
            check_origins(&configuration);
            check_url(redirect.url.expose(), &configuration);
            assert_eq!(host.variables.len(), 0, "variables are cleared");
            assert_eq!(host.attempts.len(), 2, "attempt and newest");
        }
        (Err(failed), configuration) => {
            assert!(host.attempts.is_empty());
            let error = host.variables.get(&destinations.error_output_variable).expect("an error variable");
            super::outcome::check_error_variable(error, failed.failure.code.as_str());
            assert!(configuration.is_err() || !host.requests.is_empty(), "only the network can fail");
        }
        (Ok(_), Err(failure)) => panic!("begun in spite of {failure:?}"),
    }
    if let Some(data) = begun.event_data {
        serde_json::from_str::<serde_json::Value>(&data).expect("event data in JSON");
    }
    // A host without anything: no panic, and a failure.
    let mut host = ScriptedHost::new(|_| Err(FetchError::Denied));
    host.random_fails = true;
    assert!(begin(&mut host, Invocation { settings, connector, browser: BROWSER.as_bytes(), round: 1 }).outcome.is_err());
}

fn check_origins(configuration: &Configuration) {
    let (origins, _) = configuration.origins();
    let test_origins = configuration.connector.test_origins(configuration.endpoints(), &[]);
    // A test revokes nothing.
    let mut discarding = configuration.clone();
    discarding.settings.tokens = Tokens::Discard;
    assert!(!origins.is_empty() && discarding.origins().0.iter().all(|origin| test_origins.contains(origin)));
    for origin in origins.iter().chain(&test_origins) {
        let url = Url::parse(origin).expect("an origin");
        let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{origin}");
        assert_eq!(url.origin().ascii_serialization(), *origin);
    }
}

/// The request is the protocol's, whatever the documents tried to add.
fn check_url(text: &str, configuration: &Configuration) {
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
    let url = Url::parse(text).expect("a URL");
    let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{text}");
    assert!(url.fragment().is_none());
    let value = |name: &str| {
        let values: Vec<String> = url
            .query_pairs()
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
            .collect();
        assert_eq!(values.len(), 1, "{name} in {text}");
        values.concat()
    };
    OWNED.iter().for_each(|name| drop(value(name)));
    assert_eq!(value("response_type"), "code");
    assert_eq!(value("code_challenge_method"), "S256");
    assert_eq!(value("client_id"), configuration.connector.client_id);
    assert_eq!(value("redirect_uri"), configuration.settings.callback_url);
    assert!(value("scope").split(' ').any(|scope| scope == "openid"));
}
