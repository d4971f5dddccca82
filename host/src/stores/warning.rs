//! What a server's own settings may lose.

use std::fmt;

/// What may be lost as a store's server is set up. The host runs; its operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreWarning {
    /// Stable, for alerts: `not_persistent`, `snapshots_only`, `written_late`, `may_evict` or `not_checked`.
    pub code: &'static str,
    /// What is set how, and what that loses.
    pub message: String,
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_its_code_and_what_it_loses() {
        let warning = StoreWarning { code: "not_persistent", message: "a restart loses everything".to_owned() };
        assert_eq!(warning.to_string(), "not_persistent: a restart loses everything");
    }
}
