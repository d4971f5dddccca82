//! What the advanced configuration asks for, and what contradicts itself.

use super::*;
use crate::step::document::Problem;
use crate::step::error::Code;
use serde_json::json;

fn check(document: &Value) -> Result<Advanced, Vec<(String, &'static str)>> {
    let mut problems: Vec<Problem> = Vec::new();
    let document = AdvancedDocument::read(document.as_object().unwrap().clone());
    let advanced = document.check(&mut Reader::new("", Code::InvalidSettings, &mut problems));
    if problems.is_empty() {
        return Ok(advanced.unwrap());
    }
    Err(problems.into_iter().map(|problem| (problem.path, &*problem.expected.into_owned().leak())).collect())
}

fn one_of(values: &[&str]) -> AcrRequirement {
    AcrRequirement::OneOf(values.iter().map(|value| (*value).to_owned()).collect())
}

#[test]
fn nothing_asks_for_nothing() {
    assert_eq!(check(&json!({})), Ok(Advanced::default()));
}

#[test]
fn every_parameter_is_sent() {
    let advanced = check(&json!({
        "acr_values": ["gold", "silver"], "max_age": 0, "prompt": "login consent", "login_hint": "ada@example.com", "lang": "de",
        "identity_provider": "Google", "idp_identifier": "example.com", "resource": "https://api.example.com",
        "claims": {"userinfo": {"email": null}}, "authorize_parameters": {"x": "1", "y z": "ä"},
    }))
    .unwrap();
    let parameters: Vec<_> = advanced.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        parameters,
        [
            ("acr_values", "gold silver"),
            ("max_age", "0"),
            ("prompt", "login consent"),
            ("claims", r#"{"userinfo":{"email":null}}"#),
            ("login_hint", "ada@example.com"),
            ("lang", "de"),
            ("identity_provider", "Google"),
            ("idp_identifier", "example.com"),
            ("resource", "https://api.example.com"),
            ("x", "1"),
            ("y z", "ä"),
        ]
    );
}

#[test]
fn b11_what_the_protocol_or_another_setting_owns_is_refused_by_name() {
    for (name, expected) in [
        ("state", "owned by the protocol"),
        ("State", "owned by the protocol"),
        ("request_uri", "owned by the protocol"),
        ("id_token_hint", "owned by the protocol"),
        ("response_type", "owned by the protocol"),
        ("acr_values", "owned by the setting of that name in `advanced`"),
        ("MAX_AGE", "owned by the setting of that name in `advanced`"),
        ("", A_NAME),
        ("a\u{7f}b", A_NAME),
        (&"n".repeat(2049), A_NAME),
    ] {
        let problems = check(&json!({"authorize_parameters": {name: "x"}})).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].1, expected, "{name}");
    }
    let problems = check(&json!({"authorize_parameters": {"state": "x"}})).unwrap_err();
    assert_eq!(problems[0].0, "/authorize_parameters/state");
}

#[test]
fn each_wrong_value_has_its_problem() {
    let prompt = "expected `none`, or any of `login`, `consent`, `select_account`, once each";
    for (name, value, expected) in [
        ("acr_values", json!(1), "expected words as a list, or separated by spaces"),
        ("acr_values", json!(["a b"]), WORDS),
        ("acr_values", json!([""]), WORDS),
        ("acr_values", json!("x".repeat(2049)), WORDS),
        ("acr_values", json!(""), "expected one word at least"),
        ("acr_values", json!("  "), "expected one word at least"),
        ("acr_values", json!([]), "expected one word at least"),
        ("accepted_acr_values", json!([]), "expected one word at least"),
        ("accept_any_acr", json!("true"), "expected true or false"),
        ("required_amr", json!(1), "expected words as a list, or separated by spaces"),
        ("required_amr", json!([]), "expected one word at least"),
        ("required_amr", json!(""), "expected one word at least"),
        ("required_amr", json!(["a b"]), WORDS),
        ("accepted_acr_values", json!(7), "expected words as a list, or separated by spaces"),
        ("accepted_acr_values", json!(" "), "expected one word at least"),
        ("accepted_acr_values", json!(["a\tb"]), WORDS),
        ("max_age", json!(-1), AN_AGE),
        ("max_age", json!(1.5), AN_AGE),
        ("max_age", json!(u64::from(u32::MAX) + 1), AN_AGE),
        ("max_age", json!("1"), AN_AGE),
        ("prompt", json!(1), "expected a string"),
        ("prompt", json!(""), prompt),
        ("prompt", json!("Login"), prompt),
        ("prompt", json!("login login"), prompt),
        ("prompt", json!("none login"), "`none` can't be combined with other values"),
        ("prompt", json!("login none consent"), "`none` can't be combined with other values"),
        ("identity_provider", json!(""), A_VALUE),
        ("idp_identifier", json!(""), A_VALUE),
        ("resource", json!(""), A_VALUE),
        ("max_age", json!(""), AN_AGE),
        ("claims", json!(""), "expected JSON: line 1, column 1"),
        ("login_hint", json!("x".repeat(2049)), A_VALUE),
        ("lang", json!("a\nb"), A_VALUE),
        ("identity_provider", json!(1), A_VALUE),
        ("idp_identifier", json!([]), A_VALUE),
        ("resource", json!({}), A_VALUE),
        ("authorize_parameters", json!([]), "expected an object of strings"),
        ("claims", json!(1), "expected an object, or its JSON text"),
        ("claims", json!("{"), "expected JSON: line 1, column 1"),
        ("claims", json!("{\"id_token\":{},\n\"id_token\":{}}"), "expected each member of a JSON object once: line 2, column 14"),
        ("claims", json!("[]"), "expected a JSON object"),
        ("claims", json!({"x": "y".repeat(2048)}), "expected at most 2048 bytes"),
        ("claims", json!({"id_token": 1}), "expected `id_token` and `userinfo` as objects of claims, each null or an object"),
        (
            "claims",
            json!({"userinfo": {"a": 1}}),
            "expected `id_token` and `userinfo` as objects of claims, each null or an object",
        ),
        ("unknown", json!(1), "unknown setting"),
        ("maxAge", json!(1), "unknown setting: perhaps `advanced.max_age` is meant"),
    ] {
        assert_eq!(check(&json!({name: value})), Err(vec![(format!("/{name}"), expected)]), "{name} {value}");
    }
    let problems = check(&json!({"authorize_parameters": {"a": 1, "b": ""}})).unwrap_err();
    assert_eq!(problems, [("/authorize_parameters/a".into(), A_VALUE), ("/authorize_parameters/b".into(), A_VALUE)]);
}

#[test]
fn values_have_at_most_2048_bytes() {
    for (name, value) in [
        ("login_hint", json!("x".repeat(2048))),
        ("lang", json!("ä".repeat(1024))),
        ("claims", json!({"x": "y".repeat(2048 - r#"{"x":""}"#.len())})),
    ] {
        assert!(check(&json!({name: value})).is_ok(), "{name}");
    }
    for (name, value, expected) in [
        ("login_hint", json!("x".repeat(2049)), A_VALUE),
        ("claims", json!({"x": "y".repeat(2049 - r#"{"x":""}"#.len())}), "expected at most 2048 bytes"),
    ] {
        assert_eq!(check(&json!({name: value})), Err(vec![(format!("/{name}"), expected)]), "{name}");
    }
}

#[test]
fn i15_contexts_asked_for_are_those_accepted_unless_said_otherwise() {
    for (document, acr) in [
        (json!({"acr_values": "gold silver"}), one_of(&["gold", "silver"])),
        (json!({"acr_values": "gold", "accepted_acr_values": ["gold", "platinum"]}), one_of(&["gold", "platinum"])),
        (json!({"acr_values": "gold", "accept_any_acr": true}), AcrRequirement::None),
        (json!({"acr_values": "gold", "accept_any_acr": false}), one_of(&["gold"])),
        (json!({"acr_values": "urn:cognito:loa:3"}), one_of(&["urn:cognito:loa:3", "urn:cognito:loa:4"])),
        (
            json!({"acr_values": ["urn:cognito:loa:4", "urn:cognito:loa:2", "gold"]}),
            one_of(&["urn:cognito:loa:4", "urn:cognito:loa:2", "gold", "urn:cognito:loa:3"]),
        ),
        (
            json!({"acr_values": "urn:cognito:loa:3", "accepted_acr_values": ["urn:cognito:loa:3"]}),
            one_of(&["urn:cognito:loa:3"]),
        ),
        (
            json!({"acr_values": "urn:cognito:loa:2", "claims": {"id_token": {"acr": {"essential": true, "value": "urn:cognito:loa:3"}}}}),
            one_of(&["urn:cognito:loa:3"]),
        ),
        (json!({"accepted_acr_values": ["gold"]}), one_of(&["gold"])),
        (json!({"accepted_acr_values": "gold platinum"}), one_of(&["gold", "platinum"])),
        (json!({}), AcrRequirement::None),
        (json!({"accept_any_acr": true}), AcrRequirement::None),
        (json!({"claims": {"id_token": {"acr": null}}}), AcrRequirement::None),
        (json!({"claims": {"id_token": {"acr": {"values": ["gold"]}}}}), AcrRequirement::None),
        (json!({"claims": {"id_token": {"acr": {"essential": false, "value": "gold"}}}}), AcrRequirement::None),
        (json!({"claims": {"id_token": {"acr": {"essential": true}}}}), AcrRequirement::Present),
        (json!({"claims": {"id_token": {"acr": {"essential": true, "value": "gold"}}}}), one_of(&["gold"])),
        (json!({"claims": r#"{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}"#}), one_of(&["a", "b"])),
        (json!({"acr_values": "x", "claims": {"id_token": {"acr": {"essential": true, "value": "gold"}}}}), one_of(&["gold"])),
    ] {
        assert_eq!(check(&document).map(|advanced| advanced.acr), Ok(acr), "{document}");
    }
}

#[test]
fn i15_an_essential_context_that_cannot_be_enforced_is_refused() {
    let invalid = "expected `value` of an essential `acr` as a string, or `values` as a list of strings";
    for (acr, expected) in [
        (json!({"essential": true, "value": 1}), invalid),
        (json!({"essential": true, "values": []}), invalid),
        (json!({"essential": true, "values": [1]}), invalid),
        (json!({"essential": true, "values": "x"}), invalid),
        (json!({"essential": true, "value": "x", "values": ["x"]}), invalid),
    ] {
        assert_eq!(check(&json!({"claims": {"id_token": {"acr": acr}}})), Err(vec![("/claims".into(), expected)]));
    }
    assert_eq!(
        check(&json!({"claims": {"userinfo": {"acr": {"essential": true}}}})).unwrap_err()[0].1,
        "expected an essential `acr` in `id_token`: only there it can be enforced"
    );
    assert_eq!(
        check(&json!({"accepted_acr_values": ["a"], "claims": {"id_token": {"acr": {"essential": true}}}})).unwrap_err(),
        [("/accepted_acr_values".into(), "expected this or an essential `acr` in `claims`, not both")]
    );
}

#[test]
fn i15_accepting_any_context_and_naming_some_contradict_each_other() {
    for (document, path, expected) in [
        (
            json!({"accept_any_acr": true, "accepted_acr_values": ["a"]}),
            "/accepted_acr_values",
            "expected this or `accept_any_acr`, not both",
        ),
        (
            json!({"accept_any_acr": true, "claims": {"id_token": {"acr": {"essential": true}}}}),
            "/accept_any_acr",
            "expected this or an essential `acr` in `claims`, not both",
        ),
    ] {
        assert_eq!(check(&document).unwrap_err(), [(path.to_owned(), expected)]);
    }
}

#[test]
fn i15_methods_are_required_by_a_list_or_words() {
    let amr = |value: Value| check(&json!({"required_amr": value})).unwrap().amr;
    assert_eq!(amr(json!(["mfa", "pwd"])), ["mfa", "pwd"]);
    assert_eq!(amr(json!("mfa pwd")), ["mfa", "pwd"]);
    assert_eq!(amr(json!(null)), [""; 0]);
}

#[test]
fn what_only_helps_a_user_along_may_be_empty() {
    assert_eq!(check(&json!({"login_hint": "", "lang": ""})), Ok(Advanced::default()));
}

#[test]
fn i16_b15_how_recent_a_login_must_be() {
    for (document, recency, not_before) in [
        (json!({}), Recency::Any, None),
        (json!({"max_age": 300}), Recency::Within(300), Some(700)),
        (json!({"max_age": 5000}), Recency::Within(5000), Some(0)),
        (json!({"prompt": "login"}), Recency::Within(0), Some(1000)),
        (json!({"prompt": "consent login", "max_age": 300}), Recency::Within(0), Some(1000)),
        (json!({"prompt": "consent"}), Recency::Any, None),
        (json!({"prompt": "none"}), Recency::Any, None),
        (json!({"claims": {"id_token": {"auth_time": {"essential": true}}}}), Recency::Known, Some(0)),
        (json!({"claims": {"id_token": {"auth_time": null}}}), Recency::Any, None),
    ] {
        let found = check(&document).unwrap().recency;
        assert_eq!((found, found.not_before(1000)), (recency, not_before), "{document}");
    }
}
