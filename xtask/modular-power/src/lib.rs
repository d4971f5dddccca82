//! The component's modular power as a core module of its own, so that tests can run the very lines, compiled as they are for the
//! component, inside Wasmtime: `cargo xtask build` compiles it beside the component.

// The lines' own native tests are the component's.
#[cfg(not(test))]
mod exports;
