//! Documents for property tests.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON value, with members that somebody asks for among others.
pub(crate) fn value(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(Value::from),
        prop_oneof![Just("openid"), Just("https://a.example/"), Just("query"), Just("RSA"), Just("AQAB")].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(names, inner).prop_map(Value::Object)
        ]
    })
}

/// Any JSON object with some of these members.
pub(crate) fn object(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    members(names, value(names))
}

fn members(names: &'static [&'static str], value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![6 => prop::sample::select(names).prop_map(str::to_owned), 1 => "\\PC{0,8}"];
    prop::collection::vec((name, value), 0..6).prop_map(|members| members.into_iter().collect())
}
