//! The reference journey host on Wasmtime, a local Cognito, and what the tests of the sealed component share.

pub mod browser;
pub mod cognito;
pub mod demo;
pub mod host;
mod html;
pub mod journey;
