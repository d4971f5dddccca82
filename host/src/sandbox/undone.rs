//! A host call that isn't done.

use super::trapped::Cause;

/// Why a host call isn't done.
pub(super) enum Undone<E> {
    /// The component is told so.
    Told(E),
    /// The call of the step ends: whose fault that is, and what it is.
    Ends(Cause, String),
}

impl<E> From<E> for Undone<E> {
    fn from(error: E) -> Self {
        Self::Told(error)
    }
}
