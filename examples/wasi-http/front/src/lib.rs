//! The journey around the step, in short, as `wasi:http/incoming-handler`: one tenant, one connector, one step, and a page that
//! shows how it ended.
//!
//! `/start` begins a login, `/callback` is where it comes back, `/` says where it stands.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "natively, the tests alone use what the bindings call"))]

mod configuration;
mod cookie;
mod page;
mod request;
mod visit;

#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod calls;
#[cfg(target_family = "wasm")]
mod log;
#[cfg(target_family = "wasm")]
mod routes;
#[cfg(target_family = "wasm")]
mod server;
#[cfg(target_family = "wasm")]
mod sessions;
#[cfg(target_family = "wasm")]
mod store;
