//! A failure of the step: its code, and what is known about it.

use std::borrow::Cow;

pub use super::code::{Category, Code};
use crate::oidc::exchange::Trace;
use crate::oidc::response::ProviderError;

/// The last round of a journey's step in which a failure may be retryable: whoever has gone round twice has not been helped by
/// it.
const LAST_RETRYABLE_ROUND: u32 = 2;

/// A failure, with what is known about it. Holds no secret and no input but the provider's own cleaned words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub code: Code,
    /// What was expected, where there's more to say than the code does.
    pub expected: Option<Cow<'static, str>>,
    /// JSON Pointer to the setting at fault.
    pub path: Option<String>,
    /// What the provider said.
    pub provider: Option<Box<ProviderError>>,
    /// The response that it is about.
    pub trace: Option<Trace>,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, expected: None, path: None, provider: None, trace: None }
    }
}

impl Failure {
    /// Says more.
    #[must_use]
    pub fn expecting(mut self, expected: impl Into<Cow<'static, str>>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Whether going back to the step may help. Bounded: no provider, trigger or identity provider can make a journey go round
    /// for ever.
    #[must_use]
    pub fn is_retryable(&self, round: u32) -> bool {
        self.code.is_retryable() && round <= LAST_RETRYABLE_ROUND
    }

    /// Adds which response it is about, and what that one says of itself, where nothing is known that says more.
    #[must_use]
    pub fn traced(mut self, trace: impl Into<Option<Trace>>) -> Self {
        self.trace = trace.into();
        self.provider = self.provider.take().or_else(|| self.trace.as_mut()?.words.take());
        self
    }

    /// For the journey's author and the operator.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.code.message().to_owned();
        for part in [self.path.as_deref(), self.expected.as_deref()].into_iter().flatten() {
            message.push_str(": ");
            message.push_str(part);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_third_round_on_nothing_is_retryable() {
        for code in Code::ALL {
            let retryable: Vec<bool> = (0..5).map(|round| Failure::from(*code).is_retryable(round)).collect();
            let expected = code.is_retryable();
            assert_eq!(retryable, [expected, expected, expected, false, false], "{}", code.as_str());
        }
    }

    #[test]
    fn a_message_says_where_and_what_was_expected() {
        assert_eq!(Failure::from(Code::AccessDenied).message(), "the user or the identity provider refused");
        let failure = Failure { path: Some("/settings/scope".into()), ..Code::InvalidSettings.into() };
        let failure = failure.expecting("expected a string");
        assert_eq!(failure.message(), "the step's settings are not valid: /settings/scope: expected a string");
    }
}
