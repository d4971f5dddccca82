//! The local Cognito and the browser, tried by a relying party of a few lines.

mod errors;
mod faults;
mod login;
mod relying_party;
mod tokens;
