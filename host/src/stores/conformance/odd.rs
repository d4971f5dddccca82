//! Names and values that stores get wrong: quoted, joined, matched by pattern, normalised, cut.

/// Values of any kind. No NUL: databases of text have none.
pub(super) fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        " ",
        "  spaces around  ",
        "\n",
        "line\r\nline\r",
        "\ttab",
        "{}",
        "{a}",
        "{{}}",
        "}{",
        "[]",
        "null",
        "true",
        "0",
        "-0",
        "1E400",
        "\"",
        "\\",
        "\\\\",
        "\\n",
        "\\x00",
        "\\u0000",
        "'",
        "''",
        "$1",
        "$$",
        "%",
        "%00",
        "%s",
        "*",
        "?",
        "a:b",
        "a|b",
        "a/b",
        "../..",
        "'; DROP TABLE attempts; --",
        "\u{feff}",
        "\u{7f}",
        "\u{80}",
        "é",
        "e\u{301}",
        "ß",
        "İ",
        "日本語",
        "שלום",
        "👩‍👩‍👧",
        "\u{fffd}",
        "\u{ffff}",
        "\u{10ffff}",
        "\u{202e}",
        "OK",
        "QUEUED",
        "nil",
        "(nil)",
        "-1",
    ]
    .map(str::to_owned)
    .into();
    values.push(('\u{1}'..'\u{20}').collect());
    values.push("x".repeat(65_537));
    values
}

/// JSON texts that don't survive being read and written again.
pub(super) fn json() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\"\"",
        "null",
        "{}",
        "[]",
        "{ \"b\" : 1.0, \"a\" : [ ] }",
        "1.0",
        "1e400",
        "-0",
        "100000000000000000000000001",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "\"😀\"",
        "\"\\/\"",
        "\"{a}\"",
        "\" é e\u{301} \"",
        "\"$1 %s ' \\\" ; --\"",
        " [1,\n2\r\n] ",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("\"{}\"", "x".repeat(70_000)));
    texts
}

/// Names that people give, to tenants, journeys, steps and variables.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "a",
        "A",
        "a ",
        " a",
        "ä",
        "a\u{308}",
        "{a}",
        "{}",
        "}",
        "{",
        "a}b{c",
        "*",
        "a*",
        "?",
        "[a]",
        "a.b",
        "a:b",
        "a/b",
        "a|b",
        "a,b",
        "a%",
        "_",
        "a_",
        "'a'",
        "\"a\"",
        "\\",
        "$1",
        "日本語",
        "👩‍👩‍👧",
        "__proto__",
        "null",
        "0",
        "-1",
        "İ",
        "i",
        "ı",
    ]
    .map(str::to_owned)
    .into();
    names.push("n".repeat(256));
    names.push("n".repeat(255));
    names
}

/// What joins names, or might.
pub(super) const SEPARATORS: [&str; 16] =
    ["", ":", "/", "|", ".", "-", "_", ",", ";", "#", "}{", "::", "\u{1f}", "\u{1}", "\u{0}", " "];

/// So many bytes of text, a multiple of none of its parts.
pub(super) fn long(bytes: usize) -> String {
    let mut state: u32 = 1;
    let letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + u8::try_from((state >> 16) % 26).unwrap_or_default())
    };
    let block: String = std::iter::repeat_with(letter).take(65_537).collect();
    let mut text = block.repeat(bytes / block.len() + 1);
    text.truncate(bytes);
    text
}
