//! Forms on a page, read by a small scanner that knows tags, attributes and character references, and no more HTML than that.

use url::Url;

use super::navigation::Navigation;

/// A form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// `GET` or `POST`.
    pub method: String,
    /// Where it goes, resolved.
    pub action: Url,
    /// The fields with the values they have at first, hidden ones too, in order.
    pub fields: Vec<(String, String)>,
    /// The page that it's on.
    pub page: Url,
}

impl Form {
    /// The value that a field has at first.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The form's submission with these fields filled in; one that the form lacks is added, as a button with a name would be.
    #[must_use]
    pub fn filled_in(&self, filled: &[(&str, &str)]) -> Navigation {
        let mut fields = self.fields.clone();
        for (name, value) in filled {
            match fields.iter_mut().find(|(key, _)| key == name) {
                Some((_, current)) => (*value).clone_into(current),
                None => fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let mut navigation = Navigation {
            method: self.method.clone(),
            url: self.action.clone(),
            headers: Vec::new(),
            body: None,
            initiator: Some(self.page.clone()),
        };
        if self.method == "POST" {
            navigation.body = Some(encoded);
        } else {
            navigation.url.set_query(Some(&encoded));
        }
        navigation
    }
}

/// The forms of a page at this URL. A form without an action goes to the page itself.
pub(super) fn read(html: &str, page: &Url) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut inside = false;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                let method = tag.attribute("method").unwrap_or_default();
                let Ok(action) = page.join(&tag.attribute("action").unwrap_or_default()) else {
                    continue;
                };
                let method = if method.eq_ignore_ascii_case("post") { "POST" } else { "GET" };
                forms.push(Form { method: method.to_owned(), action, fields: Vec::new(), page: page.clone() });
                inside = true;
            }
            "/form" => inside = false,
            "input" if inside => {
                let kind = tag.attribute("type").unwrap_or_default().to_ascii_lowercase();
                let left_out = match kind.as_str() {
                    "submit" | "button" | "image" | "reset" => true,
                    "checkbox" | "radio" => tag.attribute("checked").is_none(),
                    _ => false,
                };
                if let (Some(form), Some(name), false) = (forms.last_mut(), tag.attribute("name"), left_out) {
                    form.fields.push((name, tag.attribute("value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    forms
}

struct Tag {
    /// In lower case; an end tag's begins with a slash.
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| decode(value))
    }
}

fn tags(mut html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    while let Some(start) = html.find('<') {
        html = &html[start + 1..];
        if let Some(comment) = html.strip_prefix("!--") {
            html = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let (name, rest) = split_while(html, |c| !c.is_ascii_whitespace() && c != '>');
        let (attributes, rest) = attributes(rest);
        tags.push(Tag { name: name.to_ascii_lowercase(), attributes });
        html = rest;
    }
    tags
}

/// The attributes up to the tag's end, and what follows it.
fn attributes(mut html: &str) -> (Vec<(String, String)>, &str) {
    let mut attributes = Vec::new();
    loop {
        html = html.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(rest) = html.strip_prefix('>') {
            return (attributes, rest);
        }
        if html.is_empty() {
            return (attributes, html);
        }
        let (name, rest) = split_while(html, |c| !c.is_ascii_whitespace() && !matches!(c, '=' | '>' | '/'));
        let (value, rest) = match rest.trim_start().strip_prefix('=') {
            Some(rest) => value(rest.trim_start()),
            None => ("", rest),
        };
        attributes.push((name.to_ascii_lowercase(), value.to_owned()));
        // A stray `=` has no name and must not stop the scan.
        html = if name.is_empty() && rest.len() == html.len() { &rest[1..] } else { rest };
    }
}

fn value(html: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(rest) = html.strip_prefix(quote) {
            return rest.split_once(quote).unwrap_or((rest, ""));
        }
    }
    split_while(html, |c| !c.is_ascii_whitespace() && c != '>')
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

/// Replaces character references: the five of XML by name, all by number.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after.split_once(';').and_then(|(name, tail)| Some((character(name)?, tail)));
        match reference {
            Some((character, tail)) => {
                decoded.push(character);
                rest = tail;
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Url {
        Url::parse("http://127.0.0.1:4000/login?a=1").unwrap()
    }

    #[test]
    fn hidden_fields_and_the_action_are_read_with_their_references_decoded() {
        let html = r#"<!-- <form action="/no"> --><p>a < b</p><FORM method=Post action='/login?a=1&amp;b=&#x32;'>
            <input type="hidden" name="_csrf" value="&quot;x&lt;y&#39;&amp;z&unknown;"><input name=username><input type=submit name=go value=Go></form>
            <input name="outside">"#;
        let forms = read(html, &page());
        assert_eq!(forms.len(), 1);
        assert_eq!((forms[0].method.as_str(), forms[0].action.as_str()), ("POST", "http://127.0.0.1:4000/login?a=1&b=2"));
        let fields = [("_csrf", "\"x<y'&z&unknown;"), ("username", "")];
        assert_eq!(forms[0].fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_form_without_action_goes_to_its_page() {
        assert_eq!(read("<form></form>", &page())[0].action, page());
    }

    #[test]
    fn only_checked_boxes_are_submitted() {
        let forms =
            read("<form><input type=checkbox name=a value=1><input type=checkbox name=b value=1 checked></form>", &page());
        assert_eq!(forms[0].fields, [("b".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn broken_html_ends_the_scan_and_nothing_else() {
        for html in
            ["<", "<form", "<form =", "<form = = a='", "<form a=\"x", "<input name='", "<!--", "<form action='http://[' >"]
        {
            read(html, &page());
        }
    }

    #[test]
    fn a_filled_in_post_carries_every_field() {
        let forms = read("<form method=post action=/x><input name=a value=1><input name=b></form>", &page());
        let navigation = forms[0].filled_in(&[("b", "2 3"), ("c", "4")]);
        assert_eq!(navigation.body.as_deref(), Some("a=1&b=2+3&c=4"));
        assert_eq!(navigation.initiator, Some(page()));
    }
}
