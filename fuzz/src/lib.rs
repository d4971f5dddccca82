//! Bodies of the fuzz targets: what each of them feeds to the component, and what must hold whatever it was fed.
//!
//! An input is a text that people can read and write: the document itself, an HTTP response as on the wire, or a script of lines
//! (see [`script`]). So a seed shows what it is about, and a dictionary of words finds its way through. Targets and replay share
//! these bodies: `fuzz_targets/` hands libFuzzer's inputs to them, `tests/replay.rs` of the component the committed corpora, on
//! any compiler.

pub mod cached;
pub mod complete;
pub mod connection;
pub mod connector;
mod documents;
mod host;
mod http;
pub mod id_token;
pub mod keys;
pub mod metadata;
pub mod modular_power;
mod outcome;
mod provider;
pub mod provider_text;
pub mod redaction;
pub mod response;
pub mod script;
pub mod settings;
mod signer;
pub mod token;
pub mod userinfo;

/// What a target does with an input: it panics where something doesn't hold.
pub type Body = fn(&[u8]);

/// Every target: its name, which is also that of its corpus, and its body.
pub const TARGETS: [(&str, Body); 14] = [
    ("cached", cached::run),
    ("complete", complete::run),
    ("connection", connection::run),
    ("connector", connector::run),
    ("id_token", id_token::run),
    ("keys", keys::run),
    ("metadata", metadata::run),
    ("modular_power", modular_power::run),
    ("provider_text", provider_text::run),
    ("redaction", redaction::run),
    ("response", response::run),
    ("settings", settings::run),
    ("token", token::run),
    ("userinfo", userinfo::run),
];
