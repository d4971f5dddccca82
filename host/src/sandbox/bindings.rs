//! The world of `wit/`, as Rust. Private: what leaves [`super`] are types of its own.

#![allow(missing_docs, unreachable_pub, reason = "generated; the contract is documented in wit/")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "redirect-step",
    imports: { default: async | trappable },
    exports: { default: async },
});
