//! What is written from the code: the table of codes for the operator, and the files under `schema/`, members in the order of
//! their declaration, as an editor shows them, and keywords in the order of reading.

use std::path::Path;

use schemars::JsonSchema;
use schemars::generate::Contract;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::{ConnectorDocument, ErrorOutput, Output, SettingsDocument, schema};
use crate::step::code::Code;
use crate::testing::package;

const KEYWORDS: &[&str] = &[
    "$schema",
    "title",
    "description",
    "type",
    "const",
    "options",
    "extends",
    "enum",
    "default",
    "examples",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "items",
    "minItems",
    "maxItems",
    "oneOf",
    "anyOf",
    "properties",
    "required",
    "additionalProperties",
];

/// A schema, and the same with every member required: there, the order of declaration shows.
struct Ordered<'a> {
    schema: &'a Value,
    declared: &'a Value,
}

/// The members of an object that a schema describes.
struct Properties<'a>(Ordered<'a>, &'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { schema, declared } = self;
        match schema {
            Value::Object(members) => {
                let mut names: Vec<&String> = members.keys().collect();
                names.sort_by_key(|name| KEYWORDS.iter().position(|keyword| keyword == name));
                let mut map = serializer.serialize_map(Some(names.len()))?;
                for name in names {
                    let inner = Ordered { schema: &schema[name], declared: &declared[name] };
                    match name.as_str() {
                        "properties" => map.serialize_entry(name, &Properties(inner, &declared["required"]))?,
                        _ => map.serialize_entry(name, &inner)?,
                    }
                }
                map.end()
            }
            Value::Array(schemas) => serializer
                .collect_seq(schemas.iter().enumerate().map(|(index, schema)| Ordered { schema, declared: &declared[index] })),
            other => other.serialize(serializer),
        }
    }
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Ordered { schema, declared }, order) = self;
        let place = |name: &str| order.as_array()?.iter().position(|member| member == name);
        let mut names: Vec<&String> = schema.as_object().into_iter().flat_map(|members| members.keys()).collect();
        names.sort_by_key(|name| place(name));
        serializer.collect_map(names.into_iter().map(|name| (name, Ordered { schema: &schema[name], declared: &declared[name] })))
    }
}

fn text<T: JsonSchema>(contract: Contract) -> String {
    let ordered = Ordered { schema: &schema::<T>(contract), declared: &schema::<T>(Contract::Serialize) };
    serde_json::to_string_pretty(&ordered).unwrap() + "\n"
}

#[test]
fn schema_files_are_up_to_date() {
    let folder = package().join("schema");
    for (name, text) in [
        ("settings", text::<SettingsDocument>(Contract::Deserialize)),
        ("connector", text::<ConnectorDocument>(Contract::Deserialize)),
        ("output", text::<Output>(Contract::Serialize)),
        ("error", text::<ErrorOutput>(Contract::Serialize)),
    ] {
        hold(&folder.join(format!("{name}.json")), &text);
    }
}

/// What stands in `docs/operator.md` between these two lines is written from the table of codes.
const CODES_BEGIN: &str = "<!-- codes: written by `cargo xtask schema` -->\n\n";
const CODES_END: &str = "\n<!-- end of codes -->\n";

#[test]
fn the_operators_table_of_codes_is_up_to_date() {
    let path = package().join("docs/operator.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(CODES_BEGIN).expect("where the table begins");
    let (_, after) = rest.split_once(CODES_END).expect("where the table ends");
    let rows = Code::ALL.iter().map(|code| {
        let (cause, whose) = code.likely_cause();
        format!("| `{code}` | {cause} | {} |\n", whose.as_str())
    });
    let table = format!("| Code | Likely cause | Whose |\n|---|---|---|\n{}", rows.collect::<String>());
    hold(&path, &format!("{before}{CODES_BEGIN}{table}{CODES_END}{after}"));
}

/// The file holds this text, or is written anew where that was asked for.
fn hold(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, text).unwrap();
    } else {
        let file = std::fs::read_to_string(path).unwrap_or_default();
        assert!(file == text, "{} is out of date: run `cargo xtask schema`", path.display());
    }
}
