//! The fields as HTML.

use super::entries::Entries;
use super::field::{Choice, Field, Kind};
use crate::html::escape;
use journey_host::Problem;

/// The fields of a document, without the document's own frame.
pub(super) fn form(root: &Field, entries: &Entries, problems: &[Problem]) -> String {
    let Kind::Section { fields, .. } = &root.kind else { return String::new() };
    fields.iter().map(|field| draw(field, entries, problems)).collect()
}

fn draw(field: &Field, entries: &Entries, problems: &[Problem]) -> String {
    let of_it: Vec<&Problem> = problems.iter().filter(|problem| field.is_of(problem)).collect();
    let Field { pointer: name, title, .. } = field;
    let (id, title, text) = (field.id(), escape(title), escape(entries.text(name)));
    let described = described(field, &of_it);
    let label = format!("<label for=\"{id}\">{title}{}</label>\n", if field.is_required { " <em>required</em>" } else { "" });
    let control = match &field.kind {
        Kind::Section { fields, is_collapsed } => {
            let within: String = fields.iter().map(|field| draw(field, entries, problems)).collect();
            let help = help(field);
            let own: Vec<&Problem> = of_it.iter().copied().filter(|problem| problem.path == *name).collect();
            let said = said(field, &own);
            if !is_collapsed {
                return format!("<fieldset id=\"{id}\"><legend>{title}</legend>\n{help}{said}{within}</fieldset>\n");
            }
            // What is filled in, or wrong, isn't hidden.
            let is_filled = field.all().iter().any(|field| entries.is_set(field) && is_away_from_default(field, entries));
            let open = if is_filled || !of_it.is_empty() { " open" } else { "" };
            return format!("<details id=\"{id}\"{open}><summary>{title}</summary>\n{help}{said}{within}</details>\n");
        }
        Kind::Flag => {
            let checked = if entries.is_set(field) { " checked" } else { "" };
            return format!(
                "<div class=\"field\">\n<div class=\"flag\"><input type=\"checkbox\" id=\"{id}\" name=\"{name}\" value=\"on\"{checked}{described}>\
                 <label for=\"{id}\">{title}</label></div>\n{}{}</div>\n",
                help(field),
                said(field, &of_it)
            );
        }
        Kind::Choice(choices) => select(field, &id, choices, entries.text(name), &described),
        Kind::ChoiceOrLines { choices, title, lines } => {
            let own_name = lines.pointer.rsplit('/').next().unwrap_or_default();
            let custom = Choice { value: own_name.to_owned(), title: title.clone() };
            let choices: Vec<Choice> = choices.iter().cloned().chain([custom]).collect();
            let select = select(field, &id, &choices, entries.text(name), &described);
            let lines = draw(lines, entries, problems);
            return format!("<div class=\"field\">\n{label}{select}{}{}{lines}</div>\n", help(field), said(field, &of_it));
        }
        // A text, so that what isn't a number reaches the step, which says so.
        Kind::Number => {
            format!(
                "<input id=\"{id}\" name=\"{name}\" value=\"{text}\" inputmode=\"numeric\" autocomplete=\"off\"{described}>\n"
            )
        }
        Kind::Text { has_lines: false } => {
            let list = format!("{id}-examples");
            let options: String =
                field.examples.iter().map(|example| format!("<option value=\"{}\">", escape(example))).collect();
            let (named, list) = match options.is_empty() {
                true => (String::new(), String::new()),
                false => (format!(" list=\"{list}\""), format!("<datalist id=\"{list}\">{options}</datalist>\n")),
            };
            format!(
                "<input id=\"{id}\" name=\"{name}\" value=\"{text}\" autocomplete=\"off\" spellcheck=\"false\"{named}{described}>\n{list}"
            )
        }
        Kind::Text { has_lines: true } | Kind::Lines | Kind::Pairs => {
            format!("<textarea id=\"{id}\" name=\"{name}\" rows=\"3\" spellcheck=\"false\"{described}>\n{text}</textarea>\n")
        }
    };
    format!("<div class=\"field\">\n{label}{control}{}{}</div>\n", help(field), said(field, &of_it))
}

fn select(field: &Field, id: &str, choices: &[Choice], chosen: &str, described: &str) -> String {
    let option = |choice: &Choice| {
        let selected = if choice.value == chosen { " selected" } else { "" };
        format!("<option value=\"{}\"{selected}>{}</option>", escape(&choice.value), escape(&choice.title))
    };
    let options: String = choices.iter().map(option).collect();
    format!("<select id=\"{id}\" name=\"{}\"{described}>{options}</select>\n", field.pointer)
}

fn is_away_from_default(field: &Field, entries: &Entries) -> bool {
    !matches!(field.kind, Kind::Section { .. }) && entries.read(field).is_some()
}

/// The attributes that lead to the help and to what is wrong.
fn described(field: &Field, problems: &[&Problem]) -> String {
    let id = field.id();
    let required = if field.is_required { " aria-required=\"true\"" } else { "" };
    match problems.is_empty() {
        true => format!("{required} aria-describedby=\"{id}-help\""),
        false => format!("{required} aria-invalid=\"true\" aria-describedby=\"{id}-problem {id}-help\""),
    }
}

fn help(field: &Field) -> String {
    let how = match field.kind {
        Kind::Lines => " One a line.",
        Kind::Pairs => " One a line: name=value.",
        _ => "",
    };
    format!("<p class=\"help\" id=\"{}-help\">{}{how}</p>\n", field.id(), escape(&field.help))
}

fn said(field: &Field, problems: &[&Problem]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let said: Vec<String> = problems.iter().map(|problem| with_code(&problem.message)).collect();
    format!("<p class=\"alert\" id=\"{}-problem\">{}</p>\n", field.id(), said.join("<br>"))
}

/// What stands between backticks in a message is code.
pub(super) fn with_code(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }).collect()
}
