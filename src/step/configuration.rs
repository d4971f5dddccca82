//! Settings and connector together: what a call runs with, or why it can't.

use std::cell::{Cell, OnceCell};

use super::connector::Connector;
use super::document::Problem;
use super::error::Code;
use super::settings::{Destinations, Settings, Tokens};
use crate::cognito::endpoints::{Endpoints, Origins};

/// What a call runs with.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The author's settings.
    pub settings: Settings,
    /// The connector.
    pub connector: Connector,
    /// What [`Configuration::endpoints`] found, where somebody asked.
    pub endpoints: OnceCell<Option<Endpoints>>,
}

impl Configuration {
    /// Reads both documents: where results go, in any case; and the configuration, or every problem of it.
    ///
    /// # Errors
    /// Problems of either document, a connector that is disabled or without OIDC; of two documents without any, what contradicts
    /// the other.
    pub fn read(settings: &str, connector: &str) -> (Destinations, Result<Self, Vec<Problem>>) {
        if let Some(described) = Described::recall(settings, connector) {
            return (described.destinations, Ok(described.configuration));
        }
        let (destinations, settings) = Settings::parse(settings);
        let configuration = match (settings, Connector::parse(connector)) {
            (Ok(settings), Ok(connector)) => {
                let configuration = Self { settings, connector, endpoints: OnceCell::new() };
                let contradictions = configuration.contradictions();
                if contradictions.is_empty() { Ok(configuration) } else { Err(contradictions) }
            }
            (settings, connector) => Err([settings.err(), connector.err()].into_iter().flatten().flatten().collect()),
        };
        (destinations, configuration)
    }

    /// The connector's addresses, where nothing needs to be discovered.
    #[must_use]
    pub fn endpoints(&self) -> Option<&Endpoints> {
        self.endpoints.get_or_init(|| self.connector.source.known()).as_ref()
    }

    /// The origins that `begin` and `complete` contact, in the order of their use; and whether they are all, since those that
    /// only metadata would tell aren't among them.
    #[must_use]
    pub fn origins(&self) -> (Vec<String>, bool) {
        let source = &self.connector.source;
        let mut origins = Origins::default();
        let revocation = match self.endpoints() {
            Some(Endpoints { token, userinfo, issuers, revocation, .. }) => {
                origins.add([token, userinfo]);
                origins.add(issuers.iter().map(|issuer| &issuer.jwks_uri));
                revocation
            }
            None => {
                origins.add([&source.metadata_location().1]);
                origins.add(source.custom.token.iter().chain(&source.custom.userinfo));
                origins.add(source.issuers().iter().map(|issuer| &issuer.jwks_uri));
                &source.custom.revocation
            }
        };
        if self.settings.tokens == Tokens::Revoke {
            origins.add(revocation);
        }
        (origins.into_list(), self.endpoints().is_some())
    }

    /// What each document alone doesn't show.
    fn contradictions(&self) -> Vec<Problem> {
        let has_no_revocation = || self.endpoints().is_some_and(|endpoints| endpoints.revocation.is_none());
        if self.settings.tokens == Tokens::Revoke && has_no_revocation() {
            return vec![Problem {
                code: Code::InvalidIntegration,
                path: "/connector/custom_endpoints/revocation_endpoint".to_owned(),
                expected: "expected an endpoint, since the settings ask for tokens to be revoked".into(),
            }];
        }
        Vec::new()
    }
}

/// Two documents that were described, as they were read. A host has them described right before the call, in the same sandbox, so
/// that the call need not read them again.
pub(super) struct Described {
    settings: String,
    connector: String,
    destinations: Destinations,
    configuration: Configuration,
}

thread_local! {
    static DESCRIBED: Cell<Option<Box<Described>>> = const { Cell::new(None) };
}

impl Described {
    /// Keeps what was read of these texts, for one call.
    pub(super) fn keep(settings: &str, connector: &str, destinations: Destinations, configuration: Configuration) {
        let (settings, connector) = (settings.to_owned(), connector.to_owned());
        DESCRIBED.set(Some(Box::new(Self { settings, connector, destinations, configuration })));
    }

    /// What was kept, where it is of these very texts.
    fn recall(settings: &str, connector: &str) -> Option<Box<Self>> {
        DESCRIBED.take().filter(|described| described.settings == settings && described.connector == connector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::error::Failure;
    use serde_json::{Value, json};

    fn settings(tokens: &str) -> String {
        json!({"callback_url": "https://app.example.com/callback", "tokens": tokens}).to_string()
    }

    fn connector(change: impl FnOnce(&mut Value)) -> String {
        let mut connector =
            json!({"user_pool_id": "eu-west-1_Ab", "client_id": "client", "domain": "shop", "issuer": "original"});
        change(&mut connector);
        connector.to_string()
    }

    fn code(settings: &str, connector: &str) -> Option<(Code, Option<String>)> {
        let failure = Configuration::read(settings, connector).1.err().map(Failure::from);
        failure.map(|failure| (failure.code, failure.path))
    }

    fn problems(settings: &str, connector: &str) -> Vec<String> {
        let problems = Configuration::read(settings, connector).1.err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_call_fails_with_the_first_of_the_problems() {
        let good = connector(|_| {});
        let custom = connector(|connector| {
            connector.as_object_mut().unwrap().remove("domain");
            connector["custom_endpoints"] = json!({"authorization_endpoint": "https://a/", "token_endpoint": "https://a/", "userinfo_endpoint": "https://a/"});
        });
        for (settings, connector, expected, path) in [
            ("{}".to_owned(), good.clone(), Code::InvalidSettings, "/settings/callback_url"),
            (settings("discard"), "{}".to_owned(), Code::InvalidIntegration, "/connector/user_pool_id"),
            (settings("discard"), connector(|c| c["enabled"] = json!(false)), Code::IntegrationDisabled, "/connector/enabled"),
            (
                settings("discard"),
                connector(|c| c["authentication_methods"] = json!([])),
                Code::OidcNotEnabled,
                "/connector/authentication_methods",
            ),
            (settings("revoke"), custom.clone(), Code::InvalidIntegration, "/connector/custom_endpoints/revocation_endpoint"),
        ] {
            assert_eq!(code(&settings, &connector), Some((expected, Some(path.to_owned()))));
            assert_eq!(problems(&settings, &connector)[0], path);
        }
        for (settings, connector) in [(settings("discard"), &good), (settings("revoke"), &good), (settings("discard"), &custom)] {
            assert_eq!(code(&settings, connector), None);
            assert!(problems(&settings, connector).is_empty());
        }
        let twice = connector(|connector| {
            connector["enabled"] = json!(false);
            connector["authentication_methods"] = json!([]);
        });
        assert_eq!(problems(&settings("discard"), &twice), ["/connector/enabled", "/connector/authentication_methods"]);
        assert_eq!(problems("{}", "{}"), ["/settings/callback_url", "/connector/user_pool_id", "/connector/client_id"]);
        let (unusable, invalid) = (connector(|connector| connector["enabled"] = json!(false)), settings("keep"));
        assert_eq!(problems(&invalid, &unusable), ["/settings/tokens", "/connector/enabled"]);
    }

    #[test]
    fn documents_that_were_described_are_read_once_and_no_others_are_taken_for_them() {
        let (settings, connector) = (settings("discard"), connector(|_| {}));
        let keep = || {
            let (destinations, configuration) = Configuration::read(&settings, &connector);
            let mut configuration = configuration.unwrap();
            configuration.connector.client_id = "kept".to_owned();
            Described::keep(&settings, &connector, destinations, configuration);
        };
        let client = |settings: &str, connector: &str| Configuration::read(settings, connector).1.unwrap().connector.client_id;
        keep();
        assert_eq!(client(&settings, &connector), "kept");
        assert_eq!(client(&settings, &connector), "client", "for one call");
        let spaced = |text: &str| format!("{text} ");
        for (settings, connector) in [(spaced(&settings), connector.clone()), (settings.clone(), spaced(&connector))] {
            keep();
            assert_eq!(client(&settings, &connector), "client");
        }
    }

    #[test]
    fn origins_are_those_that_the_step_contacts_itself() {
        let origins = |tokens: &str, connector: &str| Configuration::read(&settings(tokens), connector).1.unwrap().origins().0;
        let domain = "https://shop.auth.eu-west-1.amazoncognito.com";
        let idp = "https://cognito-idp.eu-west-1.amazonaws.com";
        assert_eq!(origins("discard", &connector(|_| {})), [domain, idp]);
        let both = connector(|connector| connector["issuer"] = json!("either"));
        assert_eq!(origins("discard", &both), [domain, idp, "https://issuer-cognito-idp.eu-west-1.amazonaws.com"]);
        let discovered = connector(|connector| drop(connector.as_object_mut().unwrap().remove("domain")));
        assert_eq!(origins("revoke", &discovered), [idp]);
        let custom = connector(|connector| {
            connector.as_object_mut().unwrap().remove("domain");
            connector["custom_endpoints"] = json!({
                "authorization_endpoint": "https://a/", "token_endpoint": "https://b:444/", "userinfo_endpoint": "https://c/",
                "revocation_endpoint": "https://d/", "jwks_uri": "http://127.0.0.1:5/x",
            });
        });
        assert_eq!(origins("discard", &custom), ["https://b:444", "https://c", "http://127.0.0.1:5"]);
        assert_eq!(origins("revoke", &custom), ["https://b:444", "https://c", "http://127.0.0.1:5", "https://d"]);
        let partly = connector(|connector| {
            connector.as_object_mut().unwrap().remove("domain");
            connector["custom_endpoints"] =
                json!({"token_endpoint": "https://b/", "userinfo_endpoint": "https://c/", "revocation_endpoint": "https://d/"});
        });
        assert_eq!(origins("revoke", &partly), [idp, "https://b", "https://c", "https://d"]);
    }
}
