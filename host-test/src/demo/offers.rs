//! The journeys that the demo offers beside the one it was asked for, each with a user pool of its own: so each is a first login,
//! and what one of them meets is no other's.

use std::sync::Arc;

use serde_json::{Value, json};

use super::documents::{Documents, TENANT};
use super::{local, moving};
use crate::cognito::LocalCognito;
use crate::journey::{Bound, Definition, Editor, NextStep, Offer};
use crate::mishaps::{MISHAPS, Mishap};
use journey_host::ClientSecret;

/// The journeys offered, and the pools that they log in at.
#[derive(Default)]
pub(super) struct Offers {
    pub(super) offers: Vec<Offer>,
    /// The demo's own step, to be edited.
    pub(super) editor: Option<Editor>,
    pub(super) pools: Vec<Arc<LocalCognito>>,
}

/// The headings under which the start page has them, in its order.
const MIGRATION: &str = "Migrate users";
const OTHERS: &str = "Other journeys";
const UNUSUAL: &str = "What is unusual, and succeeds";
const FAILURES: &str = "What can go wrong";

/// A journey by what its settings say beside the demo's own.
struct Variant {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    change: fn(&mut Value),
    next_step: Option<fn() -> NextStep>,
}

/// What the start page says of a journey.
struct Described {
    name: &'static str,
    title: String,
    about: String,
    heading: &'static str,
    next_step: Option<NextStep>,
}

const VARIANTS: [Variant; 7] = [
    Variant {
        name: "migration",
        title: "Migrate as you log in",
        about: "The first login creates your account here, the second one updates it. Continue with Google as Grace Hopper, whose address \
                somebody here has already: a conflict, which is a branch of its own.",
        change: |settings| settings["tokens"] = json!("revoke"),
        next_step: Some(moving::next_step),
    },
    Variant {
        name: "google",
        title: "Straight to Google",
        about: "Past Cognito’s own page to an identity provider of the pool, which lets you choose an account, or none.",
        change: |settings| settings["advanced"] = json!({"identity_provider": "Google", "prompt": "select_account"}),
        next_step: None,
    },
    Variant {
        name: "step-up",
        title: "With a second factor",
        about: "Asks for Cognito’s authentication level 3, and for a login of the last five minutes. The stand-in states the level; a real \
                pool asks for the factor.",
        change: |settings| settings["advanced"] = json!({"acr_values": "urn:cognito:loa:3", "max_age": 300}),
        next_step: None,
    },
    Variant {
        name: "form-post",
        title: "Answered by form post",
        about: "The answer comes back in a form’s body, from site to site, rather than in a URL.",
        change: |settings| settings["response_mode"] = json!("form_post"),
        next_step: None,
    },
    Variant {
        name: "abort",
        title: "A failure ends the journey",
        about: "Choose no account at Google: the journey ends there and has no failure branch.",
        change: |settings| {
            settings["failure_behavior"] = json!("abort");
            settings["advanced"] = json!({"identity_provider": "Google"});
        },
        next_step: None,
    },
    Variant {
        name: "german",
        title: "In German",
        about: "The step asks for the language of Cognito’s pages.",
        change: |settings| settings["advanced"] = json!({"lang": "de"}),
        next_step: None,
    },
    Variant {
        name: "arabic",
        title: "In Arabic",
        about: "A language that is read from right to left.",
        change: |settings| settings["advanced"] = json!({"lang": "ar"}),
        next_step: None,
    },
];

impl Offers {
    /// Starts a pool for each of them. `documents`: of the step that is to be edited.
    ///
    /// # Errors
    /// No port is free, a fault isn't one, or there is no form for a document.
    pub(super) async fn prepare(bound: &Bound, documents: &Documents) -> anyhow::Result<Self> {
        let mut all = Self::default();
        all.add_editor(bound, documents).await?;
        for Variant { name, title, about, change, next_step } in VARIANTS {
            let described = Described {
                name,
                title: title.to_owned(),
                about: about.to_owned(),
                // The first step after a login is what the step is for.
                heading: if next_step.is_some() { MIGRATION } else { OTHERS },
                next_step: next_step.map(|make| make()),
            };
            all.add(bound, described, change, |_, _, _| {}).await?;
        }
        let (succeeding, failing): (Vec<&Mishap>, Vec<&Mishap>) = MISHAPS.iter().partition(|mishap| mishap.succeeds());
        for mishap in succeeding.into_iter().chain(failing) {
            let ends = match mishap.code {
                _ if mishap.succeeds() => "The user is logged in all the same.".to_owned(),
                "" => "Nothing comes back: it ends on Cognito’s own page.".to_owned(),
                code => format!("It ends with {code}."),
            };
            let described = Described {
                name: mishap.name,
                title: capitalised(&mishap.name.replace('-', " ")),
                about: format!("{}. {ends}", capitalised(mishap.about)),
                heading: if mishap.succeeds() { UNUSUAL } else { FAILURES },
                next_step: None,
            };
            let arrange = |cognito: &LocalCognito, documents: &mut Documents, secret: &mut Option<String>| {
                local::arrange(mishap, cognito, documents, secret);
            };
            all.add(bound, described, |_| {}, arrange).await?;
        }
        Ok(all)
    }

    /// Where the step may connect to.
    pub(super) fn origins(&self) -> impl Iterator<Item = [&str; 2]> {
        self.pools.iter().map(|pool| [pool.issuer_origin(), pool.domain_origin()])
    }

    /// The pool does what the edited settings ask for, as the demo's other pools do; where the connector says something else than
    /// the pool, a test of the connection finds it.
    async fn add_editor(&mut self, bound: &Bound, documents: &Documents) -> anyhow::Result<()> {
        let described =
            Described { name: "edited", title: "Your step".to_owned(), about: String::new(), heading: "Edited", next_step: None };
        let offer = self.offer(bound, described, documents.clone(), |_, _, _| {}).await?;
        let pool = self.pools.last().cloned();
        let follow = move |definition: &Definition| {
            let Some(pool) = &pool else { return };
            let documents = Documents { settings: definition.settings.clone(), connector: definition.connector.clone() };
            let asked = local::config(&documents, "", None, None);
            pool.configure(|config| {
                (config.acr, config.amr, config.response_modes) = (asked.acr, asked.amr, asked.response_modes);
                (config.client.scopes, config.identity_providers) = (asked.client.scopes, asked.identity_providers);
            });
        };
        self.editor = Some(Editor::new(offer, follow).map_err(anyhow::Error::msg)?);
        Ok(())
    }

    /// `change`: of the demo's settings; `arrange`: of what they meet.
    async fn add(
        &mut self,
        bound: &Bound,
        described: Described,
        change: fn(&mut Value),
        arrange: impl FnOnce(&LocalCognito, &mut Documents, &mut Option<String>),
    ) -> anyhow::Result<()> {
        let mut documents = Documents::default();
        let mut settings = documents.settings();
        change(&mut settings);
        documents.settings = settings.to_string();
        let offer = self.offer(bound, described, documents, arrange).await?;
        self.offers.push(offer);
        Ok(())
    }

    /// A journey with a pool of its own.
    async fn offer(
        &mut self,
        bound: &Bound,
        described: Described,
        documents: Documents,
        arrange: impl FnOnce(&LocalCognito, &mut Documents, &mut Option<String>),
    ) -> anyhow::Result<Offer> {
        let Described { name, title, about, heading, next_step } = described;
        let callback_url = format!("{}/{name}", bound.callback_url());
        let callback_path = callback_url.strip_prefix(bound.base_url()).unwrap_or_default().to_owned();
        let config = local::for_people(local::config(&documents, &callback_url, None, None), bound);
        let cognito = LocalCognito::start(config).await?;
        let mut fitted = local::fitted(&documents, &cognito, &callback_url);
        let mut secret = cognito.client_secret();
        arrange(&cognito, &mut fitted, &mut secret);
        self.pools.push(Arc::new(cognito));
        Ok(Offer {
            name: name.to_owned(),
            title,
            about,
            heading,
            callback_path,
            definition: Definition {
                tenant: TENANT.to_owned(),
                has_failure_branch: fitted.settings()["failure_behavior"] != "abort",
                settings: fitted.settings,
                connector: fitted.connector,
                connector_id: name.to_owned(),
                client_secret: secret.map(ClientSecret::new),
            },
            next_step,
        })
    }
}

/// Nobody need have met what was arranged.
impl Drop for Offers {
    fn drop(&mut self) {
        for pool in &self.pools {
            pool.faults().forget();
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn somebody_new_finds_the_migration_first_and_last_what_goes_wrong_and_nothing_else() {
        let bound = Bound::loopback().await.unwrap();
        let all = Offers::prepare(&bound, &Documents::default()).await.unwrap();
        let mut headings: Vec<&str> = all.offers.iter().map(|offer| offer.heading).collect();
        headings.dedup();
        assert_eq!(headings, [MIGRATION, OTHERS, UNUSUAL, FAILURES]);
        for offer in &all.offers {
            let ends_well = offer.about.ends_with("The user is logged in all the same.");
            assert_eq!(ends_well, offer.heading == UNUSUAL, "{}", offer.name);
            let ends_ill = offer.about.contains("It ends with ") || offer.about.contains("Nothing comes back");
            assert_eq!(ends_ill, offer.heading == FAILURES, "{}", offer.name);
        }
    }
}
