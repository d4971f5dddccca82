//! The integration tests, in one binary: Wasmtime links into it once.

mod guest;
mod limits;
mod sealed;
