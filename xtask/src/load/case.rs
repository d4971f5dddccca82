//! A case of one run: a host with so many logins pending, and what a login took there.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::measuring::{rounded, thousands};

/// In place of a figure that isn't there.
const NONE: &str = "–";

/// A host over one store, with so many logins pending of so many tenants.
pub(super) struct Case {
    pub(super) store: String,
    pub(super) pending: u64,
    pub(super) tenants: u64,
    /// Of the host's memory; none where so few logins don't show in it.
    pub(super) bytes: Option<u64>,
    /// Of the store's memory.
    pub(super) store_bytes: Option<u64>,
    pub(super) one: Batches,
    pub(super) eight: Batches,
}

/// So many logins at a time. Times in nanoseconds, for each login.
pub(super) struct Batches {
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Of each batch.
    pub(super) processor: Vec<f64>,
    pub(super) wall: Vec<f64>,
    provider: Vec<f64>,
    store: Vec<f64>,
}

impl Case {
    pub(super) fn read(case: &Value) -> Result<Self> {
        let number = |name: &str| case[name].as_u64().with_context(|| format!("a case has no {name}"));
        let batches = |at_a_time: u64| -> Result<Batches> {
            let all = case["batches"].as_array().context("a case has no batches")?;
            let of = all.iter().find(|batches| batches["at_a_time"] == at_a_time);
            Batches::read(of.with_context(|| format!("a case has no batches of {at_a_time} at a time"))?)
        };
        Ok(Self {
            store: case["store"].as_str().context("a case has no store")?.to_owned(),
            pending: number("pending")?,
            tenants: number("tenants")?,
            bytes: case["bytes_a_pending_login"].as_u64(),
            store_bytes: case["store_bytes_a_pending_login"].as_u64(),
            one: batches(1)?,
            eight: batches(8)?,
        })
    }

    /// In a few words.
    pub(super) fn about(&self) -> String {
        let store = if self.store == "redis" { "over Redis" } else { "in memory" };
        match self.tenants {
            1 => format!("{store}, {} pending", thousands(self.pending)),
            tenants => format!("{store}, {} pending of as many tenants", thousands(tenants)),
        }
    }

    /// Milliseconds of a login: processor, p50, p99, the provider's processor, the store's.
    pub(super) fn one_at_a_time(&self) -> [String; 5] {
        let [processor, p50, p99] = self.one.milliseconds();
        [processor, p50, p99, least_milliseconds(&self.one.provider), least_milliseconds(&self.one.store)]
    }

    /// Milliseconds of a login: processor, p50, p99; logins a second.
    pub(super) fn eight_at_a_time(&self) -> [String; 4] {
        let [processor, p50, p99] = self.eight.milliseconds();
        [processor, p50, p99, format!("{:.0}", self.eight.logins_a_second())]
    }

    /// Bytes for each pending login: the host's, the store's.
    pub(super) fn kept(&self) -> [String; 2] {
        [self.bytes, self.store_bytes].map(|bytes| bytes.map_or_else(|| NONE.to_owned(), thousands))
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "store": self.store, "pending": self.pending, "tenants": self.tenants, "bytes_a_pending_login": self.bytes,
            "store_bytes_a_pending_login": self.store_bytes, "one_at_a_time": self.one.json(), "eight_at_a_time": self.eight.json(),
        })
    }
}

impl Batches {
    fn read(batches: &Value) -> Result<Self> {
        let number = |name: &str| batches[name].as_f64().with_context(|| format!("batches have no {name}"));
        let list = |name: &str| -> Result<Vec<f64>> {
            let list = batches[name].as_array().with_context(|| format!("batches have no {name}"))?;
            Ok(list.iter().filter_map(Value::as_f64).collect())
        };
        let read = Self {
            p50: number("p50_ns")?,
            p99: number("p99_ns")?,
            processor: list("processor_ns")?,
            wall: list("wall_ns")?,
            provider: list("provider_ns")?,
            store: list("store_ns")?,
        };
        let is_measured = |times: &[f64]| !times.is_empty() && times.iter().all(|time| *time > 0.0);
        ensure!(is_measured(&read.processor) && is_measured(&read.wall), "batches that took no time");
        Ok(read)
    }

    pub(super) fn least_processor(&self) -> Result<f64> {
        least(&self.processor).context("no batch")
    }

    /// Processor, p50, p99.
    fn milliseconds(&self) -> [String; 3] {
        [least_milliseconds(&self.processor), milliseconds(self.p50), milliseconds(self.p99)]
    }

    /// In the fastest batch.
    fn logins_a_second(&self) -> f64 {
        least(&self.wall).map_or(0.0, |wall| 1e9 / wall)
    }

    fn json(&self) -> Value {
        let whole = |list: &[f64]| least(list).map(|time| time as u64);
        json!({
            "processor_ns": whole(&self.processor), "p50_ns": self.p50, "p99_ns": self.p99,
            "logins_a_second": rounded(self.logins_a_second()), "provider_ns": whole(&self.provider), "store_ns": whole(&self.store),
        })
    }
}

fn milliseconds(time: f64) -> String {
    format!("{:.2}", time / 1e6)
}

fn least_milliseconds(list: &[f64]) -> String {
    least(list).map_or_else(|| NONE.to_owned(), milliseconds)
}

pub(super) fn least(list: &[f64]) -> Option<f64> {
    list.iter().copied().reduce(f64::min)
}
