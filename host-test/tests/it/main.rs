//! The integration tests, in one binary: Wasmtime links into it once.

mod arranged;
mod authorization_request;
mod authorization_response;
mod browsers;
// What the host's own tests catch of it.
#[allow(dead_code, reason = "the journey server's tests read lines and metrics as its own exporters write them")]
#[path = "../../../host/src/tests/captured.rs"]
mod captured;
mod checklist;
mod command_line;
mod conformance;
mod connection;
mod editing;
mod examples;
mod exported;
mod faults;
mod firewall;
mod fleet;
mod front;
// The guests of the host's own tests.
#[allow(dead_code, reason = "the journey server's tests need fewer of its constructors than the host's own")]
#[path = "../../../host/src/tests/guest.rs"]
mod guest;
mod host_calls;
mod hostile;
mod interop;
mod journey;
mod keys;
mod lasting;
// The component's own search for secrets, which its native tests use: it knows none of its code.
#[path = "../../../src/testing/leaks.rs"]
mod leaks;
mod local_cognito;
mod login;
mod migration;
mod mishaps;
mod mix_up;
mod modular_power;
mod operator;
mod outcomes;
mod races;
mod robustness;
mod rounds;
mod sealed;
mod server;
mod settings;
mod stage;
mod stores;
mod telemetry;
mod tokens;

use journey_host::{Capacity, Compiled, Runtime};
