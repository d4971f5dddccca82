//! The author's settings of the step.

use serde_json::Value;

use super::advanced::{Advanced, AdvancedDocument, MEMBERS};
#[cfg(test)]
use super::document;
use super::document::{Field, Problem, Reader, Words};
use super::error::Code;
use crate::json::{self, FromJson, Object};
use crate::limit::limit;
use crate::oidc::authorization::ResponseMode;
#[cfg(test)]
use crate::oidc::scope;
use crate::oidc::scope::Scope;
use crate::oidc::{callback, response};
use crate::web_address;

/// Default name of the output variable.
pub const DEFAULT_OUTPUT_VARIABLE: &str = "cognito_oidc_output";
/// Default name of the error variable.
pub const DEFAULT_ERROR_OUTPUT_VARIABLE: &str = "error_output";
/// Default of `login_lifetime`, in seconds: Cognito's own page gives a user some minutes, a forgotten password some more.
const DEFAULT_LOGIN_LIFETIME: u32 = 900;
/// Bounds of `login_lifetime`, in seconds.
pub(crate) const LOGIN_LIFETIMES: std::ops::RangeInclusive<u32> = 60..=86_400;
/// Says `LOGIN_LIFETIMES` in words.
const A_LOGIN_LIFETIME: &str = "expected whole seconds, 60 to 86400";
limit! {
    /// Longest callback URL, in bytes.
    MAX_CALLBACK_URL: usize = 2048;
    A_CALLBACK_URL = "expected a URL of at most ", " characters";
}

limit! {
    /// Longest name of a variable, in bytes.
    MAX_VARIABLE_NAME: usize = 128;
    A_VARIABLE_NAME = "expected a variable name: letters, digits and `_`, not beginning with a digit, ", " characters at most";
}

limit! {
    /// Most fields of custom event data.
    MAX_FIELDS: usize = 64;
    A_NUMBER_OF_FIELDS = "expected at most ", " JSON Pointers";
}

/// As a pattern of JSON Schema.
#[cfg(test)]
const VARIABLE_NAME: &str = "^[A-Za-z_][A-Za-z0-9_]{0,127}$";

/// Settings of the step "Cognito OIDC Authentication".
#[derive(Debug, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(default, title = "Settings", deny_unknown_fields))]
pub struct SettingsDocument {
    /// Where Cognito sends the user agent back to, exactly as registered at the app client. `https`, or `http` for `127.0.0.1`,
    /// `[::1]` and `localhost`, or an app's own scheme.
    #[cfg_attr(test, schemars(title = "Callback URL", extend("x-required" = true, "format" = "uri", "maxLength" = MAX_CALLBACK_URL)))]
    callback_url: Field<String>,
    /// OAuth scopes, separated by spaces. `openid` is always added.
    #[cfg_attr(test, schemars(title = "Scope", extend("default" = scope::DEFAULT)))]
    scope: Field<Words>,
    /// How the authorization response is asked to come back. A response by query is always accepted.
    #[cfg_attr(test, schemars(title = "Response mode", extend("default" = "query")))]
    response_mode: Field<ResponseMode>,
    /// Name of the variable that receives the result.
    #[cfg_attr(test, schemars(title = "Output variable", extend("default" = DEFAULT_OUTPUT_VARIABLE, "pattern" = VARIABLE_NAME)))]
    output_variable: Field<String>,
    /// Name of the variable that receives an error. Must differ from the output variable.
    #[cfg_attr(
        test,
        schemars(title = "Error output variable", extend("default" = DEFAULT_ERROR_OUTPUT_VARIABLE, "pattern" = VARIABLE_NAME))
    )]
    error_output_variable: Field<String>,
    /// What a failure does to the journey.
    #[cfg_attr(test, schemars(title = "Failure behavior", extend("default" = "failure_branch")))]
    failure_behavior: Field<FailureBehavior>,
    /// What becomes of the tokens beside the ID token.
    #[cfg_attr(test, schemars(title = "Tokens", extend("default" = "discard")))]
    tokens: Field<Tokens>,
    /// Seconds that a user has from the redirect to the response, 60 to 86400.
    #[cfg_attr(
        test,
        schemars(
            title = "Login lifetime",
            extend("default" = DEFAULT_LOGIN_LIFETIME, "minimum" = LOGIN_LIFETIMES.start(), "maximum" = LOGIN_LIFETIMES.end())
        )
    )]
    login_lifetime: Field<u32>,
    /// What the journey's analytics record of the step. No secret ever gets in.
    #[cfg_attr(test, schemars(title = "Additional data reporting", extend("default" = "none"), transform = texts_apart))]
    event_data: Field<EventData>,
    /// Further parameters of the authorization request, and what the login has to fulfil.
    #[cfg_attr(test, schemars(title = "Advanced OIDC configuration", extend("options" = {"collapsed": true})))]
    advanced: Field<AdvancedDocument>,
    #[cfg_attr(test, schemars(skip))]
    unknown: Object,
}

/// The two texts as one choice beside the list of fields: who draws a form chooses first which it is, and never sees a text to be
/// typed.
#[cfg(test)]
fn texts_apart(schema: &mut schemars::Schema) {
    let Some(choices) = schema.get_mut("oneOf").and_then(serde_json::Value::as_array_mut) else { return };
    let texts: Vec<serde_json::Value> = choices.extract_if(.., |choice| choice["const"].is_string()).collect();
    let all_or_nothing =
        serde_json::json!({"title": "All or nothing", "description": "Nothing, or the whole document.", "oneOf": texts});
    choices.insert(0, all_or_nothing);
}

/// What a failure does to the journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum FailureBehavior {
    /// The journey goes on to its failure branch; where it has none, it is aborted.
    #[cfg_attr(test, schemars(title = "Failure branch"))]
    #[default]
    FailureBranch,
    /// The journey is aborted.
    #[cfg_attr(test, schemars(title = "Abort"))]
    Abort,
}

/// What the analytics record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum EventData {
    /// Nothing.
    #[cfg_attr(test, schemars(title = "None"))]
    #[default]
    None,
    /// The whole redacted document of the call.
    #[cfg_attr(test, schemars(title = "Step input and output"))]
    InputOutput,
    /// Chosen fields of the redacted document.
    #[cfg_attr(test, schemars(title = "Custom data"))]
    Custom(
        #[cfg_attr(
            test,
            schemars(
                title = "Fields",
                description = "JSON Pointers (RFC 6901).",
                extend("maxItems" = MAX_FIELDS, "examples" = [["/outcome", "/error/code", "/output/user/email"]]),
                inner(regex(pattern = "^/([^~]|~[01])*$")),
                transform = document::items_titled("Field")
            )
        )]
        Vec<String>,
    ),
}

/// What becomes of access token and refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum Tokens {
    /// They're used for userinfo and forgotten.
    #[cfg_attr(test, schemars(title = "Discard"))]
    #[default]
    Discard,
    /// As `discard`, and the unused refresh token is revoked, best effort: it would count as a session of the user's.
    #[cfg_attr(test, schemars(title = "Discard and revoke"))]
    Revoke,
    /// They're part of the output.
    #[cfg_attr(test, schemars(title = "Put into the output"))]
    Output,
}

impl FromJson for FailureBehavior {
    fn from_json(value: Value) -> Option<Self> {
        match value.as_str()? {
            "failure_branch" => Some(Self::FailureBranch),
            "abort" => Some(Self::Abort),
            _ => None,
        }
    }
}

impl FromJson for EventData {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(name) if name == "none" => Some(Self::None),
            Value::String(name) if name == "input_output" => Some(Self::InputOutput),
            Value::Object(mut members) => {
                let fields = json::take(&mut members, "custom")?;
                members.is_empty().then_some(Self::Custom(fields))
            }
            _ => None,
        }
    }
}

impl FromJson for Tokens {
    fn from_json(value: Value) -> Option<Self> {
        match value.as_str()? {
            "discard" => Some(Self::Discard),
            "revoke" => Some(Self::Revoke),
            "output" => Some(Self::Output),
            _ => None,
        }
    }
}

/// Settings that hold together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redirect_uri`, as written.
    pub callback_url: String,
    /// With `openid`.
    pub scope: Scope,
    /// How the response is asked to come back.
    pub response_mode: ResponseMode,
    /// What the author asks for beyond the standard request.
    pub advanced: Advanced,
    /// What becomes of the tokens.
    pub tokens: Tokens,
    /// In seconds.
    pub login_lifetime: u32,
}

/// Where the user agent comes back to and where results go. Read on its own: a failure needs its way out even where the other
/// settings are broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destinations {
    /// None where no valid URL was given.
    pub callback_url: Option<String>,
    /// None where no valid name was given.
    pub output_variable: Option<String>,
    /// The default where no valid name was given.
    pub error_output_variable: String,
    /// The default where none was given.
    pub failure_behavior: FailureBehavior,
    /// None where it wasn't understood.
    pub event_data: EventData,
}

impl Settings {
    /// Reads settings: where results go, in any case; and the settings, or everything that's wrong with them.
    ///
    /// # Errors
    /// Every problem.
    pub fn parse(text: &str) -> (Destinations, Result<Self, Vec<Problem>>) {
        let mut problems = Vec::new();
        let mut reader = Reader::new("/settings", Code::InvalidSettings, &mut problems);
        let document = reader.object(text).map(SettingsDocument::read).unwrap_or_default();
        let destinations = Destinations::read(&document);
        let settings = if problems.is_empty() { document.check(&destinations, &mut problems) } else { None };
        match settings {
            Some(settings) if problems.is_empty() => (destinations, Ok(settings)),
            _ => (destinations, Err(problems)),
        }
    }
}

impl Destinations {
    fn read(document: &SettingsDocument) -> Self {
        let name = |field: &Field<String>, default: &str| match field {
            Field::Absent => Some(default.to_owned()),
            field => field.given().filter(|name| check_variable_name(name).is_ok()).cloned(),
        };
        let error_output_variable = name(&document.error_output_variable, DEFAULT_ERROR_OUTPUT_VARIABLE)
            .unwrap_or_else(|| DEFAULT_ERROR_OUTPUT_VARIABLE.to_owned());
        Self {
            callback_url: document.callback_url.given().filter(|url| check_callback_url(url).is_ok()).cloned(),
            output_variable: name(&document.output_variable, DEFAULT_OUTPUT_VARIABLE)
                .filter(|name| *name != error_output_variable),
            error_output_variable,
            failure_behavior: document.failure_behavior.given().copied().unwrap_or_default(),
            event_data: document.event_data.given().cloned().unwrap_or_default(),
        }
    }
}

impl SettingsDocument {
    /// Each member leniently, so that nothing fails here.
    fn read(members: Object) -> Self {
        let mut document = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "callback_url" => document.callback_url = value.into(),
                "scope" => document.scope = value.into(),
                "response_mode" => document.response_mode = value.into(),
                "output_variable" => document.output_variable = value.into(),
                "error_output_variable" => document.error_output_variable = value.into(),
                "failure_behavior" => document.failure_behavior = value.into(),
                "tokens" => document.tokens = value.into(),
                "login_lifetime" => document.login_lifetime = value.into(),
                "event_data" => document.event_data = value.into(),
                "advanced" => document.advanced = value.into(),
                _ => drop(document.unknown.insert(name, value)),
            }
        }
        document
    }

    fn check(self, destinations: &Destinations, problems: &mut Vec<Problem>) -> Option<Settings> {
        let mut reader = Reader::new("/settings", Code::InvalidSettings, problems);
        reader.refuse_unknown(&self.unknown, MEMBERS);

        let callback_url = reader.required("callback_url", self.callback_url, "expected a URL as a string");
        // A valid one is the destinations' already, and isn't read again.
        let check = |url: &String| if destinations.callback_url.is_some() { Ok(()) } else { check_callback_url(url) };
        let callback_url = reader.checked("callback_url", callback_url, check);

        let words = reader.optional("scope", self.scope, "expected scopes as a list, or separated by spaces");
        let scope = match &words {
            Some(words) => Scope::new(words.iter()),
            None => Ok(Scope::default()),
        };
        if scope.is_err() {
            reader.problem("scope", "expected scopes of visible ASCII characters without `\"` and `\\`");
        }

        let response_mode = reader.optional("response_mode", self.response_mode, "expected `query` or `form_post`");
        let advanced = match reader.optional("advanced", self.advanced, "expected an object") {
            Some(document) => document.check(&mut reader.at("advanced")),
            None => Some(Advanced::default()),
        };

        for (name, field) in [("output_variable", &self.output_variable), ("error_output_variable", &self.error_output_variable)]
        {
            let given = reader.optional(name, field.clone(), A_VARIABLE_NAME);
            reader.checked(name, given, |name| check_variable_name(name));
        }
        let output_variable = self.output_variable.given().map_or(DEFAULT_OUTPUT_VARIABLE, String::as_str);
        let error_output_variable = self.error_output_variable.given().map_or(DEFAULT_ERROR_OUTPUT_VARIABLE, String::as_str);
        if output_variable == error_output_variable {
            reader.problem("error_output_variable", "expected another variable than `output_variable`");
        }

        reader.optional("failure_behavior", self.failure_behavior, "expected `failure_branch` or `abort`");
        let event_data = reader.optional(
            "event_data",
            self.event_data,
            "expected `none`, `input_output`, or an object `custom` with a list of JSON Pointers",
        );
        reader.checked("event_data", event_data, check_event_data);
        let tokens = reader.optional("tokens", self.tokens, "expected `discard`, `revoke` or `output`");
        let login_lifetime = reader.optional("login_lifetime", self.login_lifetime, A_LOGIN_LIFETIME);
        let is_lifetime = |seconds: &u32| if LOGIN_LIFETIMES.contains(seconds) { Ok(()) } else { Err(A_LOGIN_LIFETIME) };
        let login_lifetime = reader.checked("login_lifetime", login_lifetime, is_lifetime);

        Some(Settings {
            callback_url: callback_url?,
            scope: scope.ok()?,
            response_mode: response_mode.unwrap_or_default(),
            advanced: advanced?,
            tokens: tokens.unwrap_or_default(),
            login_lifetime: login_lifetime.unwrap_or(DEFAULT_LOGIN_LIFETIME),
        })
    }
}

/// A redirect URI: absolute, without fragment (RFC 6749 3.1.2), and of a kind that Cognito lets an app client register.
fn check_callback_url(callback_url: &str) -> Result<(), &'static str> {
    if callback_url.len() > MAX_CALLBACK_URL {
        return Err(A_CALLBACK_URL);
    }
    if web_address::plain_origin(callback_url).is_some() {
        return Ok(());
    }
    let url = web_address::parse(callback_url)?;
    // A user agent goes where `url` reads it to lead: to another place than is written, and each response would be one that
    // arrived elsewhere.
    if url.as_str() != callback_url && callback::judge(callback_url, url.as_str()).is_err() {
        return Err("expected host, port and path as browsers write them");
    }
    // The provider adds its own beside these: a parameter that comes twice makes every response malformed.
    if url.query_pairs().any(|(name, _)| response::is_owned(&name)) {
        return Err("expected a query without parameters of the authorization response");
    }
    match url.scheme() {
        "http" if web_address::is_loopback(&url) => Ok(()),
        "http" => Err("expected https; http is for 127.0.0.1, [::1] and localhost"),
        // What a browser would run or open itself is nobody's app (RFC 8252 7.1 asks for a scheme of one's own).
        "about" | "blob" | "data" | "file" | "filesystem" | "ftp" | "javascript" | "mailto" | "vbscript" | "view-source"
        | "ws" | "wss" => Err("expected `https://`, or the scheme of an app"),
        _ => Ok(()),
    }
}

fn check_variable_name(name: &str) -> Result<(), &'static str> {
    let is_name = name.len() <= MAX_VARIABLE_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { Ok(()) } else { Err(A_VARIABLE_NAME) }
}

fn check_event_data(event_data: &EventData) -> Result<(), &'static str> {
    let is_pointer = |text: &String| {
        let escapes_are_whole = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        text.starts_with('/') && escapes_are_whole
    };
    match event_data {
        EventData::Custom(fields) if fields.len() > MAX_FIELDS => Err(A_NUMBER_OF_FIELDS),
        EventData::Custom(fields) if !fields.iter().all(is_pointer) => {
            Err("expected JSON Pointers, such as `/output/user/email`")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
