//! What editors that draw a form from a schema need beside the draft: for RJSF the type of each field, for json-editor its own
//! two keywords.
//!
//! | Keyword | Who reads it |
//! |---|---|
//! | `options` | json-editor: titles of choices, what starts collapsed, and that what was left empty isn't given back |
//! | `extends` | json-editor: what it takes a field for where the draft's own keywords would have it draw a switch, or fill in a value |
//!
//! To everybody else both are unknown keywords, which decide nothing (JSON Schema Core, 2020-12, 6.5).
//!
//! Invariant: a field that nobody filled in is given back as absent, or as its default. Each other value that an editor could
//! invent would switch something off (an empty list of accepted levels) or on (an age of 0 seconds).

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Has a whole schema drawn as a person expects it.
pub(super) fn draw(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        // Rustdoc's; a form shows it as it stands.
        *description = description.replace('`', "");
    }
    if schema.get("properties").is_some() {
        options(schema).insert("remove_empty_properties".to_owned(), json!(true));
    }
    if let Some(choices) = choices(schema) {
        let member = |name: &str| choices.iter().map(|choice| choice[name].clone()).collect::<Vec<_>>();
        let (titles, constants) = (member("title"), member("const"));
        for choice in schema.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
            choice.as_object_mut().map(|choice| choice.remove("type"));
        }
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("extends".to_owned(), json!([{ "enum": constants }]));
        options(schema).extend([("switcher".to_owned(), json!(false)), ("enum_titles".to_owned(), json!(titles))]);
    }
    schemars::transform::transform_subschemas(&mut draw, schema);
}

/// The choices, where a schema has nothing but texts to choose from.
fn choices(schema: &Schema) -> Option<Vec<Value>> {
    let choices = schema.get("oneOf")?.as_array()?;
    choices.iter().all(|choice| choice["const"].is_string()).then(|| choices.clone())
}

fn options(schema: &mut Schema) -> &mut Map<String, Value> {
    let options = schema.ensure_object().entry("options").or_insert_with(|| json!({}));
    options.as_object_mut().expect("options are an object")
}
