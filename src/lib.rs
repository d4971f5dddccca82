//! `cognito-oidc`: one step of a login journey, as a WebAssembly component.
//!
//! [`begin`](begin::begin) sends the user agent to Amazon Cognito with the OpenID Connect Authorization Code flow;
//! [`complete`](complete::complete) judges the response and writes the verified result to a variable;
//! [`connection`] finds out without a user what is wrong. Everything outside of the sandbox is the
//! host's: see [`host::Host`]. The contract with the host is in `wit/`.
//!
//! Layers, each importing only from those below it: `component`; `begin`, `complete` and `connection`; [`step`]; [`cognito`];
//! [`oidc`]; [`host`], with `eight`, [`json`], `limit`, [`secret`] and [`web_address`]. All but `component` compiles, and is
//! tested, natively.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")
)]

pub mod begin;
pub mod cognito;
pub mod complete;
#[cfg(target_family = "wasm")]
mod component;
pub mod connection;
#[cfg(test)]
mod docs;
mod eight;
pub mod host;
pub mod json;
mod limit;
pub mod oidc;
pub mod secret;
pub mod step;
#[cfg(test)]
mod testing;
pub mod web_address;
