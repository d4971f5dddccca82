//! Plain text of 100 columns: headings, sentences, rows.

use std::io::{self, Write};

/// Columns.
const WIDTH: usize = 100;
/// Columns before everything that stands below a heading.
const INDENT: usize = 2;
/// Where the second column of [`Screen::row`] begins.
const SECOND: usize = 24;

/// What the demo prints on.
pub(crate) struct Screen<'a>(&'a mut dyn Write);

impl<'a> Screen<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self(out)
    }

    /// What stands below belongs together.
    pub(crate) fn heading(&mut self, heading: &str) -> io::Result<()> {
        self.line("")?;
        self.line(heading)?;
        self.line(&"-".repeat(heading.chars().count()))
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.0, "{}", line.trim_end())
    }

    /// Lines as they are, below a heading.
    pub(crate) fn block(&mut self, text: &str) -> io::Result<()> {
        text.lines().try_for_each(|line| self.line(&format!("{:INDENT$}{line}", "")))
    }

    /// Sentences, wrapped.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.wrapped("", INDENT, text)
    }

    /// A name, and what is said about it, wrapped.
    pub(crate) fn row(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.wrapped(&format!("{:INDENT$}{name} ", ""), SECOND, text)
    }

    /// Cells at these columns; a cell that finds its place taken begins a new line, and the last one is wrapped.
    pub(crate) fn cells(&mut self, cells: &[(usize, &str)]) -> io::Result<()> {
        let mut line = String::new();
        for (position, (column, text)) in cells.iter().enumerate() {
            let taken = line.chars().count();
            if taken > 0 && taken + 1 > *column {
                self.line(&line)?;
                line.clear();
            }
            if position + 1 == cells.len() {
                return self.wrapped(&line, *column, text);
            }
            line = format!("{line:<column$}{text}");
        }
        self.line(&line)
    }

    /// Text that begins behind `before` and at a column, wrapped there.
    fn wrapped(&mut self, before: &str, column: usize, text: &str) -> io::Result<()> {
        let mut line = format!("{before:<column$}");
        let mut empty = true;
        for word in text.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line)?;
                line = " ".repeat(column);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Screen<'_>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        print(&mut Screen::new(&mut bytes)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn sentences_wrap_before_the_last_column() {
        let text = printed(|screen| screen.row("name", &"word ".repeat(60)));
        assert!(text.lines().count() > 3);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH);
            assert_eq!(line.find("word"), Some(SECOND));
        }
    }

    #[test]
    fn a_cell_that_finds_its_place_taken_begins_a_new_line() {
        let text = printed(|screen| screen.cells(&[(2, "ab"), (6, "cdefgh"), (10, "ij")]));
        assert_eq!(text, "  ab  cdefgh\n          ij\n");
    }
}
