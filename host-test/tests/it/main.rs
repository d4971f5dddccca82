//! The integration tests, in one binary: Wasmtime links into it once.

mod browsers;
mod conformance;
mod guest;
mod hostile;
mod journey;
mod limits;
mod local_cognito;
mod login;
mod sealed;
mod stage;
mod stores;
