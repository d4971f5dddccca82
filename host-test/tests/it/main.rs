//! The integration tests, in one binary: Wasmtime links into it once.

mod authorization_request;
mod authorization_response;
mod browsers;
mod checklist;
mod conformance;
mod examples;
mod faults;
mod firewall;
mod guest;
mod host_calls;
mod hostile;
mod interop;
mod journey;
mod keys;
// The component's own search for secrets, which its native tests use: it knows none of its code.
#[path = "../../../src/testing/leaks.rs"]
mod leaks;
mod limits;
mod local_cognito;
mod login;
mod mishaps;
mod mix_up;
mod outcomes;
mod races;
mod robustness;
mod rounds;
mod sealed;
mod settings;
mod stage;
mod stores;
mod tokens;
