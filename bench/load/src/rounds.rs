//! All cases by turns, in rounds: a machine whose speed drifts hits all of them alike.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::Extent;
use crate::case::{AT_A_TIME, Case};
use crate::cost::processor_time;
use crate::host::{Host, Login, Returned, each};
use crate::pools::Pools;

/// What the batches of one case took, so many logins at a time.
#[derive(Default)]
pub struct Batches {
    /// Of each batch, for one login.
    processor: Vec<Duration>,
    wall: Vec<Duration>,
    provider: Vec<Duration>,
    store: Vec<Duration>,
    /// Of each login: `begin` and `complete` together.
    logins: Vec<Duration>,
}

/// What so many calls took, all of them together.
struct Took {
    processor: Duration,
    wall: Duration,
}

/// Measures until all rounds are done, or time is up. How many there were.
pub async fn measure(cases: &mut [Case], pools: &mut Pools, extent: &Extent) -> Result<usize> {
    let started = Instant::now();
    for round in 0..extent.rounds {
        if round > 1 && started.elapsed() > extent.time {
            return Ok(round);
        }
        let mut order: Vec<usize> = (0..cases.len()).collect();
        if round % 2 == 1 {
            // Forth and back: what one case leaves in the caches isn't always found by the same one.
            order.reverse();
        }
        for index in order {
            for (which, at_a_time) in AT_A_TIME.into_iter().enumerate() {
                measure_batch(&mut cases[index], which, at_a_time, extent.logins_a_batch, pools).await?;
            }
        }
        eprintln!("round {} of {}, {:.0} s", round + 1, extent.rounds, started.elapsed().as_secs_f64());
    }
    Ok(extent.rounds)
}

async fn measure_batch(case: &mut Case, which: usize, at_a_time: usize, logins: usize, pools: &mut Pools) -> Result<()> {
    let store = case.store_processor_time()?;
    let host = Arc::clone(&case.host);
    let (begun, begins) = timed(vec![(); logins], at_a_time, move |()| Arc::clone(&host).begin()).await?;
    let (begun, times): (Vec<_>, Vec<_>) = begun.into_iter().unzip();
    let returned = return_from_provider(&case.host, begun, at_a_time, pools).await?;

    let provider = pools.processor_time()?;
    let host = Arc::clone(&case.host);
    let (completed, completes) = timed(returned, at_a_time, move |login| Arc::clone(&host).complete(login)).await?;
    let provider = pools.processor_time()?.saturating_sub(provider);
    let store = case.store_processor_time()?.zip(store).map(|(after, before)| after.saturating_sub(before));

    let each = |whole: Duration| whole / u32::try_from(logins).unwrap_or(u32::MAX);
    let batches = &mut case.batches[which];
    batches.processor.push(each(begins.processor + completes.processor));
    batches.wall.push(each(begins.wall + completes.wall));
    batches.provider.push(each(provider));
    batches.store.extend(store.map(each));
    batches.logins.extend(times.iter().zip(&completed).map(|(begin, ((), complete))| *begin + *complete));
    Ok(())
}

/// Logins that nothing is measured of.
pub async fn play(host: &Arc<Host>, logins: usize, at_a_time: usize, pools: &Pools) -> Result<()> {
    let its = Arc::clone(host);
    let begun = each(vec![(); logins], at_a_time, move |()| Arc::clone(&its).begin()).await?;
    let returned = return_from_provider(host, begun, at_a_time, pools).await?;
    let its = Arc::clone(host);
    each(returned, at_a_time, move |login| Arc::clone(&its).complete(login)).await.map(drop)
}

async fn return_from_provider(host: &Arc<Host>, begun: Vec<Login>, at_a_time: usize, pools: &Pools) -> Result<Vec<Returned>> {
    let (host, browser) = (Arc::clone(host), pools.browser().clone());
    each(begun, at_a_time, move |login| Arc::clone(&host).return_from_provider(login, browser.clone())).await
}

async fn timed<T, U, F>(
    items: Vec<T>,
    at_a_time: usize,
    work: impl Fn(T) -> F + Clone + Send + 'static,
) -> Result<(Vec<(U, Duration)>, Took)>
where
    T: Send + 'static,
    U: Send + 'static,
    F: Future<Output = Result<U>> + Send + 'static,
{
    let timed = move |item| {
        let call = work(item);
        async move {
            let since = Instant::now();
            let result = call.await?;
            Ok((result, since.elapsed()))
        }
    };
    let (since, processor) = (Instant::now(), processor_time());
    let done = each(items, at_a_time, timed).await?;
    Ok((done, Took { processor: processor_time().saturating_sub(processor), wall: since.elapsed() }))
}

impl Batches {
    pub fn to_json(&self, at_a_time: usize) -> Value {
        let nanoseconds = |times: &[Duration]| -> Vec<u64> { times.iter().map(|time| whole(*time)).collect() };
        let mut logins = nanoseconds(&self.logins);
        logins.sort_unstable();
        let at = |percent: usize| logins.get(logins.len() * percent / 100).copied();
        json!({
            "at_a_time": at_a_time, "logins": logins.len(), "p50_ns": at(50), "p99_ns": at(99),
            "processor_ns": nanoseconds(&self.processor), "wall_ns": nanoseconds(&self.wall),
            "provider_ns": nanoseconds(&self.provider), "store_ns": nanoseconds(&self.store),
        })
    }
}

fn whole(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
