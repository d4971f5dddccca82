//! What `wit-bindgen` makes of the world `front`: the contract itself is read from the project's own `wit`.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated, and documented in the WIT"
)]

wit_bindgen::generate!({ path: ["../../../wit", "../wit"], world: "example:wasi-http/front", generate_all });

use crate::server::Front;

wasip2::http::proxy::export!(Front);
