//! Comments and documents keep to the width of the code.

use std::fs;

use component_artifact::workspace;

use crate::process::output;

/// `max_width` of `rustfmt.toml`.
const WIDTH: usize = 130;

#[test]
fn comments_and_documents_keep_to_one_width() {
    let mut git = std::process::Command::new("git");
    let files = output(git.current_dir(workspace()).args(["ls-files", "*.rs", "*.wit", "*.md"])).unwrap();
    let mut wide = Vec::new();
    for file in files.lines().filter(|file| !file.starts_with("xtask/released")) {
        let text = fs::read_to_string(workspace().join(file)).unwrap();
        let is_document = file.ends_with(".md");
        let mut is_in_block = false;
        for (number, line) in text.lines().enumerate() {
            let said = if is_document { Some(line) } else { line.trim_start().strip_prefix("//") };
            let Some(said) = said.map(|said| said.trim_start_matches(['/', '!']).trim_start()) else {
                is_in_block = false;
                continue;
            };
            is_in_block ^= said.starts_with("```");
            // A row of a table, and what can't be broken: an address, an item's name, code.
            let is_whole = said.starts_with(['|', '#', '<']) || !said.get(..40).is_some_and(|beginning| beginning.contains(' '));
            if line.chars().count() > WIDTH && !is_in_block && !is_whole {
                wide.push(format!("{file}:{}", number + 1));
            }
        }
    }
    assert!(wide.is_empty(), "wider than {WIDTH} columns: {wide:#?}");
}

#[test]
fn the_width_is_that_of_the_code() {
    let format = fs::read_to_string(workspace().join("rustfmt.toml")).unwrap();
    assert!(format.contains(&format!("max_width = {WIDTH}\n")), "{format}");
}
