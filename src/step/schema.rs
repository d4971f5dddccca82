//! JSON Schemas (draft 2020-12) of what people write and read, made from the types. The files under `schema/` are for editors and
//! for whoever reads a variable; tests hold files, types and parser equal.
//!
//! A schema says what to write. The parser also takes `null` for an absent member, for hosts whose expressions may come out
//! empty. Editors draw forms from the schemas of settings and connector: `form` has what that takes.

mod file;
mod form;
mod tests;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::connector::ConnectorDocument;
use super::error_output::ErrorOutput;
use super::output::Output;
use super::settings::SettingsDocument;

/// The author's settings.
pub(crate) fn settings() -> Value {
    schema::<SettingsDocument>(Contract::Deserialize)
}

/// The connector.
pub(crate) fn connector() -> Value {
    schema::<ConnectorDocument>(Contract::Deserialize)
}

/// The output variable.
pub(crate) fn output() -> Value {
    schema::<Output>(Contract::Serialize)
}

/// The error variable.
pub(crate) fn error() -> Value {
    schema::<ErrorOutput>(Contract::Serialize)
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

/// The texts to choose from, those of a choice within a choice too.
pub(crate) fn choices(schema: &Value) -> Vec<&str> {
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    alternatives.flat_map(|choice| choice["const"].as_str().into_iter().chain(choices(choice))).collect()
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

/// Whole in one piece: not every editor follows references. What is written requires all members, in the order of their
/// declaration.
fn schema<T: JsonSchema>(contract: Contract) -> Value {
    let is_written = contract == Contract::Deserialize;
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.contract = contract;
    });
    let settings = settings.with_transform(tidy);
    let settings = if is_written { settings.with_transform(form::draw) } else { settings };
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Folds the line breaks of doc comments, drops formats that are Rust's, and collects the members that must be written.
fn tidy(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    let required = properties.filter_map(|(name, property)| property.as_object_mut()?.remove("x-required").map(|_| json!(name)));
    let required: Vec<Value> = required.collect();
    if !required.is_empty() && schema.get("required").is_none() {
        schema.insert("required".to_owned(), json!(required));
    }
    schemars::transform::transform_subschemas(&mut tidy, schema);
}
