//! The journeys that a server offers beside its own: for a demo, which lets a person choose.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::definition::Definition;

/// The parameter of the start's URL that names one of the journeys offered.
pub(super) const JOURNEY: &str = "journey";

/// What the journey does with the output variable of a login, once, and says.
#[derive(Clone)]
pub struct NextStep(Arc<dyn Fn(&Value) -> Received + Send + Sync>);

/// What the step after a login made of it, for the page on which the login ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// In a few words.
    pub heading: &'static str,
    /// In a sentence or two.
    pub told: String,
}

impl NextStep {
    /// That does this.
    pub fn new(receive: impl Fn(&Value) -> Received + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    pub(super) fn receive(&self, output: &Value) -> Received {
        (self.0)(output)
    }
}

impl fmt::Debug for NextStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NextStep")
    }
}

/// A journey that the start page offers.
#[derive(Clone, Debug)]
pub struct Offer {
    /// In URLs: letters, digits and hyphens.
    pub name: String,
    /// What the link says.
    pub title: String,
    /// What happens, in a sentence.
    pub about: String,
    /// Offers with the same heading stand together.
    pub heading: &'static str,
    /// The path of its callback URL. A connector that isn't the server's own has one of its own, or a mix-up would go unnoticed
    /// (RFC 9700 4.4).
    pub callback_path: String,
    /// The journey.
    pub definition: Definition,
    /// The step after the login, where it is more than a user's record to look at.
    pub next_step: Option<NextStep>,
}

impl Offer {
    /// Where it begins.
    pub(super) fn start(&self) -> String {
        format!("/start?{JOURNEY}={}", self.name)
    }
}
