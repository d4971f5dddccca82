//! How an attempt lies in the store.

use super::*;
use crate::testing::{FakeHost, attempt};

fn stored(state: &str) -> (FakeHost, Secret, Attempt) {
    let mut host = FakeHost::new();
    let state = Secret::new(state);
    let attempt = attempt(&mut host);
    attempt.clone().store(&mut host, &state).unwrap();
    (host, state, attempt)
}

#[test]
fn an_attempt_is_one_entry_and_the_newest() {
    let (mut host, state, attempt) = stored("s");
    assert_eq!(host.attempts.len(), 2);
    let entry = read::<Entry>(&host.attempts[&key(&state)]);
    assert!(matches!(entry, Some(Entry::Pending(pending)) if pending.verifier.secret() == attempt.verifier.secret()));
    assert_eq!(is_newest(&mut host, &key(&state)), Ok(true));
    attempt.store(&mut host, &Secret::new("another")).unwrap();
    assert_eq!(is_newest(&mut host, &key(&state)), Ok(false));
    assert_eq!(host.attempts.len(), 3);
}

#[test]
fn the_newest_is_named_after_it_is_there() {
    let (host, state, _) = stored("s");
    let puts: Vec<_> = host.calls.iter().filter(|call| call.starts_with("put_attempt")).collect();
    assert_eq!(puts, [&format!("put_attempt {}", key(&state)), "put_attempt newest"]);
}

#[test]
fn without_a_word_on_the_newest_no_attempt_is() {
    let (mut host, state, _) = stored("s");
    for text in ["", "{}", r#"{"version":2,"value":"x"}"#] {
        host.attempts.insert(NEWEST.into(), text.into());
        assert_eq!(is_newest(&mut host, &key(&state)), Ok(false), "{text}");
    }
    host.attempts.remove(NEWEST);
    assert_eq!(is_newest(&mut host, &key(&state)), Ok(false));
}

#[test]
fn the_store_keeps_an_attempt_an_hour_longer_than_it_counts() {
    let (host, state, attempt) = stored("s");
    assert_eq!(host.lifetimes[&key(&state)], 900 + 3600);
    assert_eq!(host.lifetimes[NEWEST], 900 + 3600);
    assert_eq!(lifetime(attempt.expires_at, attempt.expires_at + 1), 3600);
    assert_eq!(lifetime(u64::MAX, 0), u32::MAX);
}

#[test]
fn keys_are_of_the_form_that_any_store_takes_and_show_no_state() {
    let (host, ..) = stored("the state; as long and as odd as somebody likes {}\u{1f600}");
    for key in host.attempts.keys() {
        assert!((1..=64).contains(&key.len()), "{key}");
        assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{key}");
    }
    let (host, ..) = stored("the-state");
    assert!(host.attempts.keys().all(|key| !key.contains("the-state")));
}

#[test]
fn what_is_in_another_form_is_not_read() {
    let (host, state, _) = stored("s");
    let good = host.attempts[&key(&state)].clone();
    assert!(read::<Entry>(&good).is_some());
    for text in ["", "{}", "null", &good.replace(r#""version":1"#, r#""version":2"#), &good.replace("client_id", "x")] {
        assert!(read::<Entry>(text).is_none(), "{text}");
    }
}

#[test]
fn h01_an_attempt_prints_neither_nonce_nor_verifier() {
    let mut host = FakeHost::new();
    let attempt = attempt(&mut host);
    let printed = format!("{attempt:?}");
    assert!(!printed.contains(attempt.nonce.expose()));
    assert!(!printed.contains(attempt.verifier.secret().expose()));
}
