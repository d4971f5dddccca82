//! What the tests of the stores speak of.

use super::{Change, ChangeId, Effect, Settlement, Write};
use crate::outcome::Authentication;
use crate::visit::Visit;

pub(super) fn visit() -> Visit {
    Visit::first("tenant", "journey", "step")
}

pub(super) fn settlement() -> Settlement {
    Settlement::Authenticated(Authentication {
        user_pool_id: "pool".into(),
        subject: "subject".into(),
        issuer: "https://issuer.example".into(),
    })
}

pub(super) fn change(id: u8, effect: Effect, writes: &[(&str, Option<&str>)]) -> Change {
    let writes = writes.iter().map(|(name, json)| Write { name: (*name).into(), json: json.map(Into::into) }).collect();
    Change { id: ChangeId([id; 16]), writes, effect }
}
