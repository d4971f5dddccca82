//! Provider metadata (OpenID Connect Discovery 1.0, RFC 8414): what an issuer says of itself, believed only under its own name.

use serde_json::Value;

use super::cache::{self, Fruitless, Lifetime};
use super::exchange;
use crate::host::Host;
use crate::json::Object;

/// An hour, in which a change at the provider isn't noticed; a day, since an outage of discovery must not end all logins.
pub(crate) const LIFETIME: Lifetime = Lifetime { fresh: 60 * 60, stale: 24 * 60 * 60 };

/// Metadata whose `issuer` is one that may stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// `issuer`.
    pub issuer: String,
    /// `authorization_endpoint`.
    pub authorization_endpoint: String,
    /// `token_endpoint`.
    pub token_endpoint: String,
    /// `userinfo_endpoint`.
    pub userinfo_endpoint: String,
    /// `jwks_uri`.
    pub jwks_uri: String,
    /// `revocation_endpoint`.
    pub revocation_endpoint: Option<String>,
    /// `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<String>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207 3): responses without `iss` are refused.
    pub names_issuer_in_responses: bool,
}

/// Why there is no metadata to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The document couldn't be had, or isn't of the right shape.
    Exchange(exchange::Rejection),
    /// The document is somebody else's (OpenID Connect Discovery 4.3): nothing of it is used.
    IssuerMismatch,
}

impl From<exchange::Rejection> for Rejection {
    fn from(rejection: exchange::Rejection) -> Self {
        Self::Exchange(rejection)
    }
}

impl Fruitless for Rejection {
    fn is_outage(&self) -> bool {
        match self {
            Self::Exchange(rejection) => rejection.is_outage(),
            Self::IssuerMismatch => false,
        }
    }
}

/// The metadata of `issuer`, published at `uri`; cached for the tenant. It may name any of `names`, which are all the same
/// party's.
///
/// # Errors
/// See [`Rejection`].
pub fn find(host: &mut dyn Host, issuer: &str, uri: &str, names: &[String]) -> Result<Metadata, Rejection> {
    let key = cache::key("metadata", issuer, uri);
    let found = cache::find(
        host,
        (&key, LIFETIME),
        |document| judge(document, names).ok(),
        // Whoever shares the cache may have put one there that isn't the issuer's: that is a miss.
        |_| Ok(()),
        |host| fetch(host, (&key, LIFETIME), uri, names),
    );
    found.map(|(metadata, _)| metadata)
}

/// The issuer's own document, kept for the next call where it is one to use.
fn fetch(host: &mut dyn Host, kept: (&str, Lifetime), uri: &str, names: &[String]) -> Result<Metadata, Rejection> {
    let answer = exchange::document(host.fetch(&exchange::document_request(uri)))?;
    let metadata = judge(&answer.object, names).map_err(|rejection| match rejection {
        Rejection::Exchange(exchange::Rejection::Invalid(expected, _)) => {
            exchange::Rejection::Invalid(expected, Some(answer.trace)).into()
        }
        other => other,
    })?;
    cache::write(host, kept, &Value::Object(answer.object));
    Ok(metadata)
}

/// Reads a document. Endpoints are returned as written; whether they may be contacted is for whoever uses them to check.
///
/// # Errors
/// Another issuer, or a missing endpoint.
pub fn judge(object: &Object, names: &[String]) -> Result<Metadata, Rejection> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let invalid = |expected| exchange::Rejection::Invalid(expected, None);
    let issuer = text("issuer").filter(|issuer| names.iter().any(|name| name == issuer)).ok_or(Rejection::IssuerMismatch)?;
    let endpoint = |name, expected| text(name).map(str::to_owned).ok_or_else(|| invalid(expected));
    Ok(Metadata {
        issuer: issuer.to_owned(),
        authorization_endpoint: endpoint("authorization_endpoint", "expected `authorization_endpoint` as a URL")?,
        token_endpoint: endpoint("token_endpoint", "expected `token_endpoint` as a URL")?,
        userinfo_endpoint: endpoint("userinfo_endpoint", "expected `userinfo_endpoint` as a URL")?,
        jwks_uri: endpoint("jwks_uri", "expected `jwks_uri` as a URL")?,
        revocation_endpoint: text("revocation_endpoint").map(str::to_owned),
        end_session_endpoint: text("end_session_endpoint").map(str::to_owned),
        names_issuer_in_responses: object.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FetchError;
    use crate::testing::json::object as json_object;
    use crate::testing::{FakeHost, response};
    use proptest::prelude::*;
    use serde_json::json;

    const ISSUER: &str = "https://idp.example.com/pool";
    const OTHER_NAME: &str = "https://issuer-idp.example.com/pool";
    const URI: &str = "https://idp.example.com/pool/.well-known/openid-configuration";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.com/authorize",
            "token_endpoint": "https://login.example.com/token",
            "userinfo_endpoint": "https://login.example.com/userinfo",
            "jwks_uri": "https://idp.example.com/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    fn host(document: &Value) -> FakeHost {
        let mut host = FakeHost::new();
        host.respond(URI, Ok(response(200, "application/json", &document.to_string())));
        host
    }

    fn ask(host: &mut FakeHost) -> Result<Metadata, Rejection> {
        find(host, ISSUER, URI, &[ISSUER.to_owned(), OTHER_NAME.to_owned()])
    }

    #[test]
    fn metadata_is_fetched_once_and_then_cached() {
        let mut host = host(&document());
        let metadata = ask(&mut host).unwrap();
        assert_eq!(metadata.token_endpoint, "https://login.example.com/token");
        assert_eq!(metadata.revocation_endpoint, None);
        assert!(!metadata.names_issuer_in_responses);
        assert_eq!(ask(&mut host).as_ref(), Ok(&metadata));
        assert_eq!(host.fetched(URI), 1);
        host.advance(3600);
        assert_eq!(ask(&mut host).as_ref(), Ok(&metadata));
        assert_eq!(host.fetched(URI), 2);
        host.advance(3600);
        host.respond(URI, Err(FetchError::Timeout));
        assert_eq!(ask(&mut host), Ok(metadata));
        host.advance(86_400);
        assert_eq!(ask(&mut host), Err(Rejection::Exchange(exchange::Rejection::Unavailable(None))));
    }

    #[test]
    fn k01_k02_only_the_issuer_that_was_asked_is_believed() {
        for issuer in [json!("https://idp.example.com/pool/"), json!("https://IDP.example.com/pool"), json!(null), json!(1)] {
            let mut other = document();
            other["issuer"] = issuer;
            let mut host = host(&other);
            assert_eq!(ask(&mut host), Err(Rejection::IssuerMismatch));
            assert!(host.cache.is_empty(), "nothing of it is kept");
        }
    }

    #[test]
    fn k01_metadata_may_name_another_issuer_that_is_the_same_party() {
        let mut document = document();
        document["issuer"] = json!(OTHER_NAME);
        assert_eq!(ask(&mut host(&document)).unwrap().issuer, OTHER_NAME);
        assert_eq!(find(&mut host(&document), ISSUER, URI, &[ISSUER.to_owned()]), Err(Rejection::IssuerMismatch));
    }

    #[test]
    fn k07_a_known_document_serves_while_something_else_answers() {
        for answer in [response(403, "text/html", "<html>"), response(200, "text/html", "<html>"), response(503, "", "")] {
            let mut host = host(&document());
            let metadata = ask(&mut host);
            host.advance(3600);
            host.respond(URI, Ok(answer));
            assert_eq!(ask(&mut host), metadata);
        }
    }

    #[test]
    fn a_missing_endpoint_is_invalid() {
        for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
            for value in [json!(null), json!(""), json!(["x"])] {
                let mut document = document();
                document[name] = value;
                let rejection = ask(&mut host(&document)).unwrap_err();
                let Rejection::Exchange(exchange::Rejection::Invalid(expected, Some(trace))) = rejection else {
                    panic!("{rejection:?}");
                };
                assert_eq!(expected, format!("expected `{name}` as a URL"));
                assert_eq!(trace.status, 200);
            }
        }
    }

    #[test]
    fn c05_metadata_can_promise_an_issuer_in_each_response() {
        let mut document = document();
        document["authorization_response_iss_parameter_supported"] = json!(true);
        document["revocation_endpoint"] = json!("https://login.example.com/revoke");
        let metadata = ask(&mut host(&document)).unwrap();
        assert!(metadata.names_issuer_in_responses);
        assert_eq!(metadata.revocation_endpoint.as_deref(), Some("https://login.example.com/revoke"));
        assert_eq!(metadata.end_session_endpoint, None);
        document["end_session_endpoint"] = json!("https://login.example.com/logout");
        let metadata = ask(&mut host(&document)).unwrap();
        assert_eq!(metadata.end_session_endpoint.as_deref(), Some("https://login.example.com/logout"));
    }

    #[test]
    fn only_an_outage_lets_metadata_past_its_hour_serve() {
        let invalid = exchange::Rejection::Invalid(
            "expected a JSON object",
            Some(exchange::Trace { status: 200, request_id: None, words: None }),
        );
        for (answer, expected) in [
            (Err(FetchError::Denied), Rejection::Exchange(exchange::Rejection::Denied)),
            (Ok(response(200, "application/json", "[]")), Rejection::Exchange(invalid)),
            (Ok(response(200, "application/json", "{}")), Rejection::IssuerMismatch),
        ] {
            let mut host = host(&document());
            ask(&mut host).unwrap();
            host.advance(3600);
            host.respond(URI, answer);
            assert_eq!(ask(&mut host), Err(expected));
        }
    }

    #[test]
    fn c05_a_promise_is_the_value_true_and_nothing_like_it() {
        for promise in [json!("true"), json!(1), json!([true]), json!({}), json!(null), json!(false), json!("false")] {
            let mut document = document();
            document["authorization_response_iss_parameter_supported"] = promise.clone();
            assert!(!ask(&mut host(&document)).unwrap().names_issuer_in_responses, "{promise}");
        }
    }

    #[test]
    fn a_poisoned_cache_entry_is_a_miss() {
        let mut host = host(&document());
        let mut other = document();
        other["issuer"] = json!("https://evil.example");
        let entry = json!({"stored_at": host.now().as_secs(), "document": other}).to_string();
        host.cache.insert(cache::key("metadata", ISSUER, URI), entry);
        assert!(ask(&mut host).is_ok());
        assert_eq!(host.fetched(URI), 1);
    }

    proptest! {

        #[test]
        fn k01_any_document_is_judged_and_only_the_issuers_own_is_kept(
            changes in json_object(&[
                "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint",
                "authorization_response_iss_parameter_supported",
            ])
        ) {
            let mut document = document();
            document.as_object_mut().unwrap().extend(changes);
            let mut host = host(&document);
            match ask(&mut host) {
                Ok(metadata) => {
                    prop_assert!([ISSUER, OTHER_NAME].contains(&metadata.issuer.as_str()));
                    prop_assert_eq!(&document["issuer"], &json!(metadata.issuer));
                    prop_assert_eq!(&document["token_endpoint"], &json!(metadata.token_endpoint));
                    prop_assert_eq!(host.cache.len(), 1);
                }
                Err(_) => prop_assert!(host.cache.is_empty()),
            }
        }
    }
}
