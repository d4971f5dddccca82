//! Reading a document that people write: every problem at once, each with its path, none with the value that was given.

use std::borrow::Cow;

use serde_json::Value;

use super::error::{Code, Failure};
use super::near;
use crate::json::{self, Defect, FromJson, Object};
use crate::limit::limit;

limit! {
    /// Longest document read, in bytes.
    pub(crate) MAX_DOCUMENT_BYTES: usize = 64 KiB;
    A_DOCUMENT = "expected at most ", "";
}
/// Longest member name repeated in a path, in characters.
const MAX_NAME: usize = 64;
/// Unknown members for which a near one is looked for; who has more of them has another document.
const MAX_NEAR: usize = 16;

/// What is wrong at one place of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The failure that it makes of a call.
    pub code: Code,
    /// JSON Pointer (RFC 6901).
    pub path: String,
    /// What would be right.
    pub expected: Cow<'static, str>,
}

/// A call fails with the first of them.
impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        match problems.into_iter().next() {
            Some(Problem { code, path, expected }) => Self { path: Some(path), ..Self::from(code).expecting(expected) },
            None => Code::Internal.into(),
        }
    }
}

/// A member of a document as it was given. Reading never fails, so that one problem doesn't hide the next. `null` is treated as
/// absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not there.
    #[default]
    Absent,
    /// There, and of the right type.
    Given(T),
    /// There, and of another type.
    Wrong,
}

impl<T> Field<T> {
    /// The value, where it's there and of the right type.
    pub fn given(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }
}

impl<T: FromJson> From<Value> for Field<T> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Absent,
            value => T::from_json(value).map_or(Self::Wrong, Self::Given),
        }
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Field<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// Words, given as a list or as one text with spaces between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// Separated by spaces.
    Text(String),
    /// One by one.
    List(Vec<String>),
}

impl FromJson for Words {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text)),
            list => Vec::from_json(list).map(Self::List),
        }
    }
}

/// A form has room for a text.
#[cfg(test)]
impl schemars::JsonSchema for Words {
    fn schema_name() -> Cow<'static, str> {
        "Words".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "array"], "items": {"type": "string"}, "extends": [{"type": "string"}]})
    }
}

impl Words {
    /// The words, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (text, list) = match self {
            Self::Text(text) => (Some(text.split(' ').filter(|word| !word.is_empty())), None),
            Self::List(list) => (None, Some(list.iter().map(String::as_str))),
        };
        text.into_iter().flatten().chain(list.into_iter().flatten())
    }
}

/// What a form calls one item of a list.
#[cfg(test)]
pub(super) fn items_titled(title: &'static str) -> impl Fn(&mut schemars::Schema) {
    move |list| {
        if let Some(items) = list.get_mut("items").and_then(Value::as_object_mut) {
            items.insert("title".to_owned(), title.into());
        }
    }
}

/// Reads the members of one object, and collects what is wrong with them.
pub struct Reader<'a> {
    code: Code,
    place: Place<'a>,
    problems: &'a mut Vec<Problem>,
}

/// Where a reader is. Written as a path where something is wrong there, and not before.
struct Place<'a> {
    name: &'a str,
    within: Option<&'a Place<'a>>,
}

impl Place<'_> {
    fn path(&self) -> String {
        match self.within {
            None => self.name.to_owned(),
            Some(outer) => pointer(&outer.path(), self.name),
        }
    }
}

impl<'a> Reader<'a> {
    /// At the root of a document; `path` names it, and `code` the failure of one that isn't valid.
    pub fn new(path: &'a str, code: Code, problems: &'a mut Vec<Problem>) -> Self {
        Self { code, place: Place { name: path, within: None }, problems }
    }

    /// At a member that is an object itself.
    pub fn at<'b>(&'b mut self, name: &'b str) -> Reader<'b> {
        Reader { code: self.code, place: Place { name, within: Some(&self.place) }, problems: self.problems }
    }

    /// Reads the text of a document.
    pub fn object(&mut self, text: &str) -> Option<Object> {
        if text.len() > MAX_DOCUMENT_BYTES {
            self.problem_here(A_DOCUMENT);
            return None;
        }
        json::written(text).map_err(|defect| self.defect(&defect)).ok()
    }

    /// Broken JSON is told by line and column, a member given twice by its path too.
    fn defect(&mut self, defect: &Defect) {
        let mut path = self.place.path();
        for name in &defect.path {
            path = pointer(&path, name);
        }
        self.problems.push(Problem { code: self.code, path, expected: defect.expected() });
    }

    /// A member that may be missing.
    pub fn optional<T>(&mut self, name: &str, field: Field<T>, expected: &'static str) -> Option<T> {
        match field {
            Field::Given(value) => Some(value),
            Field::Absent => None,
            Field::Wrong => {
                self.problem(name, expected);
                None
            }
        }
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, name: &str, field: Field<T>, expected: &'static str) -> Option<T> {
        if matches!(field, Field::Absent) {
            self.problem(name, expected);
        }
        self.optional(name, field, expected)
    }

    /// A member that may be missing, and passes a further check where it's there.
    pub fn checked<T>(&mut self, name: &str, value: Option<T>, check: impl FnOnce(&T) -> Result<(), &'static str>) -> Option<T> {
        let value = value?;
        match check(&value) {
            Ok(()) => Some(value),
            Err(expected) => {
                self.problem(name, expected);
                None
            }
        }
    }

    /// Members that nobody knows. `known` has those of the whole document, with dots between the names of objects and theirs.
    pub fn refuse_unknown(&mut self, unknown: &Object, known: &'static [&'static str]) {
        for (index, name) in unknown.keys().enumerate() {
            match near::nearest(name, known).filter(|_| index < MAX_NEAR) {
                Some(near) => self.problem(name, format!("unknown setting: perhaps `{near}` is meant")),
                None => self.problem(name, "unknown setting"),
            }
        }
    }

    /// Notes a problem with a member.
    pub fn problem(&mut self, name: &str, expected: impl Into<Cow<'static, str>>) {
        self.problem_of(self.code, name, expected);
    }

    /// Notes a problem with a member of a document that is valid but for what it says.
    pub fn problem_of(&mut self, code: Code, name: &str, expected: impl Into<Cow<'static, str>>) {
        let path = pointer(&self.place.path(), name);
        self.problems.push(Problem { code, path, expected: expected.into() });
    }

    /// Notes a problem with the object itself.
    pub fn problem_here(&mut self, expected: impl Into<Cow<'static, str>>) {
        self.problems.push(Problem { code: self.code, path: self.place.path(), expected: expected.into() });
    }
}

/// RFC 6901 section 3, with what could disturb a log taken out.
fn pointer(path: &str, name: &str) -> String {
    let name: String = crate::oidc::provider_text::clean(name).chars().take(MAX_NAME).collect();
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_never_fails() {
        assert_eq!(Field::from(json!(7)), Field::Given(7_u32));
        assert_eq!(Field::<u32>::from(json!(null)), Field::Absent);
        for wrong in [json!("7"), json!(-1), json!(1.5), json!([]), json!(4_294_967_296_u64)] {
            assert_eq!(Field::<u32>::from(wrong), Field::Wrong);
        }
        assert_eq!(Field::Given(7).given(), Some(&7));
        assert_eq!(Field::<u32>::Wrong.given(), None);
    }

    #[test]
    fn words_come_as_a_text_or_a_list() {
        let words = |value: Value| {
            let words = Words::from_json(value).unwrap();
            words.iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(words(json!(" a  b ")), ["a", "b"]);
        assert_eq!(words(json!(["a", "b c", ""])), ["a", "b c", ""]);
        assert_eq!(words(json!("")), [""; 0]);
    }

    #[test]
    fn problems_have_paths() {
        let mut problems = Vec::new();
        let mut reader = Reader::new("/settings", Code::InvalidSettings, &mut problems);
        assert_eq!(reader.optional("a", Field::<u32>::Wrong, "x"), None);
        assert_eq!(reader.optional("a", Field::Given(1), "x"), Some(1));
        assert_eq!(reader.optional("a", Field::<u32>::Absent, "x"), None);
        assert_eq!(reader.required("b", Field::<u32>::Absent, "y"), None);
        assert_eq!(reader.required("b", Field::<u32>::Wrong, "y"), None);
        assert_eq!(reader.checked("c", Some(1), |_| Err("z")), None);
        assert_eq!(reader.checked("c", Some(1), |_| Ok(())), Some(1));
        reader.at("d/~").problem("e\u{202e}\n", "w");
        reader.problem_here("v");
        reader.problem(&"n".repeat(100), "u");
        let found: Vec<_> = problems.iter().map(|problem| (problem.path.as_str(), problem.expected.as_ref())).collect();
        let long = format!("/settings/{}", "n".repeat(64));
        assert_eq!(
            found,
            [
                ("/settings/a", "x"),
                ("/settings/b", "y"),
                ("/settings/b", "y"),
                ("/settings/c", "z"),
                ("/settings/d~1~0/e", "w"),
                ("/settings", "v"),
                (long.as_str(), "u"),
            ]
        );
    }

    #[test]
    fn a_document_is_one_json_object_of_bounded_length() {
        for (text, path, expected) in [
            ("{".to_owned(), "/connector", "expected JSON: line 1, column 1"),
            ("{\"a\": \"hunter2\",\n oops}".to_owned(), "/connector", "expected JSON: line 2, column 2"),
            ("[]".to_owned(), "/connector", "expected a JSON object"),
            (r#"{"a":1,"a":1}"#.to_owned(), "/connector/a", "expected each member of a JSON object once: line 1, column 13"),
            (
                r#"{"a":{"b/c":[{"d":1,"d":1}]}}"#.to_owned(),
                "/connector/a/b~1c/0/d",
                "expected each member of a JSON object once: line 1, column 26",
            ),
            (format!("{{}}{}", " ".repeat(64 * 1024 - 1)), "/connector", "expected at most 64 KiB"),
        ] {
            let mut problems = Vec::new();
            assert_eq!(Reader::new("/connector", Code::InvalidIntegration, &mut problems).object(&text), None);
            assert_eq!(problems, [Problem { code: Code::InvalidIntegration, path: path.into(), expected: expected.into() }]);
        }
        let text = format!("{{}}{}", " ".repeat(64 * 1024 - 2));
        assert!(Reader::new("/connector", Code::InvalidIntegration, &mut Vec::new()).object(&text).is_some());
    }
}
