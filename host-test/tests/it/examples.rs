//! Every example of settings and connector, played by the demo as its user would play it.

use std::fs;

use host_test::demo::{self, Exit};
use host_test::environment::Environment;
use host_test::telemetry::Lines;

use crate::stage::compiled;

#[tokio::test]
async fn the_demo_logs_in_with_every_example() {
    let folder = component_artifact::workspace().join("examples");
    let mut played = 0;
    for entry in fs::read_dir(folder).expect("a folder of examples") {
        let example = entry.expect("an entry").path();
        // The last is programs around the step, and no pair of settings and connector.
        if !example.is_dir() || example.ends_with("wasi-http") {
            continue;
        }
        let file = |name: &str| example.join(name).display().to_string();
        let arguments = ["--config".to_owned(), file("settings.json"), "--integration".to_owned(), file("connector.json")];
        let mut printed = Vec::new();
        let exit = demo::run(&arguments, || Ok(compiled()), &Environment::default(), &Lines::kept(), &mut printed)
            .await
            .expect("a demo");
        let printed = String::from_utf8(printed).expect("UTF-8");
        assert_eq!(exit, Exit::Done, "{}: {printed}", example.display());
        assert!(printed.starts_with("Logged in: "), "{printed}");
        for line in printed.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", example.display());
        }
        played += 1;
    }
    assert!(played >= 11, "{played} examples");
}
