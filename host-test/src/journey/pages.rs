//! What a server tells on its pages, and offers there.

use std::sync::Arc;

use super::editor::Editor;
use super::offer::Offer;

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
    /// Of a provider that is a stand-in: what its claims about a sign-in are worth.
    pub(super) stand_in: Option<&'static str>,
}

impl Pages {
    /// The offer of this name.
    pub(super) fn offer(&self, name: &str) -> Option<Arc<Offer>> {
        self.all().find(|offer| offer.name == name)
    }

    /// Whether it is the journey whose step a person edits here.
    pub(super) fn is_edited(&self, offer: Option<&Offer>) -> bool {
        let edited = self.editor.as_ref().map(|editor| editor.offer());
        offer.zip(edited).is_some_and(|(offer, edited)| offer.name == edited.name)
    }

    /// All of them, and the one that is edited.
    pub(super) fn all(&self) -> impl Iterator<Item = Arc<Offer>> {
        self.offers.iter().cloned().chain(self.editor.iter().map(|editor| editor.offer()))
    }
}
