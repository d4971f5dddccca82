//! The journey that migrates its users: what comes after the login, in the demo.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize as _;

use crate::journey::{NextStep, Received};
use crate::migration::{Account, Arrived, Conflict, Decision, Directory};

/// A directory in which somebody has the address of the pool's federated user already: the pool's own user is new, and that one
/// is in dispute. It is as old as the demo, and its logins are decided one at a time.
pub(super) fn next_step() -> NextStep {
    let directory = Mutex::new(Directory::of(vec![Account {
        id: "user-1".to_owned(),
        external_id: None,
        email: Some("grace@example.org".to_owned()),
        email_verified: true,
        is_disabled: false,
    }]));
    NextStep::new(move |output| match Arrived::deserialize(output) {
        Ok(arrived) => said(&directory.lock().unwrap_or_else(PoisonError::into_inner).receive(&arrived)),
        Err(_) => Received {
            heading: "Logged in, and the next step failed",
            told: "The next step can’t read the output variable.".to_owned(),
        },
    })
}

fn said(decision: &Decision) -> Received {
    let heading = match decision {
        Decision::Create => "Logged in, and an account was created",
        Decision::Update { .. } => "Logged in, and the account was updated",
        Decision::ProveThenLink { .. } => "Logged in, and an account is to be proved",
        Decision::Conflict(_) => "In conflict with an account here",
    };
    Received { heading, told: told(decision) }
}

/// In a sentence or two; the account by its name in the directory.
fn told(decision: &Decision) -> String {
    match decision {
        Decision::Create => {
            "Created: nobody here had this user or this address, so the next step has made an account. Another login \
             updates it."
                .to_owned()
        }
        Decision::Update { account, takes_address } => {
            let address = if *takes_address { "" } else { ", all but the address, which another account has" };
            format!(
                "Updated: the account {account} has this user pool and this subject, and takes over what Cognito says{address}."
            )
        }
        Decision::ProveThenLink { account } => {
            format!(
                "To be proved: the account {account} has this address. Its owner logs in to it here first, and then it is linked."
            )
        }
        Decision::Conflict(conflict) => {
            let why = match conflict {
                Conflict::Disabled => "the account is locked",
                Conflict::SeveralAccounts => "several accounts have this address",
                Conflict::LinkedToAnother => "the account with this address is another user’s",
                Conflict::AddressUnverified => "nobody says that the address is the user’s",
                Conflict::AddressFederated => {
                    "an account here has this address, and it is an identity provider that says it is the user’s, not the pool"
                }
                Conflict::AccountUnverified => "the owner of the account with this address never proved it",
            };
            format!("A conflict, {}: {why}. The journey takes its branch for that; nothing was changed.", conflict.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conflict_is_told_by_the_name_that_a_journey_branches_on() {
        for conflict in Conflict::ALL {
            let Received { heading, told } = said(&Decision::Conflict(conflict));
            assert!(told.starts_with(&format!("A conflict, {}: ", conflict.as_str())), "{told}");
            assert_eq!(heading, "In conflict with an account here");
        }
    }

    #[test]
    fn each_decision_has_a_heading_of_its_own() {
        let account = || "user-1".to_owned();
        let decisions = [
            Decision::Create,
            Decision::Update { account: account(), takes_address: true },
            Decision::ProveThenLink { account: account() },
            Decision::Conflict(Conflict::Disabled),
        ];
        let headings: std::collections::BTreeSet<&str> = decisions.iter().map(|decision| said(decision).heading).collect();
        assert_eq!(headings.len(), decisions.len(), "{headings:?}");
    }
}
