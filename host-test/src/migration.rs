//! The step after the login: a user of Cognito is known here, is new, or is in dispute. `docs/migration.md` has the table that
//! [`decide`] follows row by row; [`Directory`] is a user directory that does what it says.
//!
//! Invariant: nobody gets into an account by an address alone. An address only finds the account that its owner is asked to
//! prove.

use serde::Deserialize;

/// What the decision reads of the step's output variable, `schema/output.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Arrived {
    user: Profile,
    login: Login,
}

#[derive(Clone, Debug, Deserialize)]
struct Profile {
    external_user_id: String,
    email: Option<String>,
    email_verified: bool,
    provider_groups: Vec<String>,
    federated_identities: Vec<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
struct Login {
    user_pool_id: String,
    identity_provider: Option<String>,
}

/// The name of a user that no other has, whatever the pools do: the pool and the user's `sub` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId {
    /// `login.user_pool_id`.
    pub user_pool_id: String,
    /// `user.external_user_id`.
    pub subject: String,
}

/// An account here, as far as the decision goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its own name here.
    pub id: String,
    /// The user of Cognito that it belongs to, once it was migrated or linked.
    pub external_id: Option<ExternalId>,
    /// Its address.
    pub email: Option<String>,
    /// Whether its owner proved here that the address is his.
    pub email_verified: bool,
    /// Whether it is locked.
    pub is_disabled: bool,
}

/// What the next step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Make an account with this external id.
    Create,
    /// Take over what the output says, where it isn't null.
    Update {
        /// The account's `id`.
        account: String,
        /// Whether the address may be taken over, too: not where another account has it.
        takes_address: bool,
    },
    /// Have the user log in to this account in the way that it knows, and then give it the external id.
    ProveThenLink {
        /// The account's `id`.
        account: String,
    },
    /// Neither: a branch of the journey for a person to look at.
    Conflict(Conflict),
}

/// Why nothing can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The user's account here is locked: a login at Cognito doesn't unlock it.
    Disabled,
    /// Several accounts have the address.
    SeveralAccounts,
    /// The account with the address belongs to another user of Cognito.
    LinkedToAnother,
    /// Nobody says that the address is the user's.
    AddressUnverified,
    /// An identity provider behind the pool says so, and not the pool.
    AddressFederated,
    /// The account's own address was never proved: whoever opened it may have borrowed it.
    AccountUnverified,
}

impl Conflict {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Disabled,
        Self::SeveralAccounts,
        Self::LinkedToAnother,
        Self::AddressFederated,
        Self::AddressUnverified,
        Self::AccountUnverified,
    ];

    /// Its name, for a journey to branch on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::SeveralAccounts => "several_accounts",
            Self::LinkedToAnother => "linked_to_another",
            Self::AddressFederated => "address_federated",
            Self::AddressUnverified => "address_unverified",
            Self::AccountUnverified => "account_unverified",
        }
    }
}

/// What to do with a user who has just logged in. `accounts`: at least those with the user's external id and those with the
/// address.
#[must_use]
pub fn decide(arrived: &Arrived, accounts: &[Account]) -> Decision {
    let external_id = arrived.external_id();
    let with_address: Vec<&Account> = accounts.iter().filter(|account| arrived.has_address_of(account)).collect();
    if let Some(known) = accounts.iter().find(|account| account.external_id.as_ref() == Some(&external_id)) {
        if known.is_disabled {
            return Decision::Conflict(Conflict::Disabled);
        }
        let takes_address = with_address.iter().all(|account| account.id == known.id);
        return Decision::Update { account: known.id.clone(), takes_address };
    }
    let account = match with_address.as_slice() {
        [] => return Decision::Create,
        [account] => account,
        _ => return Decision::Conflict(Conflict::SeveralAccounts),
    };
    let conflict = if account.external_id.is_some() {
        Conflict::LinkedToAnother
    } else if account.is_disabled {
        Conflict::Disabled
    } else if arrived.is_federated() {
        Conflict::AddressFederated
    } else if !arrived.user.email_verified {
        Conflict::AddressUnverified
    } else if !account.email_verified {
        Conflict::AccountUnverified
    } else {
        return Decision::ProveThenLink { account: account.id.clone() };
    };
    Decision::Conflict(conflict)
}

impl Arrived {
    fn external_id(&self) -> ExternalId {
        ExternalId { user_pool_id: self.login.user_pool_id.clone(), subject: self.user.external_user_id.clone() }
    }

    /// Letters beyond ASCII are compared as they are: some of them are lower-cased to ASCII ones, and would make two addresses
    /// one.
    fn has_address_of(&self, account: &Account) -> bool {
        match (&self.user.email, &account.email) {
            (Some(own), Some(other)) => own.eq_ignore_ascii_case(other),
            _ => false,
        }
    }

    /// Whether an identity provider may have written the profile. One linked identity is enough: its mapping writes at each
    /// login.
    fn is_federated(&self) -> bool {
        !self.user.federated_identities.is_empty()
            || !self.user.provider_groups.is_empty()
            || self.login.identity_provider.is_some()
    }
}

/// Accounts in memory. A real directory has a unique key on the external id, and where that says "already exists", decides again.
#[derive(Debug, Default)]
pub struct Directory {
    accounts: Vec<Account>,
}

impl Directory {
    /// With these accounts.
    #[must_use]
    pub fn of(accounts: Vec<Account>) -> Self {
        Self { accounts }
    }

    /// Decides, and creates or updates accordingly. To prove, link and settle a conflict takes the user or a person.
    pub fn receive(&mut self, arrived: &Arrived) -> Decision {
        let decision = decide(arrived, &self.accounts);
        match &decision {
            Decision::Create => self.accounts.push(Account {
                id: format!("user-{}", self.accounts.len() + 1),
                external_id: Some(arrived.external_id()),
                email: arrived.user.email.clone(),
                email_verified: arrived.user.email_verified,
                is_disabled: false,
            }),
            Decision::Update { account, takes_address: true } if arrived.user.email.is_some() => {
                for known in self.accounts.iter_mut().filter(|known| known.id == *account) {
                    known.email.clone_from(&arrived.user.email);
                    known.email_verified = arrived.user.email_verified;
                }
            }
            Decision::Update { .. } | Decision::ProveThenLink { .. } | Decision::Conflict(_) => {}
        }
        decision
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const POOL: &str = "eu-west-1_AbCdEf123";

    /// A user of the pool's own, whose address the pool has verified, and what else is said of her.
    fn ada(change: impl FnOnce(&mut Value)) -> Arrived {
        let mut output = json!({
            "user": {
                "external_user_id": "sub-ada", "email": "ada@example.com", "email_verified": true,
                "provider_groups": [], "federated_identities": [],
            },
            "login": { "user_pool_id": POOL, "identity_provider": null },
        });
        change(&mut output);
        serde_json::from_value(output).unwrap()
    }

    fn external(user_pool_id: &str, subject: &str) -> Option<ExternalId> {
        Some(ExternalId { user_pool_id: user_pool_id.to_owned(), subject: subject.to_owned() })
    }

    /// An account that was here before, its address proved here.
    fn local(id: &str, email: &str) -> Account {
        Account { id: id.to_owned(), external_id: None, email: Some(email.to_owned()), email_verified: true, is_disabled: false }
    }

    fn known(id: &str) -> Account {
        Account { external_id: external(POOL, "sub-ada"), ..local(id, "ada@example.com") }
    }

    #[test]
    fn a_known_user_is_updated_whatever_the_address() {
        let update = |takes_address| Decision::Update { account: "1".into(), takes_address };
        assert_eq!(decide(&ada(|_| {}), &[known("1")]), update(true));
        assert_eq!(decide(&ada(|output| output["user"]["email"] = json!("new@example.com")), &[known("1")]), update(true));
        assert_eq!(decide(&ada(|output| output["user"]["email"] = Value::Null), &[known("1")]), update(true));
    }

    #[test]
    fn a_known_user_takes_no_address_that_another_account_has() {
        let arrived = ada(|output| output["user"]["email"] = json!("boss@example.com"));
        let accounts = [known("1"), local("2", "boss@example.com")];
        assert_eq!(decide(&arrived, &accounts), Decision::Update { account: "1".into(), takes_address: false });
        let mut directory = Directory::of(accounts.to_vec());
        directory.receive(&arrived);
        assert_eq!(directory.accounts(), accounts);
    }

    #[test]
    fn a_known_user_whose_account_is_locked_is_a_conflict() {
        let locked = Account { is_disabled: true, ..known("1") };
        assert_eq!(decide(&ada(|_| {}), &[locked]), Decision::Conflict(Conflict::Disabled));
    }

    #[test]
    fn a_user_whose_address_nobody_has_is_created() {
        assert_eq!(decide(&ada(|_| {}), &[]), Decision::Create);
        assert_eq!(decide(&ada(|_| {}), &[local("1", "grace@example.com")]), Decision::Create);
        let without = Account { email: None, ..local("1", "") };
        assert_eq!(decide(&ada(|output| output["user"]["email"] = Value::Null), &[without]), Decision::Create);
    }

    /// The same `sub` of another pool is another user, and so is an account's own id.
    #[test]
    fn the_key_is_pool_and_subject_together() {
        let other_pool = Account { external_id: external("eu-west-1_Other", "sub-ada"), ..local("1", "a@example.com") };
        let other_subject = Account { external_id: external(POOL, "sub-grace"), ..local("2", "b@example.com") };
        assert_eq!(decide(&ada(|_| {}), &[other_pool, other_subject, local("sub-ada", "c@example.com")]), Decision::Create);
    }

    #[test]
    fn one_local_account_with_the_address_is_proved_then_linked() {
        let expected = Decision::ProveThenLink { account: "1".into() };
        assert_eq!(decide(&ada(|_| {}), &[local("1", "ada@example.com")]), expected);
        assert_eq!(decide(&ada(|_| {}), &[local("1", "Ada@Example.com")]), expected, "in any case of its letters");
    }

    /// U+212A, the Kelvin sign, is a `k` in lower case.
    #[test]
    fn an_address_with_look_alike_letters_is_another_one() {
        let arrived = ada(|output| output["user"]["email"] = json!("\u{212a}ate@example.com"));
        assert_eq!(decide(&arrived, &[local("1", "kate@example.com")]), Decision::Create);
    }

    #[test]
    fn the_address_of_a_federated_user_links_nothing() {
        let identity = json!({"provider_name": "Google"});
        for (member, value) in [
            ("/user/federated_identities", json!([identity])),
            ("/user/provider_groups", json!([format!("{POOL}_Google")])),
            ("/login/identity_provider", json!("Google")),
        ] {
            let arrived = ada(|output| *output.pointer_mut(member).unwrap() = value);
            let decision = decide(&arrived, &[local("1", "ada@example.com")]);
            assert_eq!(decision, Decision::Conflict(Conflict::AddressFederated), "{member}");
        }
    }

    #[test]
    fn an_address_that_nobody_verified_links_nothing() {
        let arrived = ada(|output| output["user"]["email_verified"] = json!(false));
        assert_eq!(decide(&arrived, &[local("1", "ada@example.com")]), Decision::Conflict(Conflict::AddressUnverified));
        let borrowed = Account { email_verified: false, ..local("1", "ada@example.com") };
        assert_eq!(decide(&ada(|_| {}), &[borrowed]), Decision::Conflict(Conflict::AccountUnverified));
    }

    #[test]
    fn an_account_of_another_user_is_a_conflict() {
        let linked = Account { external_id: external(POOL, "sub-grace"), ..local("1", "ada@example.com") };
        assert_eq!(decide(&ada(|_| {}), &[linked]), Decision::Conflict(Conflict::LinkedToAnother));
    }

    #[test]
    fn a_locked_account_with_the_address_is_a_conflict() {
        let locked = Account { is_disabled: true, ..local("1", "ada@example.com") };
        assert_eq!(decide(&ada(|_| {}), &[locked]), Decision::Conflict(Conflict::Disabled));
    }

    #[test]
    fn several_accounts_with_the_address_are_a_conflict() {
        let accounts = [local("1", "ada@example.com"), local("2", "ADA@example.com")];
        assert_eq!(decide(&ada(|_| {}), &accounts), Decision::Conflict(Conflict::SeveralAccounts));
    }

    #[test]
    fn the_page_names_each_conflict_and_no_other() {
        let page = include_str!("../../docs/migration.md");
        let mut named: Vec<_> = page.split("**conflict** `").skip(1).filter_map(|rest| rest.split('`').next()).collect();
        named.sort_unstable();
        named.dedup();
        let mut expected = Conflict::ALL.map(Conflict::as_str);
        expected.sort_unstable();
        assert_eq!(named, expected);
    }

    #[test]
    fn a_conflict_changes_nothing() {
        let accounts = vec![local("1", "ada@example.com")];
        let mut directory = Directory::of(accounts.clone());
        let arrived = ada(|output| output["login"]["identity_provider"] = json!("Google"));
        assert_eq!(directory.receive(&arrived), Decision::Conflict(Conflict::AddressFederated));
        assert_eq!(directory.receive(&ada(|_| {})), Decision::ProveThenLink { account: "1".into() });
        assert_eq!(directory.accounts(), accounts);
    }

    #[test]
    fn a_null_deletes_nothing() {
        let mut directory = Directory::of(vec![known("1")]);
        directory.receive(&ada(|output| output["user"]["email"] = Value::Null));
        assert_eq!(directory.accounts(), [known("1")]);
    }
}
