//! A journey server in small: one step that redirects, and what stands before and after it.
//!
//! | request | what happens |
//! |---|---|
//! | `GET /start` | the journey reaches the step: `begin`, and the user agent is sent away |
//! | `GET /callback`, `POST /callback` | what came back: `complete`, and the user agent is sent to `/journey`, away from the code |
//! | `GET /journey` | where the journey stands: as a page, or as JSON to who accepts that |
//! | `POST /cancel` | the user gives up: `complete` with `abandoned` |
//!
//! Invariants: a journey is found by its session's cookie and by nothing else; a response is passed on undecoded; HEAD requests and
//! prefetches call nothing; one outcome moves a journey, whatever comes at the same time or later; every attempt ends.

mod callback;
mod calls;
mod create_user;
mod page;
mod register;
mod server;
mod session;
mod shared;
mod standing;

pub use create_user::{MissingProperty, create_user};
pub use server::{Bound, Definition, Event, Running};
pub use standing::Standing;
