//! Entries of the tenant's cache, which anybody may have written: a line with the stamp of the last forced fetch, a line with the entry,
//! then the provider's answer. The entry is read both as a key set and as metadata.

use cognito_oidc::oidc::signing_keys::{self, Source};
use cognito_oidc::step::configuration::Configuration;
use cognito_oidc::step::error::Failure;

use super::host::ScriptedHost;
use super::http;

const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123";
const SETTINGS: &str = r#"{"callback_url":"https://app.example.com/callback"}"#;
const CONNECTOR: &str = r#"{"user_pool_id":"eu-west-1_AbCdEf123","client_id":"client-of-tests"}"#;

/// Whatever the cache holds, at most one request is made, and discovered endpoints are sound.
pub fn run(input: &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let (stamp, entry) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let answer = http::parse(parts.next().unwrap_or_default());
    let mut host = ScriptedHost::new(|_| answer.clone());
    let entry = String::from_utf8_lossy(entry);
    host.cached = [("keys", entry.to_string()), ("metadata", entry.to_string())].into();
    if !stamp.is_empty() {
        host.cached.insert("forced", String::from_utf8_lossy(stamp).into_owned());
    }

    for key_id in [Some("a"), None] {
        let requests = host.requests.len();
        let found = signing_keys::find(&mut host, ISSUER, &format!("{ISSUER}/.well-known/jwks.json"), key_id);
        let requests = host.requests.len() - requests;
        assert!(requests <= 1);
        match found {
            Ok((_, Source::Cached)) => assert_eq!(requests, 0),
            Ok(_) => assert_eq!(requests, 1),
            Err(rejection) => super::token::check(&Failure::from(rejection)),
        }
    }

    let (_, Ok(configuration)) = Configuration::parse(SETTINGS, CONNECTOR) else { panic!("right documents") };
    let source = &configuration.connector.source;
    let requests = host.requests.len();
    match source.resolve(&mut host) {
        Ok(endpoints) => super::metadata::check(&endpoints, source),
        Err(rejection) => super::token::check(&Failure::from(rejection)),
    }
    assert!(host.requests.len() - requests <= 1);
}
