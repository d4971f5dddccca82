//! The integration tests, in one binary: Wasmtime links into it once.

mod authorization_request;
mod authorization_response;
mod browsers;
mod checklist;
mod conformance;
mod faults;
mod guest;
mod hostile;
mod journey;
mod limits;
mod local_cognito;
mod login;
mod robustness;
mod sealed;
mod stage;
mod stores;
mod tokens;
