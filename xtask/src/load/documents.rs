//! Writes the figures of a run into the page of figures.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::ratio::GOAL;
use super::table::Table;
use crate::measuring::{Place, machine};

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
        "{machine}, {redis}.\n{rounds} rounds, in each of which every case has {logins_a_batch} logins one at a time and as many eight \
         at a time;\n{pools} user pools.\n\n| Last case ÷ first | Name | Minima | Medians | Goal |\n|---|---|---|---|---|\n"
    );
    for ratio in &table.ratios {
        let medians = ratio.medians.map_or_else(|| "–".to_owned(), |medians| format!("{medians:.2}"));
        writeln!(text, "| {} | `{}` | {:.2} | {medians} | ≤ {GOAL} |", ratio.about, ratio.name, ratio.minima)?;
    }
    text.push_str("\n| One login at a time, ms | Processor | p50 | p99 | Provider's processor | Store's processor |\n|---|---|---|---|---|---|\n");
    for case in &table.cases {
        writeln!(text, "| {} | {} |", case.about(), case.one_at_a_time().join(" | "))?;
    }
    text.push_str("\n| Eight at a time, ms | Processor | p50 | p99 | Logins a second |\n|---|---|---|---|---|\n");
    for case in &table.cases {
        writeln!(text, "| {} | {} |", case.about(), case.eight_at_a_time().join(" | "))?;
    }
    text.push_str("\n| Bytes kept for each pending login | Host | Store |\n|---|---|---|\n");
    for case in table.cases.iter().filter(|case| case.bytes.is_some()) {
        writeln!(text, "| {} | {} |", case.about(), case.kept().join(" | "))?;
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
        let table = Table::read(&sample(), false).unwrap();
        let page = page(&table, "A machine").unwrap();
        let tables: Vec<Vec<&str>> =
            page.split("\n\n").filter(|part| part.starts_with('|')).map(|part| part.lines().collect()).collect();
        let kept = table.cases.iter().filter(|case| case.bytes.is_some()).count();
        let expected = [(table.ratios.len(), 5), (table.cases.len(), 6), (table.cases.len(), 5), (kept, 3)];
        assert_eq!(tables.len(), expected.len(), "{page}");
        for (lines, (rows, columns)) in tables.iter().zip(expected) {
            assert_eq!(lines.len(), 2 + rows, "{page}");
            assert!(lines.iter().all(|line| line.matches('|').count() == columns + 1), "{page}");
        }
    }

    #[test]
    fn the_page_as_it_stands_has_the_tables_that_the_command_writes() {
        let text = fs::read_to_string(component_artifact::workspace().join("docs/performance.md")).unwrap();
        let standing = text.split(FIGURES.begins).nth(1).and_then(|rest| rest.split(FIGURES.ends).next()).unwrap();
        let table = Table::read(&sample(), false).unwrap();
        let written = page(&table, "A machine").unwrap();
        let headings = |text: &str| -> Vec<String> {
            let lines: Vec<&str> = text.lines().collect();
            lines.windows(2).filter(|pair| pair[1].starts_with("|---")).map(|pair| pair[0].to_owned()).collect()
        };
        assert_eq!(headings(standing), headings(&written));
        assert!(table.ratios.iter().all(|ratio| standing.contains(&format!("`{}`", ratio.name))), "{standing}");
    }
}
