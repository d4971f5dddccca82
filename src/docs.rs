//! `README.md`, the pages of `docs` and the code say the same: tables, JSON blocks, the example of a host, commands, layers, the
//! code map. Their links are checked by `xtask`, which makes a site of them.

use serde_json::{Value, json};

use crate::begin::begin;
use crate::step::configuration::Configuration;
use crate::step::error::Code;
use crate::step::outcome::Invocation;
use crate::step::schema::{self, Member, choices, members};
use crate::testing::{FakeHost, package};

const README: &str = include_str!("../README.md");
const AUTHOR: &str = include_str!("../docs/author.md");
const CONNECTOR: &str = include_str!("../docs/connector.md");
const HOST: &str = include_str!("../docs/host.md");
const SECURITY: &str = include_str!("../docs/security.md");
const ARCHITECTURE: &str = include_str!("../docs/ARCHITECTURE.md");
/// What of it is about metrics, spans, lines and alarms, tests of the host hold together with the host.
const OPERATOR: &str = include_str!("../docs/operator.md");

/// Each page that is for people, by its path in the repository.
fn pages() -> Vec<(String, String)> {
    let docs = std::fs::read_dir(package().join("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = docs.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}"));
    let pages = pages.chain(["README.md", "examples/README.md"].map(str::to_owned));
    let read = |page: String| {
        let text = std::fs::read_to_string(package().join(&page)).unwrap();
        (page, text)
    };
    pages.map(read).collect()
}

/// The rows of the first table in a section, without its head.
fn rows(page: &'static str, heading: &str) -> Vec<&'static str> {
    let marker = format!("\n{heading}\n");
    assert_eq!(page.matches(&marker).count(), 1, "one section {heading}");
    let section = page.split_once(&marker).unwrap().1;
    let lines = section.lines().take_while(|line| !line.starts_with('#'));
    let table: Vec<&str> = lines.skip_while(|line| !line.starts_with("| ")).take_while(|line| line.starts_with('|')).collect();
    assert!(table.get(1).is_some_and(|line| line.starts_with("|---")), "a table in {heading}");
    table[2..].to_vec()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").map(str::trim).collect()
}

/// What is fenced with that language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split_once("\n```").unwrap().0).collect()
}

/// Each member has one row, which begins with its name and with what the schema says.
fn check(page: &'static str, heading: &str, schema: &Value, said: impl Fn(&Member) -> Vec<String>) {
    let rows = rows(page, heading);
    let members = members(schema);
    for member in &members {
        let expected: Vec<String> = [format!("`{}`", member.name)].into_iter().chain(said(member)).collect();
        let found: Vec<_> = rows.iter().map(|row| cells(row)).filter(|cells| cells[..expected.len()] == expected).collect();
        assert_eq!(found.len(), 1, "{heading} lacks the row: | {} | … |", expected.join(" | "));
        for choice in choices(&member.schema).into_iter().filter(|_| !member.schema["title"].is_null()) {
            assert!(
                found[0][expected.len()].contains(&format!("`{choice}`")),
                "{heading}: `{}` doesn't name `{choice}`",
                member.name
            );
        }
    }
    assert_eq!(rows.len(), members.len(), "{heading} has rows of its own");
}

/// What a form calls the member, and what holds where it is absent.
fn label_and_default(member: &Member) -> Vec<String> {
    let label = member.schema["title"].as_str().unwrap().to_owned();
    let default = match &member.schema["default"] {
        _ if member.is_required => "required".to_owned(),
        Value::Null => "–".to_owned(),
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    };
    vec![label, default]
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
    check(AUTHOR, "## Settings", &schema::settings(), label_and_default);
    check(CONNECTOR, "## Members", &schema::connector(), label_and_default);
}

#[test]
fn each_member_of_the_output_and_of_the_error_has_its_row() {
    check(AUTHOR, "## Output", &schema::output(), |member| vec![type_of(&member.schema)]);
    check(AUTHOR, "## Error variable", &schema::error(), |member| vec![type_of(&member.schema)]);
}

#[test]
fn each_code_has_its_row_in_order() {
    let expected = Code::ALL.iter().map(|code| {
        let category = json!(code.category());
        let retryable = if code.is_retryable() { "yes" } else { "no" };
        format!("| `{}` | {} | {retryable} | {} |", code.as_str(), category.as_str().unwrap(), code.message())
    });
    let rows = rows(AUTHOR, "## Errors");
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(*row, expected);
    }
    assert_eq!(rows.len(), Code::ALL.len());
}

/// What the host says by itself, and what it calls outcomes.
const OF_THE_HOST: [&str; 5] = ["step_trapped", "callback_refused", "ignored", "unknown", "busy"];

#[test]
fn codes_named_anywhere_exist() {
    let refused = rows(SECURITY, "## What it refuses");
    let symptoms = OPERATOR.split_once("| You see |").unwrap().1.split_once("\n\n").unwrap().0;
    assert!(symptoms.lines().count() > 30);
    let named = refused.iter().map(|row| cells(row)[2]).chain(symptoms.lines().skip(2).map(|row| cells(row)[0]));
    for name in named.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        assert!(OF_THE_HOST.contains(&name) || Code::ALL.iter().any(|code| code.as_str() == name), "{name}");
    }
}

#[test]
fn each_json_block_is_a_document_of_the_step() {
    let (mut settings, mut connectors): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let error = jsonschema::validator_for(&schema::error()).unwrap();
    let pages = pages();
    for (page, block) in pages.iter().flat_map(|(page, text)| blocks(text, "json").into_iter().map(move |block| (page, block))) {
        let document: Value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{page}: {error}: {block}"));
        let has = |name: &str| document.get(name).is_some();
        if has("callback_url") {
            assert!(jsonschema::is_valid(&schema::settings(), &document), "{page}: {block}");
            settings.push(block.to_owned());
        } else if has("user_pool_id") {
            assert!(jsonschema::is_valid(&schema::connector(), &document), "{page}: {block}");
            connectors.push(block.to_owned());
        } else if has("phase") {
            assert_eq!(names(&document), names(&event_data()), "{page}: {block}");
            assert_eq!(names(&document["exchanges"][0]), names(&event_data()["exchanges"][0]), "{page}: {block}");
            assert!(error.is_valid(&document["error"]), "{page}: {block}");
            settings.push(document["input"]["settings"].to_string());
            connectors.push(document["input"]["connector"].to_string());
        } else {
            assert!(error.is_valid(&document), "{page}: {block}");
        }
    }
    assert!(settings.len() >= 7 && connectors.len() >= 4, "{} settings, {} connectors", settings.len(), connectors.len());
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

const EXAMPLE: &str = include_str!("../host-test/examples/embed.rs");

#[test]
fn the_example_of_a_host_is_the_one_that_compiles() {
    assert_eq!(blocks(HOST, "rust"), [EXAMPLE.trim_end()]);
}

/// The README shows some of its lines, in their order; `// …` stands for others.
#[test]
fn the_heart_of_a_host_is_lines_of_the_example_that_compiles() {
    let blocks = blocks(README, "rust");
    let [heart] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
    let mut lines = EXAMPLE.lines().map(str::trim);
    for line in heart.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "// …") {
        assert!(lines.any(|of_example| of_example == line), "embed.rs has no such line, or not there: {line}");
    }
    assert!(heart.lines().count() <= 16, "its heart alone");
}

#[test]
fn the_code_map_names_every_file() {
    let map = rows(ARCHITECTURE, "## Code map").join("\n");
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
    for name in ["eight.rs", "host.rs", "json.rs", "limit.rs", "secret.rs", "web_address.rs"] {
        let text = std::fs::read_to_string(source.join(name)).unwrap();
        assert!(["oidc", "cognito", "step"].iter().all(|layer| !text.contains(&format!("crate::{layer}"))), "{name}");
    }
}

#[test]
fn each_command_exists() {
    let commands = include_str!("../xtask/src/main.rs");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
    for (page, text) in pages() {
        let named = text.split("cargo xtask ").skip(1).map(|rest| rest.split(|c| !is_name(c)).next().unwrap());
        // `cargo xtask …` is said of any of them.
        for name in named.filter(|name| !name.is_empty()) {
            assert!(commands.contains(&format!("name: \"{name}\"")), "{page}: cargo xtask {name}");
        }
    }
}

#[test]
fn continuous_integration_runs_the_two_commands_of_the_readme() {
    let block = README.split("\n```\n").find(|block| block.starts_with("cargo xtask")).unwrap();
    let commands: Vec<&str> = block.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    let run: Vec<&str> = include_str!("../.ci/run").lines().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(commands, run);
}
