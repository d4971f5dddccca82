//! The user agent's session, and the visit that it finds. Nothing in a response does.

use serde::{Deserialize, Serialize};
use wasip2::{clocks::wall_clock, random::random};

use crate::{
    cookie::{Cookie, Secret},
    store::{Store, Unavailable},
    visit::Visit,
};

/// Who asks: where his visit lies, and what binds its attempts to him.
pub(crate) struct Session {
    pub(crate) place: String,
    pub(crate) binding: Vec<u8>,
    pub(crate) visit: Visit,
}

/// What the cookie for a cross-site POST finds.
#[derive(Deserialize, Serialize)]
struct Alias {
    place: String,
    binding: Vec<u8>,
}

pub(crate) fn find(store: &Store, cookie: Cookie, lines: &[String], is_https: bool) -> Result<Option<Session>, Unavailable> {
    let Some(secret) = cookie.read(lines.iter().map(String::as_str), is_https) else { return Ok(None) };
    let alias = match cookie {
        Cookie::Session => Alias { place: secret.place(), binding: secret.binding() },
        Cookie::FormPost => {
            let Some(bytes) = store.get(&secret.place())? else { return Ok(None) };
            serde_json::from_slice(&bytes).map_err(|_| Unavailable)?
        }
    };
    let visit = store.visit(&alias.place)?;
    Ok(visit.map(|visit| Session { place: alias.place, binding: alias.binding, visit }))
}

/// A session of its own, with that visit.
pub(crate) fn create(store: &Store, visit: &Visit) -> Result<Secret, Unavailable> {
    let secret = new_secret();
    store.create(&secret.place(), visit)?;
    Ok(secret)
}

/// A second cookie that leads to this session, and where in the store that stands.
pub(crate) fn alias(store: &Store, session: &Session) -> Result<(Secret, String), Unavailable> {
    let secret = new_secret();
    let alias = Alias { place: session.place.clone(), binding: session.binding.clone() };
    let place = secret.place();
    store.set(&place, &serde_json::to_vec(&alias).map_err(|_| Unavailable)?)?;
    Ok((secret, place))
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    wall_clock::now().seconds
}

fn new_secret() -> Secret {
    Secret::new(&random::get_random_bytes(32), now())
}
