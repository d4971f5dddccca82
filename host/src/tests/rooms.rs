//! The rooms of the crate import from those below alone.

use std::path::{Path, PathBuf};

/// From top to bottom. `description`, `outcome` and so on are the words that all of them share, and may use each other.
const ROOMS: [&[&str]; 6] = [
    &["step"],
    &["sandbox"],
    &["services"],
    &["network", "stores"],
    &["telemetry"],
    &["callbacks", "clock", "connection", "description", "import", "intercept", "outcome", "response", "table", "text", "visit"],
];

fn files(path: &Path) -> Vec<PathBuf> {
    let of_folder = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).flat_map(of_folder).collect()
}

#[test]
fn each_room_imports_from_those_below_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for file in files(&source) {
        let path = file.strip_prefix(&source).unwrap().to_str().unwrap();
        let room = path.split(['/', '.']).next().unwrap();
        let Some(level) = ROOMS.iter().position(|rooms| rooms.contains(&room)) else {
            assert!(["lib", "tests"].contains(&room), "{path} is in no room");
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        let beside = ROOMS[level].iter().filter(|other| **other != room && level < ROOMS.len() - 1);
        for above in ROOMS[..level].iter().copied().flatten().chain(beside) {
            assert!(!text.contains(&format!("crate::{above}")), "{path} imports {above}");
        }
        // What is imported from the crate's root could be from any room.
        for name in text.split("use crate::").skip(1) {
            assert!(name.starts_with(char::is_lowercase), "{path} imports from the crate's root");
        }
        seen += 1;
    }
    assert!(seen > 30);
}
