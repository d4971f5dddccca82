//! Takes the samples: all rows by turns, in rounds.
//!
//! Criterion and divan measure one benchmark to its end, and then the next. Where the machine's speed drifts by a third within
//! minutes, as that of a virtual machine does, a ratio of two such figures says when each was taken. So each round takes a short
//! batch of every row, one after the other, and a drift hits all of them alike: ratios hold though times don't. The two crates
//! can't be made to interleave, and what they would bring besides (warming up, choosing a batch size, statistics of one row) is
//! the few lines below.

use std::time::{Duration, Instant};

use wasmtime::Result;
use wasmtime::error::Context as _;

/// Something to measure.
pub trait Subject {
    /// Does it so many times, and says how long each time took.
    fn sample(&mut self, times: usize) -> Result<Vec<Duration>>;
}

/// A row of the table.
pub struct Row<'a> {
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    subject: Box<dyn Subject + 'a>,
    /// So many times in each round.
    batch: usize,
    samples: Vec<Duration>,
    /// Of each round.
    medians: Vec<Duration>,
}

/// A row that was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    pub name: &'static str,
    pub about: &'static str,
    pub minimum: Duration,
    pub median: Duration,
    pub p90: Duration,
    pub samples: usize,
    /// The median of each round, for ratios within one round.
    pub medians: Vec<Duration>,
}

impl<'a> Row<'a> {
    pub fn new(name: &'static str, about: &'static str, subject: impl Subject + 'a) -> Self {
        Self { name, about, subject: Box::new(subject), batch: 1, samples: Vec::new(), medians: Vec::new() }
    }
}

/// Measures all rows. `share`: of each round, what one row takes, about.
pub fn measure(mut rows: Vec<Row<'_>>, rounds: usize, share: Duration) -> Result<Vec<Measured>> {
    for row in &mut rows {
        let tried = row.subject.sample(3).with_context(|| row.name)?;
        let fastest = tried.into_iter().min().context("no sample")?.max(Duration::from_nanos(100));
        row.batch = usize::try_from(share.as_nanos() / fastest.as_nanos()).unwrap_or(1).clamp(1, 200);
    }
    let started = Instant::now();
    for round in 1..=rounds {
        for row in &mut rows {
            let mut taken = row.subject.sample(row.batch).with_context(|| row.name)?;
            row.samples.extend(&taken);
            row.medians.push(quantile(&mut taken, 50));
        }
        eprint!("\rround {round} of {rounds}, {:.0} s ", started.elapsed().as_secs_f64());
    }
    eprintln!();
    Ok(rows.into_iter().map(Row::measured).collect())
}

impl Row<'_> {
    fn measured(mut self) -> Measured {
        Measured {
            name: self.name,
            about: self.about,
            minimum: quantile(&mut self.samples, 0),
            median: quantile(&mut self.samples, 50),
            p90: quantile(&mut self.samples, 90),
            samples: self.samples.len(),
            medians: self.medians,
        }
    }
}

/// Of values that are there.
pub fn quantile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    values.get((values.len().saturating_sub(1)) * percent / 100).copied().unwrap_or_default()
}

/// Times a closure.
pub struct Timed<F>(pub F);

impl<R, F: FnMut() -> Result<R>> Subject for Timed<F> {
    fn sample(&mut self, times: usize) -> Result<Vec<Duration>> {
        (0..times)
            .map(|_| {
                let since = Instant::now();
                let done = (self.0)();
                let took = since.elapsed();
                done.map(|_| took)
            })
            .collect()
    }
}
