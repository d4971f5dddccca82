//! What the sealed step imports, over `wasi:http/outgoing-handler` and `wasi:keyvalue`: so that any host of WASI 0.2 can run the
//! step as it is.
//!
//! The clock and the random bytes are WASI's own interfaces, and pass it by.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "natively, the tests alone use what the bindings call"))]

mod entry;
mod length;
mod target;

#[cfg(target_family = "wasm")]
mod attempts;
#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod call;
#[cfg(target_family = "wasm")]
mod deadline;
#[cfg(target_family = "wasm")]
mod exchange;
#[cfg(target_family = "wasm")]
mod store;
#[cfg(target_family = "wasm")]
mod tenant_cache;
