//! The step that a person edits in this server's pages: for a demo, whose person may edit everything.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::definition::Definition;
use super::offer::Offer;
use crate::form::Form;

/// What follows a definition that was saved.
type Saved = Box<dyn Fn(&Definition) + Send + Sync>;

/// A step with the forms of its documents. A journey under way keeps the step that it was begun with.
pub struct Editor {
    pub(super) settings: Form,
    pub(super) connector: Form,
    original: Arc<Offer>,
    current: Mutex<Arc<Offer>>,
    saved: Saved,
}

impl Editor {
    /// Edits the step of this journey. `saved` is told of each definition that is saved: a stand-in for the provider does what it
    /// asks for.
    ///
    /// # Errors
    /// A schema has a field of a kind that no form here has.
    pub fn new(offer: Offer, saved: impl Fn(&Definition) + Send + Sync + 'static) -> Result<Self, String> {
        let original = Arc::new(offer);
        Ok(Self {
            settings: Form::settings()?,
            connector: Form::connector()?,
            current: Mutex::new(Arc::clone(&original)),
            original,
            saved: Box::new(saved),
        })
    }

    /// The journey with the step as it was saved last.
    pub(super) fn offer(&self) -> Arc<Offer> {
        Arc::clone(&self.lock())
    }

    pub(super) fn save(&self, definition: Definition) {
        self.put(Arc::new(Offer { definition, ..Offer::clone(&self.original) }));
    }

    /// As it was before anybody edited it.
    pub(super) fn undo(&self) {
        self.put(Arc::clone(&self.original));
    }

    fn put(&self, offer: Arc<Offer>) {
        (self.saved)(&offer.definition);
        *self.lock() = offer;
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Offer>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Editor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Editor").field("offer", &self.offer()).finish_non_exhaustive()
    }
}
