//! What `wit-bindgen` makes of the world `files`.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated, and documented in the WIT"
)]

wit_bindgen::generate!({ path: ["../../../wit", "../wit"], world: "example:wasi-http/files", generate_all });

/// Everything that the world exports.
pub(crate) struct Files;

export!(Files);
