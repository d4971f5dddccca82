//! Event data: what the journey's analytics record of a call, for diagnosis. Off by default; redacted before anything is picked
//! from it.

use serde_json::{Map, Value, json};

use super::error::Failure;
use super::error_output::ErrorOutput;
use super::outcome::Invocation;
use super::output::Output;
use super::recorder::Exchange;
use super::redaction::{REDACTED, Redaction};
use super::settings::EventData;
use crate::json;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::cache::Source;

/// Which call it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `begin`.
    Begin,
    /// `complete`.
    Complete,
}

/// What came of it.
pub enum Outcome {
    /// The user agent is sent to the provider.
    Redirect,
    /// The output variable's content.
    Authenticated(Box<Output>),
    /// The error variable's content.
    Failed(Failure),
}

/// What is known of the response and of what it led to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observations {
    /// How it came; none where the host ended the login.
    pub response_mode: Option<ResponseMode>,
    /// How it was asked to come.
    pub requested_response_mode: Option<ResponseMode>,
    /// Where the signing key came from.
    pub signing_key: Option<Source>,
    /// Whether the unused refresh token was revoked; none where nobody tried.
    pub refresh_token_revoked: Option<bool>,
}

/// Claims that repeat a secret, or a hash of one.
const SECRET_CLAIMS: &[&str] = &["nonce", "at_hash", "c_hash", "s_hash"];

/// Everything that is known of a call.
pub struct Report<'a> {
    /// Which call it was.
    pub phase: Phase,
    /// What the step ran with.
    pub invocation: Invocation<'a>,
    /// What came of it.
    pub outcome: Outcome,
    /// What is known of the response.
    pub observations: Observations,
    /// The HTTP exchanges, in order.
    pub exchanges: &'a [Exchange],
}

impl Report<'_> {
    /// What the settings ask for of it, as JSON; redacted before anything is picked.
    #[must_use]
    pub fn render(self, wanted: &EventData, redaction: &Redaction) -> Option<String> {
        if *wanted == EventData::None {
            return None;
        }
        let mut document = self.document();
        redaction.document(&mut document);
        let data = match wanted {
            EventData::Custom(fields) => {
                let pick = |field: &String| (redaction.text(field.clone()), document.pointer(field).cloned().unwrap_or_default());
                // Added one by one: to collect them would sort them, and a sort is 7 KB of code.
                let mut picked = Map::new();
                picked.extend(fields.iter().map(pick));
                Value::Object(picked)
            }
            EventData::None | EventData::InputOutput => document,
        };
        Some(json::text(&data))
    }

    fn document(self) -> Value {
        let Self { phase, invocation, outcome, observations, exchanges } = self;
        // A document that was refused may hold anything, a secret in the wrong place among others.
        let is_refused = matches!(&outcome, Outcome::Failed(failure) if failure.path.is_some());
        let (name, output, error) = match outcome {
            Outcome::Redirect => ("redirect", Value::Null, Value::Null),
            Outcome::Authenticated(output) => ("authenticated", without_tokens(output.into_json()), Value::Null),
            Outcome::Failed(failure) => ("failed", Value::Null, ErrorOutput::new(&failure, invocation.round).to_json()),
        };
        let input = |text: &str| match json::object(text.as_bytes()) {
            Ok(object) if !is_refused => Value::Object(object),
            _ => Value::Null,
        };
        let mut document = json!({
            "version": 1,
            "phase": match phase { Phase::Begin => "begin", Phase::Complete => "complete" },
            "outcome": name,
            "input": { "settings": input(invocation.settings), "connector": input(invocation.connector) },
            "response_mode": observations.response_mode,
            "requested_response_mode": observations.requested_response_mode,
            "signing_key": observations.signing_key.map(|source| match source {
                Source::Cached => "cached",
                Source::Fetched => "fetched",
                Source::Refetched => "refetched",
                Source::Stale => "stale",
            }),
            "refresh_token_revoked": observations.refresh_token_revoked,
            "exchanges": exchanges,
            "output": null,
            "error": error,
        });
        // Moved: an ID token can have very many values, and the macro would copy each.
        if let Some(members) = document.as_object_mut() {
            members.insert("output".to_owned(), output);
        }
        document
    }
}

/// The output without what lets anybody act as the user.
fn without_tokens(mut output: Value) -> Value {
    if let Some(members) = output.as_object_mut() {
        redact(members, &["id_token", "tokens"]);
        for name in ["id_token_claims", "user_info"] {
            if let Some(Value::Object(claims)) = members.get_mut(name) {
                redact(claims, SECRET_CLAIMS);
            }
        }
    }
    output
}

fn redact(members: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        if let Some(value) = members.get_mut(*name).filter(|value| !value.is_null()) {
            *value = REDACTED.into();
        }
    }
}
