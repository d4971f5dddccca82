//! The table as a picture: one bar a row, as often as the unit fits into it.

use anyhow::Result;

use super::table::Table;
use crate::bars::{self, Bar, Scale};

/// An SVG of all rows. The scale is logarithmic, since rows are apart by a factor of a thousand.
pub(super) fn svg(table: &Table) -> Result<String> {
    let bars = table.rows.iter().map(|row| {
        let (about, value, is_ours) = (row.about.clone(), table.in_units(row)?, !is_of_others(&row.name));
        Ok(Bar { about, value, is_ours })
    });
    let title = "Minimum of each row, as a multiple of one RS256 verification by ring; logarithmic";
    bars::svg(title, &bars.collect::<Result<Vec<Bar>>>()?, Scale::Logarithmic)
}

fn is_of_others(name: &str) -> bool {
    ["ring", "openid", "aws_"].iter().any(|others| name.starts_with(others))
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::sample;
    use super::*;

    #[test]
    fn each_row_has_a_bar() {
        let table = Table::read(sample()).unwrap();
        assert_eq!(svg(&table).unwrap().matches("<rect ").count(), table.rows.len());
    }
}
