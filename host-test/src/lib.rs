//! The reference journey host on Wasmtime, a local Cognito, and what the tests of the sealed component share.

pub mod host;
pub mod journey;
