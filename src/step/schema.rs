//! JSON Schemas (draft 2020-12) of what people write and read, made from the types. The files under `schema/` are for editors and for
//! whoever reads a variable; tests hold files, types and parser equal.
//!
//! A schema says what to write. The parser also takes `null` for an absent member, for hosts whose expressions may come out empty.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::connector::ConnectorDocument;
use super::error_output::ErrorOutput;
use super::output::Output;
use super::settings::SettingsDocument;

/// A document's file name under `schema/`, without its extension, and its schema.
type Document = (&'static str, fn() -> Value);

const DOCUMENTS: [Document; 4] = [("settings", settings), ("connector", connector), ("output", output), ("error", error)];

/// The author's settings.
pub(crate) fn settings() -> Value {
    schema::<SettingsDocument>(SchemaSettings::draft2020_12())
}

/// The connector.
pub(crate) fn connector() -> Value {
    schema::<ConnectorDocument>(SchemaSettings::draft2020_12())
}

/// The output variable.
pub(crate) fn output() -> Value {
    schema::<Output>(SchemaSettings::draft2020_12().for_serialize())
}

/// The error variable.
pub(crate) fn error() -> Value {
    schema::<ErrorOutput>(SchemaSettings::draft2020_12().for_serialize())
}

/// A member of a document, with the names of the objects around it: `advanced.max_age`.
pub(crate) struct Member {
    /// Its path, with dots.
    pub(crate) name: String,
    /// Its own schema.
    pub(crate) schema: Value,
    /// It must be there.
    pub(crate) is_required: bool,
}

/// Every member of a document at any depth, those of listed objects too. Members of free names aren't among them.
pub(crate) fn members(schema: &Value) -> Vec<Member> {
    let mut members = Vec::new();
    collect("", schema, &mut members);
    members
}

fn collect(prefix: &str, schema: &Value, members: &mut Vec<Member>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, property) in properties {
        let name = format!("{prefix}{name}");
        let is_required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(name[prefix.len()..])));
        members.push(Member { name: name.clone(), schema: property.clone(), is_required });
        collect(&format!("{name}."), property, members);
        collect(&format!("{name}[]."), &property["items"], members);
    }
}

/// Whole in one piece: not every editor follows references.
fn schema<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| settings.inline_subschemas = true).with_transform(tidy);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Folds the line breaks of doc comments, and drops formats that are Rust's.
fn tidy(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
    schemars::transform::transform_subschemas(&mut tidy, schema);
}

#[test]
fn schema_files_are_up_to_date() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    for (name, schema) in DOCUMENTS {
        let path = folder.join(format!("{name}.json"));
        let text = format!("{:#}\n", schema());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, text).unwrap();
        } else {
            let file = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(file == text, "schema/{name}.json is out of date: run `cargo xtask schema`");
        }
    }
}

#[cfg(test)]
mod tests;
