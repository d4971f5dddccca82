//! What `wit-bindgen` makes of the world `counted`.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated, and documented in the WIT"
)]

wit_bindgen::generate!({
    path: ["../wit/deps/keyvalue", "wit"],
    world: "example:counted/counted",
    generate_all,
});

/// Everything that the world exports.
pub(crate) struct Counted;

export!(Counted);
