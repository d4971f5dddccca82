//! One call in one sandbox: the engine, who gets a sandbox when, the limits, and what the component may ask for.
//!
//! ```text
//! Runtime     one engine, one pool of sandboxes                                    engine, pool, folder
//!   load      a component, checked against the contract's shape                    shape, exports
//!   enter     a place among the calls of a tenant                                  scheduler, shares
//! run         a fresh sandbox, the limits, a deadline, no panic beyond it          call, state, limits, stopwatch, panic
//!   pass      each host call: counted, judged, done                                gate, imports, reply, undone
//! ```

pub(crate) mod bindings;
pub(crate) mod call;
pub(crate) mod convert;
pub(crate) mod engine;
pub(crate) mod exports;
#[cfg(feature = "cache")]
mod folder;
mod gate;
mod imports;
mod json;
pub(crate) mod limits;
mod panic;
mod pool;
mod reply;
pub(crate) mod scheduler;
mod shape;
pub(crate) mod shares;
pub(crate) mod state;
mod stopwatch;
pub(crate) mod trapped;
mod undone;
#[cfg(feature = "testing")]
mod watch;
