//! What the cost of a login has grown to, from one case to another.

use anyhow::{Context, Result};

use super::case::{Case, least};
use crate::measuring::thousands;

/// What the cost of a login may grow to, from the first case to the last.
pub(super) const GOAL: f64 = 1.3;

/// The last case divided by the first.
pub(super) struct Ratio {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) minima: f64,
    /// Of the quotients of each round the median, where there is a figure of each round.
    pub(super) medians: Option<f64>,
}

impl Ratio {
    pub(super) fn of_logins(name: &str, first: &Case, last: &Case) -> Result<Vec<Self>> {
        let about = |what: &str| format!("{} ÷ {}: {what}", last.about(), thousands(first.pending));
        let of_batches = |which: &str, what: &str, of: &[f64], to: &[f64]| -> Result<Self> {
            let minima = least(of).zip(least(to)).map(|(of, to)| of / to).context("no batch")?;
            let quotients = of.iter().zip(to).map(|(of, to)| of / to);
            Ok(Self { name: format!("{name}/{which}"), about: about(what), minima, medians: Some(median(quotients.collect())?) })
        };
        Ok(vec![
            of_batches("processor", "processor time", &last.one.processor, &first.one.processor)?,
            of_batches("processor_of_eight", "the same, eight at a time", &last.eight.processor, &first.eight.processor)?,
            of_batches("duration", "duration", &last.one.wall, &first.one.wall)?,
        ])
    }

    /// Of the cases with most pending, of one tenant and of many. Host and store together: in memory one has all of it, over a
    /// store the other.
    pub(super) fn of_bytes(name: &str, one: &Case, many: &Case) -> Result<Self> {
        let all = |case: &Case| case.bytes.map(|bytes| (bytes + case.store_bytes.unwrap_or_default()) as f64);
        let (one_bytes, many_bytes) = all(one).zip(all(many)).context("no bytes of the cases with most pending")?;
        let about = format!("{} ÷ {} of one: memory a login", many.about(), thousands(one.pending));
        Ok(Self { name: format!("{name}/bytes"), about, minima: many_bytes / one_bytes.max(1.0), medians: None })
    }
}

fn median(mut list: Vec<f64>) -> Result<f64> {
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied().context("no round")
}
