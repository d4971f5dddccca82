//! Texts for logs and traces: one line, bounded, whatever a component made of them.

/// The text in one line of at most so many characters; what is left out is marked.
pub(crate) fn one_line(text: &str, characters: usize) -> String {
    let mut line: String = text.chars().take(characters).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(characters).is_some() {
        line.pop();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line_and_what_is_left_out_is_marked() {
        for (text, line) in
            [("short", "short"), ("a\nb\u{1b}", "a b "), ("12345678", "12345678"), ("123456789", "1234567…"), ("", "")]
        {
            assert_eq!(one_line(text, 8), line);
        }
    }
}
