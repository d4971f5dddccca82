//! Advanced OIDC configuration: further parameters of the authorization request, and what the login has to fulfil.

use std::borrow::Cow;
#[cfg(test)]
use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Field, Reader, Words};
use crate::cognito::authentication_level;
use crate::json::{self, FromJson, Object};
use crate::limit::limit;
use crate::oidc::authorization;
use crate::oidc::id_token::AcrRequirement;

/// Every member of the settings, for a name that is nearly one of them.
pub(super) const MEMBERS: &[&str] = &[
    "callback_url",
    "scope",
    "response_mode",
    "advanced",
    "output_variable",
    "error_output_variable",
    "failure_behavior",
    "event_data",
    "tokens",
    "login_lifetime",
    "advanced.acr_values",
    "advanced.accepted_acr_values",
    "advanced.accept_any_acr",
    "advanced.required_amr",
    "advanced.claims",
    "advanced.max_age",
    "advanced.prompt",
    "advanced.login_hint",
    "advanced.lang",
    "advanced.identity_provider",
    "advanced.idp_identifier",
    "advanced.resource",
    "advanced.authorize_parameters",
];
limit! {
    /// Longest value of a parameter, in bytes: Cognito fails on long ones.
    MAX_VALUE: usize = 2048;
    A_VALUE = "expected a string without control characters, of 1 to ", " bytes";
    A_CLAIMS_REQUEST = "expected at most ", " bytes";
    WORDS = "expected words without spaces and control characters, of at most ", " bytes each";
    A_NAME = "expected a name without control characters, of 1 to ", " bytes";
}
/// Says what a `max_age` may be: a number of seconds, and any that fits.
const AN_AGE: &str = "expected whole seconds, 0 to 4294967295";
/// Parameters that a setting of their own sets.
const SETTINGS_OF_THEIR_OWN: &[&str] =
    &["acr_values", "claims", "max_age", "prompt", "login_hint", "lang", "identity_provider", "idp_identifier", "resource"];
const PROMPTS: &[&str] = &["none", "login", "consent", "select_account"];
/// As a pattern of JSON Schema, which doesn't see repetitions.
#[cfg(test)]
const PROMPT: &str = "^(none|(login|consent|select_account)( (login|consent|select_account))*)$";

/// Advanced OIDC configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(default, title = "Advanced OIDC configuration", deny_unknown_fields))]
pub struct AdvancedDocument {
    /// Authentication contexts asked for, the preferred one first, separated by spaces. Cognito's levels are
    /// `urn:cognito:loa:1` to `urn:cognito:loa:4`, on the plans Essentials and Plus; a federated user's `acr` is what the
    /// identity provider's mapping gives, often nothing.
    #[cfg_attr(test, schemars(title = "ACR values", extend("examples" = ["urn:cognito:loa:3"]), transform = not_empty))]
    acr_values: Field<Words>,
    /// Authentication contexts accepted in the ID token, compared exactly, separated by spaces. Where absent: those asked for,
    /// and of Cognito's levels each higher one.
    #[cfg_attr(
        test,
        schemars(title = "Accepted ACR values", extend("examples" = ["urn:cognito:loa:3 urn:cognito:loa:4"]), transform = not_empty)
    )]
    accepted_acr_values: Field<Words>,
    /// Whether any authentication context will do, and a token that names none, whatever `acr_values` asks for.
    #[cfg_attr(test, schemars(title = "Accept any ACR", extend("default" = false)))]
    accept_any_acr: Field<bool>,
    /// Authentication methods that the ID token must name in `amr`, each of them (RFC 8176), separated by spaces. A level alone
    /// proves no resistance to phishing.
    #[cfg_attr(test, schemars(title = "Required AMR", extend("examples" = ["mfa"]), transform = not_empty))]
    required_amr: Field<Words>,
    /// The `claims` parameter (OpenID Connect Core 5.5), as JSON. An essential `acr` or `auth_time` of the ID token is enforced.
    #[cfg_attr(test, schemars(title = "Claims"))]
    claims: Field<Claims>,
    /// Longest time since the user last logged in, in whole seconds; 0 asks for a login of its own. Enforced with `auth_time`.
    #[cfg_attr(test, schemars(title = "Maximum authentication age", extend("maximum" = u32::MAX, "extends" = [{"default": ""}])))]
    max_age: Field<u32>,
    /// `none`, or any of `login`, `consent`, `select_account`, separated by spaces. `login` is enforced with `auth_time`.
    #[cfg_attr(test, schemars(title = "Prompt", extend("pattern" = PROMPT)))]
    prompt: Field<String>,
    /// Fills in the user name. Empty is treated as absent.
    #[cfg_attr(test, schemars(title = "Login hint", extend("maxLength" = MAX_VALUE)))]
    login_hint: Field<String>,
    /// Language of the login pages. Empty is treated as absent.
    #[cfg_attr(test, schemars(title = "Language", extend("maxLength" = MAX_VALUE, "examples" = ["en", "pt-BR"])))]
    lang: Field<String>,
    /// Goes straight to this identity provider, by its name in the pool. Give this or `idp_identifier`.
    #[cfg_attr(test, schemars(title = "Identity provider", extend("minLength" = 1, "maxLength" = MAX_VALUE, "examples" = ["Google"])))]
    identity_provider: Field<String>,
    /// Goes straight to the identity provider with this identifier. Give this or `identity_provider`: both are sent, and which of
    /// the two counts, Cognito doesn't say.
    #[cfg_attr(test, schemars(title = "Identity provider identifier", extend("minLength" = 1, "maxLength" = MAX_VALUE)))]
    idp_identifier: Field<String>,
    /// The API that the access token is for (RFC 8707).
    #[cfg_attr(test, schemars(title = "Resource", extend("minLength" = 1, "maxLength" = MAX_VALUE)))]
    resource: Field<String>,
    /// Any other parameters of the authorization request. None that the protocol or another setting owns.
    #[cfg_attr(test, schemars(title = "Additional authorize parameters", with = "BTreeMap<String, String>"))]
    authorize_parameters: Field<Object>,
    #[cfg_attr(test, schemars(skip))]
    unknown: Object,
}

/// What is there has a word in it.
#[cfg(test)]
fn not_empty(schema: &mut schemars::Schema) {
    schema.insert("pattern".to_owned(), "[^ ]".into());
    schema.insert("minItems".to_owned(), 1.into());
}

/// The claims parameter as it may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Claims {
    /// An object.
    Object(Object),
    /// Its JSON text.
    Text(String),
}

/// A form has room for a text.
#[cfg(test)]
impl schemars::JsonSchema for Claims {
    fn schema_name() -> Cow<'static, str> {
        "Claims".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "object"], "extends": [{"type": "string", "format": "textarea"}]})
    }
}

/// What the author asks for beyond the standard request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Parameters of the authorization request, none of them the protocol's.
    pub parameters: Vec<(String, String)>,
    /// What `acr` must be.
    pub acr: AcrRequirement,
    /// What must be in `amr`.
    pub amr: Vec<String>,
    /// How recent the login must be.
    pub recency: Recency,
}

/// How recent the user's authentication must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recency {
    /// Any time; `auth_time` may be missing.
    #[default]
    Any,
    /// Any time, but it must be said.
    Known,
    /// At most that many seconds before the request; 0 asks for a login of its own.
    Within(u32),
}

impl Recency {
    /// The earliest `auth_time` accepted for a request made at `begun_at`.
    #[must_use]
    pub fn not_before(self, begun_at: u64) -> Option<u64> {
        match self {
            Self::Any => None,
            Self::Known => Some(0),
            Self::Within(seconds) => Some(begun_at.saturating_sub(u64::from(seconds))),
        }
    }
}

impl FromJson for AdvancedDocument {
    fn from_json(value: Value) -> Option<Self> {
        Object::from_json(value).map(Self::read)
    }
}

impl AdvancedDocument {
    /// Each member leniently, so that nothing fails here.
    fn read(members: Object) -> Self {
        let mut document = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "acr_values" => document.acr_values = value.into(),
                "accepted_acr_values" => document.accepted_acr_values = value.into(),
                "accept_any_acr" => document.accept_any_acr = value.into(),
                "required_amr" => document.required_amr = value.into(),
                "claims" => document.claims = value.into(),
                "max_age" => document.max_age = value.into(),
                "prompt" => document.prompt = value.into(),
                "login_hint" => document.login_hint = value.into(),
                "lang" => document.lang = value.into(),
                "identity_provider" => document.identity_provider = value.into(),
                "idp_identifier" => document.idp_identifier = value.into(),
                "resource" => document.resource = value.into(),
                "authorize_parameters" => document.authorize_parameters = value.into(),
                _ => drop(document.unknown.insert(name, value)),
            }
        }
        document
    }

    /// Checks the members and what they say together.
    pub(super) fn check(self, reader: &mut Reader<'_>) -> Option<Advanced> {
        reader.refuse_unknown(&self.unknown, MEMBERS);
        let mut parameters = Vec::new();
        let mut add = |name: &str, value: Option<String>| parameters.extend(value.map(|value| (name.to_owned(), value)));

        let words = "expected words as a list, or separated by spaces";
        let acr_values = reader.optional("acr_values", self.acr_values, words);
        let acr_values = reader.checked("acr_values", acr_values, check_words);
        let requested: Vec<String> = acr_values.iter().flat_map(|values| values.iter().map(str::to_owned)).collect();
        add("acr_values", (!requested.is_empty()).then(|| requested.join(" ")));
        let accepted = reader.optional("accepted_acr_values", self.accepted_acr_values, words);
        let accepted = reader.checked("accepted_acr_values", accepted, check_words);
        let accepted = accepted.map(|values| values.iter().map(str::to_owned).collect());
        let accepts_any = reader.optional("accept_any_acr", self.accept_any_acr, "expected true or false") == Some(true);
        let amr = reader.optional("required_amr", self.required_amr, words);
        let amr = reader.checked("required_amr", amr, check_words);
        let amr = amr.iter().flat_map(|values| values.iter().map(str::to_owned)).collect();

        let max_age = reader.optional("max_age", self.max_age, AN_AGE);
        add("max_age", max_age.map(|seconds| seconds.to_string()));
        let prompt = reader.optional("prompt", self.prompt, "expected a string");
        let prompt = reader.checked("prompt", prompt, |prompt| check_prompt(prompt));

        let claims = reader.optional("claims", self.claims, "expected an object, or its JSON text");
        let claims = claims.and_then(|claims| claims.read().map_err(|expected| reader.problem("claims", expected)).ok());
        let essential = claims.as_ref().map(Essential::read).unwrap_or_default();
        let acr = match (accepted, essential.acr) {
            (Some(_), Ok(AcrRequirement::None)) if accepts_any => {
                reader.problem("accepted_acr_values", "expected this or `accept_any_acr`, not both");
                AcrRequirement::None
            }
            (None, Ok(AcrRequirement::None)) if accepts_any || requested.is_empty() => AcrRequirement::None,
            (None, Ok(AcrRequirement::None)) => AcrRequirement::OneOf(authentication_level::meeting(&requested)),
            (Some(accepted), Ok(AcrRequirement::None)) => AcrRequirement::OneOf(accepted),
            (_, Ok(_)) if accepts_any => {
                reader.problem("accept_any_acr", "expected this or an essential `acr` in `claims`, not both");
                AcrRequirement::None
            }
            (None, Ok(required)) => required,
            (Some(_), Ok(_)) => {
                reader.problem("accepted_acr_values", "expected this or an essential `acr` in `claims`, not both");
                AcrRequirement::None
            }
            (_, Err(expected)) => {
                reader.problem("claims", expected);
                AcrRequirement::None
            }
        };
        let recency = match (max_age, prompt.as_deref()) {
            (_, Some(prompt)) if prompt.split(' ').any(|word| word == "login") => Recency::Within(0),
            (Some(seconds), _) => Recency::Within(seconds),
            _ if essential.auth_time => Recency::Known,
            _ => Recency::Any,
        };

        add("prompt", prompt);
        add("claims", claims.map(|claims| json::text(&claims)));
        // These two only help a user along, and often come from an expression that gave nothing. The others decide who logs in,
        // and how.
        let absent_if_empty = |field: Field<String>| match field {
            Field::Given(text) if text.is_empty() => Field::Absent,
            field => field,
        };
        for (name, field) in [
            ("login_hint", absent_if_empty(self.login_hint)),
            ("lang", absent_if_empty(self.lang)),
            ("identity_provider", self.identity_provider),
            ("idp_identifier", self.idp_identifier),
            ("resource", self.resource),
        ] {
            let value = reader.optional(name, field, A_VALUE);
            add(name, reader.checked(name, value, |value| check_value(value)));
        }
        let additional = reader.optional("authorize_parameters", self.authorize_parameters, "expected an object of strings");
        parameters.extend(check_parameters(additional.unwrap_or_default(), &mut reader.at("authorize_parameters")));
        Some(Advanced { parameters, acr, amr, recency })
    }
}

fn check_parameters(given: Object, reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    for (name, value) in given {
        if authorization::is_owned(&name) {
            reader.problem(&name, "owned by the protocol");
        } else if SETTINGS_OF_THEIR_OWN.iter().any(|setting| setting.eq_ignore_ascii_case(&name)) {
            reader.problem(&name, "owned by the setting of that name in `advanced`");
        } else if name.is_empty() || check_value(&name).is_err() {
            reader.problem(&name, A_NAME);
        } else {
            match value {
                Value::String(value) if check_value(&value).is_ok() => parameters.push((name, value)),
                _ => reader.problem(&name, A_VALUE),
            }
        }
    }
    parameters
}

fn check_value(value: &str) -> Result<(), &'static str> {
    if value.is_empty() || value.len() > MAX_VALUE || value.chars().any(char::is_control) { Err(A_VALUE) } else { Ok(()) }
}

/// Values that are joined by spaces must not hold any. None at all would switch off what the setting is there to enforce.
fn check_words(words: &Words) -> Result<(), &'static str> {
    let is_word = |word: &str| check_value(word).is_ok() && !word.contains(char::is_whitespace);
    if words.iter().next().is_none() {
        return Err("expected one word at least");
    }
    if words.iter().all(is_word) { Ok(()) } else { Err(WORDS) }
}

/// OpenID Connect Core 3.1.2.1
fn check_prompt(prompt: &str) -> Result<(), &'static str> {
    let words: Vec<&str> = prompt.split(' ').collect();
    let is_repeated = |word: &&str| words.iter().filter(|other| *other == word).count() > 1;
    if !words.iter().all(|word| PROMPTS.contains(word)) || words.iter().any(is_repeated) {
        return Err("expected `none`, or any of `login`, `consent`, `select_account`, once each");
    }
    if words.len() > 1 && words.contains(&"none") {
        return Err("`none` can't be combined with other values");
    }
    Ok(())
}

impl FromJson for Claims {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self::Object(object)),
            Value::String(text) => Some(Self::Text(text)),
            _ => None,
        }
    }
}

impl Claims {
    fn read(self) -> Result<Object, Cow<'static, str>> {
        let object = match self {
            Self::Object(object) => object,
            Self::Text(text) => json::written(&text).map_err(|defect| defect.expected())?,
        };
        let is_request = |value: &Value| value.is_null() || value.is_object();
        let has_shape = ["id_token", "userinfo"]
            .iter()
            .filter_map(|name| object.get(*name))
            .all(|claims| claims.is_null() || claims.as_object().is_some_and(|claims| claims.values().all(is_request)));
        if !has_shape {
            return Err("expected `id_token` and `userinfo` as objects of claims, each null or an object".into());
        }
        if json::text(&object).len() > MAX_VALUE {
            return Err(A_CLAIMS_REQUEST.into());
        }
        Ok(object)
    }
}

/// What a claims parameter calls essential, and the step can enforce (OpenID Connect Core 5.5.1).
struct Essential {
    acr: Result<AcrRequirement, &'static str>,
    auth_time: bool,
}

impl Default for Essential {
    fn default() -> Self {
        Self { acr: Ok(AcrRequirement::None), auth_time: false }
    }
}

impl Essential {
    fn read(claims: &Object) -> Self {
        let essential = |member: &str, claim: &str| {
            let request = claims.get(member)?.get(claim)?;
            (request.get("essential") == Some(&Value::Bool(true))).then_some(request)
        };
        let acr = match essential("id_token", "acr") {
            _ if essential("userinfo", "acr").is_some() => {
                Err("expected an essential `acr` in `id_token`: only there it can be enforced")
            }
            Some(request) => required_acr(request),
            None => Ok(AcrRequirement::None),
        };
        Self { acr, auth_time: essential("id_token", "auth_time").is_some() }
    }
}

/// OpenID Connect Core 5.5.1.1
fn required_acr(request: &Value) -> Result<AcrRequirement, &'static str> {
    let invalid = "expected `value` of an essential `acr` as a string, or `values` as a list of strings";
    match (request.get("value"), request.get("values")) {
        (None, None) => Ok(AcrRequirement::Present),
        (Some(value), None) => Ok(AcrRequirement::OneOf(vec![value.as_str().ok_or(invalid)?.to_owned()])),
        (None, Some(values)) => {
            let values = values.as_array().filter(|values| !values.is_empty()).ok_or(invalid)?;
            let texts: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
            Ok(AcrRequirement::OneOf(texts.ok_or(invalid)?))
        }
        (Some(_), Some(_)) => Err(invalid),
    }
}

#[cfg(test)]
mod tests;
