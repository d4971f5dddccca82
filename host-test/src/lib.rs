//! The Wasmtime harness.

pub mod browser;
pub mod cognito;
