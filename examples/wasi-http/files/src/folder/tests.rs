use std::{
    fs,
    path::PathBuf,
    str,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use super::*;

/// A store of its own for one test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> (Self, Folder) {
        let root = std::env::temp_dir().join(format!("wasi-http-files-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let folder = Folder::open(Disk(root.clone()), "default").unwrap();
        (Self(root), folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn value(folder: &Folder, key: &str) -> Option<Vec<u8>> {
    folder.state(key).unwrap().value
}

#[test]
fn a_value_follows_the_state_that_was_seen_and_no_other() {
    let (_scratch, folder) = Scratch::new("follows");
    let none = folder.state("a").unwrap();
    assert!(folder.follow("a", &none, b"").unwrap());
    let first = folder.state("a").unwrap();
    assert_eq!(first.value.as_deref(), Some(&b""[..]));
    assert!(!folder.follow("a", &none, b"late").unwrap());
    assert!(folder.follow("a", &first, b"two").unwrap());
    let second = folder.state("a").unwrap();
    assert!(folder.follow("a", &second, b"three").unwrap());
    assert!(!folder.follow("a", &none, b"later").unwrap(), "a state that was replaced is nobody's to take");
    assert!(!folder.follow("a", &first, b"later").unwrap());
    assert_eq!(value(&folder, "a").as_deref(), Some(&b"three"[..]));
}

#[test]
fn of_many_at_once_one_follows_each_state() {
    let (_scratch, folder) = Scratch::new("many");
    let won = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let state = folder.state("a").unwrap();
                    let number = state.value.as_deref().map_or(0, |value| str::from_utf8(value).unwrap().parse::<u32>().unwrap());
                    if folder.follow("a", &state, (number + 1).to_string().as_bytes()).unwrap() {
                        won.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let won = won.into_inner();
    assert!(won >= 25, "{won}");
    assert_eq!(value(&folder, "a"), Some(won.to_string().into_bytes()), "as many as succeeded, each upon another");
}

#[test]
fn what_was_removed_is_nobodys_to_follow() {
    let (_scratch, folder) = Scratch::new("removed");
    assert!(folder.follow("a", &folder.state("a").unwrap(), b"one").unwrap());
    let seen = folder.state("a").unwrap();
    folder.remove("a").unwrap();
    folder.remove("a").unwrap();
    assert!(!folder.follow("a", &seen, b"two").unwrap());
    assert_eq!(value(&folder, "a"), None);
    assert_eq!(folder.disk.list(&folder.spare).unwrap().len(), 0, "nothing is left lying about");
}

#[test]
fn keys_are_listed_as_they_were_given_and_stay_in_the_folder() {
    let (_scratch, folder) = Scratch::new("keys");
    let given = ["..", "../x", "1.a-b_C", "cache.keys https://a.example/é", "%41"];
    for key in given {
        assert!(folder.follow(key, &folder.state(key).unwrap(), key.as_bytes()).unwrap());
    }
    let mut keys = folder.keys().unwrap();
    keys.sort();
    let mut expected = given.map(str::to_owned);
    expected.sort();
    assert_eq!(keys, expected);
    assert_eq!(folder.disk.list(&folder.keys).unwrap().len(), given.len());
    assert!(folder.state("").is_err());
    assert!(folder.state(&"x".repeat(NAME + 1)).is_err());
    assert!(Folder::open(folder.disk, "../x").is_err());
}
