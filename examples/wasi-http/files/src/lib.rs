//! `wasi:keyvalue` over a folder that the host opens as `/state`: for hosts that have no key-value store, and processes on one
//! machine.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "natively, the tests alone use what the bindings call"))]

mod disk;
mod folder;

#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod exports;
