//! One call in one sandbox: the engine, the limits, and what the component may ask for.

pub(crate) mod bindings;
pub(crate) mod call;
pub(crate) mod convert;
pub(crate) mod engine;
mod gate;
mod imports;
pub(crate) mod intercept;
pub(crate) mod limits;
mod reply;
mod stopwatch;

pub use call::{Cause, Trapped, Usage};
