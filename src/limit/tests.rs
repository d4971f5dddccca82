//! What messages and documents say of a limit is what the code holds to.

use crate::host::MAX_BODY_BYTES;
use crate::json::{MAX_CLAIM_VALUES, MAX_VALUES, OBJECT_WEIGHT};
use crate::oidc::{CLOCK_TOLERANCE, cache, claim, exchange, jws, keys, metadata, provider_text, response, revocation};
use crate::oidc::{signing_keys, token, userinfo};
use crate::step::code::Code;
use crate::step::configuration::Configuration;
use crate::step::document::MAX_DOCUMENT_BYTES;
use crate::step::output::MAX_VARIABLE_BYTES;
use crate::step::settings::LOGIN_LIFETIMES;
use crate::testing::package;

const KIB: usize = 1024;

/// The README, and every page under `docs/`.
fn documents() -> String {
    let pages = std::fs::read_dir(package().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let texts = pages.chain([package().join("README.md")]).map(|path| std::fs::read_to_string(path).unwrap());
    texts.collect::<Vec<_>>().join("\n")
}

/// As documents write a large number: 163,840.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

#[test]
fn each_row_of_the_limits_is_the_codes() {
    let documents = documents();
    let seconds = |timeout: std::time::Duration| timeout.as_secs();
    for row in [
        format!("| settings, connector | {} KiB each |", MAX_DOCUMENT_BYTES / KIB),
        format!(
            "| authorization response | {} KiB, a code {} KiB |",
            response::MAX_RESPONSE_BYTES / KIB,
            response::MAX_CODE_BYTES / KIB
        ),
        format!("| response body of any endpoint | {} KiB,", MAX_BODY_BYTES / 1024),
        format!(
            "| ID token | {} KiB, {} values, an object with members counting as eight:",
            jws::MAX_TOKEN_BYTES / KIB,
            grouped(MAX_CLAIM_VALUES)
        ),
        format!("| any other JSON | {} values |", grouped(MAX_VALUES)),
        format!("| output variable | {} KiB |", MAX_VARIABLE_BYTES / KIB),
        format!("| key set | {} keys;", keys::MAX_KEYS),
        format!("| provider's texts | {} characters each,", provider_text::MAX_CHARACTERS),
        format!(
            "| a fetch | metadata {document} s, token {} s, keys {document} s, userinfo {} s, revocation {} s;",
            seconds(token::TIMEOUT),
            seconds(userinfo::TIMEOUT),
            seconds(revocation::TIMEOUT),
            document = seconds(exchange::DOCUMENT_TIMEOUT),
        ),
        format!("| taken at most {} s ago |", claim::LOST_AFTER),
        format!("{CLOCK_TOLERANCE} s of difference are tolerated"),
    ] {
        assert!(documents.contains(&row), "no document says: {row}");
    }
    assert_eq!(OBJECT_WEIGHT, 8, "said in words");
}

#[test]
fn what_documents_say_of_the_keys_lifetime_is_the_codes() {
    let cache::Lifetime { fresh, stale } = signing_keys::LIFETIME;
    let sentence = format!("Keys are fresh for {} h, and serve a known `kid` for {} h", fresh / 3600, stale / 3600);
    assert!(documents().contains(&sentence), "no document says: {sentence}");
    // The sentence speaks of keys alone; whoever parts the two says the other one too.
    assert_eq!((metadata::LIFETIME.fresh, metadata::LIFETIME.stale), (fresh, stale));
}

#[test]
fn messages_that_name_a_limit_name_the_codes() {
    let too_large = format!(
        "the ID token is longer than {} KiB, or has more than {MAX_CLAIM_VALUES} values, an object with members counting as eight",
        jws::MAX_TOKEN_BYTES / KIB
    );
    assert_eq!(Code::IdTokenTooLarge.message(), too_large);
    let settings = r#"{"callback_url": "https://app.example.com/callback", "login_lifetime": 0}"#;
    let problems = Configuration::read(settings, r#"{"user_pool_id": "eu-west-1_Ab", "client_id": "client"}"#).1.unwrap_err();
    let lifetimes = format!("expected whole seconds, {} to {}", LOGIN_LIFETIMES.start(), LOGIN_LIFETIMES.end());
    assert_eq!(problems.iter().map(|problem| problem.expected.as_ref()).collect::<Vec<_>>(), [lifetimes]);
    let output = Code::OutputTooLarge.message();
    assert!(output.contains(&format!("{} KiB", MAX_VARIABLE_BYTES / KIB)), "{output}");
}
