//! The page on which a login ends: who the user is and what was checked, or why there is none.

use serde_json::Value;

use super::offer::Received;
use super::page::{self, facts, page};
use super::status::Status;
use super::{Event, authentication, timeline};
use crate::html::{Width, escape};
use crate::masked::without_secrets;
use axum::body::Body;
use axum::http::{Response, StatusCode};

/// What is known of a login that has ended.
pub(super) struct Ended<'a> {
    pub(super) status: &'a Status,
    /// Where the same journey starts again.
    pub(super) start: &'a str,
    /// Whether it was a login of the step that a person edits here.
    pub(super) is_edited: bool,
    /// What the step after the login made of it.
    pub(super) next_step: Option<&'a Received>,
    /// For a demo alone: a real journey's users see none of it.
    pub(super) explained: Option<Explained>,
}

/// How it came about.
pub(super) struct Explained {
    /// The settings that the step ran with.
    pub(super) settings: Value,
    /// The output variable; null where there is none.
    pub(super) output: Value,
    /// The error variable; null where there is none.
    pub(super) error: Value,
    /// The calls of the step.
    pub(super) events: Vec<Event>,
    /// Where the user signs out at the provider and comes back.
    pub(super) sign_out: Option<String>,
    /// Of a provider that is a stand-in: what its claims about a sign-in are worth.
    pub(super) stand_in: Option<&'static str>,
}

pub(super) fn show(ended: &Ended<'_>) -> Response<Body> {
    let (title, mut body) = match ended.status {
        Status::Waiting => ("Waiting for the login", String::new()),
        Status::CreateUser(user) => {
            let heading = ended.next_step.map_or("Logged in", |received| received.heading);
            let told = ended.next_step.map(|received| format!("<p>{}</p>\n", escape(&received.told))).unwrap_or_default();
            (heading, format!("{told}{}", user_facts(user, ended.explained.as_ref())))
        }
        Status::FailureBranch(code) => {
            ("Not logged in", branch("The journey goes on to its failure branch, with the code", code))
        }
        Status::Aborted(code) => ("Not logged in", branch("The journey has ended:", code)),
    };
    if let Some(explained) = &ended.explained {
        if let Status::CreateUser(user) = ended.status {
            let login = &explained.output["login"];
            body += &format!("<h2>What was checked</h2>\n{}", checks(login));
            let signed_in = authentication::html(login, &explained.settings["advanced"], explained.stand_in);
            body += &format!("<h2>How you signed in</h2>\n{signed_in}");
            let record = match ended.next_step {
                None => "The user that the journey’s next step creates",
                Some(_) => "The user as the journey’s next step gets it",
            };
            body += &folded(record, user);
            body += &folded("The output variable", &without_secrets(explained.output.clone()));
        } else {
            body += &error_facts(&explained.error);
        }
        body += &format!("<h2>How it came about</h2>\n{}", timeline::html(&explained.events));
    }
    body += &actions(ended);
    page(StatusCode::OK, title, Width::Wide, &body)
}

fn branch(sentence: &str, code: &str) -> String {
    format!("<p>{sentence} <code>{}</code>.</p>\n", escape(code))
}

/// Who the user is, as a person would want to know it. `user`: the record that the next step creates.
fn user_facts(user: &Value, explained: Option<&Explained>) -> String {
    let text = |name: &str| user[name].as_str().map(escape);
    let contact = |name: &str| {
        let value = user[name]["value"].as_str().map(escape)?;
        let mark = match user[name]["verified"] == true {
            true => "<span class=\"good\">verified</span>",
            false => "<span class=\"bad\">not verified</span>",
        };
        Some(format!("<bdi>{value}</bdi> {mark}"))
    };
    let groups: Vec<String> = user["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).map(escape).collect();
    let custom = user["custom"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some(format!("{}: {}", escape(name), escape(value.as_str()?))));
    let custom: Vec<String> = custom.collect();
    let through = explained.and_then(|explained| explained.output["login"]["identity_provider"].as_str().map(escape));
    let rows = [
        ("Name", text("name").or_else(|| text("username"))),
        ("Email", contact("email")),
        ("Phone", contact("phone_number")),
        ("Groups", Some(groups.join(", ")).filter(|groups| !groups.is_empty())),
        ("Birth date", text("birthdate")),
        ("Language", text("locale")),
        ("Attributes", Some(custom.join(", ")).filter(|custom| !custom.is_empty())),
        ("Signed in at", explained.map(|_| through.unwrap_or_else(|| "the user pool itself".to_owned()))),
        ("Subject", text("external_user_id").map(|id| format!("<code>{id}</code>"))),
    ];
    facts(&rows)
}

/// What the author branches on and the operator reads.
fn error_facts(error: &Value) -> String {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(escape);
    let said =
        [text("/provider/error"), text("/provider/error_description")].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let again = match error["retryable"].as_bool() {
        Some(true) => Some("may help".to_owned()),
        Some(false) => Some("doesn’t help".to_owned()),
        None => None,
    };
    let rows = [
        ("What happened", text("/message")),
        ("Whose it is", text("/category")),
        ("Trying again", again),
        ("Where", text("/path").map(|path| format!("<code>{path}</code>"))),
        ("Cognito said", Some(said).filter(|said| !said.is_empty())),
    ];
    format!("{}{}", facts(&rows), folded("The error variable", error))
}

/// What holds of every login that the step lets pass, with what this one had.
fn checks(login: &Value) -> String {
    let text = |name: &str| login[name].as_str().map(escape).unwrap_or_default();
    let checks = [
        "The answer came to the browser that began this login, once, and at the URL that it was asked to come to.".to_owned(),
        "The code was exchanged once, with the secret that its hash in the request stood for (PKCE).".to_owned(),
        format!("The ID token is signed by a key of <code>{}</code>.", text("issuer")),
        format!(
            "It is for this app client, <code>{}</code>, and for this very request (nonce); it hasn’t expired.",
            text("client_id")
        ),
        "The user info is of the same user.".to_owned(),
        "Time, level and methods of the sign-in are such as the settings ask for, where they ask for any.".to_owned(),
    ];
    let list: String = checks.iter().map(|check| format!("<li>{check}</li>\n")).collect();
    format!("<ul>\n{list}</ul>\n")
}

fn folded(title: &str, value: &Value) -> String {
    format!("<details><summary>{title}, as JSON</summary><pre>{}</pre></details>\n", escape(&format!("{value:#}")))
}

/// Never a page from which nothing leads on.
fn actions(ended: &Ended<'_>) -> String {
    let sign_out = ended.explained.as_ref().and_then(|explained| explained.sign_out.as_ref());
    let again = format!("<a class=\"button primary\" href=\"{}\">Start again</a>\n", escape(ended.start));
    let sign_out = sign_out.map(|url| format!("<a class=\"button\" href=\"{}\">Sign out at Cognito</a>\n", escape(url)));
    let edit = if ended.is_edited { page::EDIT_AGAIN } else { "" };
    let others = "<a class=\"button\" href=\"/\">To the start page</a>\n";
    format!("<div class=\"actions\">\n{again}{edit}{}{others}</div>", sign_out.unwrap_or_default())
}
