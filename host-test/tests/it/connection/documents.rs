//! `cargo xtask check`, and `docs/connection-test.md`: the page shows what the command prints. `UPDATE_DOCS=1` writes it anew.

use std::fs;
use std::path::PathBuf;

use host_test::check::{self, Exit};
use host_test::cognito::LocalCognito;
use host_test::environment::Environment;
use serde_json::{Value, json};

use crate::stage::{CALLBACK_URL, compiled};

fn path() -> PathBuf {
    component_artifact::workspace().join("docs/connection-test.md")
}

pub(super) fn page() -> String {
    fs::read_to_string(path()).expect("docs/connection-test.md")
}

/// Files of one run, which are gone with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cognito-oidc-check-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, name: &str, document: &Value) -> String {
        let file = self.0.join(name);
        fs::write(&file, document.to_string()).expect("a file");
        file.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn run(arguments: &[&str], secret: Option<&str>) -> (Exit, String) {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let mut printed = Vec::new();
    let environment = Environment { client_secret: secret.map(str::to_owned), ..Environment::default() };
    let exit = check::run(&arguments, || Ok(compiled()), &environment, &mut printed).await.expect("a run");
    (exit, String::from_utf8(printed).expect("UTF-8"))
}

/// What a mistake is called on the page, and how it is made.
type Mistake = (&'static str, fn(&mut Value, &mut Value, &mut String));

const SHOWN: [Mistake; 6] = [
    ("healthy", |_, _, _| {}),
    ("callback", |settings, _, _| settings["callback_url"] = json!("http://127.0.0.1:9/calback")),
    ("secret", |_, _, secret| "rotated-away-and-still-in-the-vault".clone_into(secret)),
    ("scope", |settings, _, _| settings["scope"] = json!("openid email orders/read")),
    ("client", |_, connector, _| connector["client_id"] = json!("1example23456789")),
    ("identity-provider", |settings, _, _| settings["advanced"] = json!({"identity_provider": "Gogle"})),
];

/// Runs the command at a pool of this machine's, and names its addresses as AWS would.
async fn shown((name, make): &Mistake) -> (Exit, String) {
    let cognito = LocalCognito::start_with_redirect_uris(&[CALLBACK_URL]).await.expect("a free port");
    let (mut settings, mut connector) = (cognito.settings(CALLBACK_URL), cognito.connector());
    let mut secret = cognito.client_secret().expect("a secret");
    make(&mut settings, &mut connector, &mut secret);
    let folder = Folder::new(name);
    let (settings, connector) = (folder.write("settings.json", &settings), folder.write("connector.json", &connector));
    let (exit, printed) = run(&["--connector", &connector, "--settings", &settings, "--loopback"], Some(&secret)).await;
    let printed = printed
        .replace(cognito.issuer_origin(), "https://cognito-idp.eu-west-1.amazonaws.com")
        .replace(cognito.domain_origin(), "https://shop.auth.eu-west-1.amazoncognito.com");
    // Each request has a name of its own.
    let words = printed.split(' ').map(|word| match word.trim_end().len() == 36 && word.matches('-').count() == 4 {
        true => word.replace(word.trim_end(), "8f5c1d0e-0d7b-4f4c-9a57-2b1f6c0e9d3a"),
        false => word.to_owned(),
    });
    (exit, words.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn the_page_shows_what_the_command_prints() {
    let mut page = page();
    for mistake in &SHOWN {
        let (exit, printed) = shown(mistake).await;
        assert_eq!(exit, if mistake.0 == "healthy" { Exit::Passed } else { Exit::Failed }, "{printed}");
        let marker = format!("<!-- {} -->\n```text\n", mistake.0);
        let (before, rest) = page.split_once(&marker).unwrap_or_else(|| panic!("docs/connection-test.md lacks {marker}"));
        let (found, after) = rest.split_once("\n```").expect("the end of a block");
        let expected = printed.trim_end();
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some() || found == expected,
            "{}: {found}\nin place of\n{expected}",
            mistake.0
        );
        page = format!("{before}{marker}{expected}\n```{after}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path(), page).expect("a file to write to");
    }
}

#[tokio::test]
async fn the_command_ends_with_what_it_found_and_prints_json_where_it_is_asked_to() {
    let cognito = LocalCognito::start_with_redirect_uris(&[CALLBACK_URL]).await.expect("a free port");
    let folder = Folder::new("json");
    let connector = folder.write("connector.json", &cognito.connector());
    let secret = cognito.client_secret();
    let arguments = ["--connector", &connector, "--json", "--loopback"];
    let (exit, printed) = run(&arguments, secret.as_deref()).await;
    let report: Value = serde_json::from_str(&printed).expect("JSON and nothing else");
    assert_eq!((exit, report["outcome"].as_str()), (Exit::Passed, Some("passed")), "{printed}");
    assert!(report["findings"].as_array().is_some_and(|findings| findings.iter().any(|finding| finding["check"] == "callback")));

    let (exit, printed) = run(&arguments, Some("another")).await;
    let report: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!((exit, report["outcome"].as_str()), (Exit::Failed, Some("failed: credentials")));
    assert!(!printed.contains("another\""), "{printed}");

    // Without the flag, this machine isn't to be reached.
    let (exit, printed) = run(&["--connector", &connector], secret.as_deref()).await;
    assert_eq!(exit, Exit::Failed, "{printed}");
    assert!(printed.contains("destination_denied"), "{printed}");
    for arguments in [&["--connector", "no/such/file"][..], &["--settings", &connector], &["--nonsense"]] {
        assert_eq!(run(arguments, None).await.0, Exit::Refused, "{arguments:?}");
    }
    assert_eq!(run(&["--help"], None).await.0, Exit::Passed);
}
