//! The author's settings of the step.

use serde::Deserialize;
use serde_json::Value;

use super::advanced::{Advanced, AdvancedDocument};
use super::document::{Field, Problem, Reader, Words};
use super::error::Code;
use crate::json::Object;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::scope::Scope;
use crate::web_address;

/// Default scope.
const DEFAULT_SCOPE: [&str; 3] = ["openid", "profile", "email"];
/// Default name of the output variable.
pub const DEFAULT_OUTPUT_VARIABLE: &str = "cognito_oidc_output";
/// Default name of the error variable.
pub const DEFAULT_ERROR_OUTPUT_VARIABLE: &str = "error_output";
/// Default of `login_lifetime`, in seconds: Cognito's own page gives a user some minutes, a forgotten password some more.
const DEFAULT_LOGIN_LIFETIME: u32 = 900;
/// Bounds of `login_lifetime`, in seconds.
const LOGIN_LIFETIMES: std::ops::RangeInclusive<u32> = 60..=86_400;
/// Longest callback URL and longest name, in bytes.
const MAX_CALLBACK_URL: usize = 2048;
const MAX_VARIABLE_NAME: usize = 128;

/// Most fields of custom event data.
const MAX_FIELDS: usize = 64;

/// As a pattern of JSON Schema.
#[cfg(test)]
const VARIABLE_NAME: &str = "^[A-Za-z_][A-Za-z0-9_]{0,127}$";
const A_VARIABLE_NAME: &str =
    "expected a variable name: letters, digits and `_`, not beginning with a digit, 128 characters at most";

/// Settings of the step "Cognito OIDC Authentication".
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Settings", deny_unknown_fields))]
#[serde(default)]
pub struct SettingsDocument {
    /// Where Cognito sends the user agent back to, exactly as registered at the app client. `https`, or `http` for `127.0.0.1`, `[::1]`
    /// and `localhost`, or an app's own scheme.
    #[cfg_attr(test, schemars(title = "Callback URL", extend("x-required" = true, "format" = "uri", "maxLength" = MAX_CALLBACK_URL)))]
    callback_url: Field<String>,
    /// OAuth scopes, as a list or separated by spaces. `openid` is always added.
    #[cfg_attr(test, schemars(title = "Scope", extend("default" = DEFAULT_SCOPE.join(" "))))]
    scope: Field<Words>,
    /// How the authorization response is asked to come back. A response by query is always accepted.
    #[cfg_attr(test, schemars(title = "Response mode", extend("default" = "query")))]
    response_mode: Field<ResponseMode>,
    /// Further parameters of the authorization request, and what the login has to fulfil.
    #[cfg_attr(test, schemars(title = "Advanced OIDC configuration"))]
    advanced: Field<AdvancedDocument>,
    /// Name of the variable that receives the result.
    #[cfg_attr(test, schemars(title = "Output variable", extend("default" = DEFAULT_OUTPUT_VARIABLE, "pattern" = VARIABLE_NAME)))]
    output_variable: Field<String>,
    /// Name of the variable that receives an error. Another one than the output variable.
    #[cfg_attr(
        test,
        schemars(title = "Error output variable", extend("default" = DEFAULT_ERROR_OUTPUT_VARIABLE, "pattern" = VARIABLE_NAME))
    )]
    error_output_variable: Field<String>,
    /// What a failure does to the journey.
    #[cfg_attr(test, schemars(title = "Failure behavior", extend("default" = "failure_branch")))]
    failure_behavior: Field<FailureBehavior>,
    /// What the journey's analytics record of the step. No secret ever gets in.
    #[cfg_attr(test, schemars(title = "Additional data reporting", extend("default" = "none")))]
    event_data: Field<EventData>,
    /// What becomes of the tokens beside the ID token.
    #[cfg_attr(test, schemars(title = "Tokens", extend("default" = "discard")))]
    tokens: Field<Tokens>,
    /// Seconds that a user has from the redirect to the response.
    #[cfg_attr(
        test,
        schemars(
            title = "Login lifetime",
            extend("default" = DEFAULT_LOGIN_LIFETIME, "minimum" = LOGIN_LIFETIMES.start(), "maximum" = LOGIN_LIFETIMES.end())
        )
    )]
    login_lifetime: Field<u32>,
    #[serde(flatten)]
    #[cfg_attr(test, schemars(skip))]
    unknown: Object,
}

/// What a failure does to the journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventData {
    /// Nothing.
    #[cfg_attr(test, schemars(title = "None"))]
    #[default]
    None,
    /// The whole redacted document of the call.
    #[cfg_attr(test, schemars(title = "Step input and output"))]
    InputOutput,
    /// These fields of the redacted document, as JSON Pointers (RFC 6901).
    #[cfg_attr(test, schemars(title = "Custom data"))]
    Custom(
        #[cfg_attr(
            test,
            schemars(
                extend("maxItems" = MAX_FIELDS, "examples" = [["/outcome", "/error/code", "/output/user/email"]]),
                inner(regex(pattern = "^/([^~]|~[01])*$"))
            )
        )]
        Vec<String>,
    ),
}

/// What becomes of access token and refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
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

/// Where results go. Read on its own: a failure needs its way out even where the other settings are broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlets {
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
    pub fn parse(text: &str) -> (Outlets, Result<Self, Vec<Problem>>) {
        let mut problems = Vec::new();
        let mut reader = Reader::new("/settings", Code::InvalidSettings, &mut problems);
        let object = reader.object(text);
        // Each member reads leniently, so the document does.
        let document = object.and_then(|object| serde_json::from_value(Value::Object(object)).ok());
        let document: SettingsDocument = document.unwrap_or_default();
        let outlets = Outlets::read(&document);
        let settings = if problems.is_empty() { document.check(&mut problems) } else { None };
        match settings {
            Some(settings) if problems.is_empty() => (outlets, Ok(settings)),
            _ => (outlets, Err(problems)),
        }
    }
}

impl Outlets {
    fn read(document: &SettingsDocument) -> Self {
        let name = |field: &Field<String>, default: &str| match field {
            Field::Absent => Some(default.to_owned()),
            field => field.given().filter(|name| check_variable_name(name).is_ok()).cloned(),
        };
        let error_output_variable = name(&document.error_output_variable, DEFAULT_ERROR_OUTPUT_VARIABLE)
            .unwrap_or_else(|| DEFAULT_ERROR_OUTPUT_VARIABLE.to_owned());
        Self {
            output_variable: name(&document.output_variable, DEFAULT_OUTPUT_VARIABLE)
                .filter(|name| *name != error_output_variable),
            error_output_variable,
            failure_behavior: document.failure_behavior.given().copied().unwrap_or_default(),
            event_data: document.event_data.given().cloned().unwrap_or_default(),
        }
    }
}

impl SettingsDocument {
    fn check(self, problems: &mut Vec<Problem>) -> Option<Settings> {
        let mut reader = Reader::new("/settings", Code::InvalidSettings, problems);
        reader.refuse_unknown(&self.unknown);

        let callback_url = reader.required("callback_url", self.callback_url, "expected a URL as a string");
        let callback_url = reader.checked("callback_url", callback_url, |url| check_callback_url(url));

        let words = reader.optional("scope", self.scope, "expected scopes as a list, or separated by spaces");
        let scope = match &words {
            Some(words) => Scope::new(words.iter()),
            None => Scope::new(DEFAULT_SCOPE),
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
        let name = |field: &Field<String>, default: &str| field.given().map_or(default, String::as_str).to_owned();
        if name(&self.output_variable, DEFAULT_OUTPUT_VARIABLE)
            == name(&self.error_output_variable, DEFAULT_ERROR_OUTPUT_VARIABLE)
        {
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
        let login_lifetime = reader.optional("login_lifetime", self.login_lifetime, "expected 60 to 86400 seconds");
        let is_lifetime =
            |seconds: &u32| if LOGIN_LIFETIMES.contains(seconds) { Ok(()) } else { Err("expected 60 to 86400 seconds") };
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
        return Err("expected a URL of at most 2048 characters");
    }
    let url = web_address::parse(callback_url)?;
    match url.scheme() {
        "https" if callback_url.starts_with("https://") => Ok(()),
        "http" if web_address::is_loopback(&url) && callback_url.starts_with("http://") => Ok(()),
        "http" => Err("expected https; http is for 127.0.0.1, [::1] and localhost"),
        // What a browser would run or open itself is nobody's app (RFC 8252 7.1 asks for a scheme of one's own).
        "about" | "blob" | "data" | "file" | "filesystem" | "ftp" | "https" | "javascript" | "mailto" | "vbscript"
        | "view-source" | "ws" | "wss" => Err("expected `https://`, or the scheme of an app"),
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
        EventData::Custom(fields) if fields.len() > MAX_FIELDS => Err("expected at most 64 JSON Pointers"),
        EventData::Custom(fields) if !fields.iter().all(is_pointer) => {
            Err("expected JSON Pointers, such as `/output/user/email`")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json::object as json_object;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(settings: &Value) -> Result<Settings, Vec<(String, &'static str)>> {
        let (_, parsed) = Settings::parse(&settings.to_string());
        parsed.map_err(|problems| problems.into_iter().map(|problem| (problem.path, problem.expected)).collect())
    }

    fn with(name: &str, value: Value) -> Value {
        let mut settings = json!({"callback_url": "https://app.example.com/callback"});
        settings[name] = value;
        settings
    }

    fn problem(settings: &Value) -> (String, &'static str) {
        let mut problems = parse(settings).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }

    #[test]
    fn the_callback_url_is_enough() {
        let (outlets, settings) = Settings::parse(r#"{"callback_url":"https://app.example.com/callback"}"#);
        let settings = settings.unwrap();
        assert_eq!(settings.callback_url, "https://app.example.com/callback");
        assert_eq!(settings.scope.as_str(), "openid profile email");
        assert_eq!(settings.response_mode, ResponseMode::Query);
        assert_eq!(settings.tokens, Tokens::Discard);
        assert_eq!(settings.login_lifetime, 900);
        let expected = Outlets {
            output_variable: Some("cognito_oidc_output".into()),
            error_output_variable: "error_output".into(),
            failure_behavior: FailureBehavior::FailureBranch,
            event_data: EventData::None,
        };
        assert_eq!(outlets, expected);
    }

    #[test]
    fn every_setting_is_taken_over() {
        let (outlets, settings) = Settings::parse(
            &json!({
                "callback_url": "myapp://callback", "scope": ["email", "aws.cognito.signin.user.admin"], "response_mode": "form_post",
                "output_variable": "out", "error_output_variable": "err", "failure_behavior": "abort",
                "event_data": {"custom": ["/output/user/email", "/a~1b~0"]}, "tokens": "output", "login_lifetime": 60, "advanced": null,
            })
            .to_string(),
        );
        let settings = settings.unwrap();
        assert_eq!(settings.scope.as_str(), "openid email aws.cognito.signin.user.admin");
        assert_eq!(settings.response_mode, ResponseMode::FormPost);
        assert_eq!(settings.tokens, Tokens::Output);
        assert_eq!(settings.login_lifetime, 60);
        assert_eq!(outlets.output_variable.as_deref(), Some("out"));
        assert_eq!(outlets.error_output_variable, "err");
        assert_eq!(outlets.failure_behavior, FailureBehavior::Abort);
        assert_eq!(outlets.event_data, EventData::Custom(vec!["/output/user/email".into(), "/a~1b~0".into()]));
    }

    #[test]
    fn each_wrong_value_has_its_problem() {
        let a_string = "expected a URL as a string";
        for (name, value, expected) in [
            ("callback_url", json!(null), a_string),
            ("callback_url", json!(7), a_string),
            ("scope", json!(7), "expected scopes as a list, or separated by spaces"),
            ("scope", json!(["a b"]), "expected scopes of visible ASCII characters without `\"` and `\\`"),
            ("response_mode", json!("fragment"), "expected `query` or `form_post`"),
            ("advanced", json!([]), "expected an object"),
            ("output_variable", json!("1a"), A_VARIABLE_NAME),
            ("output_variable", json!(""), A_VARIABLE_NAME),
            ("output_variable", json!("a.b"), A_VARIABLE_NAME),
            ("output_variable", json!("ä"), A_VARIABLE_NAME),
            ("output_variable", json!("a".repeat(129)), A_VARIABLE_NAME),
            ("error_output_variable", json!([]), A_VARIABLE_NAME),
            ("error_output_variable", json!("cognito_oidc_output"), "expected another variable than `output_variable`"),
            ("failure_behavior", json!("retry"), "expected `failure_branch` or `abort`"),
            ("event_data", json!("all"), "expected `none`, `input_output`, or an object `custom` with a list of JSON Pointers"),
            ("event_data", json!({"custom": ["a"]}), "expected JSON Pointers, such as `/output/user/email`"),
            ("event_data", json!({"custom": ["/a~2"]}), "expected JSON Pointers, such as `/output/user/email`"),
            ("event_data", json!({"custom": vec!["/a"; 65]}), "expected at most 64 JSON Pointers"),
            ("tokens", json!(true), "expected `discard`, `revoke` or `output`"),
            ("login_lifetime", json!(59), "expected 60 to 86400 seconds"),
            ("login_lifetime", json!(86_401), "expected 60 to 86400 seconds"),
            ("login_lifetime", json!("900"), "expected 60 to 86400 seconds"),
            ("client_secret", json!("hunter2"), "unknown: expected no such member"),
        ] {
            assert_eq!(problem(&with(name, value.clone())), (format!("/settings/{name}"), expected), "{value}");
        }
        assert!(parse(&with("login_lifetime", json!(86_400))).is_ok());
        assert!(parse(&with("output_variable", json!("_".repeat(128)))).is_ok());
        assert!(parse(&with("event_data", json!({"custom": vec!["/a"; 64]}))).is_ok());
    }

    #[test]
    fn b03_b17_a_callback_url_is_one_that_cognito_would_register() {
        for url in [
            "https://a/cb?x=y",
            "http://127.0.0.1:1/cb",
            "http://localhost/cb",
            "http://[::1]/",
            "myapp://",
            "com.example.app:/cb",
        ] {
            assert!(parse(&with("callback_url", json!(url))).is_ok(), "{url}");
        }
        for url in [
            "",
            "/cb",
            "app.example.com/cb",
            "http://app.example.com/",
            "http://127.0.0.1.example.com/",
            "https://a/#f",
            "https://a/ b",
            "https://a/\u{e4}",
            "https://u:p@a/",
            "https://u@a/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///a",
            "https://a\\b",
            "vbscript:x",
            "blob:https://a/b",
            "ws://a/",
            "https://",
        ] {
            assert_eq!(problem(&with("callback_url", json!(url))).0, "/settings/callback_url", "{url}");
        }
        assert!(parse(&with("callback_url", json!(format!("https://a/{}", "x".repeat(2038))))).is_ok());
        assert!(parse(&with("callback_url", json!(format!("https://a/{}", "x".repeat(2039))))).is_err());
    }

    #[test]
    fn every_problem_is_found_at_once() {
        let problems = parse(&json!({"scope": 1, "tokens": 2, "x": 3, "advanced": {"max_age": -1, "y": 4}})).unwrap_err();
        let paths: Vec<_> = problems.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/settings/x",
                "/settings/callback_url",
                "/settings/scope",
                "/settings/advanced/y",
                "/settings/advanced/max_age",
                "/settings/tokens"
            ]
        );
    }

    #[test]
    fn broken_settings_still_tell_where_results_go() {
        let outlets = |text: &str| Settings::parse(text).0;
        let default = outlets("{}");
        assert_eq!(outlets("not JSON"), default);
        assert_eq!(outlets(r#"{"failure_behavior":"abort","scope":1}"#).failure_behavior, FailureBehavior::Abort);
        assert_eq!(outlets(r#"{"error_output_variable":"err","scope":1}"#).error_output_variable, "err");
        assert_eq!(outlets(r#"{"error_output_variable":"1"}"#).error_output_variable, "error_output");
        assert_eq!(outlets(r#"{"output_variable":"1"}"#).output_variable, None);
        assert_eq!(outlets(r#"{"output_variable":"error_output"}"#).output_variable, None, "the error needs its variable");
    }

    proptest! {

        #[test]
        fn any_settings_are_read_or_refused_with_problems_under_their_path(settings in json_object(&[
            "callback_url", "scope", "response_mode", "advanced", "output_variable", "error_output_variable", "failure_behavior",
            "event_data", "tokens", "login_lifetime", "custom", "claims", "acr_values", "max_age", "prompt",
        ])) {
            let text = Value::Object(settings).to_string();
            let (outlets, parsed) = Settings::parse(&text);
            prop_assert!(check_variable_name(&outlets.error_output_variable).is_ok());
            prop_assert_ne!(outlets.output_variable.as_deref(), Some(outlets.error_output_variable.as_str()));
            match parsed {
                Ok(settings) => {
                    prop_assert!(settings.scope.as_str().split(' ').any(|scope| scope == "openid"));
                    prop_assert!(LOGIN_LIFETIMES.contains(&settings.login_lifetime));
                    prop_assert!(outlets.output_variable.is_some());
                }
                Err(problems) => {
                    prop_assert!(!problems.is_empty());
                    prop_assert!(problems.iter().all(|problem| problem.path.starts_with("/settings")));
                }
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let (outlets, parsed) = Settings::parse(&text);
            prop_assert!(parsed.is_ok() || !outlets.error_output_variable.is_empty());
        }

        #[test]
        fn a_callback_url_that_is_accepted_goes_nowhere_but_home(url in "(https|http|myapp|ftp|data)?:?/{0,2}[a-z@:.\\[\\]0-9\\\\]{0,12}[/?#]?[ -~]{0,8}") {
            if check_callback_url(&url).is_ok() {
                let parsed = url::Url::parse(&url).unwrap();
                prop_assert!(parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none());
                prop_assert!(parsed.scheme() != "http" || matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")));
            }
        }
    }
}
