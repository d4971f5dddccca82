//! Settings and connector: what is wrong with them by themselves.

use super::finding::{Check, Finding, INVALID_SETTINGS, NO_SETTINGS, Status};
use crate::step::configuration::Configuration;
use crate::step::connector::Connector;
use crate::step::document::Problem;
use crate::step::error::{Code, Failure};
use crate::step::settings::Settings;

/// Both documents, as far as they are valid.
pub struct Documents {
    /// None where it isn't valid. One that is disabled is.
    pub connector: Option<Connector>,
    /// Or why there are none.
    pub settings: Result<Settings, &'static str>,
    problems: Vec<Problem>,
}

impl Documents {
    /// Reads both.
    #[must_use]
    pub fn read(settings: Option<&str>, connector: &str) -> Self {
        let read = Connector::read(connector);
        let problems = match (settings, &read) {
            (Some(settings), _) => Configuration::read(settings, connector).1.err().unwrap_or_default(),
            (None, Ok((_, obstacles))) => obstacles.clone(),
            (None, Err(problems)) => problems.clone(),
        };
        let settings = match settings.map(|settings| Settings::parse(settings).1) {
            None => Err(NO_SETTINGS),
            Some(settings) => settings.map_err(|_| INVALID_SETTINGS),
        };
        Self { connector: read.ok().map(|(connector, _)| connector), settings, problems }
    }

    /// Every problem, by its path; or that there is none.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        if self.problems.is_empty() {
            let message = match self.settings {
                Ok(_) => "settings and connector are valid",
                Err(_) => "the connector is valid; no settings were given",
            };
            return vec![Finding::new(Check::Documents, Status::Passed, message)];
        }
        self.problems.iter().cloned().map(finding).collect()
    }
}

fn finding(problem: Problem) -> Finding {
    let remedy = match problem.code {
        Code::InvalidSettings => "the step's settings: correct what the path names",
        Code::IntegrationDisabled => "the connector: enable it, once everything else is right",
        Code::OidcNotEnabled => "the connector: enable the authentication method `oidc`",
        _ => "the connector: correct what the path names",
    };
    Finding::of(Check::Documents, Status::Failed, Failure::from(vec![problem])).remedied(remedy)
}
