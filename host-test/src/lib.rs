//! The Wasmtime harness.
