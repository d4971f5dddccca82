//! Single attributes, held to what they are called: a pool's mapping copies whatever an identity provider sent.
//!
//! Whatever isn't of the form is none: the next step stores what it is given, and a guess is worse than nothing.

use serde_json::Value;
use url::Url;

use crate::json;

/// Seconds since 1970 beyond which there is no date (year 9999).
const MAX_DATE: u64 = 253_402_300_799;

/// A web address: `http` or `https`, with a host and without user information. As it was written where that was ASCII.
#[must_use]
pub fn web_address(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let is_written_as_one =
        !text.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\');
    let (scheme, rest) = text.split_once("://")?;
    let is_of_the_web = ["http", "https"].iter().any(|web| web.eq_ignore_ascii_case(scheme)) && !rest.starts_with('/');
    if !is_written_as_one || !is_of_the_web {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_sound = url.has_host() && url.username().is_empty() && url.password().is_none();
    is_sound.then(|| if text.is_ascii() { text.to_owned() } else { url.into() })
}

/// A picture's address; Facebook's comes as an object, mostly as its JSON text: `{"data":{"url":"https://…"}}`.
#[must_use]
pub fn picture(value: &Value) -> Option<String> {
    let parsed;
    let object = match value {
        Value::String(text) if text.trim_start().starts_with('{') => {
            parsed = json::value(text.as_bytes()).ok()?;
            &parsed
        }
        Value::Object(_) => value,
        other => return web_address(other),
    };
    web_address(object.get("data")?.get("url")?)
}

/// A birth date (OpenID Connect Core 5.1): `YYYY-MM-DD`, `0000-MM-DD` for one without its year, or `YYYY` alone; a day of the
/// calendar.
#[must_use]
pub fn birthdate(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let number = |part: &str, digits: usize| {
        let is_one = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        is_one.then(|| part.parse::<u32>().ok()).flatten()
    };
    let parts: Vec<&str> = text.split('-').collect();
    let is_date = match parts.as_slice() {
        [year] => number(year, 4).is_some_and(|year| year > 0),
        [year, month, day] => {
            let days = number(year, 4).zip(number(month, 2)).and_then(|(year, month)| days(year, month));
            number(day, 2).zip(days).is_some_and(|(day, days)| (1..=days).contains(&day))
        }
        _ => false,
    };
    is_date.then(|| text.to_owned())
}

/// Gregorian; a year that isn't told may have been a leap year.
fn days(year: u32, month: u32) -> Option<u32> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if is_leap { 29 } else { 28 }),
        _ => None,
    }
}

/// A time in seconds since 1970, from a number or its text; fractions are cut off.
#[must_use]
pub fn seconds(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?))?,
        _ => return None,
    };
    (seconds <= MAX_DATE).then_some(seconds)
}

fn whole(seconds: f64) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (0.0..1e12).contains(&seconds).then_some(seconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_web_address_is_one_of_http_or_https() {
        for (text, expected) in [
            ("https://example.com/ada.png", Some("https://example.com/ada.png")),
            ("http://example.com", Some("http://example.com")),
            ("HTTPS://Example.com/A", Some("HTTPS://Example.com/A")),
            ("https://example.com/#me", Some("https://example.com/#me")),
            ("https://example.com/ä", Some("https://example.com/%C3%A4")),
            ("javascript:alert(1)", None),
            ("data:image/png;base64,AA==", None),
            ("ftp://example.com/a", None),
            ("//example.com/a", None),
            ("example.com", None),
            ("https:example.com", None),
            ("https:///example.com", None),
            ("https://", None),
            ("https://user@example.com/", None),
            ("https://user:password@example.com/", None),
            ("https://example.com\\@evil.example/", None),
            (" https://example.com/", None),
            ("https://example.com/a b", None),
            ("java\nscript:https://example.com", None),
            ("", None),
        ] {
            assert_eq!(web_address(&json!(text)).as_deref(), expected, "{text}");
        }
        assert_eq!(web_address(&json!(["https://example.com"])), None);
    }

    #[test]
    fn facebooks_picture_is_unpacked() {
        let data =
            json!({"data": {"height": 50, "is_silhouette": false, "url": "https://example.com/p.jpg?a=1&b=2", "width": 50}});
        for value in [data.clone(), json!(data.to_string())] {
            assert_eq!(picture(&value).as_deref(), Some("https://example.com/p.jpg?a=1&b=2"));
        }
        assert_eq!(picture(&json!("https://example.com/p.jpg")).as_deref(), Some("https://example.com/p.jpg"));
        for value in [
            json!({"data": {"url": "javascript:alert(1)"}}),
            json!({"data": {"url": "data:image/png,x"}}),
            json!({"data": {}}),
            json!({"url": "https://example.com"}),
            json!("{\"data\":{\"url\":\"https://example.com\"}"),
            json!("{}"),
            json!([]),
            json!(7),
            json!(null),
        ] {
            assert_eq!(picture(&value), None, "{value}");
        }
    }

    #[test]
    fn a_birth_date_is_a_day_of_the_calendar_or_a_year() {
        for text in ["1815-12-10", "2000-02-29", "2024-02-29", "0000-12-10", "0000-02-29", "1815", "0001-01-01", "9999-12-31"] {
            assert_eq!(birthdate(&json!(text)).as_deref(), Some(text));
        }
        for text in [
            "12/10/1815",
            "10.12.1815",
            "10-12-1815",
            "1815/12/10",
            "18151210",
            "1815-12",
            "1815-13-01",
            "1815-00-10",
            "1815-12-00",
            "1815-12-32",
            "1815-04-31",
            "1900-02-29",
            "2023-02-29",
            "1815-1-1",
            "15-12-10",
            "0000",
            "0000-00-00",
            "1815-12-10T00:00:00Z",
            " 1815-12-10",
            "1815-12-1o",
            "١٨١٥",
            "+181",
            "",
        ] {
            assert_eq!(birthdate(&json!(text)), None, "{text}");
        }
        assert_eq!(birthdate(&json!(1815)), None);
    }

    #[test]
    fn a_time_is_seconds_as_a_number_or_text() {
        for (value, expected) in [
            (json!(1_700_000_000), Some(1_700_000_000)),
            (json!("1700000000"), Some(1_700_000_000)),
            (json!(1_700_000_000.9), Some(1_700_000_000)),
            (json!(0), Some(0)),
            (json!(1_700_000_000_000_u64), None),
            (json!("1700000000000"), None),
            (json!("2024-01-01T00:00:00Z"), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!(""), None),
            (json!(true), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_told_is_what_it_is_called(
            text in "(https?|javascript|data|ftp):?/{0,3}([a-z]{1,3}(:[a-z])?@)?[a-zä.]{0,9}[/?#]?[ -~]{0,8}|[0-9]{0,4}[-/.][0-9]{0,4}[-/.][0-9]{0,4}|[0-9]{0,12}|\\PC*"
        ) {
            for url in [web_address(&json!(text)), picture(&json!({"data": {"url": text}}))].into_iter().flatten() {
                let parsed = Url::parse(&url).unwrap();
                prop_assert!(matches!(parsed.scheme(), "http" | "https") && parsed.has_host() && url.is_ascii(), "{}", url);
                prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
            }
            if let Some(date) = birthdate(&json!(text)) {
                prop_assert!(date.len() == 4 || (date.len() == 10 && date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-'), "{}", date);
            }
            if let Some(time) = seconds(&json!(text)) {
                prop_assert!(time <= 253_402_300_799);
            }
        }
    }
}
