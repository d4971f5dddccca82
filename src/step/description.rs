//! What settings and connector say ahead of a call, for the host that is to hold the call to it.

use super::configuration::{Configuration, Described};
use super::connector::Connector;
use super::document::Problem;
use super::settings::FailureBehavior;

/// What a call with two documents will do, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The origins that `begin` and `complete` contact. None where either document has a problem: then nothing is contacted.
    pub origins: Vec<String>,
    /// Whether these are all.
    pub origins_complete: bool,
    /// The origins that a test of the connection contacts. None where the connector isn't valid; one that is disabled is.
    pub test_origins: Vec<String>,
    /// Where the provider sends the user agent back to. None where no valid URL was given.
    pub callback_url: Option<String>,
    /// None where no valid name was given.
    pub output_variable: Option<String>,
    /// The default where no valid name was given.
    pub error_variable: String,
    /// The default where none was given.
    pub failure_behavior: FailureBehavior,
    /// Every problem of both documents.
    pub problems: Vec<Problem>,
}

impl Description {
    /// Describes as far as the documents can be read.
    #[must_use]
    pub fn new(settings: &str, connector: &str) -> Self {
        let (destinations, configuration) = Configuration::read(settings, connector);
        let mut description = Self {
            origins: Vec::new(),
            origins_complete: true,
            test_origins: Vec::new(),
            callback_url: destinations.callback_url.clone(),
            output_variable: destinations.output_variable.clone(),
            error_variable: destinations.error_output_variable.clone(),
            failure_behavior: destinations.failure_behavior,
            problems: Vec::new(),
        };
        match configuration {
            Ok(configuration) => {
                (description.origins, description.origins_complete) = configuration.origins();
                description.test_origins = configuration.connector.test_origins(configuration.endpoints(), &description.origins);
                Described::keep(settings, connector, destinations, configuration);
            }
            Err(problems) => {
                description.problems = problems;
                // A connector is tested with or without settings, and before it is enabled.
                let test_origins = |connector: Connector| connector.test_origins(connector.source.known().as_ref(), &[]);
                description.test_origins =
                    Connector::read(connector).map(|(connector, _)| test_origins(connector)).unwrap_or_default();
            }
        }
        description
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn describe(settings: serde_json::Value, connector: serde_json::Value) -> Description {
        Description::new(&settings.to_string(), &connector.to_string())
    }

    #[test]
    fn a_call_is_described_ahead() {
        let settings = json!({
            "callback_url": "https://app.example.com/callback", "output_variable": "user", "error_output_variable": "failure",
            "failure_behavior": "abort",
        });
        let connector = json!({"user_pool_id": "eu-west-1_Ab", "client_id": "client", "domain": "shop", "issuer": "original"});
        let domain = "https://shop.auth.eu-west-1.amazoncognito.com".to_owned();
        let issuer = "https://cognito-idp.eu-west-1.amazonaws.com".to_owned();
        assert_eq!(
            describe(settings, connector),
            Description {
                origins: vec![domain.clone(), issuer.clone()],
                origins_complete: true,
                test_origins: vec![issuer, domain],
                callback_url: Some("https://app.example.com/callback".into()),
                output_variable: Some("user".into()),
                error_variable: "failure".into(),
                failure_behavior: FailureBehavior::Abort,
                problems: Vec::new(),
            }
        );
    }

    #[test]
    fn origins_that_are_yet_to_be_discovered_are_missing_and_said_to_be() {
        let settings = json!({"callback_url": "https://app.example.com/callback"});
        let mut connector = json!({"user_pool_id": "eu-west-1_Ab", "client_id": "client", "issuer": "original"});
        let issuer = "https://cognito-idp.eu-west-1.amazonaws.com";
        let description = describe(settings.clone(), connector.clone());
        assert_eq!((description.origins, description.origins_complete), (vec![issuer.to_owned()], false));
        connector["custom_endpoints"] = json!({"authorization_endpoint": "https://login.example.com/authorize"});
        let description = describe(settings, connector);
        assert_eq!(description.test_origins, [issuer, "https://login.example.com"]);
        assert!(!description.origins_complete);
    }

    #[test]
    fn broken_documents_are_described_as_far_as_they_can_be_read() {
        let description = describe(
            json!({"callback_url": "https://app.example.com/callback", "failure_behavior": "abort", "error_output_variable": "e"}),
            json!({}),
        );
        assert_eq!(description.callback_url.as_deref(), Some("https://app.example.com/callback"));
        assert_eq!((description.error_variable.as_str(), description.failure_behavior), ("e", FailureBehavior::Abort));
        let paths: Vec<_> = description.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["/connector/user_pool_id", "/connector/client_id"]);
        assert!(description.origins.is_empty() && description.test_origins.is_empty());

        // A connector is tested with or without settings, and before it is enabled.
        let connector = json!({"user_pool_id": "eu-west-1_Ab", "client_id": "client", "domain": "shop", "enabled": false});
        let description = describe(json!({}), connector);
        assert!(description.origins.is_empty() && description.test_origins.len() == 3, "{description:?}");

        let description = Description::new("nonsense", "nonsense");
        assert_eq!(description.error_variable, "error_output");
        assert_eq!((description.callback_url, description.output_variable.as_deref()), (None, Some("cognito_oidc_output")));
        assert_eq!(description.problems.len(), 2);
    }
}
