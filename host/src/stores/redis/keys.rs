//! The names of keys.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:{<hash>}` | hash | a journey: `v<name>` a variable, empty where it was removed; `s<round>:<step>` a settlement; `p<round>:<step>` until when an attempt is pending, ms since 1970 |
//! | `<prefix>:{<hash>}:<round>:<step>` | hash | the attempts of a visit: key to `<revision> <expiry, ms since 1970> <value>` |
//! | `<prefix>:{<hash>}` | hash | a cache, in the same form |
//!
//! The hash is SHA-256 of tenant and journey, or of component and tenant, in base64url: whatever those are called, no two share a
//! key, and a cluster keeps what belongs to one journey together.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::stores::CacheScope;
use crate::visit::Visit;

pub(super) fn journey(prefix: &str, tenant: &str, journey: &str) -> Vec<u8> {
    tagged(prefix, &["journey", tenant, journey]).into_bytes()
}

pub(super) fn attempts(prefix: &str, visit: &Visit) -> Vec<u8> {
    let Visit { tenant, journey, step, round } = visit;
    let tag = tagged(prefix, &["journey", tenant, journey]);
    format!("{tag}:{round}:{step}").into_bytes()
}

pub(super) fn cache(prefix: &str, scope: &CacheScope) -> Vec<u8> {
    tagged(prefix, &["cache", &scope.component, &scope.tenant]).into_bytes()
}

/// What names a visit within its journey. The round has digits alone, so the first colon ends it.
pub(super) fn visit(visit: &Visit) -> String {
    format!("{}:{}", visit.round, visit.step)
}

fn tagged(prefix: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("{prefix}:{{{}}}", BASE64_URL_SAFE_NO_PAD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_places_share_a_key_whatever_they_are_called() {
        let names = ["", "a", "a:1", "{a}", "a}", "1:a", "ü", "\u{0}"];
        let mut keys = HashSet::new();
        for tenant in names {
            for journey in names {
                assert!(keys.insert(super::journey("p", tenant, journey)));
                assert!(keys.insert(cache("p", &CacheScope::new(tenant, journey))));
                for step in names {
                    for round in [1, 11] {
                        let visit = Visit { tenant: tenant.into(), journey: journey.into(), step: step.into(), round };
                        assert!(keys.insert(attempts("p", &visit)), "{visit:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_belongs_to_one_journey_has_one_hash_tag() {
        let tag = |key: Vec<u8>| {
            let key = String::from_utf8(key).unwrap();
            let open = key.find('{').unwrap();
            key[open..=open + key[open..].find('}').unwrap()].to_owned()
        };
        let visit = Visit::first("tenant", "{journey}", "{step}");
        assert_eq!(tag(attempts("p", &visit)), tag(journey("p", "tenant", "{journey}")));
    }
}
