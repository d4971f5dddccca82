//! The reference journey host: how to embed a step of the package `journey:step` with Wasmtime.
//!
//! [`Compiled`] is the component as machine code, one for a process. [`Step`] is that component with the services of one host
//! ([`Services`]: stores, network, clock, random bytes) and its [`Limits`]; it is what a journey engine calls. Each call gets a
//! fresh sandbox:
//!
//! ```text
//! Step::begin, Step::complete
//!   origins      the step's own list of origins, asked of a sandbox of its own     step.rs
//!   call         a fresh store, the limits, a timeout around it                    call.rs, limits.rs, stopwatch.rs
//!     imports    what the step may ask for                                         gate.rs, imports.rs
//!       stores, network, clock, random                                             stores.rs, network, clock.rs
//!   apply        the staged writes and the outcome, in one act                     step.rs
//! ```
//!
//! ```no_run
//! # async fn example() -> wasmtime::Result<()> {
//! use journey_host::{BeginOutcome, Browser, Compiled, Egress, Invocation, Limits, Network, Services, Step, TenantPolicy, Visit};
//!
//! let compiled = Compiled::load("cognito_oidc.wasm".as_ref())?;
//! let policy = TenantPolicy::permitting(&["https://*.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com"]);
//! let egress = Egress::deny_all().with_tenant("acme", policy.map_err(wasmtime::Error::msg)?);
//! let step = Step::new(compiled, Services::in_memory(Network::new(egress)?), Limits::default());
//!
//! let visit = Visit::first("acme", "journey-1", "login");
//! let invocation = Invocation {
//!     settings: r#"{"callback_url": "https://login.acme.example/callback"}"#.into(),
//!     connector: r#"{"name": "pool", "user_pool_id": "eu-west-1_AbCdEf123", "domain": "acme", "client_id": "abc"}"#.into(),
//!     browser: Browser::from_session("the value of the session's cookie"),
//! };
//! match step.begin(&visit, &invocation).await.result?.outcome {
//!     BeginOutcome::Redirect(request) => println!("303 to {} bytes of URL", request.url.len()),
//!     BeginOutcome::Failed(failure) => println!("on to the failure branch: {}", failure.code),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: nothing of a sandbox outlives its call; a call that has no outcome writes no variable of the step's; the client
//! secret enters a sandbox through `complete` alone; no text that this module makes (`Debug`, errors, traces) holds a secret.

mod clock;
pub mod network;
mod outcome;
mod sandbox;
mod services;
mod step;
mod stores;
mod visit;

pub use clock::{Clock, ManualClock, Random, SeededRandom, SystemClock, SystemRandom};
pub use network::{
    AddressRange, Egress, EgressProxy, Exchange, FetchError, HardenedClient, HttpClient, Network, OriginPattern, Refused,
    Resolver, Response, Route, SystemResolver, TenantPolicy,
};
pub use outcome::{
    Authentication, AuthorizationRequest, BeginOutcome, Begun, Category, CompleteOutcome, Completed, Failure, FailureBehavior,
    Problem, ResponseMode,
};
pub use sandbox::engine::Compiled;
pub use sandbox::intercept::{Fault, Faults, HostCall, HostReply, Import, Injection, Interceptor, Moment, Printer};
pub use sandbox::limits::Limits;
pub use sandbox::{Cause, Trapped, Usage};
pub use services::Services;
pub use step::{Applied, Called, Step};
pub use stores::memory::{MemoryAttempts, MemoryCache, MemoryJourneys};
pub use stores::{Attempts, Change, Journeys, Settlement, StoreError, TenantCache, Write};
pub use visit::{AuthorizationResponse, Browser, ClientSecret, Ending, Invocation, Visit};
pub use {http, url, wasmtime};
