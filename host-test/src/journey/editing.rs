//! The page "Edit the step": settings and connector in forms that are drawn from their schemas, what the step's own check says of
//! them beside the fields, and below them a test of the connection.
//!
//! Only what the check accepts is saved, with the callback URL that this server serves. The client secret is in no document and
//! on no page; it stays with the connector that it was saved for, and where another one would send it elsewhere, it is to be
//! entered anew (`StoredSecret`).

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::Value;

use super::definition::Definition;
use super::editor::Editor;
use super::offer::Offer;
use super::page;
use super::server::Server;
use crate::check::checklist;
use crate::form::Entries;
use crate::html::{Width, escape};
use journey_host::{ClientSecret, Problem, SecretForTest, SecretUse, StoredSecret, Tested};

/// The name of the field for the client secret, and of the buttons.
const SECRET: &str = "secret";
const DO: &str = "do";

/// What a button asks for; all but the last save first.
const LOG_IN: &str = "log-in";
const TEST: &str = "test";
const UNDO: &str = "undo";

/// Every browser has the same step here: a person who edits it should know of the others.
const FOR_ALL: &str = "<p class=\"note\">What is saved holds for every browser at this demo, for logins that begin from then on, until it is \
                       undone or the demo ends.</p>\n";

/// Nothing that was entered for a secret is shown again.
const ENTER_AGAIN: &str = "enter it again: what was entered isn’t kept where nothing is saved";

/// What the page tells beside the forms.
enum Told<'a> {
    /// The step as it was saved before.
    Nothing,
    /// It was saved just now.
    Saved,
    /// It was saved, and this is what a test found.
    Tested(&'a Tested),
    /// It wasn't saved: these are wrong. A client secret that was entered with it is gone.
    Wrong { problems: &'a [Problem], is_secret_lost: bool },
    /// It wasn't saved: the connector would send the secret elsewhere than it was saved for.
    SecretNeeded,
}

impl Server {
    /// The step as it was saved last.
    pub(super) fn show_editor(&self, editor: &Editor, is_saved: bool) -> Response<Body> {
        let Definition { settings, connector, .. } = &editor.offer().definition;
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let settings = editor.settings.fill(&parsed(settings));
        let connector = editor.connector.fill(&parsed(connector));
        let told = if is_saved { Told::Saved } else { Told::Nothing };
        show(StatusCode::OK, editor, [&settings, &connector], &told)
    }

    /// Saves what a form brought, where the step's check accepts it, and has the connection tested or a login begun, where that
    /// was asked for.
    pub(super) async fn edit(&self, editor: &Editor, form: &str) -> Response<Body> {
        let mut entries = Entries::posted(form);
        let asked = entries.take(DO).unwrap_or_default();
        let entered = entries.take(SECRET).filter(|secret| !secret.is_empty()).map(ClientSecret::new);
        if asked == UNDO {
            editor.undo();
            return page::see_other("/step", &[]);
        }
        let both = [&entries, &entries];
        let settings = editor.settings.document(&entries);
        let connector = editor.connector.document(&entries).to_string();
        let offer = editor.offer();
        let saved = offer.definition.clone();
        let Ok(problems) = self.step.check(&saved.tenant, &settings.to_string(), &connector).await else {
            return page::text(StatusCode::SERVICE_UNAVAILABLE, "The step can't be checked now.");
        };
        let problems: Vec<Problem> = self.unserved(&offer, &settings).into_iter().chain(problems).collect();
        if !problems.is_empty() {
            let told = Told::Wrong { problems: &problems, is_secret_lost: entered.is_some() };
            return show(StatusCode::OK, editor, both, &told);
        }
        let Ok(secret) = self.secret_for(&saved, &connector, entered).await else {
            return show(StatusCode::OK, editor, both, &Told::SecretNeeded);
        };
        let has_failure_branch = settings["failure_behavior"] != "abort";
        let definition =
            Definition { settings: settings.to_string(), connector, client_secret: secret, has_failure_branch, ..saved };
        editor.save(definition.clone());
        match asked.as_str() {
            LOG_IN => return page::onward("Saved", &offer.start()),
            TEST => {}
            _ => return page::see_other("/step?saved", &[]),
        }
        // Entered now, or saved for this very use.
        let secret = definition.client_secret.as_ref().map_or(SecretForTest::None, SecretForTest::Entered);
        let called = self.step.test(&definition.tenant, Some(&definition.settings), &definition.connector, secret).await;
        show(page::status_of(&called.outcome), editor, both, &Told::Tested(&called.outcome))
    }

    /// Another callback URL than the one at which this server takes the responses of the step: no login could begin with it. The
    /// step's own check doesn't know which one that is.
    fn unserved(&self, offer: &Offer, settings: &Value) -> Option<Problem> {
        let served = self.origin.url_of(&offer.callback_path);
        (settings["callback_url"] != *served).then(|| Problem {
            path: "/settings/callback_url".to_owned(),
            message: format!("expected `{served}`, the one address that this demo serves for the step"),
        })
    }

    /// The client secret that goes with a connector: the one that was entered; or the one that is saved, where this connector
    /// uses it as the saved one does; none for a public client.
    ///
    /// # Errors
    /// It has to be entered anew.
    async fn secret_for(
        &self,
        saved: &Definition,
        connector: &str,
        entered: Option<ClientSecret>,
    ) -> Result<Option<ClientSecret>, ()> {
        let is_public =
            serde_json::from_str(connector).is_ok_and(|connector: Value| connector["client_authentication"] == "none");
        if is_public || entered.is_some() {
            return Ok(entered.filter(|_| !is_public));
        }
        let use_of = async |connector: &str| -> Option<SecretUse> {
            self.step.target(&saved.tenant, connector).await.ok().flatten().map(|target| target.secret_use)
        };
        let (Some(before), Some(now)) = (use_of(&saved.connector).await, use_of(connector).await) else { return Err(()) };
        let stored = saved.client_secret.clone().map(|secret| StoredSecret::new(secret, before)).ok_or(())?;
        stored.for_use(&now).cloned().map(Some).ok_or(())
    }
}

fn show(status: StatusCode, editor: &Editor, [settings, connector]: [&Entries; 2], told: &Told<'_>) -> Response<Body> {
    let problems = if let Told::Wrong { problems, .. } = told { problems } else { [].as_slice() };
    let is_secret_lost = matches!(told, Told::Wrong { is_secret_lost: true, .. });
    let verdict = match told {
        Told::Nothing => format!(
            "<p>Settings and connector, drawn from their schemas. What is left empty is absent from the document, or its default.</p>\n{FOR_ALL}"
        ),
        Told::Saved => format!("<p class=\"good\" role=\"status\">Saved.</p>\n{FOR_ALL}"),
        Told::Tested(tested) => format!(
            "<p role=\"status\"><span class=\"good\">Saved.</span> {} <a href=\"#connection\">What was found</a> stands below the forms.</p>\n{FOR_ALL}",
            escape(&checklist::verdict(tested))
        ),
        Told::Wrong { .. } => format!(
            "<div class=\"alert\" role=\"alert\"><p>Not saved. The step can’t run with this:</p>\n<ul>\n{}{}{}</ul></div>\n",
            editor.settings.list(problems),
            editor.connector.list(problems),
            if is_secret_lost {
                format!("<li><a href=\"#{SECRET}\">Client secret</a>: {ENTER_AGAIN}</li>\n")
            } else {
                String::new()
            }
        ),
        Told::SecretNeeded => format!(
            "<div class=\"alert\" role=\"alert\"><p>Not saved. <a href=\"#{SECRET}\">Enter the client secret anew</a>: this connector would send it \
             elsewhere than it was saved for.</p></div>\n"
        ),
    };
    let (settings, connector) = (editor.settings.draw(settings, problems), editor.connector.draw(connector, problems));
    let invalid = if is_secret_lost || matches!(told, Told::SecretNeeded) { " aria-invalid=\"true\"" } else { "" };
    let lost = if is_secret_lost { format!("<p class=\"alert\">{ENTER_AGAIN}</p>\n") } else { String::new() };
    let connection = match told {
        Told::Tested(tested) => page::findings(tested),
        _ => "<p>The button below saves, and then finds out what is wrong with the connector, without a user.</p>\n".to_owned(),
    };
    // The first button is the one that the Enter key stands for.
    let save = format!(
        "<div class=\"actions\"><button class=\"quiet\" name=\"{DO}\" value=\"save\">Save</button>\n\
         <button name=\"{DO}\" value=\"{LOG_IN}\">Save and log in</button></div>\n"
    );
    let body = format!(
        "{verdict}<form method=\"post\" action=\"/step\" class=\"edit\" autocomplete=\"off\">\n{save}\
         <fieldset id=\"settings\"><legend>Settings</legend>\n{settings}</fieldset>\n\
         <fieldset id=\"connector\"><legend>Connector</legend>\n{connector}\
         <div class=\"field\">\n<label for=\"{SECRET}\">Client secret</label>\n\
         <input type=\"password\" id=\"{SECRET}\" name=\"{SECRET}\" autocomplete=\"off\"{invalid} aria-describedby=\"{SECRET}-help\">\n\
         <p class=\"help\" id=\"{SECRET}-help\">Kept apart from the connector, and never shown. Left empty, the saved one stays.</p>\n{lost}</div>\n\
         </fieldset>\n{save}\
         <h2 id=\"connection\">The connection</h2>\n{connection}\
         <div class=\"actions\"><button class=\"quiet\" name=\"{DO}\" value=\"{TEST}\">Save and test the connection</button>\n\
         <button class=\"quiet\" name=\"{DO}\" value=\"{UNDO}\">Undo all changes</button></div>\n</form>\n\
         <a class=\"button\" href=\"/\">To the start page</a>"
    );
    page::page(status, "Edit the step", Width::Wide, &body)
}
