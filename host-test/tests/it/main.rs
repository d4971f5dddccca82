//! The integration tests, in one binary: Wasmtime links into it once.

mod guest;
mod journey;
mod limits;
mod local_cognito;
mod sealed;
mod stores;
