//! Writes the figures of a run into the documents, between two comments that mark the place.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::table::{RATIOS, SIZES, Table};
use crate::measuring::{Place, thousands};

const FIGURES: Place =
    Place { begins: "<!-- figures: written by `cargo xtask bench --write-docs` -->", ends: "<!-- end of figures -->" };

/// The rows that matter to whoever reads the README alone, and what is said of them.
const IN_SHORT: [(&str, &str); 5] = [
    ("complete_fresh_warm/openidconnect", "`complete` in a fresh sandbox ÷ the same by the crate `openidconnect`, native"),
    ("complete_fresh_warm/openid_client", "the same ÷ `openid-client` on Node.js"),
    ("host_begin/ring", "`begin` through the host, settled in memory ÷ one `ring` verification of RS256"),
    ("instantiate/ring", "a fresh sandbox, instantiated and dropped ÷ `ring`"),
    ("signature/ring", "one RS256 verification in the sandbox ÷ `ring`"),
];

/// Writes README, page and plot. `machine`: what it was measured on, in a sentence.
pub(super) fn write(workspace: &Path, table: &Table, plot: &str, machine: &str) -> Result<()> {
    let docs = workspace.join("docs");
    FIGURES.write(&docs.join("performance.md"), &page(table, machine)?)?;
    FIGURES.write(&workspace.join("README.md"), &in_short(table)?)?;
    let path = docs.join("performance.svg");
    fs::write(&path, plot).with_context(|| path.display().to_string())
}

fn in_short(table: &Table) -> Result<String> {
    let mut text = "| Minima of one run | |\n|---|---|\n".to_owned();
    for (name, about) in IN_SHORT {
        let ratio = RATIOS.iter().find(|ratio| ratio.name == name).context(name)?;
        writeln!(text, "| {about} | {:.2} |", table.ratio(ratio)?)?;
    }
    Ok(text)
}

fn page(table: &Table, machine: &str) -> Result<String> {
    let rounds = table.number("rounds")?;
    let mut text = format!("{machine} {rounds} rounds.\n\n| Ratio | Minima | Medians | Goal |\n|---|---|---|---|\n");
    for ratio in &RATIOS {
        let goal = ratio.goal.map_or_else(|| "–".to_owned(), |goal| format!("≤ {goal}"));
        let (minima, medians) = (table.ratio(ratio)?, table.ratio_of_medians(ratio)?);
        writeln!(text, "| `{}` | {minima:.2} | {medians:.2} | {goal} |", ratio.name)?;
    }
    writeln!(text, "\n| Bytes | | Goal |\n|---|---|---|")?;
    for (about, name, goal) in SIZES {
        writeln!(text, "| {about} | {} | ≤ {} |", thousands(table.number(name)?), thousands(goal))?;
    }
    let fresh = thousands(table.number("resident_fresh_bytes")?);
    writeln!(text, "| resident memory of an instance that hasn't run | {fresh} | – |")?;
    let milliseconds = |name: &str| -> Result<f64> { Ok(table.number(name)? as f64 / 1e6) };
    let (compile, load) = (milliseconds("compile_ns")?, milliseconds("load_from_cache_ns")?);
    writeln!(text, "\nTo compile the component takes {compile:.0} ms, to load it from the cache {load:.1} ms.")?;
    writeln!(text, "\n| Row, in µs | Name | Minimum | Median | p90 | ÷ `ring` |\n|---|---|---|---|---|---|")?;
    for row in &table.rows {
        let [minimum, median, p90] = [row.minimum, row.median, row.p90].map(|time| time / 1000.0);
        let units = table.in_units(row)?;
        writeln!(text, "| {} | `{}` | {minimum:.1} | {median:.1} | {p90:.1} | {units:.2} |", row.about, row.name)?;
    }
    writeln!(text, "\n![The rows as bars, logarithmic: minima as multiples of one verification by ring](performance.svg)")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::sample;
    use super::*;

    #[test]
    fn the_documents_have_a_place_for_the_figures() {
        for name in ["README.md", "docs/performance.md"] {
            let text = fs::read_to_string(component_artifact::workspace().join(name)).unwrap();
            assert!(FIGURES.between(&text, "").is_ok(), "{name}");
        }
    }

    #[test]
    fn a_page_names_each_row() {
        let table = Table::read(sample()).unwrap();
        let (page, short) = (page(&table, "A machine.").unwrap(), in_short(&table).unwrap());
        assert!(table.rows.iter().all(|row| page.contains(&format!("`{}`", row.name))), "{page}");
        assert_eq!(short.lines().count(), 2 + IN_SHORT.len());
    }
}
