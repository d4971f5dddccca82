//! What a journey engine is told of a call.

use std::fmt;
use std::time::Duration;

use crate::connection::{Finding, FindingStatus};
use crate::outcome::{Authentication, AuthorizationRequest, Failed, Failure};
use crate::sandbox::trapped::{Trapped, Usage};
use crate::stores::StoreError;

/// A call: what came of it, and what it took.
#[derive(Clone)]
pub struct Called<T> {
    /// What came of it, as far as it counts.
    pub outcome: T,
    /// Why the step itself had no outcome, for the operator's log; `outcome` then speaks of `step_trapped`.
    pub trapped: Option<Trapped>,
    /// A JSON object for the journey's analytics, where the settings ask for one and the outcome was applied. Redacted.
    pub event_data: Option<String>,
    /// What it used; where nothing ran, the wait alone.
    pub usage: Usage,
}

/// Event data hold what the settings ask for, a user's profile perhaps: of those, the length alone.
impl<T: fmt::Debug> fmt::Debug for Called<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Called")
            .field("outcome", &self.outcome)
            .field("trapped", &self.trapped)
            .field("event_data", &self.event_data.as_ref().map(String::len))
            .field("usage", &self.usage)
            .finish()
    }
}

/// What came of `begin`, as far as it counts: what the step said is told only where it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Begun {
    /// Send the user agent there.
    Redirect(AuthorizationRequest),
    /// The visit ends with this failure.
    Failed(Failed),
    /// No attempt was begun, and nothing was changed: the visit waits for another one that is pending.
    Refused(Failure),
    /// Nothing was changed: the visit is settled already. Show where the journey stands.
    TooLate(Failure),
    /// Nothing ran and nothing was changed: this host, or this tenant's share of it, is at its limit, or its store of journeys can't be read. Ask
    /// again in a few seconds.
    Busy,
    /// Whether anything was changed is unknown, but it was all or nothing. Ask again.
    Unknown(StoreError),
}

/// What came of `complete`, as far as it counts: what the step said is told only where it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Completed {
    /// The output variable holds the result: the journey goes on.
    Authenticated(Authentication),
    /// The error variable holds the failure: the journey goes on as [`Failed::behavior`] says.
    Failed(Failed),
    /// Nothing was changed, and the journey waits on.
    Ignored(Failure),
    /// Nothing was changed: the visit is settled already. Show where the journey stands.
    TooLate(Failure),
    /// Nothing ran and nothing was changed: this host, or this tenant's share of it, is at its limit, or its store of journeys can't be read. Give
    /// the same response again in a few seconds: its code hasn't been used.
    Busy,
    /// Whether anything was changed is unknown, but it was all or nothing. The journey waits on; 91 s later one more response to the newest
    /// attempt, or one that says `Abandoned`, ends the visit.
    Unknown(StoreError),
}

/// What came of a test of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Tested {
    /// What each check found, in the order in which they were made.
    Findings(Vec<Finding>),
    /// Nothing was asked: the connector uses its client secret otherwise than the one that the secret was saved for. Have it entered anew, and test
    /// with [`SecretForTest::Entered`](crate::SecretForTest::Entered).
    SecretNeeded,
    /// Nothing was asked, since so many were tested before, of this tenant or of this directory. Not before this time has passed.
    TooOften(Duration),
    /// Nothing ran: this host, or this tenant's share of it, is at its limit. Ask again in a few seconds.
    Busy,
    /// The host ended the test before it had found anything: [`Called::trapped`] says why.
    Ended,
}

impl Tested {
    /// The findings; none where nothing was found out.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Findings(findings) => findings,
            Self::SecretNeeded | Self::TooOften(_) | Self::Busy | Self::Ended => &[],
        }
    }
}

/// In a few words, for a log: `passed`, `failed: callback, credentials`.
impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Findings(findings) => {
                let failed = findings.iter().filter(|finding| finding.status == FindingStatus::Failed);
                let mut failed: Vec<&str> = failed.map(|finding| finding.check.as_str()).collect();
                failed.dedup();
                match failed.is_empty() {
                    true => f.write_str("passed"),
                    false => write!(f, "failed: {}", failed.join(", ")),
                }
            }
            Self::SecretNeeded => f.write_str("secret needed"),
            Self::TooOften(_) => f.write_str("too often"),
            Self::Busy => f.write_str("busy"),
            Self::Ended => f.write_str("ended"),
        }
    }
}

/// In a few words, for a log: `redirect`, `failed: access_denied`.
impl fmt::Display for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect(_) => f.write_str("redirect"),
            Self::Failed(failed) => write!(f, "failed: {}", failed.failure.code),
            Self::Refused(failure) => write!(f, "refused: {}", failure.code),
            Self::TooLate(failure) => write!(f, "too late: {}", failure.code),
            Self::Busy => f.write_str("busy"),
            Self::Unknown(_) => f.write_str("unknown"),
        }
    }
}

/// In a few words, for a log: `authenticated`, `ignored: state_unknown`.
impl fmt::Display for Completed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticated(_) => f.write_str("authenticated"),
            Self::Failed(failed) => write!(f, "failed: {}", failed.failure.code),
            Self::Ignored(failure) => write!(f, "ignored: {}", failure.code),
            Self::TooLate(failure) => write!(f, "too late: {}", failure.code),
            Self::Busy => f.write_str("busy"),
            Self::Unknown(_) => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, status: FindingStatus) -> Finding {
        let (check, message, provider) = (check.to_owned(), String::new(), crate::ProviderAnswer::default());
        Finding { check, status, code: None, message, path: None, remedy: None, provider }
    }

    #[test]
    fn a_test_is_told_by_the_checks_that_failed() {
        let passed =
            Tested::Findings(vec![finding("documents", FindingStatus::Passed), finding("clock", FindingStatus::Unknown)]);
        let failed = Tested::Findings(vec![
            finding("documents", FindingStatus::Passed),
            finding("callback", FindingStatus::Failed),
            finding("callback", FindingStatus::Failed),
            finding("credentials", FindingStatus::Failed),
        ]);
        assert_eq!((passed.findings().len(), failed.findings().len(), Tested::Busy.findings().len()), (2, 4, 0));
        for (tested, told) in [
            (passed, "passed"),
            (failed, "failed: callback, credentials"),
            (Tested::SecretNeeded, "secret needed"),
            (Tested::TooOften(Duration::ZERO), "too often"),
            (Tested::Busy, "busy"),
            (Tested::Ended, "ended"),
        ] {
            assert_eq!(tested.to_string(), told);
        }
    }
}
