//! What is Amazon Cognito's own: how a user pool names its issuers and endpoints, and what it does differently from the
//! standards.

pub mod address;
pub mod attributes;
pub mod authentication_level;
pub mod domain;
pub mod endpoints;
pub mod id_token;
pub mod pool;
pub mod refusal;
pub mod user;
