//! The `Date` of a response (RFC 9110 6.6.1): when the provider's own clock says that it answered.

use crate::host::Response;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SECONDS_A_DAY: u64 = 86_400;

/// Seconds since 1970, where the response says so in the form that every server sends (IMF-fixdate, RFC 9110 5.6.7). What a cache
/// has kept meanwhile is added (`Age`, RFC 9111 5.1).
#[must_use]
pub fn of(response: &Response) -> Option<u64> {
    let date = parse(response.header("date")?)?;
    let age = match response.header("age") {
        None => 0,
        Some(age) => age.parse::<u32>().ok()?,
    };
    Some(date.saturating_add(u64::from(age)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn parse(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next() != Some("GMT") || parts.next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == month)?;
    let (day, year) = (number(day, 2)?, number(year, 4)?);
    let mut clock = time.split(':');
    let (hour, minute, second) = (number(clock.next()?, 2)?, number(clock.next()?, 2)?, number(clock.next()?, 2)?);
    let is_sound = (1..=31).contains(&day) && year >= 1970 && hour < 24 && minute < 60 && second <= 60 && clock.next().is_none();
    let days = is_sound.then(|| days_until(year, month)?.checked_add(day.checked_sub(1)?))??;
    let of_day = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    days.checked_mul(SECONDS_A_DAY)?.checked_add(of_day)
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970 to the first of a month, of the Gregorian calendar.
fn days_until(year: u64, month: usize) -> Option<u64> {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let leap_years = (1970..year).filter(|year| is_leap(*year)).count();
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let of_year: u64 = lengths.iter().take(month).sum();
    year.checked_sub(1970)?.checked_mul(365)?.checked_add(u64::try_from(leap_years).ok()?)?.checked_add(of_year)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;
    use proptest::prelude::*;

    #[test]
    fn a_date_is_read_in_the_form_that_servers_send() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
            ("Fri, 15 Jan 2027 08:00:00 GMT", Some(1_800_000_000)),
            ("Fri, 31 Dec 9999 23:59:60 GMT", Some(253_402_300_800)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT ", None),
            ("Sun, 6 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1969 08:49:37 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_cache_has_kept_is_as_much_older() {
        let with = |age: Option<&str>| {
            let mut response = response(200, "", "");
            response.headers.push(("date".into(), "Fri, 15 Jan 2027 08:00:00 GMT".into()));
            response.headers.extend(age.map(|age| ("age".to_owned(), age.to_owned())));
            of(&response)
        };
        assert_eq!(with(None), Some(1_800_000_000));
        assert_eq!(with(Some("90")), Some(1_800_000_090));
        assert_eq!(with(Some("soon")), None);
        assert_eq!(of(&response(200, "", "")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([A-Z][a-z]{2}, )?[0-9]{1,3} (Jan|Dec|\\PC{1,3}) [0-9]{1,5} [0-9:]{0,9} (GMT)?\\PC{0,3}") {
            let _ = parse(&text);
        }
    }
}
