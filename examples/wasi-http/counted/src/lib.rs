//! `wasi:keyvalue` with compare-and-swap, over an earlier draft of it that can only count: who counts a state of a key first may
//! replace it.
//!
//! At most one does, as long as the host counts exactly. What is lost is the way back: whoever ends between counting and writing,
//! or loses the answer, leaves a state that nobody replaces any more.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "natively, the tests alone use what the bindings call"))]

mod claim;

#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod exports;
