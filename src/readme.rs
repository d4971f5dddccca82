//! `README.md`, `docs/operator.md` and the code say the same: tables, JSON blocks, the example of a host, commands, links, layers, the code map.

use serde_json::{Value, json};

use crate::begin::begin;
use crate::step::configuration::Configuration;
use crate::step::error::Code;
use crate::step::outcome::Invocation;
use crate::step::schema::{self, Member, members};
use crate::testing::{FakeHost, package};

const README: &str = include_str!("../README.md");
/// What of it is about metrics, spans, lines and alarms, tests of the host hold together with the host.
const OPERATOR: &str = include_str!("../docs/operator.md");

/// The rows of the one table in a section, without its head.
fn rows(heading: &str) -> Vec<&'static str> {
    let marker = format!("\n{heading}\n");
    assert_eq!(README.matches(&marker).count(), 1, "one section {heading}");
    let section = README.split_once(&marker).unwrap().1;
    let lines = section.lines().take_while(|line| !line.starts_with('#'));
    let table: Vec<&str> = lines.skip_while(|line| !line.starts_with("| ")).take_while(|line| line.starts_with('|')).collect();
    assert!(table.get(1).is_some_and(|line| line.starts_with("|---")), "a table in {heading}");
    table[2..].to_vec()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").map(str::trim).collect()
}

/// What is fenced with that language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("\n```{language}\n");
    README.split(&fence).skip(1).map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

/// Each member has one row, and its second cell is what the schema says.
fn check(heading: &str, schema: &Value, second: impl Fn(&Member) -> String) {
    let rows = rows(heading);
    let members = members(schema);
    for member in &members {
        let expected = [format!("`{}`", member.name), second(member)];
        let found: Vec<_> = rows.iter().map(|row| cells(row)).filter(|cells| cells[..2] == expected).collect();
        assert_eq!(found.len(), 1, "{heading} lacks the row: | {} | … |", expected.join(" | "));
        let choices = member.schema["oneOf"].as_array().into_iter().flatten().filter_map(|choice| choice["const"].as_str());
        for choice in choices.filter(|_| !member.schema["title"].is_null()) {
            assert!(found[0][2].contains(&format!("`{choice}`")), "{heading}: `{}` doesn't name `{choice}`", member.name);
        }
    }
    assert_eq!(rows.len(), members.len(), "{heading} has rows of its own");
}

fn default(member: &Member) -> String {
    match &member.schema["default"] {
        _ if member.is_required => "required".to_owned(),
        Value::Null => "–".to_owned(),
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    }
}

fn type_of(schema: &Value) -> String {
    let several = |schemas: &[Value], one: fn(&Value) -> String| schemas.iter().map(one).collect::<Vec<_>>().join(" or ");
    match (&schema["anyOf"], &schema["oneOf"], &schema["type"]) {
        (Value::Array(schemas), ..) => several(schemas, type_of),
        (_, Value::Array(choices), _) => type_of(&choices[0]),
        (.., Value::Array(types)) => several(types, |name| type_of(&json!({ "type": name }))),
        (.., name) => if name == "array" { "list" } else { name.as_str().unwrap() }.to_owned(),
    }
}

#[test]
fn each_setting_and_each_member_of_the_connector_has_its_row() {
    check("### Settings", &schema::settings(), default);
    check("## Connector", &schema::connector(), default);
}

#[test]
fn each_member_of_the_output_and_of_the_error_has_its_row() {
    check("### Output", &schema::output(), |member| type_of(&member.schema));
    check("### Error variable", &schema::error(), |member| type_of(&member.schema));
}

#[test]
fn each_code_has_its_row_in_order() {
    let expected = Code::ALL.iter().map(|code| {
        let category = json!(code.category());
        let retryable = if code.is_retryable() { "yes" } else { "no" };
        format!("| `{}` | {} | {retryable} | {} |", code.as_str(), category.as_str().unwrap(), code.message())
    });
    let rows = rows("## Errors");
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(*row, expected);
    }
    assert_eq!(rows.len(), Code::ALL.len());
}

/// What the host says by itself, and what it calls outcomes.
const OF_THE_HOST: [&str; 5] = ["step_trapped", "callback_refused", "ignored", "unknown", "busy"];

#[test]
fn codes_named_anywhere_exist() {
    let refused = rows("## What it refuses");
    let symptoms = OPERATOR.split_once("| You see |").unwrap().1.split_once("\n\n").unwrap().0;
    assert!(symptoms.lines().count() > 30);
    let named = refused.iter().map(|row| cells(row)[2]).chain(symptoms.lines().skip(2).map(|row| cells(row)[0]));
    for name in named.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        assert!(OF_THE_HOST.contains(&name) || Code::ALL.iter().any(|code| code.as_str() == name), "{name}");
    }
}

#[test]
fn each_json_block_is_a_document_of_the_step() {
    let (mut settings, mut connectors) = (Vec::new(), Vec::new());
    let error = jsonschema::validator_for(&schema::error()).unwrap();
    for block in blocks("json") {
        let document: Value = serde_json::from_str(block).unwrap();
        let has = |name: &str| document.get(name).is_some();
        if has("callback_url") {
            assert!(jsonschema::is_valid(&schema::settings(), &document), "{block}");
            settings.push(block);
        } else if has("user_pool_id") {
            assert!(jsonschema::is_valid(&schema::connector(), &document), "{block}");
            connectors.push(block);
        } else if has("phase") {
            assert_eq!(names(&document), names(&event_data()), "{block}");
            assert_eq!(names(&document["exchanges"][0]), names(&event_data()["exchanges"][0]), "{block}");
            assert!(error.is_valid(&document["error"]), "{block}");
            settings.push(Box::leak(document["input"]["settings"].to_string().into_boxed_str()));
            connectors.push(Box::leak(document["input"]["connector"].to_string().into_boxed_str()));
        } else {
            assert!(error.is_valid(&document), "{block}");
        }
    }
    assert!(!settings.is_empty() && !connectors.is_empty());
    for settings in &settings {
        for connector in &connectors {
            assert_eq!(Configuration::read(settings, connector).1.err(), None, "{settings} {connector}");
        }
    }
}

/// Of a `begin` that fails for want of metadata, so that there is an exchange in it.
fn event_data() -> Value {
    let settings = r#"{"callback_url": "https://app.example.com/callback", "event_data": "input_output"}"#;
    let connector = r#"{"user_pool_id": "eu-west-1_Ab", "client_id": "client"}"#;
    let begun = begin(&mut FakeHost::new(), Invocation { settings, connector, browser: b"browser", round: 1 });
    serde_json::from_str(&begun.event_data.unwrap()).unwrap()
}

fn names(object: &Value) -> Vec<&String> {
    object.as_object().unwrap().keys().collect()
}

#[test]
fn the_example_of_a_host_is_the_one_that_compiles() {
    let example = include_str!("../host-test/examples/embed.rs");
    assert_eq!(blocks("rust"), [example.trim_end()]);
}

#[test]
fn the_code_map_names_every_file() {
    let map = rows("### Code map").join("\n");
    let source = package().join("src");
    for folder in ["", "connection", "step", "cognito", "oidc"] {
        for entry in std::fs::read_dir(source.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&source).unwrap().to_str().unwrap();
            if name.ends_with(".rs") && !name.ends_with("mod.rs") && name != "lib.rs" {
                assert!(map.contains(&format!("`{name}`")), "the code map lacks `{name}`");
            }
        }
    }
    let named = map.split('`').skip(1).step_by(2).filter(|name| name.ends_with(".rs"));
    for name in named {
        assert!(source.join(name).is_file(), "the code map names `{name}`, which isn't there");
    }
}

#[test]
fn each_layer_imports_from_those_below_alone() {
    let above = [
        ("oidc", &["cognito", "step", "begin", "complete", "connection", "component"][..]),
        ("cognito", &["step", "begin", "complete", "connection", "component"]),
        ("step", &["begin", "complete", "connection", "component"]),
        ("connection", &["begin", "complete", "component"]),
    ];
    let source = package().join("src");
    for (layer, above) in above {
        for entry in std::fs::read_dir(source.join(layer)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            for name in above {
                assert!(!text.contains(&format!("crate::{name}")), "{} imports {name}", path.display());
            }
        }
    }
    for name in ["host.rs", "json.rs", "limit.rs", "secret.rs", "web_address.rs"] {
        let text = std::fs::read_to_string(source.join(name)).unwrap();
        assert!(["oidc", "cognito", "step"].iter().all(|layer| !text.contains(&format!("crate::{layer}"))), "{name}");
    }
}

#[test]
fn each_command_exists() {
    let commands = include_str!("../xtask/src/main.rs");
    let after = [README, OPERATOR].into_iter().flat_map(|text| text.split("cargo xtask ").skip(1));
    for name in after.map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap()) {
        assert!(commands.contains(&format!("name: \"{name}\"")), "cargo xtask {name}");
    }
}

#[test]
fn links_within_the_repository_lead_somewhere() {
    let anchors = |text: &str| text.lines().filter(|line| line.starts_with('#')).map(anchor).collect::<Vec<_>>();
    let mut followed = 0;
    for (text, folder) in [(README, package()), (OPERATOR, package().join("docs"))] {
        let own = anchors(text);
        for link in text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
            if file.starts_with("https://") {
                continue;
            }
            assert!(folder.join(file).exists(), "{link}");
            if let Some(heading) = heading {
                let of_file = (!file.is_empty()).then(|| anchors(&std::fs::read_to_string(folder.join(file)).unwrap()));
                let known = of_file.as_ref().unwrap_or(&own);
                assert!(known.iter().any(|anchor| anchor == heading), "no heading for {link}");
            }
            followed += 1;
        }
    }
    assert!(followed > 40, "{followed} links");
}

/// As GitHub makes it: lower case, spaces to hyphens, punctuation left out.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}
