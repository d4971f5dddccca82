//! Entries of the tenant's cache, which anybody may have written: a line with the stamp of the last forced fetch, a line with the
//! entry, then the provider's answer. The entry is read both as a key set and as metadata.

use cognito_oidc::oidc::cache::Source;
use cognito_oidc::oidc::signing_keys;
use cognito_oidc::step::configuration::Configuration;
use cognito_oidc::step::error::Failure;

use super::host::ScriptedHost;
use super::http;

const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123";
const SETTINGS: &str = r#"{"callback_url":"https://app.example.com/callback"}"#;
const CONNECTOR: &str = r#"{"user_pool_id":"eu-west-1_AbCdEf123","client_id":"client-of-tests"}"#;

/// Whatever the cache holds, at most one request is made for a key and one more for it anew, and discovered endpoints are sound.
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

    let jwks_uri = format!("{ISSUER}/.well-known/jwks.json");
    for key_id in [Some("a"), None] {
        let requests = host.requests.len();
        let found = signing_keys::find(&mut host, ISSUER, &jwks_uri, key_id);
        let requests = host.requests.len() - requests;
        assert!(requests <= 1);
        match found {
            Ok((_, source)) => {
                assert_eq!(requests, usize::from(source != Source::Cached));
                check_anew(&mut host, &jwks_uri, key_id, source);
            }
            Err(rejection) => super::token::check(&Failure::from(rejection)),
        }
    }

    let (_, Ok(configuration)) = Configuration::read(SETTINGS, CONNECTOR) else { panic!("right documents") };
    let source = &configuration.connector.source;
    let requests = host.requests.len();
    match source.resolve(&mut host) {
        Ok(endpoints) => super::metadata::check(&endpoints, source),
        Err(rejection) => super::token::check(&Failure::from(rejection)),
    }
    assert!(host.requests.len() - requests <= 1);
}

/// A key from the cache is fetched anew at most once; one from the issuer isn't.
fn check_anew(host: &mut ScriptedHost<'_>, jwks_uri: &str, key_id: Option<&str>, source: Source) {
    let requests = host.requests.len();
    let found = [(); 2].map(|()| signing_keys::find_anew(host, ISSUER, jwks_uri, key_id, source));
    assert!(host.requests.len() - requests <= usize::from(source == Source::Cached));
    for rejection in found.into_iter().filter_map(Result::err) {
        super::token::check(&Failure::from(rejection));
    }
}
