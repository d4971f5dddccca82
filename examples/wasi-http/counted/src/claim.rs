//! Under which key the takers of a state are counted.

use sha2::{Digest, Sha256};

/// Begins as the key itself does, so that whoever drops keys by their beginning drops both.
///
/// A state is named by its value, so no two states of a key may have one: what is stored here holds a fresh random number each
/// time.
pub(crate) fn key_of(key: &str, state: Option<&[u8]>) -> String {
    let hash = match state {
        None => Sha256::digest([0]),
        Some(value) => Sha256::new().chain_update([1]).chain_update(value).finalize(),
    };
    let name: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{key}.claim.{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_each_key_is_counted_by_itself() {
        let states = [("a", None), ("a", Some(&b""[..])), ("a", Some(b"\0")), ("a", Some(b"b")), ("b", Some(b"b"))];
        let keys: std::collections::BTreeSet<String> = states.iter().map(|(key, state)| key_of(key, *state)).collect();
        assert_eq!(keys.len(), states.len());
        assert!(keys.iter().all(|key| key.starts_with("a.claim.") || key.starts_with("b.claim.")), "{keys:?}");
        assert_eq!(key_of("a", Some(b"b")), key_of("a", Some(b"b")));
    }
}
