//! Every way that a login can end, through the sandbox: the documented table of errors holds for the sealed component, row by
//! row, and none of these ends tells a secret.

mod scenarios;
mod secrecy;

use std::collections::{BTreeMap, BTreeSet};

use journey_host::{Category, Failure, FailureBehavior};

use scenarios::{Ended, Scenario, Verdict};

/// A row of the table of errors in `docs/author.md`.
#[derive(Debug)]
pub(crate) struct Documented {
    pub(crate) category: String,
    pub(crate) is_retryable: bool,
}

/// That table, by code.
pub(crate) fn documented() -> BTreeMap<String, Documented> {
    let page = include_str!("../../../docs/author.md");
    let section = page.split("\n## ").find(|section| section.starts_with("Errors\n")).expect("a section on errors");
    let rows = section.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, code, category, retryable, _, _] = cells[..] else { return None };
        let code = code.strip_prefix('`')?.strip_suffix('`')?;
        Some((code.to_owned(), Documented { category: category.to_owned(), is_retryable: retryable == "yes" }))
    });
    rows.collect()
}

#[tokio::test]
async fn every_documented_code_is_reached_with_its_category_and_its_variable() {
    let documented = documented();
    let mut reached = BTreeSet::new();
    for scenario in scenarios::all() {
        let code = scenario.code;
        let row = documented.get(code).unwrap_or_else(|| panic!("{code} isn't in docs/author.md"));
        let ended = scenario.play(|_| {}).await;
        let verdict = ended.verdict();
        let (Verdict::Failed(failure) | Verdict::Ignored(failure)) = &verdict else { panic!("{code}: {verdict:?}") };
        assert_eq!(failure.code, code);
        assert_eq!(failure.category.name(), row.category, "{code}");
        assert_eq!(failure.retryable, row.is_retryable, "{code}");
        assert!(ended.behavior().is_none_or(|behavior| behavior == FailureBehavior::FailureBranch), "{code}");
        check_variables(&scenario, &ended, &verdict, failure).await;
        reached.insert(code.to_owned());
    }
    let unreached: Vec<_> = documented.keys().filter(|code| !reached.contains(*code)).collect();
    assert!(unreached.is_empty(), "no scenario reaches {unreached:?}");
}

/// A failure is in the error variable, whole and as the outcome says; what was ignored has changed nothing.
async fn check_variables(scenario: &Scenario, ended: &Ended, verdict: &Verdict, failure: &Failure) {
    let Ended { stage, before, .. } = ended;
    let code = scenario.code;
    match verdict {
        Verdict::Ignored(_) => {
            assert_eq!([stage.output().await, stage.variable("error_output").await], *before, "{code}: something changed");
        }
        _ => {
            stage.assert_failed(code, code).await;
            let error = stage.variable("error_output").await.expect("an error variable");
            assert_eq!(error["category"], failure.category.name(), "{code}");
            assert_eq!(error["retryable"], failure.retryable, "{code}");
            assert_eq!(error["message"], failure.message, "{code}");
            assert_eq!(error["path"].is_string(), code.starts_with("invalid_") || scenario.has_path, "{code}: {error}");
        }
    }
}

#[tokio::test]
async fn a_failure_aborts_where_the_settings_say_so() {
    for scenario in scenarios::all() {
        let ended = scenario.play(|stage| stage.settings["failure_behavior"] = "abort".into()).await;
        let verdict = ended.verdict();
        let (Verdict::Failed(failure) | Verdict::Ignored(failure)) = &verdict else { panic!("{verdict:?}") };
        assert!(ended.behavior().is_none_or(|behavior| behavior == FailureBehavior::Abort), "{}", scenario.code);
        let expected = if failure.category == Category::Flow { scenario.code } else { "authentication_failed" };
        assert_eq!(failure.client_code(), expected, "what a client may see");
    }
}
