//! The journeys that a server offers beside its own: for a demo, which lets a person choose.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::definition::Definition;
use super::editor::Editor;

/// What the journey does with the output variable of a login, once, and says in a sentence.
#[derive(Clone)]
pub struct NextStep(Arc<dyn Fn(&Value) -> String + Send + Sync>);

impl NextStep {
    /// That does this.
    pub fn new(receive: impl Fn(&Value) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    pub(super) fn receive(&self, output: &Value) -> String {
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
    /// The path of its callback URL. A connector that isn't the server's own has one of its own, or a mix-up would go unnoticed (RFC 9700 4.4).
    pub callback_path: String,
    /// The journey.
    pub definition: Definition,
    /// The step after the login, where it is more than a user's record to look at.
    pub next_step: Option<NextStep>,
}

/// What a server tells on its pages, beside where the journey stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    /// The journeys to choose from.
    pub(super) offers: Vec<Arc<Offer>>,
    /// The step that a person may edit.
    pub(super) editor: Option<Arc<Editor>>,
    /// Whether they explain how a login came about.
    pub(super) explain: bool,
    /// Whether the provider sends back who has signed out there.
    pub(super) sign_out: bool,
}

impl Pages {
    /// The offer of this name.
    pub(super) fn offer(&self, name: &str) -> Option<Arc<Offer>> {
        self.all().find(|offer| offer.name == name)
    }

    /// All of them, and the one that is edited.
    pub(super) fn all(&self) -> impl Iterator<Item = Arc<Offer>> {
        self.offers.iter().cloned().chain(self.editor.iter().map(|editor| editor.offer()))
    }
}
