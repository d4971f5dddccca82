//! A journey server in small: one step that redirects, and what stands before and after it.
//!
//! | request | what happens |
//! |---|---|
//! | `GET /` | what this is, and the journeys to choose from |
//! | `GET /start`, `GET /start?journey=…` | the journey reaches the step: `begin`, and the user agent is sent away. From another site: a page that asks the user first |
//! | `GET /callback`, `POST /callback` | what came back: `complete`, and the user agent is sent to `/journey`, away from the code |
//! | `GET /journey` | where the journey stands: as a page, or as JSON to who accepts that |
//! | `POST /cancel` | the user gives up: `complete` with `abandoned` |
//! | `GET /connection`, `POST /connection` | a page with a button, and what a test of the connection found |
//! | `GET /step`, `POST /step` | settings and connector in forms, where a person may edit them; what is wrong with them, or that they were saved |
//!
//! Of a fleet, each server finds the sessions of all: they lie in the store that the fleet shares (`Bound::sharing_sessions`).
//!
//! At an address of its own, on loopback, its operator asks for `/metrics`, `/healthz` and `/readyz`.
//!
//! Invariants: a journey is found by its session's cookie and by nothing else; a response is passed on undecoded; HEAD requests
//! and prefetches call nothing; one outcome moves a journey, whatever comes at the same time or later; every attempt ends; a
//! login changes the session's cookie; nothing waits for a stranger, and nothing is kept for ever.

mod authentication;
mod bound;
mod callback;
mod calls;
mod connection;
mod connections;
mod create_user;
mod definition;
mod editing;
mod editor;
mod events;
mod host_calls;
mod offer;
mod operations;
mod page;
mod pages;
mod result;
mod routes;
mod running;
mod server;
mod session;
mod sessions;
mod shared;
mod start_page;
mod status;
mod timeline;

pub use bound::Bound;
pub use connections::Bounds;
pub use create_user::{MissingProperty, create_user};
pub use definition::Definition;
pub use editor::Editor;
pub use events::{Event, EventOutcome};
pub use host_calls::Asked;
pub use offer::{NextStep, Offer, Received};
pub use running::Running;
pub use status::Status;
