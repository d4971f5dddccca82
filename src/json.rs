//! JSON, read strictly: a document that two readers could read differently isn't read at all.
//!
//! `serde_json` keeps the last of several members with one name; another reader may keep the first. In a token that is a way past
//! a check, so duplicates are refused at every depth (RFC 8259 section 4 leaves them open). Depth is bounded by `serde_json` at
//! 128, the number of values here: half a megabyte of `[0],[0],…` would become more memory than the sandbox has.

mod typed;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::limit::limit;
pub use typed::{FromJson, take};

/// A JSON object.
pub type Object = Map<String, Value>;

limit! {
    /// Values in one document, at every depth together. A key set of 100 keys has 800; each can take some 400 bytes of memory,
    /// and an output is copied a few times on its way.
    pub(crate) MAX_VALUES: u32 = 4096;
    A_NUMBER_OF_VALUES = "expected JSON of at most ", " values";
}
/// Values in a token's claims, weighed. AWS lets a token have 120 KB of claims: 60,000 numbers, or 17,143 objects of the shortest
/// member, which weigh 154,287. A number takes 24 bytes of memory here, the smallest object some 450.
pub(crate) const MAX_CLAIM_VALUES: u32 = 163_840;
/// What an object with members counts among the values of a token's claims.
pub(crate) const OBJECT_WEIGHT: u32 = 8;

/// Why a text isn't an object that can be trusted to mean one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Not JSON, or nested too deeply.
    Syntax,
    /// A member stands twice in one object.
    DuplicateMember,
    /// More values than anything here has.
    TooManyValues,
    /// JSON, but no object.
    NotAnObject,
}

impl Rejection {
    /// What was expected, for a message.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Syntax => "expected JSON",
            Self::DuplicateMember => "expected each member of a JSON object once",
            Self::TooManyValues => A_NUMBER_OF_VALUES,
            Self::NotAnObject => "expected a JSON object",
        }
    }
}

/// A fault, and where it is: for whoever wrote the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong.
    pub fault: Rejection,
    /// From 1; where the reader noticed it.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// Names and positions that lead to the member that stands twice.
    pub path: Vec<String>,
}

impl Defect {
    /// What was expected, and where.
    #[must_use]
    pub fn expected(&self) -> Cow<'static, str> {
        let expected = self.fault.expected();
        match self.fault {
            Rejection::Syntax | Rejection::DuplicateMember => {
                format!("{expected}: line {}, column {}", self.line, self.column).into()
            }
            Rejection::TooManyValues | Rejection::NotAnObject => expected.into(),
        }
    }
}

/// Reads one JSON object and nothing after it.
///
/// # Errors
/// See [`Rejection`].
pub fn object(text: &[u8]) -> Result<Object, Rejection> {
    of_object(value(text)?)
}

/// As [`object`], for the claims of a token, which may have more values.
///
/// # Errors
/// See [`Rejection`].
pub fn claims(text: &[u8]) -> Result<Object, Rejection> {
    let budget = Budget { most: MAX_CLAIM_VALUES, object: OBJECT_WEIGHT };
    of_object(read_bytes(text, budget)?)
}

/// As [`object`], for what was stored by this component itself: settings of 64 KiB can ask for 32,768 words, each a value of its
/// own there.
///
/// # Errors
/// See [`Rejection`].
pub fn stored(text: &[u8]) -> Result<Object, Rejection> {
    let budget = Budget { most: MAX_CLAIM_VALUES, object: 1 };
    of_object(read_bytes(text, budget)?)
}

/// As [`object`], for a text that people write.
///
/// # Errors
/// See [`Defect`].
pub fn written(text: &str) -> Result<Object, Defect> {
    let path = RefCell::new(Vec::new());
    let defect = |fault, line, column: usize, path| Defect { fault, line, column: column.max(1), path };
    match read(text, DOCUMENT, Some(&path)) {
        Ok(value) => of_object(value).map_err(|fault| defect(fault, 1, 1, Vec::new())),
        Err((Rejection::DuplicateMember, error)) => {
            Err(defect(Rejection::DuplicateMember, error.line(), error.column(), path.into_inner()))
        }
        Err((fault, error)) => Err(defect(fault, error.line(), error.column(), Vec::new())),
    }
}

/// Reads one JSON value and nothing after it.
///
/// # Errors
/// See [`Rejection`].
pub fn value(text: &[u8]) -> Result<Value, Rejection> {
    read_bytes(text, DOCUMENT)
}

/// How many values may come.
#[derive(Clone, Copy)]
struct Budget {
    most: u32,
    /// What an object with members counts.
    object: u32,
}

const DOCUMENT: Budget = Budget { most: MAX_VALUES, object: 1 };

fn of_object(value: Value) -> Result<Object, Rejection> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Rejection::NotAnObject),
    }
}

/// A value as JSON text. Only a map with other names than texts can't be written: here there is none, and an empty text would be
/// refused when it's read.
#[must_use]
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What isn't UTF-8 isn't JSON (RFC 8259 8.1); a fault in what stands before that comes first.
fn read_bytes(text: &[u8], budget: Budget) -> Result<Value, Rejection> {
    let whole = str::from_utf8(text);
    let valid = whole.or_else(|error| str::from_utf8(text.get(..error.valid_up_to()).unwrap_or_default())).unwrap_or_default();
    let value = read(valid, budget, None).map_err(|(fault, _)| fault)?;
    if whole.is_ok() { Ok(value) } else { Err(Rejection::Syntax) }
}

fn read(text: &str, budget: Budget, path: Option<&RefCell<Vec<String>>>) -> Result<Value, (Rejection, serde_json::Error)> {
    let (fault, values) = (Cell::new(Rejection::Syntax), Cell::new(0));
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict { fault: &fault, values: &values, budget, path };
    let value = strict.deserialize(&mut deserializer).map_err(|error| (fault.get(), error))?;
    deserializer.end().map_err(|error| (Rejection::Syntax, error))?;
    Ok(value)
}

/// Builds a [`Value`] and notes what stopped it.
#[derive(Clone, Copy)]
struct Strict<'a> {
    fault: &'a Cell<Rejection>,
    values: &'a Cell<u32>,
    budget: Budget,
    /// Where it stopped.
    path: Option<&'a RefCell<Vec<String>>>,
}

impl Strict<'_> {
    fn stop<E: Error>(self, fault: Rejection) -> E {
        self.fault.set(fault);
        E::custom(fault.expected())
    }

    fn count<E: Error>(self, weight: u32) -> Result<(), E> {
        self.values.set(self.values.get().saturating_add(weight));
        if self.values.get() > self.budget.most { Err(self.stop(Rejection::TooManyValues)) } else { Ok(()) }
    }

    /// Notes, from the inside outwards, where it stopped.
    fn note(self, name: impl FnOnce() -> String) {
        if let Some(path) = self.path {
            path.borrow_mut().insert(0, name());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count(1)?;
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
        while let Some(value) = sequence.next_element_seed(self).inspect_err(|_| self.note(|| values.len().to_string()))? {
            values.push(value);
        }
        values.shrink_to_fit();
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.is_empty() {
                self.count(self.budget.object.saturating_sub(1))?;
            }
            let value = members.next_value_seed(self).inspect_err(|_| self.note(|| name.clone()))?;
            match object.entry(name) {
                Entry::Vacant(member) => drop(member.insert(value)),
                Entry::Occupied(member) => {
                    self.note(|| member.key().clone());
                    return Err(self.stop(Rejection::DuplicateMember));
                }
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
            (r#"{"a":1,"a":1}"#, Rejection::DuplicateMember),
            (r#"{"a":{"b":[{"c":1,"c":2}]}}"#, Rejection::DuplicateMember),
            (r#"{"a":1,"\u0061":2}"#, Rejection::DuplicateMember),
            ("[]", Rejection::NotAnObject),
            ("null", Rejection::NotAnObject),
            ("\"{}\"", Rejection::NotAnObject),
            ("", Rejection::Syntax),
            ("{", Rejection::Syntax),
            ("{} {}", Rejection::Syntax),
            ("{\"a\":1e999}", Rejection::Syntax),
            ("<html>", Rejection::Syntax),
        ] {
            assert_eq!(object(text.as_bytes()), Err(fault), "{text}");
        }
        assert_eq!(object(&[b'{', b'"', 0xff, b'"', b':', b'1', b'}']), Err(Rejection::Syntax));
        assert_eq!(object(b"{}\xff"), Err(Rejection::Syntax));
        assert_eq!(object(b"{\"a\":1,\"a\":1,\"\xff\":1}"), Err(Rejection::DuplicateMember));
        assert_eq!(object(&[vec![b'['; 4000], vec![b']'; 4000]].concat()), Err(Rejection::Syntax));
    }

    #[test]
    fn each_fault_says_what_was_expected() {
        let texts = [Rejection::Syntax, Rejection::DuplicateMember, Rejection::NotAnObject].map(Rejection::expected);
        assert_eq!(texts, ["expected JSON", "expected each member of a JSON object once", "expected a JSON object"]);
        assert!(Rejection::TooManyValues.expected().contains(&MAX_VALUES.to_string()));
    }

    #[test]
    fn more_values_than_memory_holds_are_not_read() {
        let nested = |values: usize| format!(r#"{{"a":[{}0]}}"#, "{\"\":0},".repeat((values - 3) / 2));
        assert!(object(nested(4095).as_bytes()).is_ok());
        assert_eq!(object(nested(4097).as_bytes()), Err(Rejection::TooManyValues));
        let listed = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(value(listed(4096).as_bytes()).is_ok());
        assert_eq!(value(listed(4097).as_bytes()), Err(Rejection::TooManyValues));
    }

    #[test]
    fn claims_may_have_what_aws_lets_a_token_have() {
        let listed = |element: &str, bytes: usize| format!(r#"{{"a":[{}0]}}"#, element.repeat(bytes / element.len()));
        for element in ["0,", "[],", "[0],", "\"\",", "{},", "{\"\":0},"] {
            assert!(claims(listed(element, 120_000).as_bytes()).is_ok(), "{element}");
        }
        let numbers = |values: usize| format!(r#"{{"a":[{}0]}}"#, "0,".repeat(values - 10));
        assert!(claims(numbers(163_840).as_bytes()).is_ok());
        assert_eq!(claims(numbers(163_841).as_bytes()), Err(Rejection::TooManyValues));
        assert_eq!(claims(br#"{"a":1,"a":1}"#), Err(Rejection::DuplicateMember));
    }

    #[test]
    fn what_people_wrote_is_told_where_it_is_wrong() {
        let defect = |fault, line, column, path: &[&str]| {
            let path = path.iter().map(|name| (*name).to_owned()).collect();
            Err(Defect { fault, line, column, path })
        };
        for (text, expected) in [
            ("{\n  \"a\": 1,\n}", defect(Rejection::Syntax, 3, 1, &[])),
            ("{\n  \"a\": tru\n}", defect(Rejection::Syntax, 3, 1, &[])),
            ("", defect(Rejection::Syntax, 1, 1, &[])),
            ("{} x", defect(Rejection::Syntax, 1, 4, &[])),
            ("[]", defect(Rejection::NotAnObject, 1, 1, &[])),
            ("{\"a\":1,\n\"a\":2}", defect(Rejection::DuplicateMember, 2, 6, &["a"])),
            (
                "{\"x\":{\"y\":1},\"a\":{\"b\":[0,{\"c\":1,\"c\":1}]}}",
                defect(Rejection::DuplicateMember, 1, 38, &["a", "b", "1", "c"]),
            ),
        ] {
            assert_eq!(written(text), expected, "{text}");
        }
        assert_eq!(written(r#"{"a":[{"b":1},{"b":1}]}"#), Ok(object(br#"{"a":[{"b":1},{"b":1}]}"#).unwrap()));
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
