//! The table of one run: rows with their times, ratios to the unit, sizes.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::measuring::rounded;

/// What all else is divided by: `ring` verifying one RS256 signature natively.
const UNIT: &str = "ring";

/// The ratios that have a goal, or none: their name, the two rows, the goal.
pub(super) const RATIOS: [Ratio; 6] = [
    Ratio::new("complete_fresh_warm/openidconnect", "complete_fresh_warm", "openidconnect_complete", Some(1.0)),
    Ratio::new("complete_fresh_warm/openid_client", "complete_fresh_warm", "openid_client_complete", Some(0.5)),
    Ratio::new("host_begin/ring", "host_begin", UNIT, Some(3.0)),
    Ratio::new("begin_used/ring", "begin_used", UNIT, Some(0.4)),
    Ratio::new("instantiate/ring", "instantiate", UNIT, Some(0.6)),
    Ratio::new("signature/ring", "signature", UNIT, None),
];

/// One row divided by another.
pub(super) struct Ratio {
    pub(super) name: &'static str,
    of: &'static str,
    to: &'static str,
    pub(super) goal: Option<f64>,
}

/// What is to be no larger than its goal, in bytes.
pub(super) const SIZES: [(&str, &str, u64); 4] = [
    ("artifact", "bytes", 450_000),
    ("artifact, gzipped", "gzipped_bytes", 180_000),
    ("linear memory of a call", "linear_memory_bytes", 1_250_000),
    ("resident memory of a live instance", "resident_used_bytes", 128 << 10),
];

impl Ratio {
    const fn new(name: &'static str, of: &'static str, to: &'static str, goal: Option<f64>) -> Self {
        Self { name, of, to, goal }
    }
}

/// What one run measured.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    measured: Value,
}

/// Times in nanoseconds.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) minimum: f64,
    pub(super) median: f64,
    pub(super) p90: f64,
    /// Median of each round.
    medians: Vec<f64>,
}

impl Table {
    /// Reads what the program `bench` has written.
    ///
    /// # Errors
    ///
    /// Where a row lacks a figure, or there is no unit.
    pub(super) fn read(measured: Value) -> Result<Self> {
        let rows = measured["rows"].as_array().context("no rows")?;
        let rows: Result<Vec<Row>> = rows.iter().map(|row| Row::read(row).with_context(|| row["name"].to_string())).collect();
        let table = Self { rows: rows?, measured };
        for Ratio { of, to, .. } in &RATIOS {
            table.row(of).and(table.row(to))?;
        }
        for (_, name, _) in SIZES {
            table.number(name)?;
        }
        Ok(table)
    }

    fn row(&self, name: &str) -> Result<&Row> {
        self.rows.iter().find(|row| row.name == name).with_context(|| format!("there is no row {name}"))
    }

    /// One of the figures that aren't rows.
    pub(super) fn number(&self, name: &str) -> Result<u64> {
        self.measured[name].as_u64().with_context(|| format!("there is no {name}"))
    }

    /// How often the unit fits into the row, by their minima.
    pub(super) fn in_units(&self, row: &Row) -> Result<f64> {
        Ok(row.minimum / self.row(UNIT)?.minimum)
    }

    /// Of minima: what each takes where nothing disturbs it.
    pub(super) fn ratio(&self, ratio: &Ratio) -> Result<f64> {
        Ok(self.row(ratio.of)?.minimum / self.row(ratio.to)?.minimum)
    }

    /// Of the medians of one round, and of these quotients the median: what whoever runs both side by side sees.
    pub(super) fn ratio_of_medians(&self, ratio: &Ratio) -> Result<f64> {
        let (of, to) = (&self.row(ratio.of)?.medians, &self.row(ratio.to)?.medians);
        let mut quotients: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
        quotients.sort_by(f64::total_cmp);
        quotients.get(quotients.len() / 2).copied().context("no round")
    }

    /// For whoever compares runs.
    pub(super) fn json(&self) -> Result<Value> {
        let ratios = |of: &dyn Fn(&Ratio) -> Result<f64>| -> Result<Map<String, Value>> {
            RATIOS.iter().map(|ratio| Ok((ratio.name.to_owned(), json!(rounded(of(ratio)?))))).collect()
        };
        let rows: Result<Map<String, Value>> = self
            .rows
            .iter()
            .map(|row| {
                let units = rounded(self.in_units(row)?);
                let figures = json!({"minimum_ns": row.minimum, "median_ns": row.median, "p90_ns": row.p90, "in_units": units});
                Ok((row.name.clone(), figures))
            })
            .collect();
        let mut document = json!({
            "ratios": ratios(&|ratio| self.ratio(ratio))?,
            "ratios_of_medians": ratios(&|ratio| self.ratio_of_medians(ratio))?,
            "rows": rows?,
        });
        for name in ["rounds", "compile_ns", "load_from_cache_ns", "resident_fresh_bytes"]
            .into_iter()
            .chain(SIZES.map(|(_, name, _)| name))
        {
            document[name] = json!(self.number(name)?);
        }
        Ok(document)
    }

    /// For the terminal.
    pub(super) fn text(&self) -> Result<String> {
        let mut text = format!("{:<56} {:>9} {:>9} {:>9} {:>8}\n", "microseconds", "minimum", "median", "p90", "÷ ring");
        for row in &self.rows {
            let [minimum, median, p90] = [row.minimum, row.median, row.p90].map(|time| time / 1000.0);
            let units = self.in_units(row)?;
            writeln!(text, "{:<56} {minimum:>9.1} {median:>9.1} {p90:>9.1} {units:>8.2}", row.about.replace('`', ""))?;
        }
        writeln!(text, "\n{:<56} {:>9} {:>9} {:>9}", "ratios", "minima", "medians", "goal")?;
        for ratio in &RATIOS {
            let goal = ratio.goal.map_or_else(String::new, |goal| goal.to_string());
            let (minima, medians) = (self.ratio(ratio)?, self.ratio_of_medians(ratio)?);
            writeln!(text, "{:<56} {minima:>9.2} {medians:>9.2} {goal:>9}", ratio.name)?;
        }
        writeln!(text, "\n{:<56} {:>9} {:>9} {:>9}", "bytes", "", "", "goal")?;
        for (about, name, goal) in SIZES {
            writeln!(text, "{about:<56} {:>9} {:>9} {goal:>9}", self.number(name)?, "")?;
        }
        writeln!(text, "{:<56} {:>9}", "resident memory of an instance that hasn't run", self.number("resident_fresh_bytes")?)?;
        let milliseconds = |name: &str| -> Result<f64> { Ok(self.number(name)? as f64 / 1e6) };
        writeln!(text, "\n{:<56} {:>9.1}", "milliseconds: compile", milliseconds("compile_ns")?)?;
        writeln!(text, "{:<56} {:>9.1}", "milliseconds: load from the cache", milliseconds("load_from_cache_ns")?)?;
        Ok(text)
    }
}

impl Row {
    fn read(row: &Value) -> Result<Self> {
        let text = |name: &str| row[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        let number = |name: &str| row[name].as_f64().filter(|number| *number > 0.0).with_context(|| format!("no {name}"));
        let medians = row["round_medians_ns"].as_array().context("no rounds")?;
        Ok(Self {
            name: text("name")?,
            about: text("about")?,
            minimum: number("minimum_ns")?,
            median: number("median_ns")?,
            p90: number("p90_ns")?,
            medians: medians.iter().filter_map(Value::as_f64).collect(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run of two rounds, in which a row takes ten times as long as the one before.
    pub(in super::super) fn sample() -> Value {
        let names = ["ring", "signature", "instantiate", "begin_used", "complete_fresh_warm", "host_begin"];
        let names = names.into_iter().chain(["openidconnect_complete", "openid_client_complete"]);
        let rows = names.zip(0..).map(|(name, power)| {
            let time = 10_u64.pow(power);
            json!({
                "name": name, "about": format!("what {name} is"), "minimum_ns": time, "median_ns": 2 * time, "p90_ns": 3 * time,
                "round_medians_ns": [2 * time, 4 * time],
            })
        });
        json!({
            "rows": rows.collect::<Vec<_>>(), "rounds": 2, "compile_ns": 1_000_000_000, "load_from_cache_ns": 2_000_000, "bytes": 500_000,
            "gzipped_bytes": 190_000, "linear_memory_bytes": 1_179_648, "resident_fresh_bytes": 10_000, "resident_used_bytes": 100_000,
        })
    }

    #[test]
    fn the_ratios_that_have_a_goal_are_named_in_the_json() {
        let json = Table::read(sample()).unwrap().json().unwrap();
        for (name, expected) in [
            ("complete_fresh_warm/openidconnect", 0.01),
            ("complete_fresh_warm/openid_client", 0.001),
            ("host_begin/ring", 100_000.0),
            ("begin_used/ring", 1000.0),
            ("instantiate/ring", 100.0),
            ("signature/ring", 10.0),
        ] {
            assert_eq!(json["ratios"][name], json!(expected), "{name}");
            assert_eq!(json["ratios_of_medians"][name], json!(expected), "{name}");
        }
    }

    #[test]
    fn a_run_without_one_of_the_rows_is_no_table() {
        for missing in ["ring", "host_begin", "openid_client_complete"] {
            let mut run = sample();
            run["rows"].as_array_mut().unwrap().retain(|row| row["name"] != missing);
            let error = Table::read(run).err().unwrap();
            assert_eq!(error.to_string(), format!("there is no row {missing}"));
        }
        let mut run = sample();
        run["rows"][1]["minimum_ns"] = json!(0);
        assert!(Table::read(run).is_err(), "nothing takes no time");
    }

    #[test]
    fn the_text_has_each_row_each_ratio_and_each_size() {
        let table = Table::read(sample()).unwrap();
        let text = table.text().unwrap();
        for row in &table.rows {
            assert!(text.contains(&row.about), "{text}");
        }
        for ratio in &RATIOS {
            assert!(text.contains(ratio.name), "{text}");
        }
        for (about, ..) in SIZES {
            assert!(text.contains(about), "{text}");
        }
    }
}
