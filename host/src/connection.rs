//! A test of a connection: what it found, and the client secret that it may be given.

use std::fmt;

use crate::outcome::ProviderAnswer;
use crate::visit::ClientSecret;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingStatus {
    /// As it must be for a login.
    Passed,
    /// Wrong: a login fails by it.
    Failed,
    /// It can't be told.
    Unknown,
    /// Not asked.
    Skipped,
}

impl FindingStatus {
    /// As the contract names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check's name: `documents`, `metadata`, `keys` … A check may have several findings.
    pub check: String,
    /// How it ended.
    pub status: FindingStatus,
    /// The code that a login would fail with.
    pub code: Option<String>,
    /// What was found, for whoever edits the connector.
    pub message: String,
    /// JSON Pointer to the setting at fault, under `/settings` or `/connector`.
    pub path: Option<String>,
    /// What to do, and where.
    pub remedy: Option<String>,
    /// What the provider answered, where it did.
    pub provider: ProviderAnswer,
}

/// What a host has to know of a connector ahead of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The directory that is asked: for Cognito, the user pool's id.
    pub directory: String,
    /// Where the client secret goes, and as whose.
    pub secret_use: SecretUse,
}

/// Names where a connector sends its client secret, and as whose: its issuers, client id, method and endpoints. Kept with the
/// secret in the vault; holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse(String);

impl SecretUse {
    /// As [`SecretUse::as_str`] gave it, out of the vault.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the vault.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A client secret of the vault's, together with what it was saved for: it isn't given out for anything else.
///
/// Whoever may edit a connector could point its token endpoint at a server of his own, and press "Test". So the host keeps the
/// [`SecretUse`] of the connector that a secret is saved for ([`Step::target`](crate::Step::target)), and where the connector has
/// another one now, the secret is to be entered anew.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    secret: ClientSecret,
    saved_for: SecretUse,
}

impl StoredSecret {
    /// Puts the two together, when they are saved or read from the vault.
    pub fn new(secret: ClientSecret, saved_for: SecretUse) -> Self {
        Self { secret, saved_for }
    }

    /// The secret, for the use that it was saved for; none for any other.
    pub fn for_use(&self, secret_use: &SecretUse) -> Option<&ClientSecret> {
        (self.saved_for == *secret_use).then_some(&self.secret)
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The client secret of a test.
#[derive(Clone, Copy, Debug)]
pub enum SecretForTest<'a> {
    /// There is none: a public client.
    None,
    /// Entered for this test, by whoever edits the connector.
    Entered(&'a ClientSecret),
    /// Out of the vault: given to a connector that uses it as the one that it was saved for, and to no other.
    Stored(&'a StoredSecret),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_a_use_are_written_as_they_are_kept() {
        let all = [FindingStatus::Passed, FindingStatus::Failed, FindingStatus::Unknown, FindingStatus::Skipped];
        assert_eq!(all.map(FindingStatus::as_str), ["passed", "failed", "unknown", "skipped"]);
        assert_eq!(SecretUse::stored("abc").as_str(), "abc");
    }

    #[test]
    fn a_stored_secret_is_given_out_for_the_use_that_it_was_saved_for_alone() {
        let stored = StoredSecret::new(ClientSecret::new("hunter2"), SecretUse::stored("abc"));
        assert_eq!(stored.for_use(&SecretUse::stored("abc")), Some(&ClientSecret::new("hunter2")));
        for other in ["", "ab", "abcd", "ABC", " abc"] {
            assert_eq!(stored.for_use(&SecretUse::stored(other)), None, "{other}");
        }
        assert!(!format!("{stored:?} {:?}", SecretForTest::Stored(&stored)).contains("hunter2"));
    }
}
