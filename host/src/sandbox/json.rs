//! JSON that is looked through and not built: whether a text is well-formed is all that the host wants to know of a variable.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Any JSON value, of which nothing is kept. Unlike `serde::de::IgnoredAny` it reads each text: an escape of half a surrogate pair is none
/// that a later reader takes (RFC 8259 8.2).
pub(super) struct WellFormed;

impl<'de> Deserialize<'de> for WellFormed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for WellFormed {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_reader_takes_is_well_formed_and_nothing_else() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1e300",
            r#""\ud83d\ude00""#,
            r#"{"a":[{"b":null},"c"]}"#,
            " 1 ",
            &deep(100),
        ] {
            assert!(serde_json::from_str::<WellFormed>(text).is_ok(), "{text}");
        }
        for text in
            ["", "nul", "1 2", "[1,]", r#"{"a"}"#, r#""\ud83d""#, r#"{"\ud83d":1}"#, "1e999", "\"\u{1}\"", "{1:2}", &deep(200)]
        {
            assert!(serde_json::from_str::<WellFormed>(text).is_err(), "{text}");
        }
    }
}
