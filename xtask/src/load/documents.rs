//! Writes the figures of a run into the page of figures.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::table::{GOAL, Table};
use crate::measuring::{Place, machine, thousands};

const FIGURES: Place =
    Place { begins: "<!-- figures: written by `cargo xtask load --write-docs` -->", ends: "<!-- end of the figures of load -->" };

/// Writes page and plot.
pub(super) fn write(workspace: &Path, table: &Table, plot: &str) -> Result<()> {
    let docs = workspace.join("docs");
    FIGURES.write(&docs.join("performance.md"), &page(table, &machine()?)?)?;
    let path = docs.join("load.svg");
    fs::write(&path, plot).with_context(|| path.display().to_string())
}

fn page(table: &Table, machine: &str) -> Result<String> {
    let Table { rounds, logins_a_batch, pools, redis, .. } = table;
    let mut text = format!(
        "{machine}, {redis}. {rounds} rounds, in each of which every case has {logins_a_batch} logins one at a time and as many eight at a \
         time; {pools} user pools.\n\n| Last case ÷ first | Name | Minima | Medians | Goal |\n|---|---|---|---|---|\n"
    );
    for ratio in &table.ratios {
        let medians = ratio.medians.map_or_else(|| "–".to_owned(), |medians| format!("{medians:.2}"));
        writeln!(text, "| {} | `{}` | {:.2} | {medians} | ≤ {GOAL} |", ratio.about, ratio.name, ratio.minima)?;
    }
    text.push_str(
        "\n| Store | Pending | Tenants | One at a time, ms: processor | p50 | p99 | Eight at a time, ms: processor | p50 | p99 | Logins a second \
         | Provider's processor, ms | Store's processor, ms | Bytes kept: host | store |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for case in &table.cases {
        let (pending, tenants) = (thousands(case.pending), thousands(case.tenants));
        writeln!(text, "| {} | {pending} | {tenants} | {} |", case.store, case.figures().join(" | "))?;
    }
    writeln!(text, "\n![Processor time of a login as a bar for each case, all about equally long](load.svg)")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::sample;
    use super::*;

    #[test]
    fn the_page_of_figures_has_a_place_for_them() {
        let text = fs::read_to_string(component_artifact::workspace().join("docs/performance.md")).unwrap();
        assert!(FIGURES.between(&text, "").is_ok());
    }

    #[test]
    fn the_page_has_a_row_for_each_case_and_each_ratio_with_all_columns() {
        let table = Table::read(&sample()).unwrap();
        let page = page(&table, "A machine").unwrap();
        let columns: Vec<usize> =
            page.lines().filter(|line| line.starts_with('|')).map(|line| line.matches('|').count() - 1).collect();
        let (ratios, cases) = columns.split_at(2 + table.ratios.len());
        assert!(ratios.iter().all(|columns| *columns == 5), "{page}");
        assert_eq!(cases, vec![14; 2 + table.cases.len()], "{page}");
    }
}
