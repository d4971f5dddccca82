//! Whole logins, on a scripted host with a scripted provider.

mod attempts;
mod echo;
mod event_data;
mod exact;
mod faults;
mod field;
mod host_calls;
mod keys;
mod model;
mod order;
mod outcomes;
mod scenarios;
mod secrecy;
mod stored;
mod success;
mod tokens;
