//! The tests that need more than one module.

mod local_cognito;
