//! Writing JSON, as `serde_json` writes it, to the byte.
//!
//! `serde_json` looks at each byte by itself, at those of a field's name too, and writes a text in many small pieces. In a sandbox
//! each turn of a loop and each copy has a price of its own: here eight bytes are looked at in one turn, and no field's name.

use std::fmt;

use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use serde_json::Number;

use crate::eight;

/// Room for most documents, in bytes: a text that outgrows its room is copied.
const USUAL_LENGTH: usize = 1024;

/// Writes a value as JSON: of objects, lists, texts, numbers and what `serde_json` makes of an enum without fields or with one.
/// Names of a map are texts.
#[must_use]
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = Vec::with_capacity(USUAL_LENGTH);
    // These are always written; an empty text would be refused when it's read.
    match value.serialize(Writer(&mut text)) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(fmt::Error) => String::new(),
    }
}

/// Bytes: to push one of them is less work than to push a character.
struct Writer<'a>(&'a mut Vec<u8>);

/// A list or an object, in the middle.
struct Compound<'a> {
    text: &'a mut Vec<u8>,
    is_empty: bool,
    /// What closes it.
    end: u8,
}

type Unused = Impossible<(), fmt::Error>;

impl<'a> Writer<'a> {
    fn literal(self, literal: &str) -> fmt::Result {
        self.0.extend_from_slice(literal.as_bytes());
        Ok(())
    }

    fn open(self, bracket: u8, end: u8) -> Compound<'a> {
        self.0.push(bracket);
        Compound { text: self.0, is_empty: true, end }
    }

    /// A name that is a Rust identifier, in whatever case.
    fn name(&mut self, name: &'static str) {
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'"');
        self.0.push(b':');
    }
}

impl Compound<'_> {
    fn next(&mut self) -> Writer<'_> {
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
        Writer(self.text)
    }

    fn close(self) -> fmt::Result {
        self.text.push(self.end);
        Ok(())
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeTuple = Unused;
    type SerializeTupleStruct = Unused;
    type SerializeTupleVariant = Unused;
    type SerializeStructVariant = Unused;

    fn serialize_str(self, text: &str) -> fmt::Result {
        self.0.push(b'"');
        if is_plain(text) {
            self.0.extend_from_slice(text.as_bytes())
        } else {
            self.0.extend_from_slice(escaped(text).as_bytes())
        }
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> fmt::Result {
        self.literal(if value { "true" } else { "false" })
    }

    fn serialize_u64(self, value: u64) -> fmt::Result {
        self.literal(&value.to_string())
    }

    fn serialize_i64(self, value: i64) -> fmt::Result {
        self.literal(&value.to_string())
    }

    fn serialize_f64(self, value: f64) -> fmt::Result {
        match Number::from_f64(value) {
            Some(number) => self.literal(&number.to_string()),
            None => self.serialize_unit(),
        }
    }

    fn serialize_u8(self, value: u8) -> fmt::Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> fmt::Result {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> fmt::Result {
        self.serialize_u64(value.into())
    }

    fn serialize_i8(self, value: i8) -> fmt::Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> fmt::Result {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> fmt::Result {
        self.serialize_i64(value.into())
    }

    fn serialize_f32(self, _: f32) -> fmt::Result {
        Err(fmt::Error)
    }

    fn serialize_char(self, _: char) -> fmt::Result {
        Err(fmt::Error)
    }

    fn serialize_bytes(self, _: &[u8]) -> fmt::Result {
        Err(fmt::Error)
    }

    fn serialize_unit(self) -> fmt::Result {
        self.literal("null")
    }

    fn serialize_none(self) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_unit_struct(self, _: &'static str) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> fmt::Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> fmt::Result {
        let mut object = self.open(b'{', b'}');
        object.serialize_field(variant, value)?;
        object.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, fmt::Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, fmt::Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, fmt::Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Unused, fmt::Error> {
        Err(fmt::Error)
    }
}

impl SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        value.serialize(self.next())
    }

    fn end(self) -> fmt::Result {
        self.close()
    }
}

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> fmt::Result {
        name.serialize(self.next())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.text.push(b':');
        value.serialize(Writer(self.text))
    }

    fn end(self) -> fmt::Result {
        self.close()
    }
}

impl SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> fmt::Result {
        let mut writer = self.next();
        writer.name(name);
        value.serialize(writer)
    }

    fn end(self) -> fmt::Result {
        self.close()
    }
}

/// Whether nothing in it has to be escaped (RFC 8259 section 7).
fn is_plain(text: &str) -> bool {
    eight::all(text, |eight| !(eight.within(0, 0x1f) | eight.within(b'"', b'"') | eight.within(b'\\', b'\\')))
}

fn escaped(text: &str) -> String {
    let mut json = String::new();
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\t' => json.push_str("\\t"),
            '\n' => json.push_str("\\n"),
            '\u{c}' => json.push_str("\\f"),
            '\r' => json.push_str("\\r"),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Choice {
        Nothing,
        OneOf(Vec<&'static str>),
    }

    #[derive(Serialize)]
    struct Whole {
        number: u64,
        negative: i64,
        small: (u8, u16, u32, i8, i16, i32),
    }

    #[derive(Serialize)]
    struct Document {
        first: Option<u32>,
        second: Option<bool>,
        choices: Vec<Choice>,
        empty: Vec<u8>,
        fraction: f64,
        no_number: f64,
        value: Value,
        unit: (),
        least: i64,
    }

    #[test]
    fn a_document_is_written_as_serde_json_writes_it() {
        let document = Document {
            first: Some(1),
            second: None,
            choices: vec![Choice::Nothing, Choice::OneOf(vec!["a", "b\n"]), Choice::OneOf(Vec::new())],
            empty: Vec::new(),
            fraction: 1e300,
            no_number: f64::NAN,
            value: json!({"z": [], "a": {}, "m": [1, [true, null], {"\"": -0.5}]}),
            unit: (),
            least: i64::MIN,
        };
        assert_eq!(text(&document), serde_json::to_string(&document).unwrap());
    }

    #[test]
    fn what_no_document_has_is_not_written() {
        let whole = Whole { number: 1, negative: -1, small: (1, 1, 1, 1, 1, 1) };
        assert_eq!(text(&whole), "");
        assert_eq!([text(&'c'), text(&1.0_f32)], ["", ""]);
    }

    #[test]
    fn each_byte_is_escaped_as_serde_json_escapes_it_wherever_it_stands() {
        for byte in 0..=0x7f_u8 {
            for length in 0..20 {
                for place in 0..=length {
                    let padded =
                        [&"é".repeat(place), char::from(byte).to_string().as_str(), &"~".repeat(length - place)].concat();
                    let plain = [&"a".repeat(place), char::from(byte).to_string().as_str(), &"~".repeat(length - place)].concat();
                    for string in [padded, plain] {
                        assert_eq!(text(&string), serde_json::to_string(&string).unwrap());
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(string in "\\PC*|[ -~]*|[\\x00-\\x22\\\\]*|.*") {
            prop_assert_eq!(text(&string), serde_json::to_string(&string).unwrap());
        }
    }
}
