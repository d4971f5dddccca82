//! The host's clock, by the provider's. Whoever is a minute off refuses good tokens.

use super::finding::{Check, Finding, Status};
use crate::host::Response;
use crate::oidc::{CLOCK_TOLERANCE, http_date};
use crate::step::error::{Code, Failure};

/// By how much the provider's clock is known to differ. Of several responses the nearest counts: one that a proxy kept is older
/// than it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drift(Option<Seconds>);

/// How far the host is ahead, or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seconds {
    Ahead(u64),
    Behind(u64),
}

impl Seconds {
    fn count(self) -> u64 {
        let (Self::Ahead(seconds) | Self::Behind(seconds)) = self;
        seconds
    }
}

impl Drift {
    /// Looks at a response that was asked for and arrived at these times, in seconds since 1970.
    pub fn note(&mut self, asked_at: u64, arrived_at: u64, response: &Response) {
        let Some(date) = http_date::of(response) else { return };
        let drift = match date {
            earlier if earlier < asked_at => Seconds::Ahead(asked_at.saturating_sub(earlier)),
            later => Seconds::Behind(later.saturating_sub(arrived_at)),
        };
        if self.0.is_none_or(|known| drift.count() < known.count()) {
            self.0 = Some(drift);
        }
    }

    /// More than a login tolerates is a failure.
    #[must_use]
    pub fn finding(self) -> Finding {
        let (seconds, direction) = match self.0 {
            None => {
                return Finding::new(Check::Clock, Status::Unknown, "no response told the provider's time");
            }
            Some(drift) if drift.count() <= CLOCK_TOLERANCE => {
                return Finding::new(Check::Clock, Status::Passed, "the host's clock is right within 60 s");
            }
            Some(Seconds::Ahead(seconds)) => (seconds, "ahead of"),
            Some(Seconds::Behind(seconds)) => (seconds, "behind"),
        };
        let expected = format!("the host's clock is {seconds} s {direction} the provider's");
        Finding::of(Check::Clock, Status::Failed, Failure::from(Code::IdTokenIssuedAt).expecting(expected))
            .remedied("the host: synchronise its clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;

    /// 1,800,000,000 s since 1970.
    const DATE: &str = "Fri, 15 Jan 2027 08:00:00 GMT";

    fn drift(times: &[(u64, u64)]) -> (Status, String) {
        let mut drift = Drift::default();
        for (asked_at, arrived_at) in times {
            let mut response = response(200, "", "");
            response.headers.push(("date".into(), DATE.into()));
            drift.note(1_800_000_000 + asked_at - 1000, 1_800_000_000 + arrived_at - 1000, &response);
        }
        let finding = drift.finding();
        (finding.status, finding.message.into_owned())
    }

    #[test]
    fn a_minute_is_tolerated_and_a_second_more_is_not() {
        for (asked_at, arrived_at, status, told) in [
            (1000, 1000, Status::Passed, "right within 60 s"),
            (990, 1010, Status::Passed, "right within 60 s"),
            (1060, 1060, Status::Passed, "right within 60 s"),
            (940, 940, Status::Passed, "right within 60 s"),
            (1061, 1062, Status::Failed, "61 s ahead of"),
            (930, 939, Status::Failed, "61 s behind"),
        ] {
            let (found, message) = drift(&[(asked_at, arrived_at)]);
            assert!(found == status && message.contains(told), "{asked_at} to {arrived_at}: {message}");
        }
    }

    #[test]
    fn the_nearest_response_counts_and_without_one_nothing_is_known() {
        assert_eq!(drift(&[(2000, 2000), (1000, 1001), (500, 500)]).0, Status::Passed);
        assert!(drift(&[(1500, 1500), (1300, 1300)]).1.contains("300 s ahead"));
        assert_eq!(drift(&[]).0, Status::Unknown);
        let mut silent = Drift::default();
        silent.note(0, u64::MAX, &response(200, "", ""));
        assert_eq!(silent.finding().status, Status::Unknown);
    }
}
