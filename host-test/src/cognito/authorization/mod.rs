//! What a user agent meets: the authorization endpoint, the login page, logout, and the identity providers behind the pool.

pub(in crate::cognito) mod authorization_error;
pub(in crate::cognito) mod authorization_request;
pub(in crate::cognito) mod authorization_response;
pub(in crate::cognito) mod authorize;
pub(in crate::cognito) mod error_page;
pub(in crate::cognito) mod federation;
pub(in crate::cognito) mod login;
pub(in crate::cognito) mod logout;
pub(in crate::cognito) mod pages;
pub(in crate::cognito) mod words;
