//! `cognito-oidc`: one step of a login journey, as a WebAssembly component.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")
)]

pub mod host;
pub mod json;
pub mod oidc;
pub mod secret;
#[cfg(test)]
mod testing;
