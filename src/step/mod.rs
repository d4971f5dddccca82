//! What the journey's author and operator see: settings, connector, output, errors, event data, and their JSON Schemas.

pub mod advanced;
pub mod code;
pub mod configuration;
pub mod connector;
pub mod description;
pub mod document;
pub mod error;
pub mod error_output;
pub mod event_data;
pub mod near;
pub mod outcome;
pub mod output;
pub mod recorder;
pub mod redaction;
pub mod rejections;
#[cfg(test)]
pub(crate) mod schema;
pub mod settings;
