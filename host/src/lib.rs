//! A journey host's part of the package `journey:step`: runs steps that send a user to log in elsewhere, each call in a sandbox
//! of its own.
//!
//! For whoever builds a journey engine in Rust and wants steps from others in it: the engine keeps the journeys, this crate runs
//! their steps, holds them to what they may do, and settles each visit once. It serves no HTTP and draws no journeys; it has no
//! opinion on sessions and cookies beyond what the contract demands.
//!
//! ```toml
//! journey-host = { path = "../cognito-oidc/host" }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! # A login
//!
//! ```no_run
//! use journey_host::{
//!     Arrival, AuthorizationResponse, Begun, Browser, Callbacks, Capacity, ClientSecret, Completed, Egress, Invocation,
//!     Limits, Network, PublicOrigin, Runtime, Services, Step, TenantPolicy, Visit, wasmtime::Error,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! // Once for a process: the engine, the component, what each tenant's operator permits, and where responses arrive.
//! let runtime = Runtime::new(Capacity::default())?;
//! let compiled = runtime.load("cognito-oidc", "cognito_oidc.wasm".as_ref())?;
//! let permitted = ["https://*.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com"];
//! let policy = TenantPolicy::permitting(&permitted).map_err(Error::msg)?;
//! let network = Network::new(Egress::deny_all().with_tenant("acme", policy))?;
//! let origin = PublicOrigin::parse("https://login.acme.example").map_err(Error::msg)?;
//! let callbacks = Callbacks::none().with(&origin.url_of("/callback"), "acme", "acme-pool").map_err(Error::msg)?;
//! let step = Step::new(compiled, Services::in_memory(network).serving(callbacks), Limits::default());
//!
//! // The journey reaches the step.
//! let visit = Visit::first("acme", "journey-1", "login");
//! let invocation = Invocation {
//!     settings: r#"{"callback_url": "https://login.acme.example/callback"}"#.into(),
//!     connector: r#"{"user_pool_id": "eu-west-1_AbCdEf123", "domain": "acme", "client_id": "abc"}"#.into(),
//!     connector_id: "acme-pool".into(),
//!     browser: Browser::from_session("the value of the session's cookie"),
//! };
//! match step.begin(&visit, &invocation).await.outcome {
//!     Begun::Redirect(request) => println!("303 See Other, to a URL of {} bytes", request.url.len()),
//!     Begun::Busy => println!("503 with Retry-After: ask again"),
//!     other => println!("{other}"),
//! }
//!
//! // The user agent is back, with the session that finds this journey.
//! let response = AuthorizationResponse::Query(Arrival::at(&origin, "/callback?code=abc&state=def"));
//! match step.complete(&visit, &invocation, Some(&ClientSecret::new("from the vault")), &response).await.outcome {
//!     Completed::Authenticated(who) => println!("on to the next step, with {}", who.subject),
//!     Completed::Failed(failed) => println!("on to the failure branch: {}", failed.failure.code),
//!     Completed::Busy => println!("503 with Retry-After: give the same response again"),
//!     other => println!("the journey waits on: {other}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Rooms
//!
//! ```text
//! step        begin, complete, check, describe, test: what a journey engine calls; settling a visit once
//! sandbox     one call in one sandbox: who gets one when, limits, what the component may ask for
//! services    what the host brings along
//! network     egress policy, judged addresses, the HTTP client
//! stores      journeys, attempts, cache: the traits; all three in memory, in Redis, in PostgreSQL; encryption at rest over any
//! telemetry   spans, lines and metrics, by the facades `tracing` and `metrics`
//! callbacks, visit, response, outcome, description, connection, clock …    the nouns that all rooms share
//! ```
//!
//! # What is refused
//!
//! Everything fails closed: what isn't allowed below is not done.
//!
//! | what | refused | so |
//! |---|---|---|
//! | a component of another shape, or that imports anything else | when it is loaded | the error names interface and function |
//! | a component under another name, in [`Step::replace`] | always | the caches of two components never mix |
//! | a folder of compiled code that is another user's, a link, or open to others | when the runtime starts | whoever can write there could run anything |
//! | a call beyond its tenant's share, or the host's | `Busy` | nothing ran, nothing is settled |
//! | a callback URL that isn't served, or is another connector's | at `begin` | [`Callbacks`] |
//! | an origin that the step doesn't name, or its tenant's operator doesn't permit; private addresses; plain `http` | at each fetch | [`Egress`] |
//! | a stored client secret, for a connector that uses it otherwise than the one that it was saved for | at [`Step::test`] | [`StoredSecret`] |
//! | tests of connections beyond the rate; one that reads or writes what is kept | before anything is asked; at each host call | [`TestRate`], [`Cause::Impure`] |
//! | a variable that the step didn't describe; a value that isn't JSON; a key of another form | at each host call | `refused` |
//! | more than a call may use or have kept | at each host call, or within 10 ms | [`Limits`], [`Cause`] |
//! | an outcome of a visit that is settled | when it is applied | `TooLate` |
//! | stores that outlive the process, without keys to encrypt them by | when a host is built | [`Services::lasting`] has no other form |
//! | a stored value that was altered, moved elsewhere, or never sealed | when it is read | [`Keyring`] |
//!
//! A component that traps, and a service of the host that panics, end their own call and nothing else. The outcome says
//! `step_trapped`, which settles the visit only where nothing else may still end it.
//!
//! # Why these numbers
//!
//! Each number is a field or constant with its reason beside it: [`Capacity`] for how many calls run and wait (64 sandboxes: 1
//! GiB at worst, and 320 calls a second where the provider takes 200 ms), [`Limits`] for what one call may use. A component is
//! asked for its processor time each 10 ms, a twenty-fifth of what it may have. A rule of [`Capacity`] isn't a number: a tenant
//! gets a further sandbox only where more are free than it holds, so that any number of tenants whose provider hangs leave
//! something to the others.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `cache` | [`Runtime::keeping`]: compiled code in a folder |
//! | `conformance` | `conformance`: what any store must prove, as a kit to run it against |
//! | `redis` | `RedisStores`: the stores in Redis 6.2 or later, or Valkey |
//! | `postgres` | `PostgresStores`: the stores in PostgreSQL 13 or later |
//! | `testing` | faults, an interceptor of host calls, a clock to move, random bytes from a seed, real servers for tests of stores. Not for production |
//!
//! # Wasmtime
//!
//! Wasmtime 48, of which only these features are compiled in: `async`, `backtrace`, `component-model`, `cranelift`,
//! `parallel-compilation`, `pooling-allocator`, `runtime`, `std`. Garbage collection, threads, stack switching, component-model
//! async and the text format are left out, so that no component can reach their code. Vectors of 128 bits (`simd128`) are on,
//! which a step may use; relaxed SIMD, whose results differ between processors, is off. Cargo unifies features: a host that
//! itself depends on plain `wasmtime` switches all of them on again. Use [`wasmtime`](mod@wasmtime) as this crate exports it, or
//! depend on it with `default-features = false`.
//!
//! Invariants: nothing of a sandbox outlives its call; a call that has no outcome writes no variable of the step's; the client
//! secret enters a sandbox through `complete` and `test` alone; no text that this crate makes (`Debug`, errors, traces) holds a
//! secret.

mod callbacks;
mod clock;
mod connection;
mod description;
mod import;
#[cfg(feature = "testing")]
mod intercept;
pub mod network;
mod outcome;
mod response;
mod sandbox;
mod services;
mod step;
mod stores;
mod table;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod text;
mod visit;

pub use callbacks::{CallbackRefused, Callbacks};
#[cfg(feature = "testing")]
pub use clock::testing::{ManualClock, SeededRandom};
pub use clock::{Clock, Random, SystemClock, SystemRandom};
pub use connection::{Finding, FindingStatus, SecretForTest, SecretUse, StoredSecret, Target};
pub use description::{Description, Problem};
pub use import::Import;
#[cfg(feature = "testing")]
pub use intercept::{Faults, HostCall, HostFault, HostReply, Injection, Interceptor, Moment, Printer};
pub use network::{
    AddressRange, Egress, EgressProxy, Exchange, FetchError, HardenedClient, HttpClient, Network, OriginPattern, Refused,
    Resolver, Response, Route, SystemResolver, TenantPolicy,
};
pub use outcome::{
    Authentication, AuthorizationRequest, Category, Failed, Failure, FailureBehavior, ProviderAnswer, ResponseMode,
};
pub use response::{Abandonment, AbandonmentReason, Arrival, AuthorizationResponse, PublicOrigin};
pub use sandbox::engine::{Compiled, Runtime};
pub use sandbox::limits::Limits;
pub use sandbox::shares::Capacity;
pub use sandbox::trapped::{Cause, Trapped, Usage};
pub use services::Services;
pub use step::{AnotherName, Begun, Called, Completed, Outcome, OutcomeKind, Step, TestRate, Tested};
#[cfg(feature = "conformance")]
pub use stores::conformance;
pub use stores::keyring::{Keyring, KeyringError};
pub use stores::memory::{MemoryAttempts, MemoryCache, MemoryJourneys};
#[cfg(feature = "postgres")]
pub use stores::postgres::{PostgresConfig, PostgresStores};
#[cfg(feature = "redis")]
pub use stores::redis::{RedisConfig, RedisStores};
#[cfg(feature = "testing")]
pub use stores::testing as servers;
pub use stores::warning::StoreWarning;
pub use stores::{
    Applied, Attempts, CacheScope, Change, ChangeId, Effect, Entry, Journeys, Settlement, StoreError, Stores, TenantCache, Write,
};
pub use telemetry::{Telemetry, TraceParent};
pub use visit::{Browser, ClientSecret, Invocation, Visit};
pub use {http, url, wasmtime};
