//! Signing keys, and tokens signed with them.

pub(in crate::cognito) mod jwt;
pub(in crate::cognito) mod key_ring;
pub(in crate::cognito) mod test_keys;
