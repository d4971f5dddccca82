//! JSON for reading: what fits on a line stands on one line.

use std::fmt::Write as _;

use serde_json::Value;

use super::screen;

/// Columns that a line may have, below a heading and with a comma.
const WIDTH: usize = screen::WIDTH - screen::INDENT - 1;

/// The value as indented JSON text.
pub(super) fn readable(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0, 0);
    text
}

/// `taken`: columns that stand before the value on its first line.
fn write(text: &mut String, value: &Value, indent: usize, taken: usize) {
    let line = on_one_line(value);
    // The outermost object is always open: its members are what a reader looks for.
    if taken + line.chars().count() <= WIDTH && (indent > 0 || line.len() <= 2) {
        text.push_str(&line);
        return;
    }
    let inner = indent + 2;
    let members: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, member)| (format!("{}: ", quoted(name)), member)).collect(),
        Value::Array(array) => array.iter().map(|member| (String::new(), member)).collect(),
        _ => {
            text.push_str(&line);
            return;
        }
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    text.push(open);
    for (position, (name, member)) in members.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        let _ = write!(text, "{comma}\n{:inner$}{name}", "");
        write(text, member, inner, inner + name.chars().count() + 1);
    }
    let _ = write!(text, "\n{:indent$}{close}", "");
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let members: Vec<String> =
                object.iter().map(|(name, member)| format!("{}: {}", quoted(name), on_one_line(member))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(array) => {
            let members: Vec<String> = array.iter().map(on_one_line).collect();
            format!("[{}]", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stands_on_one_line_and_what_is_printed_is_the_same_value() {
        let value = json!({"short": {"a": [1, 2]}, "long": ["x".repeat(50), "y".repeat(50)], "none": {}, "text": "\"\n"});
        let text = readable(&value);
        assert!(text.contains("\n  \"short\": {\"a\": [1, 2]},\n"), "{text}");
        assert!(text.contains("\"long\": [\n    \"x"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
