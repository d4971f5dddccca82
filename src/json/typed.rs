//! Members of a document that was read, each taken out as what it is to be.
//!
//! A derived reader of `serde` is compiled for each type anew, with all that it would say of what is wrong: that of an attempt
//! alone was 16 KB. Nobody hears it here, where a member either is of its type or isn't.

use serde_json::Value;

use super::Object;

/// What a JSON value can be read as.
pub trait FromJson: Sized {
    /// None where the value is of another type.
    fn from_json(value: Value) -> Option<Self>;
}

/// Takes a member out of an object: what is left there in the end, nobody knows. One that is missing is as good as null, so that
/// an [`Option`] may be missing and nothing else.
pub fn take<T: FromJson>(members: &mut Object, name: &str) -> Option<T> {
    T::from_json(members.remove(name).unwrap_or_default())
}

impl FromJson for Value {
    fn from_json(value: Value) -> Option<Self> {
        Some(value)
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64()
    }
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64().and_then(|number| number.try_into().ok())
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl FromJson for Object {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Array(values) => values.into_iter().map(T::from_json).collect(),
            _ => None,
        }
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_json(value).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_of_its_type_or_none() {
        let values = [
            json!(null),
            json!(true),
            json!(7),
            json!(4_294_967_296_u64),
            json!(-1),
            json!(7.0),
            json!("7"),
            json!(["a"]),
            json!(["a", 1]),
            json!({"a": 1}),
        ];
        fn readable<T: FromJson>(values: &[Value]) -> Vec<&Value> {
            values.iter().filter(|value| T::from_json((*value).clone()).is_some()).collect()
        }
        assert_eq!(readable::<bool>(&values), [&json!(true)]);
        assert_eq!(readable::<u32>(&values), [&json!(7)]);
        assert_eq!(readable::<u64>(&values), [&json!(7), &json!(4_294_967_296_u64)]);
        assert_eq!(readable::<String>(&values), [&json!("7")]);
        assert_eq!(readable::<Vec<String>>(&values), [&json!(["a"])]);
        assert_eq!(readable::<Object>(&values), [&json!({"a": 1})]);
        assert_eq!(readable::<Option<bool>>(&values), [&json!(null), &json!(true)]);
        assert_eq!(readable::<Value>(&values).len(), values.len());
    }

    #[test]
    fn only_an_option_may_be_missing() {
        let mut members = Object::from_iter([("a".to_owned(), json!(1)), ("b".to_owned(), json!(2))]);
        assert_eq!(take::<u64>(&mut members, "a"), Some(1));
        assert_eq!(take::<u64>(&mut members, "a"), None, "it was taken out");
        assert_eq!(take::<Option<u64>>(&mut members, "a"), Some(None));
        assert_eq!(members.keys().collect::<Vec<_>>(), ["b"]);
    }
}
