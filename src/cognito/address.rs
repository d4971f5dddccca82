//! A postal address, from whatever a pool holds: a text, the standard's object, or that object as JSON text.

use serde::Serialize;
use serde_json::Value;

use crate::json::{self, Object};

/// A postal address (OpenID Connect Core 5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Address {
    /// The whole of it, to be shown or printed; may have several lines.
    pub formatted: Option<String>,
    /// Street, house number and the like; may have several lines.
    pub street_address: Option<String>,
    /// City.
    pub locality: Option<String>,
    /// State, province or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

impl Address {
    /// Reads the claim `address`; none where it tells nothing.
    ///
    /// Cognito has one text for it, and passes it on in `formatted`. Whoever keeps the standard's object there keeps it as JSON
    /// text.
    #[must_use]
    pub fn read(claim: &Value) -> Option<Self> {
        let mut address = Self::default();
        address.fill(claim, MAX_LAYERS);
        (address != Self::default()).then_some(address)
    }

    /// What stands innermost was said of the address first, and goes first; the layers around it fill in what is missing.
    fn fill(&mut self, claim: &Value, layers: u32) {
        match claim {
            Value::String(text) => match Text::read(text) {
                Text::Plain => self.formatted = self.formatted.take().or_else(|| Some(text.clone())),
                Text::Object(object) if layers > 0 => self.fill(&Value::Object(object), layers.saturating_sub(1)),
                Text::Object(_) | Text::Nothing => {}
            },
            Value::Object(object) => {
                if let Some(formatted @ Value::String(_)) = object.get("formatted") {
                    self.fill(formatted, layers);
                }
                for (member, name) in [
                    (&mut self.street_address, "street_address"),
                    (&mut self.locality, "locality"),
                    (&mut self.region, "region"),
                    (&mut self.postal_code, "postal_code"),
                    (&mut self.country, "country"),
                ] {
                    let text = object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
                    *member = member.take().or_else(|| text.map(str::to_owned));
                }
            }
            _ => {}
        }
    }
}

/// JSON texts within each other that are read: an object's `formatted`, and once more for whoever encodes the whole claim.
const MAX_LAYERS: u32 = 2;

/// What a text is.
enum Text {
    /// Itself.
    Plain,
    /// An object, as JSON text.
    Object(Object),
    /// Empty, or what looks like JSON and can't be read: nobody's address.
    Nothing,
}

impl Text {
    fn read(text: &str) -> Self {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Self::Nothing;
        }
        let looks_like_json =
            (trimmed.starts_with('{') && trimmed.ends_with('}')) || (trimmed.starts_with('[') && trimmed.ends_with(']'));
        if !looks_like_json {
            return Self::Plain;
        }
        json::object(trimmed.as_bytes()).map_or(Self::Nothing, Self::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json::object as json_object;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(claim: &Value) -> Option<[Option<String>; 6]> {
        let Address { formatted, street_address, locality, region, postal_code, country } = Address::read(claim)?;
        Some([formatted, street_address, locality, region, postal_code, country])
    }

    #[test]
    fn an_address_comes_from_a_text_an_object_or_an_objects_text() {
        let parts =
            json!({"street_address": "1 Street", "locality": "London", "region": "X", "postal_code": "N1", "country": "GB"});
        let whole = |formatted: Option<&str>| {
            Some(
                [formatted, Some("1 Street"), Some("London"), Some("X"), Some("N1"), Some("GB")]
                    .map(|text| text.map(str::to_owned)),
            )
        };
        let alone = |text: &str| Some([Some(text.to_owned()), None, None, None, None, None]);
        let country = Some([None, None, None, None, None, Some("GB".to_owned())]);
        let mut formatted = parts.clone();
        formatted["formatted"] = json!("1 Street\nLondon");
        for (claim, expected) in [
            (json!("1 Street, London"), alone("1 Street, London")),
            (json!({"formatted": "1 Street, London"}), alone("1 Street, London")),
            (parts.clone(), whole(None)),
            (formatted.clone(), whole(Some("1 Street\nLondon"))),
            (json!(parts.to_string()), whole(None)),
            (json!({"formatted": parts.to_string()}), whole(None)),
            (json!({"formatted": formatted.to_string()}), whole(Some("1 Street\nLondon"))),
            (json!(json!({"formatted": parts.to_string()}).to_string()), whole(None)),
            (json!({"formatted": r#"{"country":"GB"}"#, "country": "US"}), country.clone()),
            (json!({"formatted": "{\"street_address\":null,\"country\":\"GB\"}", "unknown": 1}), country),
            (json!("[Annex] 1 Street"), alone("[Annex] 1 Street")),
            (json!({"formatted": 7, "postal_code": 12345}), None),
            (json!({"formatted": "{\"country\":\"GB\",\"country\":\"US\"}"}), None),
            (json!("{not JSON}"), None),
            (json!("[1]"), None),
            (json!("  "), None),
            (json!(""), None),
            (json!({}), None),
            (json!([]), None),
            (json!(7), None),
            (json!(null), None),
        ] {
            assert_eq!(read(&claim), expected, "{claim}");
        }
    }

    proptest! {
        #[test]
        fn no_member_is_empty_or_an_objects_text(
            claim in json_object(&["formatted", "street_address", "country"]), inner in json_object(&["formatted", "country"]), layers in 0..4
        ) {
            let mut claim = Value::Object(claim);
            for layer in 0..layers {
                claim["formatted"] = json!(if layer == 0 { json!(inner.clone()).to_string() } else { claim.to_string() });
            }
            let address = Address::read(&claim).unwrap_or_default();
            let Address { formatted, street_address, locality, region, postal_code, country } = address;
            prop_assert!(formatted.is_none_or(|text| !text.trim().is_empty() && json::object(text.trim().as_bytes()).is_err()));
            for text in [street_address, locality, region, postal_code, country].into_iter().flatten() {
                prop_assert!(!text.is_empty());
            }
        }
    }
}
