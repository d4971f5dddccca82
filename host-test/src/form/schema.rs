//! A JSON Schema (draft 2020-12) as it is written, with its members in their order.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The keywords that forms are drawn from; those that only say what is valid are known and left to the step.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Schema {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) r#type: Option<Types>,
    pub(super) r#const: Option<Value>,
    pub(super) default: Option<Value>,
    pub(super) examples: Vec<Value>,
    pub(super) items: Option<Box<Schema>>,
    pub(super) one_of: Vec<Schema>,
    pub(super) properties: Option<Properties>,
    pub(super) required: Vec<String>,
    pub(super) additional_properties: Option<Additional>,
    pub(super) options: Options,
    pub(super) extends: Vec<Extension>,
    #[serde(rename = "$schema")]
    _dialect: Option<String>,
    #[serde(rename = "format")]
    _format: Option<String>,
    #[serde(rename = "pattern")]
    _pattern: Option<String>,
    #[serde(rename = "minLength")]
    _min_length: Option<u64>,
    #[serde(rename = "maxLength")]
    _max_length: Option<u64>,
    #[serde(rename = "minimum")]
    _minimum: Option<i64>,
    #[serde(rename = "maximum")]
    _maximum: Option<i64>,
    #[serde(rename = "minItems")]
    _min_items: Option<u64>,
    #[serde(rename = "maxItems")]
    _max_items: Option<u64>,
}

/// `type`: one, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Types {
    One(String),
    Several(Vec<String>),
}

/// `additionalProperties`: none, or of this kind.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Additional {
    Allowed(bool),
    Of(Box<Schema>),
}

/// What an editor of forms is told by `options`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Options {
    /// A section starts collapsed.
    pub(super) collapsed: bool,
    #[serde(rename = "remove_empty_properties")]
    _remove_empty_properties: Option<bool>,
    #[serde(rename = "switcher")]
    _switcher: Option<bool>,
    #[serde(rename = "enum_titles")]
    _enum_titles: Option<Vec<String>>,
}

/// What an editor of forms takes a field for, by `extends`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Extension {
    /// `textarea`: of several lines.
    pub(super) format: Option<String>,
    #[serde(rename = "type")]
    _type: Option<String>,
    #[serde(rename = "enum")]
    _enum: Option<Vec<Value>>,
    #[serde(rename = "default")]
    _default: Option<Value>,
}

/// The members of an object, in the order in which they are written.
#[derive(Debug)]
pub(super) struct Properties(pub(super) Vec<(String, Schema)>);

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Properties;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of schemas")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Properties, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Properties(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
