//! What stands in the fields of a form.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::field::{Field, Kind};

/// The texts of the fields, by their names. A flag that isn't set has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries(BTreeMap<String, String>);

/// A flag that is set.
const SET: &str = "on";

impl Entries {
    /// As a form sends them: of a name that comes twice, the last one counts.
    pub(crate) fn posted(form: &str) -> Self {
        Self(url::form_urlencoded::parse(form.as_bytes()).into_owned().collect())
    }

    /// A text by the name of its field; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Takes out what isn't to be shown again.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(super) fn is_set(&self, field: &Field) -> bool {
        self.0.contains_key(&field.pointer)
    }

    /// What a member's value, or its default, is in its field.
    pub(super) fn fill(&mut self, field: &Field, value: Option<&Value>) {
        let value = value.filter(|value| !value.is_null()).or(field.default.as_ref());
        match (&field.kind, value) {
            (Kind::Section { fields, .. }, value) => {
                for field in fields {
                    let name = field.pointer.rsplit('/').next().unwrap_or_default();
                    self.fill(field, value.and_then(|value| value.get(name)));
                }
            }
            (Kind::Flag, Some(Value::Bool(true))) => self.put(field, SET.to_owned()),
            (Kind::Flag, _) | (_, None) => {}
            (Kind::ChoiceOrLines { lines, .. }, Some(Value::Object(object))) => {
                let name = lines.pointer.rsplit('/').next().unwrap_or_default();
                self.put(field, name.to_owned());
                self.fill(lines, object.get(name));
            }
            (Kind::Lines, Some(Value::Array(list))) => self.put(field, joined(list, "\n")),
            (Kind::Pairs, Some(Value::Object(object))) => {
                let pairs = object.iter().map(|(name, value)| format!("{name}={}", shown(value)));
                self.put(field, pairs.collect::<Vec<_>>().join("\n"));
            }
            (Kind::Text { .. }, Some(Value::Array(words))) => self.put(field, joined(words, " ")),
            (_, Some(value)) => self.put(field, shown(value)),
        }
    }

    /// The value of a member, unless it is to be absent.
    pub(super) fn read(&self, field: &Field) -> Option<Value> {
        let text = self.text(&field.pointer);
        let lines = |field: &Field| -> Vec<String> {
            let lines = self.text(&field.pointer).lines().map(str::trim);
            lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        let value = match &field.kind {
            Kind::Section { fields, .. } => {
                let member = |field: &Field| {
                    let name = field.pointer.rsplit('/').next().unwrap_or_default();
                    Some((name.to_owned(), self.read(field)?))
                };
                let members: Map<String, Value> = fields.iter().filter_map(member).collect();
                (!members.is_empty()).then_some(Value::Object(members))?
            }
            Kind::Flag => Value::Bool(self.is_set(field)),
            Kind::Lines => Some(lines(field)).filter(|lines| !lines.is_empty()).map(Value::from)?,
            Kind::Pairs => {
                let pair = |line: String| {
                    let (name, value) = line.split_once('=').unwrap_or((&line, ""));
                    (name.trim().to_owned(), Value::from(value.trim()))
                };
                Some(lines(field)).filter(|lines| !lines.is_empty()).map(|lines| lines.into_iter().map(pair).collect())?
            }
            Kind::ChoiceOrLines { lines: list, .. } => {
                let name = list.pointer.rsplit('/').next().unwrap_or_default();
                // The list alone is no choice: whoever fills it in has to say that it counts.
                if text == name { json!({ name: lines(list) }) } else { some_text(text)? }
            }
            Kind::Number => match text.trim().parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => some_text(text)?,
            },
            Kind::Text { .. } | Kind::Choice(_) => some_text(text)?,
        };
        (field.default.as_ref() != Some(&value)).then_some(value)
    }

    fn put(&mut self, field: &Field, text: String) {
        self.0.insert(field.pointer.clone(), text);
    }
}

fn some_text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::from(text))
}

fn joined(list: &[Value], separator: &str) -> String {
    list.iter().map(shown).collect::<Vec<_>>().join(separator)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
