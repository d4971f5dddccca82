//! The table of one run: what a login took in each case, and the last case divided by the first.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::case::Case;
use super::ratio::{GOAL, Ratio};
use crate::bars::{self, Bar, Scale};
use crate::measuring::{rounded, thousands};

/// What one run measured.
pub(super) struct Table {
    pub(super) rounds: u64,
    pub(super) logins_a_batch: u64,
    pub(super) pools: u64,
    /// Such as `Redis 7.0.15`.
    pub(super) redis: String,
    pub(super) cases: Vec<Case>,
    pub(super) ratios: Vec<Ratio>,
}

impl Table {
    /// Reads what the program `cognito-oidc-load` has written. Of a quick run, what a login keeps isn't compared: so few don't
    /// show in the memory of a process.
    ///
    /// # Errors
    ///
    /// Where a figure is missing, or a case to compare with.
    pub(super) fn read(measured: &Value, is_quick: bool) -> Result<Self> {
        let number = |name: &str| measured[name].as_u64().with_context(|| format!("there is no {name}"));
        let cases = measured["cases"].as_array().context("no cases")?;
        let cases = cases.iter().map(Case::read).collect::<Result<Vec<Case>>>()?;
        let mut ratios = Vec::new();
        for store in ["memory", "redis"] {
            let of_store: Vec<&Case> = cases.iter().filter(|case| case.store == store).collect();
            let of_one: Vec<&&Case> = of_store.iter().filter(|case| case.tenants == 1).collect();
            let [first, .., last] = of_one[..] else {
                anyhow::bail!("expected two cases of one tenant over {store}, and one of many");
            };
            let many =
                of_store.iter().find(|case| case.tenants > 1).with_context(|| format!("no case of many tenants over {store}"))?;
            ratios.extend(Ratio::of_logins(&format!("{store}_pending"), first, last)?);
            ratios.extend(Ratio::of_logins(&format!("{store}_tenants"), first, many)?);
            if !is_quick {
                ratios.push(Ratio::of_bytes(&format!("{store}_tenants"), last, many)?);
            }
        }
        let redis = measured["redis"].as_str().context("there is no redis")?.to_owned();
        Ok(Self {
            rounds: number("rounds")?,
            logins_a_batch: number("logins_a_batch")?,
            pools: number("pools")?,
            redis,
            cases,
            ratios,
        })
    }

    /// For whoever compares runs.
    pub(super) fn json(&self) -> Value {
        let minima = self.ratios.iter().map(|ratio| (ratio.name.clone(), json!(rounded(ratio.minima))));
        let medians = self.ratios.iter().filter_map(|ratio| Some((ratio.name.clone(), json!(rounded(ratio.medians?)))));
        json!({
            "ratios": minima.collect::<Map<_, _>>(),
            "ratios_of_medians": medians.collect::<Map<_, _>>(),
            "cases": self.cases.iter().map(Case::json).collect::<Vec<_>>(),
            "rounds": self.rounds, "logins_a_batch": self.logins_a_batch, "pools": self.pools, "redis": self.redis,
        })
    }

    /// For the terminal.
    pub(super) fn text(&self) -> Result<String> {
        let mut text = format!("{:26}{:^50}{:^40}{:^20}\n", "", "one at a time, ms", "eight at a time, ms", "bytes kept");
        write!(text, "{:<7} {:>8} {:>8} ", "store", "pending", "tenants")?;
        let login = ["processor", "p50", "p99"];
        for column in login.iter().chain(&["provider", "store"]).chain(&login).chain(&["logins/s", "host", "store"]) {
            write!(text, " {column:>9}")?;
        }
        for case in &self.cases {
            write!(text, "\n{:<7} {:>8} {:>8} ", case.store, thousands(case.pending), thousands(case.tenants))?;
            for figure in case.one_at_a_time().iter().chain(&case.eight_at_a_time()).chain(&case.kept()) {
                write!(text, " {figure:>9}")?;
            }
        }
        writeln!(text, "\n\n{:<80} {:>7} {:>8} {:>6}", "ratios, last ÷ first", "minima", "medians", "goal")?;
        for ratio in &self.ratios {
            let medians = ratio.medians.map_or_else(String::new, |medians| format!("{medians:.2}"));
            writeln!(text, "{:<80} {:>7.2} {medians:>8} {GOAL:>6}", ratio.about, ratio.minima)?;
        }
        Ok(text)
    }

    /// The processor time of a login, case by case: equal lengths are what is hoped for.
    pub(super) fn plot(&self) -> Result<String> {
        let bars = self
            .cases
            .iter()
            .map(|case| Ok(Bar { about: case.about(), value: case.one.least_processor()? / 1e6, is_ours: true }));
        let title = "Processor time of a login in each case, in milliseconds: minima of batches, one login at a time";
        bars::svg(title, &bars.collect::<Result<Vec<Bar>>>()?, Scale::Linear)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run of two rounds, in which a login takes as many ms as its case is far down the list, and a tenth of that more in the
    /// second round.
    pub(in super::super) fn sample() -> Value {
        let mut cases = Vec::new();
        for store in ["memory", "redis"] {
            for (case, (pending, tenants)) in [(1, 1), (1000, 1), (10_000, 1), (10_000, 10_000)].into_iter().enumerate() {
                let time = 1_000_000 * (case as u64 + 1);
                let batches = [1, 8].map(|at_a_time| {
                    json!({
                        "at_a_time": at_a_time, "logins": 80, "p50_ns": time, "p99_ns": 2 * time, "processor_ns": [time, time + time / 10],
                        "wall_ns": [time, 2 * time], "provider_ns": [time, time],
                        "store_ns": if store == "redis" { vec![time; 2] } else { Vec::new() },
                    })
                });
                let bytes = (pending >= 1000).then_some(1000 * tenants.min(2));
                cases.push(json!({
                    "store": store, "pending": pending, "tenants": tenants, "bytes_a_pending_login": bytes,
                    "store_bytes_a_pending_login": bytes.filter(|_| store == "redis"), "batches": batches,
                }));
            }
        }
        json!({"rounds": 2, "logins_a_batch": 40, "pools": 16, "redis": "Redis 7.0.15", "cases": cases})
    }

    #[test]
    fn the_ratios_of_the_json_are_the_last_case_divided_by_the_first() {
        let json = Table::read(&sample(), false).unwrap().json();
        for store in ["memory", "redis"] {
            for (name, expected) in [
                ("pending/processor", 3.0),
                ("pending/processor_of_eight", 3.0),
                ("pending/duration", 3.0),
                ("tenants/processor", 4.0),
                ("tenants/processor_of_eight", 4.0),
                ("tenants/duration", 4.0),
                ("tenants/bytes", 2.0),
            ] {
                assert_eq!(json["ratios"][format!("{store}_{name}")], json!(expected), "{store} {name}");
            }
            assert_eq!(json["ratios_of_medians"][format!("{store}_pending/processor")], json!(3.0));
        }
        assert_eq!(json["ratios"].as_object().map(Map::len), Some(14));
        assert_eq!(json["cases"][1]["eight_at_a_time"]["logins_a_second"], json!(500.0));
    }

    #[test]
    fn a_run_without_one_of_its_figures_is_no_table() {
        let without = |change: fn(&mut Value)| {
            let mut run = sample();
            change(&mut run);
            Table::read(&run, false).map(drop).unwrap_err().to_string()
        };
        for (change, expected) in [
            ((|run| run["redis"] = Value::Null) as fn(&mut Value), "there is no redis"),
            (|run| run["cases"] = json!([]), "expected two cases of one tenant over memory, and one of many"),
            (|run| drop(run["cases"].as_array_mut().unwrap().pop()), "no case of many tenants over redis"),
            (|run| drop(run["cases"][0]["batches"].as_array_mut().unwrap().pop()), "a case has no batches of 8 at a time"),
            (|run| run["cases"][2]["bytes_a_pending_login"] = Value::Null, "no bytes of the cases with most pending"),
            (|run| run["cases"][0]["batches"][0]["processor_ns"] = json!([]), "batches that took no time"),
            (|run| run["cases"][0]["batches"][0]["wall_ns"] = json!([0]), "batches that took no time"),
        ] {
            assert_eq!(without(change), expected);
        }
    }

    #[test]
    fn of_a_quick_run_all_but_the_memory_is_compared() {
        let mut run = sample();
        for case in run["cases"].as_array_mut().unwrap() {
            case["bytes_a_pending_login"] = Value::Null;
        }
        let ratios = Table::read(&run, true).unwrap().ratios;
        assert_eq!(ratios.len(), 12);
        assert!(ratios.iter().all(|ratio| !ratio.name.ends_with("/bytes")));
    }

    #[test]
    fn the_text_has_a_line_for_each_case_and_each_ratio_and_all_columns_are_aligned() {
        let table = Table::read(&sample(), false).unwrap();
        let text = table.text().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let (cases, ratios) = lines.split_at(2 + table.cases.len());
        assert_eq!(ratios.len(), 2 + table.ratios.len(), "{text}");
        for lines in [cases, &ratios[1..]] {
            let widths: Vec<usize> = lines.iter().skip(1).map(|line| line.chars().count()).collect();
            assert!(widths.iter().all(|width| width == &widths[0]), "{widths:?} {text}");
        }
        assert!(text.contains("over Redis, 10,000 pending ÷ 1: processor time"), "{text}");
        assert!(text.contains("in memory, 10,000 pending of as many tenants ÷ 1: duration"), "{text}");
    }

    #[test]
    fn the_picture_has_a_bar_for_each_case() {
        let table = Table::read(&sample(), false).unwrap();
        assert_eq!(table.plot().unwrap().matches("<rect ").count(), table.cases.len());
    }
}
