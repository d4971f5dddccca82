//! What `wit-bindgen` makes of the world `adapter`: the contract itself is read from the project's own `wit`.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated, and documented in the WIT"
)]

wit_bindgen::generate!({
    path: ["../../../wit", "../wit"],
    world: "example:wasi-http/adapter",
    generate_all,
});

/// Everything that the world exports; each module implements what is its own.
pub(crate) struct Adapter;

export!(Adapter);
