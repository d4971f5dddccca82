//! Schema and parser agree, and examples hold.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::{Member, choices, connector, error, members, output, settings};
use crate::host::Host;
use crate::oidc::authorization::ResponseMode;
use crate::oidc::{token, userinfo};
use crate::secret::Secret;
use crate::step::configuration::Configuration;
use crate::step::connector::Connector;
use crate::step::document::Problem;
use crate::step::error::{Code, Failure};
use crate::step::error_output::ErrorOutput;
use crate::step::output::{Output, Verified};
use crate::step::settings::Settings;
use crate::testing::{self, FakeHost, keys, package};

/// A document that people write: its schema, the least that it may hold, and what the parser finds wrong with a text.
struct Written {
    schema: Value,
    validator: Validator,
    least: Value,
    problems: fn(&str) -> Vec<Problem>,
}

fn written() -> [Written; 2] {
    let document = |schema: Value, least, problems| {
        let validator = jsonschema::validator_for(&schema).unwrap();
        Written { schema, validator, least, problems }
    };
    [
        document(settings(), json!({"callback_url": "https://app.example.com/callback"}), |text| {
            Settings::parse(text).1.err().unwrap_or_default()
        }),
        document(connector(), json!({"user_pool_id": "eu-west-1_Ab", "client_id": "client"}), |text| {
            Connector::parse(text).err().unwrap_or_default()
        }),
    ]
}

impl Written {
    /// What schema and parser say to the least document with one member more.
    fn judge(&self, member: &Member, value: &Value) -> (bool, bool) {
        let document = self.with(member, value);
        (self.validator.is_valid(&document), self.parses(&document.to_string()))
    }

    fn with(&self, member: &Member, value: &Value) -> Value {
        let mut document = self.least.clone();
        let place = member.name.split('.').fold(&mut document, |place, name| &mut place[name]);
        *place = value.clone();
        document
    }

    fn parses(&self, text: &str) -> bool {
        (self.problems)(text).is_empty()
    }

    fn members(&self) -> Vec<Member> {
        members(&self.schema)
    }
}

/// What the schema itself names as good: defaults, examples and choices.
fn named(schema: &Value) -> Vec<Value> {
    let choices = choices(schema).into_iter().map(Value::from);
    let listed = schema["examples"].as_array().into_iter().flatten().cloned();
    schema.get("default").cloned().into_iter().chain(choices).chain(listed).collect()
}

/// Values of every type, and near every bound that a schema sets.
fn candidates(schema: &Value) -> Vec<Value> {
    let mut values = vec![
        json!(true),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("x"),
        json!("a b"),
        json!("login"),
        json!("no_such_choice"),
        json!("https://a.example/"),
        json!("eu-west-1"),
        json!("eu-west-1_Ab1"),
        json!([]),
        json!(["x"]),
        json!(["eu-west-1"]),
        json!([7]),
        json!({}),
        json!({"x": "y"}),
        json!({"x": 7}),
        json!({"custom": ["/outcome"]}),
        json!({"custom": ["outcome"]}),
        json!({"custom": ["/a~b"]}),
        json!({"custom": vec!["/a"; 65]}),
        json!({"custom": ["/outcome"], "further": 1}),
    ];
    for bound in [&schema["minimum"], &schema["maximum"]].into_iter().filter_map(Value::as_i64) {
        values.extend([json!(bound - 1), json!(bound), json!(bound + 1)]);
    }
    if let Some(longest) = schema["maxLength"].as_u64() {
        values.push(json!("x".repeat(usize::try_from(longest).unwrap() + 1)));
    }
    if let Some(most) = schema["maxItems"].as_u64() {
        values.push(json!(vec!["eu-west-1"; usize::try_from(most).unwrap() + 1]));
    }
    values.extend(named(schema));
    values
}

#[test]
fn what_the_schema_refuses_the_parser_refuses() {
    for document in written() {
        for member in document.members() {
            let verdicts = candidates(&member.schema).into_iter().map(|value| (document.judge(&member, &value), value));
            let (mut accepted, mut refused) = (0, 0);
            for ((schema, parser), value) in verdicts {
                assert!(schema || !parser, "{}: the schema alone refuses {value}", member.name);
                accepted += usize::from(schema && parser);
                refused += usize::from(!schema && !parser);
            }
            assert!(accepted > 0, "{}: no value that both accept", member.name);
            assert!(refused > 0, "{}: no value that both refuse", member.name);
        }
    }
}

#[test]
fn what_the_schema_names_the_parser_accepts() {
    for document in written() {
        for member in document.members() {
            for value in named(&member.schema) {
                assert_eq!(document.judge(&member, &value), (true, true), "{} {value}", member.name);
            }
        }
    }
}

#[test]
fn a_choice_outside_of_the_schema_is_refused_by_both() {
    for document in written() {
        let choices = document.members().into_iter().filter(|member| member.schema.get("oneOf").is_some());
        for member in choices {
            for value in [json!("no_such_choice"), json!("QUERY"), json!(0), json!(["none"]), json!({})] {
                assert_eq!(document.judge(&member, &value), (false, false), "{} {value}", member.name);
            }
        }
    }
}

#[test]
fn unknown_and_missing_members_are_refused_by_both() {
    for document in written() {
        let objects = document.members().into_iter().filter(|member| member.schema["additionalProperties"] == json!(false));
        let names = objects.map(|member| format!("{}.", member.name)).chain([String::new()]);
        for name in names {
            let member = Member { name: format!("{name}no_such_member"), schema: Value::Null, is_required: false };
            assert_eq!(document.judge(&member, &json!("x")), (false, false), "{}", member.name);
        }
        for member in document.members().into_iter().filter(|member| member.is_required) {
            let mut rest = document.least.clone();
            rest.as_object_mut().unwrap().remove(&member.name).unwrap();
            assert!(!document.validator.is_valid(&rest) && !document.parses(&rest.to_string()), "{}", member.name);
        }
        assert!(document.validator.is_valid(&document.least) && document.parses(&document.least.to_string()));
    }
}

#[test]
fn a_member_that_is_nearly_known_is_told_by_its_name() {
    for document in written() {
        for member in document.members().iter().filter(|member| member.name.contains('_')) {
            let mangled = member.name.replace('_', "-").to_uppercase();
            let last = mangled.rsplit('.').next().unwrap();
            let mut text = document.least.clone();
            let place = member.name.split('.').rev().skip(1).collect::<Vec<_>>();
            place.iter().rev().fold(&mut text, |place, name| &mut place[*name])[last] = json!("x");
            let problems = (document.problems)(&text.to_string());
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].expected, format!("unknown setting: perhaps `{}` is meant", member.name));
        }
    }
}

/// Whoever reads it knows what would be right, and needn't try.
#[test]
fn what_is_out_of_bounds_is_told_with_the_bounds() {
    let mut told = Vec::new();
    for document in written() {
        for member in document.members() {
            let bound = |keyword: &str| member.schema[keyword].as_i64();
            let (values, bounds) = match (bound("minimum"), bound("maximum"), bound("maxItems")) {
                (Some(least), Some(most), None) => {
                    (vec![json!(least - 1), json!(most + 1), json!("soon"), json!(least)], format!(", {least} to {most}"))
                }
                (None, None, Some(most)) => {
                    let list = |length: i64| json!(vec!["eu-west-1"; usize::try_from(length).unwrap()]);
                    (vec![list(most + 1), list(most)], format!(" at most {most} "))
                }
                (None, None, None) => {
                    assert_ne!(member.schema["type"], "integer", "{} has no bounds", member.name);
                    continue;
                }
                bounds => panic!("{}: {bounds:?}", member.name),
            };
            let (within, beyond) = values.split_last().unwrap();
            assert!(document.parses(&document.with(&member, within).to_string()), "{}: {within}", member.name);
            for value in beyond {
                let problems = (document.problems)(&document.with(&member, value).to_string());
                assert_eq!(problems.len(), 1, "{}: {value}", member.name);
                assert!(format!("{} ", problems[0].expected).contains(&bounds), "{}: {:?}", member.name, problems[0]);
            }
            told.push(member.name);
        }
    }
    assert_eq!(told, ["advanced.max_age", "login_lifetime", "additional_regions"]);
}

#[test]
fn null_is_treated_as_absent_by_the_parser() {
    for document in written() {
        for member in document.members() {
            assert_eq!(document.judge(&member, &Value::Null), (false, !member.is_required), "{}", member.name);
        }
    }
}

#[test]
fn defaults_of_the_schema_are_those_of_the_parser() {
    let [settings, connector] = written();
    let filled = |document: &Written| {
        let mut filled = document.least.clone();
        for member in document.members() {
            if let Some(default) = member.schema.get("default") {
                *member.name.split('.').fold(&mut filled, |place, name| &mut place[name]) = default.clone();
            }
        }
        assert_ne!(filled, document.least);
        filled.to_string()
    };
    let parse = |text: &str| format!("{:?}", Settings::parse(text));
    assert_eq!(parse(&filled(&settings)), parse(&settings.least.to_string()));
    let parse = |text: &str| format!("{:?}", Connector::parse(text));
    assert_eq!(parse(&filled(&connector)), parse(&connector.least.to_string()));
}

#[test]
fn each_member_that_people_write_has_a_title_and_a_description() {
    for member in written().iter().flat_map(Written::members) {
        for keyword in ["title", "description"] {
            assert!(member.schema[keyword].as_str().is_some_and(|text| !text.is_empty()), "{} has no {keyword}", member.name);
        }
        for choice in member.schema["oneOf"].as_array().into_iter().flatten() {
            assert!(choice["title"].is_string() && choice["description"].is_string(), "{}: {choice}", member.name);
        }
    }
}

#[test]
fn what_a_form_shows_has_no_markup() {
    fn texts<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(members) => {
                found.extend(["title", "description"].iter().filter_map(|name| members.get(*name)?.as_str()));
                members.values().for_each(|schema| texts(schema, found));
            }
            Value::Array(schemas) => schemas.iter().for_each(|schema| texts(schema, found)),
            _ => {}
        }
    }
    for document in written() {
        let mut found = Vec::new();
        texts(&document.schema, &mut found);
        assert!(found.len() > 30, "{found:?}");
        for text in found {
            // json-editor takes a text for HTML.
            assert!(!text.contains(['`', '*', '<', '&', '\n']) && !text.contains("]("), "{text}");
        }
    }
}

/// What editors were seen to draw as a person expects. A schema of another kind belongs here once it was looked at:
/// `cargo xtask interop` draws all of them.
fn is_drawn(schema: &Value) -> bool {
    let is_text = |schema: &Value| schema["type"] == "string" && schema.get("oneOf").is_none();
    let is_selection = |schema: &Value| {
        let choices = schema["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
        let constants: Vec<&Value> = choices.iter().map(|choice| &choice["const"]).collect();
        let titles: Vec<&Value> = choices.iter().map(|choice| &choice["title"]).collect();
        schema["type"] == "string"
            && !choices.is_empty()
            && constants.iter().all(|constant| constant.is_string())
            && schema["extends"][0]["enum"] == json!(constants)
            && schema["options"] == json!({"switcher": false, "enum_titles": titles})
    };
    match &schema["type"] {
        Value::Null => schema["oneOf"].as_array().is_some_and(|choices| choices.iter().all(is_drawn)),
        // One field for a text; what else is accepted there is for whoever writes JSON.
        Value::Array(types) => types.len() == 2 && types[0] == "string" && schema["extends"][0]["type"] == "string",
        Value::String(name) => match name.as_str() {
            "string" => is_text(schema) || is_selection(schema),
            "boolean" => schema.get("default").is_some(),
            // Otherwise, json-editor fills in a zero.
            "integer" => schema.get("default").is_some() || schema["extends"][0]["default"] == "",
            // Otherwise, both fill in what the least number of items takes.
            "array" => is_text(&schema["items"]) && schema.get("minItems").is_none(),
            "object" if schema.get("properties").is_some() => {
                let mut properties = schema["properties"].as_object().unwrap().values();
                schema["options"]["remove_empty_properties"] == true && properties.all(is_drawn)
            }
            "object" => is_text(&schema["additionalProperties"]),
            _ => false,
        },
        _ => false,
    }
}

#[test]
fn each_field_is_of_a_kind_that_form_editors_draw() {
    for document in written() {
        assert!(is_drawn(&document.schema));
        for member in document.members() {
            assert!(is_drawn(&member.schema), "{}: {}", member.name, member.schema);
        }
        let sections = document.members().into_iter().filter(|member| member.schema.get("properties").is_some());
        for section in sections.filter(|section| !section.name.contains('.')) {
            assert_eq!(section.schema["options"]["collapsed"], true, "{}", section.name);
        }
    }
    for undrawn in [
        json!({"oneOf": [{"const": "a"}]}),
        json!({"anyOf": [{"type": "string"}, {"type": "array"}]}),
        json!({"type": "integer", "minimum": 0}),
        json!({"type": "array", "minItems": 1, "items": {"type": "string"}}),
    ] {
        assert!(!is_drawn(&undrawn), "{undrawn}");
    }
}

/// What RJSF and json-editor give back where a person has filled in what is required and nothing else: `cargo xtask interop`
/// holds the editors to it.
#[test]
fn what_a_form_gives_back_unfilled_changes_nothing() {
    let text = std::fs::read_to_string(package().join("host-test/interop/forms/unfilled.json")).unwrap();
    let unfilled: Value = serde_json::from_str(&text).unwrap();
    let [settings, connector] = written();
    let filled = |document: &Written, name: &str| {
        let mut filled = document.least.clone();
        filled.as_object_mut().unwrap().extend(unfilled[name].as_object().unwrap().clone());
        assert!(document.validator.is_valid(&filled), "{filled}");
        assert!(filled.as_object().unwrap().len() > document.least.as_object().unwrap().len());
        filled.to_string()
    };
    let parse = |text: &str| format!("{:?}", Settings::parse(text));
    assert_eq!(parse(&filled(&settings, "settings")), parse(&settings.least.to_string()));
    let parse = |text: &str| format!("{:?}", Connector::parse(text));
    assert_eq!(parse(&filled(&connector, "connector")), parse(&connector.least.to_string()));
}

/// Were an editor to invent a value all the same, it would be told so, and no login would go on with a check less.
#[test]
fn what_an_editor_could_invent_for_a_check_is_refused() {
    let [settings, _] = written();
    for name in ["acr_values", "accepted_acr_values", "required_amr"] {
        let members = settings.members();
        let member = members.iter().find(|member| member.name == format!("advanced.{name}")).unwrap();
        for invented in [json!(""), json!(" "), json!([])] {
            assert_eq!(settings.judge(member, &invented), (false, false), "{name} {invented}");
        }
        let (_, parser) = settings.judge(member, &json!([""]));
        assert!(!parser, "{name}");
    }
}

#[test]
fn each_member_that_people_read_is_always_there() {
    for member in [output(), error()].iter().flat_map(members) {
        assert!(member.is_required, "{}", member.name);
        assert!(member.schema["description"].is_string(), "{} has no description", member.name);
    }
}

#[test]
fn what_is_written_to_the_error_variable_is_valid() {
    let validator = jsonschema::validator_for(&error()).unwrap();
    assert!(validator.is_valid(&serde_json::from_str(ErrorOutput::NONE).unwrap()));
    for code in Code::ALL {
        assert!(validator.is_valid(&ErrorOutput::new(&Failure::from(*code), 1).to_json()), "{code:?}");
    }
}

#[test]
fn what_is_written_to_the_output_variable_is_valid() {
    let validator = jsonschema::validator_for(&output()).unwrap();
    let bare = json!({"sub": "the-sub"});
    let full = json!({
        "sub": "the-sub", "acr": "a", "amr": ["pwd"], "auth_time": 1, "email": "a@example.com", "email_verified": "true", "custom:tier": "x",
        "cognito:groups": ["g"], "identities": [{"userId": "1", "providerName": "Google", "providerType": "Google", "issuer": null,
        "primary": "true", "dateCreated": "1"}],
    });
    for (claims, with_tokens) in [(&bare, false), (&bare, true), (&full, true)] {
        let output = login(claims.as_object().unwrap(), with_tokens);
        let problems: Vec<String> = validator.iter_errors(&output).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
}

/// The output of a login with these claims.
fn login(claims: &Map<String, Value>, with_tokens: bool) -> Value {
    let mut host = FakeHost::new();
    let attempt = testing::attempt(&mut host);
    let key = keys::signing(0);
    let mut id_token = json!({
        "iss": attempt.issuers[0].issuer, "aud": attempt.client_id, "exp": attempt.expires_at, "iat": attempt.begun_at,
        "nonce": attempt.nonce.expose(), "token_use": "id",
    });
    id_token.as_object_mut().unwrap().extend(claims.clone());
    let token = key.token(&json!({"alg": "RS256"}), &id_token);
    let response = |body: Value| Ok(testing::response(200, "application/json", &body.to_string()));
    let tokens = token::judge(response(json!({"access_token": "a", "token_type": "Bearer", "id_token": token}))).unwrap();
    let id_token = verified(&tokens.id_token, &key, &attempt, &tokens.access_token);
    let verified = Verified {
        attempt: &attempt,
        user_pool_id: "eu-west-1_Ab",
        id_token,
        user_info: userinfo::judge(response(Value::Object(claims.clone())), "the-sub").unwrap(),
        tokens: &tokens,
        response_mode: ResponseMode::Query,
        now: host.now().as_secs(),
    };
    let output = Output::new(verified, with_tokens);
    let text: Value = serde_json::from_str(&output.to_text()).unwrap();
    let document = output.into_json();
    assert_eq!(document, text);
    document
}

fn verified(
    token: &Secret,
    key: &keys::TestKey,
    attempt: &crate::oidc::attempt::Attempt,
    access_token: &Secret,
) -> crate::oidc::id_token::IdToken {
    use crate::oidc::id_token::{Expectations, UnverifiedIdToken};
    let expectations = Expectations {
        client_id: &attempt.client_id,
        nonce: &attempt.nonce,
        access_token,
        acr: &attempt.acr,
        amr: &attempt.amr,
        auth_time_not_before: None,
        begun_at: attempt.begun_at,
        now: attempt.begun_at,
    };
    UnverifiedIdToken::parse(token, &attempt.issuers).unwrap().verify(&key.public()).unwrap().validate(&expectations).unwrap()
}

#[test]
fn every_example_is_valid() {
    let folder = package().join("examples");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let folders = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    // Programs around the step.
    let cases = folders.filter(|path| !path.ends_with("wasi-http"));
    let mut count = 0;
    for case in cases {
        let name = case.file_name().unwrap().to_str().unwrap();
        let read = |document: &str| std::fs::read_to_string(case.join(document)).unwrap();
        let (settings, connector) = (read("settings.json"), read("connector.json"));
        for (document, text) in written().iter().zip([&settings, &connector]) {
            assert!(document.validator.is_valid(&serde_json::from_str(text).unwrap()), "{name}");
        }
        assert_eq!(Configuration::read(&settings, &connector).1.err(), None, "{name}");
        assert_eq!(index.matches(&format!("| [{name}]({name}) |")).count(), 1, "{name} has one row in examples/README.md");
        count += 1;
    }
    assert_eq!(index.matches("\n| [").count(), count, "each row of examples/README.md has its folder");
}
