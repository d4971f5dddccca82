//! Figures as a picture: one bar each.

use std::fmt::Write as _;

use anyhow::Result;

/// Widths and heights, in pixels.
const LABELS: f64 = 400.0;
const BARS: f64 = 380.0;
const FIGURES: f64 = 70.0;
const BAR: f64 = 14.0;
const STEP: f64 = 20.0;

/// Colours that are readable on a light and on a dark page: the project's own rows, and those of others.
const OURS: &str = "#2f81f7";
const THEIRS: &str = "#8b949e";

/// A row of the picture.
pub(crate) struct Bar {
    pub(crate) about: String,
    /// Greater than 0.
    pub(crate) value: f64,
    pub(crate) is_ours: bool,
}

/// How lengths are to be read.
#[derive(Clone, Copy)]
pub(crate) enum Scale {
    /// From 0.
    Linear,
    /// From the power of ten below the smallest one: for rows that are apart by a factor of a thousand.
    Logarithmic,
}

/// An SVG of these bars.
pub(crate) fn svg(title: &str, bars: &[Bar], scale: Scale) -> Result<String> {
    let axis = Axis::of(bars, scale);
    let (width, height) = (LABELS + BARS + FIGURES, STEP * (bars.len() as f64 + 1.5));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n",
        escaped(title)
    );
    let bottom = STEP * bars.len() as f64;
    for (value, name) in axis.marks() {
        let x = axis.at(value);
        writeln!(svg, "<path d=\"M{x:.1} 0V{bottom:.1}\" stroke=\"{THEIRS}\" stroke-opacity=\"0.3\"/>")?;
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{THEIRS}\">{name}</text>", bottom + 16.0)?;
    }
    for (bar, line) in bars.iter().zip(0_u32..) {
        let y = STEP * f64::from(line);
        let middle = y + 14.0;
        let colour = if bar.is_ours { OURS } else { THEIRS };
        let (about, value) = (escaped(&bar.about), bar.value);
        writeln!(svg, "<text x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\" fill=\"{THEIRS}\">{about}</text>", LABELS - 8.0)?;
        let (start, end) = (LABELS, axis.at(value));
        let length = (end - start).max(1.0);
        writeln!(svg, "<rect x=\"{start:.1}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>", y + 3.0)?;
        writeln!(svg, "<text x=\"{:.1}\" y=\"{middle:.1}\" fill=\"{colour}\">{value:.2}</text>", start + length + 6.0)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Where a value is.
struct Axis {
    scale: Scale,
    /// What lies at the left and at the right end: values, or their logarithms.
    from: f64,
    to: f64,
}

impl Axis {
    fn of(bars: &[Bar], scale: Scale) -> Self {
        let values = bars.iter().map(|bar| bar.value);
        let (smallest, largest) =
            values.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), value| (least.min(value), most.max(value)));
        match scale {
            Scale::Linear => Self { scale, from: 0.0, to: largest },
            Scale::Logarithmic => {
                let from = smallest.log10().floor().min(-1.0);
                Self { scale, from, to: largest.log10().ceil().max(from + 1.0) }
            }
        }
    }

    fn at(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
        };
        LABELS + (value - self.from) * BARS / (self.to - self.from)
    }

    /// Lines across the bars, with what is written below them.
    fn marks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Logarithmic => (self.from as i32..=self.to as i32).map(|power| (10_f64.powi(power), name(power))).collect(),
            Scale::Linear => {
                // Of 1, 2 and 5 times a power of ten, the smallest that makes six lines at most.
                let power = (self.to / 5.0).log10().floor() as i32;
                let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * 10_f64.powi(power));
                let step = steps.into_iter().find(|step| self.to / step <= 5.0).unwrap_or(self.to);
                let digits = if step < 1.0 { power.unsigned_abs() as usize } else { 0 };
                let marks = (0..=5_u32).map(|line| f64::from(line) * step).take_while(|value| *value <= self.to);
                marks.map(|value| (value, format!("{value:.digits$}"))).collect()
            }
        }
    }
}

/// A power of ten in full.
fn name(power: i32) -> String {
    match power {
        0.. => 10_i64.pow(power as u32).to_string(),
        _ => format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power)),
    }
}

fn escaped(text: &str) -> String {
    text.replace('`', "").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(values: &[f64]) -> Vec<Bar> {
        values.iter().map(|&value| Bar { about: format!("what `{value}` is"), value, is_ours: true }).collect()
    }

    /// The attribute of each element of this name.
    fn attributes(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
        let (start, attribute) = (format!("<{element} "), format!("{attribute}=\""));
        svg.split(&start)
            .skip(1)
            .map(|text| text.split(&attribute).nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn each_row_has_a_bar_within_the_picture() {
        for values in [&[0.3][..], &[0.02, 1.0, 473.23], &[1.31, 1.34, 1.52], &[10.0, 100.0], &[7000.0]] {
            for scale in [Scale::Linear, Scale::Logarithmic] {
                let svg = svg("title", &bars(values), scale).unwrap();
                let widths = attributes(&svg, "rect", "width");
                assert_eq!(widths.len(), values.len());
                assert!(widths.iter().all(|width| (1.0..=BARS).contains(width)), "{widths:?}");
                assert!(widths.is_sorted(), "{widths:?}");
            }
        }
    }

    #[test]
    fn a_linear_scale_begins_at_nothing_and_has_few_lines() {
        let lengths = attributes(&svg("title", &bars(&[1.0, 2.0]), Scale::Linear).unwrap(), "rect", "width");
        assert_eq!(lengths, [BARS / 2.0, BARS]);
        for (largest, expected) in [(1.52, "0.0 0.5 1.0 1.5"), (0.0812, "0.00 0.02 0.04 0.06 0.08"), (473.0, "0 100 200 300 400")]
        {
            let marks = Axis::of(&bars(&[largest]), Scale::Linear).marks();
            assert_eq!(marks.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(" "), expected);
        }
    }

    #[test]
    fn a_text_holds_no_markup() {
        let bar = Bar { about: "a < b & `c`".to_owned(), value: 1.0, is_ours: false };
        let svg = svg("1 > 0", &[bar], Scale::Linear).unwrap();
        assert!(svg.contains("a &lt; b &amp; c<") && svg.contains("1 &gt; 0"), "{svg}");
    }
}
