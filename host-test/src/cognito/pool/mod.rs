//! What a pool is set up with, and its time.

pub(in crate::cognito) mod clock;
pub(in crate::cognito) mod config;
pub(in crate::cognito) mod user;
