//! The network as a step sees it: which origins, which addresses, and one exchange at a time.

pub(crate) mod address;
pub(crate) mod egress;
pub(crate) mod http;
