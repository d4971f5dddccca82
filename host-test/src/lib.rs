//! A local Cognito, a user agent, a journey server, and what the tests of the sealed component share.

pub mod browser;
pub mod check;
pub mod cognito;
pub mod demo;
pub mod environment;
pub mod fleet;
mod form;
mod given;
mod html;
pub mod journey;
mod masked;
pub mod migration;
pub mod mishaps;
pub mod stores;
pub mod telemetry;
