//! Text of 80 columns: headings, sentences, rows. In colour where a terminal wants it.

use std::io::{self, IsTerminal as _, Stdout, Write};

/// Columns.
pub(crate) const WIDTH: usize = 80;
/// Columns before everything that stands below a heading.
pub(crate) const INDENT: usize = 2;
/// Where the second column of [`Screen::row`] begins.
const SECOND: usize = 22;
/// After which characters a word may be broken that is longer than its line: those that divide URLs, lists and labels.
const BREAKS: &[u8] = b"/,&=?-_.:";

/// What the commands print to.
pub trait Out: Write {
    /// Whether escape sequences for colours do good there.
    fn takes_colour(&self) -> bool;
}

/// A text that is kept.
impl Out for Vec<u8> {
    fn takes_colour(&self) -> bool {
        false
    }
}

/// Standard output. Whoever has read enough closes it (`| head`): the rest goes nowhere, and the command ends as it would have.
pub struct Output(Stdout);

impl Output {
    /// This process's.
    #[must_use]
    pub fn of_the_process() -> Self {
        Self(io::stdout())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// In colour where it is a terminal that knows any, unless the environment variable `NO_COLOR` is set and not empty
/// (no-color.org).
impl Out for Output {
    fn takes_colour(&self) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        self.0.is_terminal() && !is_set("NO_COLOR") && !is_dumb
    }
}

/// A text that is kept for another output, in the colours that it takes.
pub(super) struct Kept {
    pub(super) text: Vec<u8>,
    takes_colour: bool,
}

impl Kept {
    pub(super) fn for_output(out: &dyn Out) -> Self {
        Self { text: Vec::new(), takes_colour: out.takes_colour() }
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out for Kept {
    fn takes_colour(&self) -> bool {
        self.takes_colour
    }
}

/// How a text stands out, by its code (ECMA-48, 8.3.117).
#[derive(Clone, Copy)]
pub(crate) enum Look {
    Plain,
    Heading,
    Good,
    Bad,
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading => "1",
            Self::Good => "1;32",
            Self::Bad => "1;31",
        }
    }
}

/// What the demo prints on.
pub(crate) struct Screen<'a>(&'a mut dyn Out);

impl<'a> Screen<'a> {
    pub(crate) fn new(out: &'a mut dyn Out) -> Self {
        Self(out)
    }

    /// What stands below belongs together.
    pub(crate) fn heading(&mut self, heading: &str) -> io::Result<()> {
        self.line("")?;
        self.looking(Look::Heading, heading)?;
        self.line(&"-".repeat(heading.chars().count()))
    }

    /// Sentences from the first column, wrapped, all of which stand out.
    pub(crate) fn verdict(&mut self, look: Look, text: &str) -> io::Result<()> {
        for line in wrapped("", 0, text) {
            self.looking(look, &line)?;
        }
        Ok(())
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.looking(Look::Plain, line)
    }

    /// Lines as they are, below a heading. One that is too long goes on below itself.
    pub(crate) fn block(&mut self, text: &str) -> io::Result<()> {
        for line in text.lines() {
            let indent = INDENT + line.len() - line.trim_start().len();
            for line in continued(indent, line.trim_start()) {
                self.line(&line)?;
            }
        }
        Ok(())
    }

    /// Sentences, wrapped.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.all(wrapped("", INDENT, text))
    }

    /// A name, and what is said about it, wrapped.
    pub(crate) fn row(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.cells(&[(INDENT, name), (SECOND, text)])
    }

    /// Cells at these columns, each wrapped there; a cell that finds its place taken begins a new line.
    pub(crate) fn cells(&mut self, cells: &[(usize, &str)]) -> io::Result<()> {
        let mut line = String::new();
        for (column, text) in cells {
            if !line.is_empty() && line.chars().count() + 1 > *column {
                self.line(&line)?;
                line.clear();
            }
            let mut lines = wrapped(&line, *column, text);
            line = lines.pop().unwrap_or_default();
            self.all(lines)?;
        }
        self.line(&line)
    }

    fn all(&mut self, lines: Vec<String>) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.line(line))
    }

    fn looking(&mut self, look: Look, line: &str) -> io::Result<()> {
        let (line, code) = (line.trim_end(), look.code());
        match self.0.takes_colour() && !code.is_empty() && !line.is_empty() {
            true => writeln!(self.0, "\u{1b}[{code}m{line}\u{1b}[0m"),
            false => writeln!(self.0, "{line}"),
        }
    }
}

/// Text that begins behind `before` and at a column, wrapped there.
fn wrapped(before: &str, column: usize, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = format!("{before:<column$}");
    let mut is_empty = true;
    for word in text.split_whitespace() {
        for (position, part) in parts(word, WIDTH - column).into_iter().enumerate() {
            let gap = usize::from(!is_empty && position == 0);
            if !is_empty && line.chars().count() + gap + part.chars().count() > WIDTH {
                lines.push(std::mem::replace(&mut line, " ".repeat(column)));
            } else if gap > 0 {
                line.push(' ');
            }
            line.push_str(part);
            is_empty = false;
        }
    }
    lines.push(line);
    lines
}

/// A line with this indent; where it is too long, it goes on two columns further in.
fn continued(indent: usize, line: &str) -> Vec<String> {
    let Some((first, _)) = line.char_indices().nth(WIDTH - indent) else { return vec![format!("{:indent$}{line}", "")] };
    let first = break_within(line, first);
    let inner = indent + 2;
    let more = parts(&line[first..], WIDTH - inner).into_iter().map(|part| format!("{:inner$}{part}", ""));
    std::iter::once(format!("{:indent$}{}", "", &line[..first])).chain(more).collect()
}

/// The word in parts of at most this many characters.
fn parts(word: &str, width: usize) -> Vec<&str> {
    let (mut parts, mut left) = (Vec::new(), word);
    while let Some((end, _)) = left.char_indices().nth(width) {
        let (part, rest) = left.split_at(break_within(left, end));
        parts.push(part);
        left = rest;
    }
    parts.push(left);
    parts
}

/// Where to break a text before this byte: after the last divider of its second half, or there.
fn break_within(text: &str, end: usize) -> usize {
    let divider = text.as_bytes()[end / 2..end].iter().rposition(|byte| BREAKS.contains(byte) || *byte == b' ');
    divider.map_or(end, |position| end / 2 + position + 1)
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

    #[test]
    fn what_is_longer_than_a_line_goes_on_below_and_nothing_of_it_is_lost() {
        let url = format!("https://login.example.com/{}", "segment/".repeat(20));
        let json = format!("{{\n  \"url\": \"{url}\",\n  \"umlauts\": \"{}\"\n}}", "ü".repeat(200));
        for text in [
            printed(|screen| screen.row("a name", &url)),
            printed(|screen| screen.cells(&[(2, "x"), (30, &url), (60, "200")])),
            printed(|screen| screen.block(&json)),
        ] {
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
            let whole: String = text.chars().filter(|character| !character.is_whitespace()).collect();
            assert!(whole.contains(&url), "{text}");
        }
    }

    #[test]
    fn colours_are_for_an_output_that_takes_them() {
        let mut kept = Kept { text: Vec::new(), takes_colour: true };
        Screen::new(&mut kept).verdict(Look::Good, "Logged in.").unwrap();
        assert_eq!(kept.text, b"\x1b[1;32mLogged in.\x1b[0m\n");
        assert_eq!(printed(|screen| screen.verdict(Look::Bad, "Not logged in.")), "Not logged in.\n");
    }
}
