//! What released versions stored is read by this one: a rolling deployment loses no login, and an upgrade keeps the tenants'
//! caches.
//!
//! `stored/<version>/` holds the entries of a login that was begun, of one that was taken, and of the cache after it, as that
//! version wrote them. Where this version writes something else, its own folder is added beside the others, which stay.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::host::Host;
use crate::secret::digest;
use crate::testing::login::{Login, verdict};
use crate::testing::package;
use serde_json::Value;

type Entries = BTreeMap<String, String>;

fn folder() -> PathBuf {
    package().join("src/complete/tests/stored")
}

fn read(version: &str, name: &str) -> Entries {
    let path = folder().join(version).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let entries: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    entries.into_iter().map(|(key, value)| (key, value.to_string())).collect()
}

/// What a login of this version leaves: while it is pending, once it was taken, and in the cache. Time and random bytes of tests
/// are always the same.
fn written() -> [(&'static str, Entries); 3] {
    let mut login = Login::discovering();
    login.set("login_lifetime", 86_400.into());
    let query = login.authorized();
    let pending = login.host.attempts.clone();
    assert_eq!(verdict(&login.complete(&query)), "authenticated");
    [("pending.json", pending), ("taken.json", login.host.attempts.clone()), ("cache.json", login.host.cache.clone())]
}

fn json(entries: &Entries) -> BTreeMap<&String, Value> {
    entries.iter().map(|(key, value)| (key, serde_json::from_str(value).unwrap())).collect()
}

#[test]
fn what_this_version_stores_is_among_the_samples() {
    let version = env!("CARGO_PKG_VERSION");
    for (name, entries) in written() {
        if std::env::var_os("UPDATE_STORED").is_some() {
            fs::create_dir_all(folder().join(version)).unwrap();
            fs::write(folder().join(version).join(name), format!("{:#}\n", serde_json::json!(json(&entries)))).unwrap();
        }
        let sample = read(version, name);
        assert_eq!(json(&entries), json(&sample), "{name}: stored in another form than the sample; is the version a new one?");
    }
}

fn versions() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect()
}

#[test]
fn a_login_that_another_version_began_is_completed() {
    for version in versions() {
        let mut login = Login::discovering();
        login.host.attempts = read(&version, "pending.json");
        login.host.cache = read(&version, "cache.json");
        let (key, stored) = login.host.attempts.iter().find(|(key, _)| key.starts_with("attempt.")).unwrap();
        let pending = serde_json::from_str::<Value>(stored).unwrap()["value"]["pending"].clone();
        // Its state is known by its hash alone; of the same random bytes, this version draws the same.
        let state = Login::discovering().begin().state;
        assert_eq!(*key, format!("attempt.{}", digest(state.expose().as_bytes())));
        let text = |name: &str| pending[name].as_str().unwrap().to_owned();
        let url = url::Url::parse_with_params(
            "https://login.example.com/oauth2/authorize",
            [
                ("response_type", "code"),
                ("code_challenge_method", "S256"),
                ("code_challenge", &digest(text("verifier").as_bytes())),
                ("state", state.expose()),
                ("nonce", &text("nonce")),
                ("scope", &text("scope")),
                ("client_id", &text("client_id")),
                ("redirect_uri", &text("redirect_uri")),
            ],
        );
        let code = login.provider.borrow_mut().authorize(url.unwrap().as_str());
        let query = format!("code={code}&state={}", state.expose());
        assert_eq!(verdict(&login.complete(&query)), "authenticated", "{version}");
        assert_eq!(login.fetches().len(), 2, "{version}: metadata and keys were in the cache");
    }
}

#[test]
fn what_another_version_took_is_taken() {
    for version in versions() {
        let mut login = Login::discovering();
        login.host.attempts = read(&version, "taken.json");
        let state = Login::discovering().begin().state;
        let query = format!("code=c&state={}", state.expose());
        assert_eq!(verdict(&login.complete(&query)), "ignored: duplicate", "{version}");
        login.advance(91);
        assert_eq!(verdict(&login.complete(&query)), "failed: login_interrupted", "{version}: and the newest");
        assert!(login.host.requests.is_empty() && login.host.now().as_secs() > 0);
    }
}
