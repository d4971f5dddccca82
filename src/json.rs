//! JSON, read strictly: a document that two readers could read differently isn't read at all.
//!
//! `serde_json` keeps the last of several members with one name; another reader may keep the first. In a token that is a way past a
//! check, so duplicates are refused at every depth (RFC 8259 section 4 leaves them open). Depth is bounded by `serde_json` at 128, the
//! number of values here: half a megabyte of `[0],[0],…` would become more memory than the sandbox has.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A JSON object.
pub type Object = Map<String, Value>;

/// Values in one document, at every depth together. A key set of 100 keys has 800; each can take some 400 bytes of memory, and an output
/// is copied a few times on its way.
const MAX_VALUES: u32 = 4096;

/// Why a text isn't an object that can be trusted to mean one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON, or nested too deeply.
    Syntax,
    /// A member stands twice in one object.
    DuplicateMember,
    /// More values than anything here has.
    TooManyValues,
    /// JSON, but no object.
    NotAnObject,
}

impl Fault {
    /// What was expected, for a message.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Syntax => "expected JSON",
            Self::DuplicateMember => "expected each member of a JSON object once",
            Self::TooManyValues => "expected JSON of at most 4096 values",
            Self::NotAnObject => "expected a JSON object",
        }
    }
}

/// Reads one JSON object and nothing after it.
///
/// # Errors
/// See [`Fault`].
pub fn object(text: &[u8]) -> Result<Object, Fault> {
    match value(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(Fault::NotAnObject),
    }
}

/// Reads one JSON value and nothing after it.
///
/// # Errors
/// See [`Fault`].
pub fn value(text: &[u8]) -> Result<Value, Fault> {
    let (fault, values) = (Cell::new(Fault::Syntax), Cell::new(0));
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let strict = Strict { fault: &fault, values: &values };
    let value = strict.deserialize(&mut deserializer).map_err(|_| fault.get())?;
    deserializer.end().map_err(|_| Fault::Syntax)?;
    Ok(value)
}

/// Builds a [`Value`] and notes what stopped it.
#[derive(Clone, Copy)]
struct Strict<'a> {
    fault: &'a Cell<Fault>,
    values: &'a Cell<u32>,
}

impl Strict<'_> {
    fn stop<E: Error>(self, fault: Fault) -> E {
        self.fault.set(fault);
        E::custom(fault.expected())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.values.set(self.values.get().saturating_add(1));
        if self.values.get() > MAX_VALUES {
            return Err(self.stop(Fault::TooManyValues));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if object.insert(name, value).is_some() {
                return Err(self.stop(Fault::DuplicateMember));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_object_is_read_as_serde_json_reads_it() {
        let text = r#"{"a":[1,-2,3.5,1e300,true,null,"x\u00e4"],"b":{"c":{}}}"#;
        assert_eq!(value(text.as_bytes()), Ok(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn t11_faults_are_told_apart() {
        for (text, fault) in [
            (r#"{"a":1,"a":1}"#, Fault::DuplicateMember),
            (r#"{"a":{"b":[{"c":1,"c":2}]}}"#, Fault::DuplicateMember),
            (r#"{"a":1,"\u0061":2}"#, Fault::DuplicateMember),
            ("[]", Fault::NotAnObject),
            ("null", Fault::NotAnObject),
            ("\"{}\"", Fault::NotAnObject),
            ("", Fault::Syntax),
            ("{", Fault::Syntax),
            ("{} {}", Fault::Syntax),
            ("{\"a\":1e999}", Fault::Syntax),
            ("<html>", Fault::Syntax),
        ] {
            assert_eq!(object(text.as_bytes()), Err(fault), "{text}");
        }
        assert_eq!(object(&[b'{', b'"', 0xff, b'"', b':', b'1', b'}']), Err(Fault::Syntax));
        assert_eq!(object(&[vec![b'['; 4000], vec![b']'; 4000]].concat()), Err(Fault::Syntax));
    }

    #[test]
    fn each_fault_says_what_was_expected() {
        let texts = [Fault::Syntax, Fault::DuplicateMember, Fault::NotAnObject].map(Fault::expected);
        assert_eq!(texts, ["expected JSON", "expected each member of a JSON object once", "expected a JSON object"]);
        assert!(Fault::TooManyValues.expected().contains(&MAX_VALUES.to_string()));
    }

    #[test]
    fn more_values_than_memory_holds_are_not_read() {
        let nested = |values: usize| format!(r#"{{"a":[{}0]}}"#, "{\"\":0},".repeat((values - 3) / 2));
        assert!(object(nested(4095).as_bytes()).is_ok());
        assert_eq!(object(nested(4097).as_bytes()), Err(Fault::TooManyValues));
        let listed = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(value(listed(4096).as_bytes()).is_ok());
        assert_eq!(value(listed(4097).as_bytes()), Err(Fault::TooManyValues));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(read) = value(&bytes) {
                prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), read);
            }
        }
    }
}
