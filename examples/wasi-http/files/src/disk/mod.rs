//! What a store needs of a file system, on paths below one folder. In the component it is `wasi:filesystem` itself: by way of
//! Rust's `std::fs`, jco 1.35 opens no file for writing.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod wasi;

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::Disk;
#[cfg(target_family = "wasm")]
pub(crate) use wasi::Disk;
