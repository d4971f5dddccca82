//! A form drawn from a JSON Schema, for a page without script: of what the schemas of settings and connector use, and nothing
//! else.
//!
//! | file | what it does |
//! |---|---|
//! | `schema` | reads a schema, in the order of its members; a keyword that it doesn't know is an error |
//! | `field` | what each member of the document is in the form |
//! | `entries` | what stands in the fields: from a document, from a form that was sent, and back to a document |
//! | `draw` | the fields as HTML, each with its help and with what is wrong with it |
//!
//! Each field has the JSON Pointer of its member for a name, as problems do (RFC 6901).
//!
//! Invariants: only fields of the schema are read; a field that is left empty, or at its default, isn't in the document; what
//! can't be what the schema says goes into the document as it was written, so that the step itself says what is wrong with it.

mod draw;
mod entries;
mod field;
mod schema;

use serde_json::Value;

use crate::html::escape;
use journey_host::Problem;

pub(crate) use entries::Entries;
use field::Field;
use schema::Schema;

/// The form of one document.
#[derive(Debug)]
pub(crate) struct Form {
    root: Field,
}

impl Form {
    /// Of the step's settings.
    ///
    /// # Errors
    /// The schema has a field of a kind that no form here has.
    pub(crate) fn settings() -> Result<Self, String> {
        Self::of("/settings", include_str!("../../../schema/settings.json"))
    }

    /// Of the connector.
    ///
    /// # Errors
    /// The schema has a field of a kind that no form here has.
    pub(crate) fn connector() -> Result<Self, String> {
        Self::of("/connector", include_str!("../../../schema/connector.json"))
    }

    /// `pointer`: of the document, as problems name it.
    fn of(pointer: &str, schema: &str) -> Result<Self, String> {
        let schema: Schema = serde_json::from_str(schema).map_err(|error| format!("{pointer}: {error}"))?;
        Ok(Self { root: Field::read(pointer, &schema, true)? })
    }

    /// What the fields hold for this document.
    pub(crate) fn fill(&self, document: &Value) -> Entries {
        let mut entries = Entries::default();
        entries.fill(&self.root, Some(document));
        entries
    }

    /// The document that the fields hold.
    pub(crate) fn document(&self, entries: &Entries) -> Value {
        entries.read(&self.root).unwrap_or_else(|| Value::Object(serde_json::Map::new()))
    }

    /// The fields as HTML, and those of these problems that belong to one of them.
    pub(crate) fn draw(&self, entries: &Entries, problems: &[Problem]) -> String {
        draw::form(&self.root, entries, problems)
    }

    /// Problems of this document, as a list of links to their fields; one that has no field leads to its section.
    pub(crate) fn list(&self, problems: &[Problem]) -> String {
        let of_it = problems.iter().filter(|problem| self.root.is_of(problem));
        let item = |problem: &Problem| {
            let field = self.root.place_of(problem);
            let (id, title, message) = (field.id(), escape(&field.title), draw::with_code(&problem.message));
            format!("<li><a href=\"#{id}\">{title}</a>: {message}</li>\n")
        };
        of_it.map(item).collect()
    }
}

#[cfg(test)]
mod tests;
