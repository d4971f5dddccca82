//! A component of another shape, or of instructions that aren't switched on, is refused when it is loaded.

use super::guest::{Guest, RUNTIME};

/// Why a component is refused that was built for an edited contract.
fn refusal(edits: &[(&str, &str)], text: &[(&str, &str)]) -> String {
    let guest = Guest::default();
    let edited = |mut whole: String, edits: &[(&str, &str)]| {
        for (from, to) in edits {
            assert!(whole.contains(from), "{from}");
            whole = whole.replacen(from, to, 1);
        }
        whole
    };
    let component = guest.encode_text(|wit| edited(wit, edits), edited(guest.text(), text));
    let error = RUNTIME.compile("guest", &component).map(|_| ()).expect_err("refused");
    format!("{error:#}")
}

fn check(edits: &[(&str, &str)], text: &[(&str, &str)], named: &[&str]) {
    let why = refusal(edits, text);
    assert!(named.iter().all(|name| why.contains(name)), "{why}");
}

#[test]
fn an_enum_case_more_is_named() {
    check(&[("        abort,", "        abort, retry,")], &[], &["describe", "journey:step/settings@0.1.0"]);
}

#[test]
fn a_record_field_less_or_more_is_named() {
    check(&[("        expires-in: u32,\n", "")], &[], &["begin", "journey:step/redirect@0.1.0"]);
    check(
        &[("        issuer: string,\n", "        issuer: string, name: string,\n")],
        &[],
        &["complete", "journey:step/redirect@0.1.0"],
    );
}

#[test]
fn another_name_of_a_field_is_named() {
    check(&[("        issuer: string,\n", "        issued-by: string,\n")], &[], &["complete", "journey:step/redirect@0.1.0"]);
}

#[test]
fn a_function_that_is_missing_is_named() {
    let gone = [(
        "    check: func(settings: string, connector: string) -> list<problem>;",
        "    check2: func(settings: string, connector: string) -> list<problem>;",
    )];
    check(&gone, &[("#check\"", "#check2\"")], &["check", "journey:step/settings@0.1.0"]);
}

#[test]
fn another_shape_of_a_finding_or_of_a_tests_arguments_is_named() {
    let connection = "journey:step/connection@0.1.0";
    check(&[("        unknown,\n", "        unknown,\n        maybe,\n")], &[], &["test", connection]);
    check(&[("        secret-use: string,\n", "")], &[], &["describe", connection]);
}

#[test]
fn an_import_too_many_is_named() {
    let more = [(
        "    get: func(key: string) -> result<option<entry>, error>;",
        "    drop: func();\n    @since(version = 0.1.0)\n    get: func(key: string) -> result<option<entry>, error>;",
    )];
    let text = [(
        "(import \"journey:step/attempts@0.1.0\" \"get\"",
        "(import \"journey:step/attempts@0.1.0\" \"drop\" (func $drop)) (import \"journey:step/attempts@0.1.0\" \"get\"",
    )];
    check(&more, &text, &["journey:step/attempts@0.1.0", "drop"]);
}

#[test]
fn another_type_of_an_import_is_named() {
    let other = [(
        "    variant error {\n        /// The store doesn't accept",
        "    variant error {\n        full,\n        /// The store doesn't accept",
    )];
    check(&other, &[], &["journey:step/", "set"]);
}

#[test]
fn the_contract_itself_is_loaded_and_what_is_no_component_is_not() {
    Guest::default().compile();
    assert!(RUNTIME.compile("guest", b"nonsense").is_err());
    assert!(RUNTIME.load("guest", "no/such/file".as_ref()).is_err());
}

#[test]
fn a_component_that_does_not_start_is_refused() {
    let start = [("(func $recurse", "(func $never (loop $ever (br $ever))) (start $never) (func $recurse")];
    check(&[], &start, &["doesn't start"]);
}

#[test]
fn vectors_are_understood_and_relaxed_ones_are_refused() {
    let compiled = |instruction: &str| {
        let body = format!("(drop ({instruction} (v128.const i64x2 1 2) (v128.const i64x2 3 4)))");
        RUNTIME.compile("guest", &Guest::begin(&body).encode(|wit| wit)).map(|_| ()).map_err(|error| format!("{error:#}"))
    };
    assert_eq!(compiled("i64x2.add"), Ok(()));
    let refusal = compiled("i8x16.relaxed_swizzle").unwrap_err();
    assert!(refusal.contains("relaxed SIMD"), "{refusal}");
}
