//! HTTP as the endpoints see it.

pub(in crate::cognito) mod http;
pub(in crate::cognito) mod http_date;
