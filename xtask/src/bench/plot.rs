//! The table as a picture: one bar a row, as often as the unit fits into it.

use std::fmt::Write as _;

use anyhow::Result;

use super::table::Table;

/// Widths and heights, in pixels.
const LABELS: f64 = 400.0;
const BARS: f64 = 380.0;
const FIGURES: f64 = 70.0;
const BAR: f64 = 14.0;
const STEP: f64 = 20.0;

/// Colours that are readable on a light and on a dark page: the project's own rows, and those of others.
const OURS: &str = "#2f81f7";
const THEIRS: &str = "#8b949e";

/// An SVG of all rows. The scale is logarithmic, since rows are apart by a factor of a thousand.
pub(super) fn svg(table: &Table) -> Result<String> {
    let units = table.rows.iter().map(|row| table.in_units(row)).collect::<Result<Vec<f64>>>()?;
    let (smallest, largest) = units.iter().fold((f64::MAX, f64::MIN), |(least, most), &unit| (least.min(unit), most.max(unit)));
    // From the power of ten below the smallest one.
    let from = smallest.log10().floor().min(-1.0);
    let scale = BARS / (largest.log10().ceil() - from).max(1.0);
    let at = |unit: f64| LABELS + (unit.log10() - from) * scale;

    let (width, height) = (LABELS + BARS + FIGURES, STEP * (table.rows.len() as f64 + 1.5));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Minimum of each row, as a multiple of one RS256 verification by ring; logarithmic</title>\n"
    );
    let bottom = STEP * table.rows.len() as f64;
    for power in from as i32..=largest.log10().ceil() as i32 {
        let x = at(10_f64.powi(power));
        let name = if power < 0 {
            format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power))
        } else {
            10_i64.pow(power as u32).to_string()
        };
        writeln!(svg, "<path d=\"M{x:.1} 0V{bottom:.1}\" stroke=\"{THEIRS}\" stroke-opacity=\"0.3\"/>")?;
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{THEIRS}\">{name}</text>", bottom + 16.0)?;
    }
    for ((row, unit), line) in table.rows.iter().zip(&units).zip(0_u32..) {
        let y = STEP * f64::from(line);
        let middle = y + 14.0;
        let colour = if is_of_others(&row.name) { THEIRS } else { OURS };
        let about = escaped(&row.about.replace('`', ""));
        writeln!(svg, "<text x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\" fill=\"{THEIRS}\">{about}</text>", LABELS - 8.0)?;
        let (start, end) = (LABELS, at(*unit));
        let length = (end - start).max(1.0);
        writeln!(svg, "<rect x=\"{start:.1}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>", y + 3.0)?;
        writeln!(svg, "<text x=\"{:.1}\" y=\"{middle:.1}\" fill=\"{colour}\">{unit:.2}</text>", start + length + 6.0)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn is_of_others(name: &str) -> bool {
    ["ring", "openid", "aws_"].iter().any(|others| name.starts_with(others))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::sample;
    use super::*;

    #[test]
    fn each_row_has_a_bar_within_the_picture() {
        let table = Table::read(sample()).unwrap();
        let svg = svg(&table).unwrap();
        let bars: Vec<&str> = svg.split("<rect ").skip(1).collect();
        assert_eq!(bars.len(), table.rows.len());
        for bar in bars {
            let width: f64 = bar.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
            assert!((1.0..=BARS).contains(&width), "{width}");
        }
    }

    #[test]
    fn a_text_holds_no_markup() {
        let mut run = sample();
        run["rows"][1]["about"] = "a < b & c".into();
        let svg = svg(&Table::read(run).unwrap()).unwrap();
        assert!(svg.contains("a &lt; b &amp; c"), "{svg}");
    }
}
