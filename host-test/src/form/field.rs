//! What each member of a document is in a form.

use serde_json::Value;

use super::schema::{Additional, Properties, Schema, Types};
use journey_host::Problem;

/// One field, or a section of them.
#[derive(Debug)]
pub(super) struct Field {
    /// Of the member; also the name under which it is sent.
    pub(super) pointer: String,
    pub(super) title: String,
    pub(super) help: String,
    pub(super) is_required: bool,
    /// What holds where the member is absent.
    pub(super) default: Option<Value>,
    /// Texts that would do.
    pub(super) examples: Vec<String>,
    pub(super) kind: Kind,
}

/// How a value is filled in.
#[derive(Debug)]
pub(super) enum Kind {
    /// A text. A list of words that a document has in its place is shown as words, and an object as JSON.
    Text { has_lines: bool },
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// One of these texts.
    Choice(Vec<Choice>),
    /// A list of texts, one a line.
    Lines,
    /// An object of texts, one a line: `name=value`.
    Pairs,
    /// One of these texts, or an object with this list: the title of that choice, and the list.
    ChoiceOrLines { choices: Vec<Choice>, title: String, lines: Box<Field> },
    /// Fields of an object.
    Section { fields: Vec<Field>, is_collapsed: bool },
}

/// A text to choose.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) title: String,
}

impl Field {
    /// # Errors
    /// The schema, or one within it, is of a kind that no form here has.
    pub(super) fn read(pointer: &str, schema: &Schema, is_required: bool) -> Result<Self, String> {
        let kind = Kind::read(pointer, schema)?;
        let examples = schema.examples.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Self {
            pointer: pointer.to_owned(),
            title: schema.title.clone(),
            help: schema.description.clone(),
            is_required,
            default: schema.default.clone(),
            examples,
            kind,
        })
    }

    /// In HTML.
    pub(super) fn id(&self) -> String {
        self.pointer.trim_start_matches('/').replace('/', "-")
    }

    /// The fields within, at any depth, and the field itself before them.
    pub(super) fn all(&self) -> Vec<&Field> {
        let within: &[Field] = match &self.kind {
            Kind::Section { fields, .. } => fields,
            Kind::ChoiceOrLines { lines, .. } => std::slice::from_ref(lines),
            _ => &[],
        };
        std::iter::once(self).chain(within.iter().flat_map(Field::all)).collect()
    }

    /// Whether a problem is with this member or with something in it.
    pub(super) fn is_of(&self, problem: &Problem) -> bool {
        problem.path.strip_prefix(self.pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The innermost field that a problem of this document is of.
    pub(super) fn place_of(&self, problem: &Problem) -> &Field {
        self.all().into_iter().rfind(|field| field.is_of(problem)).unwrap_or(self)
    }
}

impl Kind {
    fn read(pointer: &str, schema: &Schema) -> Result<Self, String> {
        let unknown = || format!("{pointer} is of a kind that no form has");
        let Some(kind) = &schema.r#type else { return Self::choice_or_lines(pointer, schema)?.ok_or_else(unknown) };
        let has_lines = schema.extends.iter().any(|extension| extension.format.as_deref() == Some("textarea"));
        let name = match kind {
            Types::One(name) => name.as_str(),
            Types::Several(names) => {
                let is_text =
                    matches!(names.as_slice(), [first, second] if first == "string" && (second == "array" || second == "object"));
                return if is_text { Ok(Self::Text { has_lines }) } else { Err(unknown()) };
            }
        };
        let texts = |schema: Option<&Schema>| {
            schema.is_some_and(|schema| matches!(&schema.r#type, Some(Types::One(name)) if name == "string"))
        };
        match (name, &schema.properties, &schema.additional_properties) {
            ("string", None, None) if schema.one_of.is_empty() => Ok(Self::Text { has_lines }),
            ("string", None, None) => choices(&schema.one_of).map(Self::Choice).ok_or_else(unknown),
            ("integer", None, None) => Ok(Self::Number),
            ("boolean", None, None) if schema.default.is_some() => Ok(Self::Flag),
            ("array", None, None) if texts(schema.items.as_deref()) => Ok(Self::Lines),
            ("object", None, Some(Additional::Of(of))) if texts(Some(of)) => Ok(Self::Pairs),
            ("object", Some(Properties(members)), Some(Additional::Allowed(false))) => {
                let field = |(name, member): &(String, Schema)| {
                    Field::read(&format!("{pointer}/{name}"), member, schema.required.contains(name))
                };
                let fields = members.iter().map(field).collect::<Result<_, _>>()?;
                Ok(Self::Section { fields, is_collapsed: schema.options.collapsed })
            }
            _ => Err(unknown()),
        }
    }

    /// Texts to choose from, and an object with a list and nothing else.
    fn choice_or_lines(pointer: &str, schema: &Schema) -> Result<Option<Self>, String> {
        let [texts, object] = schema.one_of.as_slice() else { return Ok(None) };
        let (Some(choices), Some(Properties(members))) = (choices(&texts.one_of), &object.properties) else { return Ok(None) };
        let [(name, list)] = members.as_slice() else { return Ok(None) };
        let lines = Field::read(&format!("{pointer}/{name}"), list, false)?;
        let is_list = matches!(lines.kind, Kind::Lines);
        Ok(is_list.then(|| Self::ChoiceOrLines { choices, title: object.title.clone(), lines: Box::new(lines) }))
    }
}

fn choices(schemas: &[Schema]) -> Option<Vec<Choice>> {
    let choice = |schema: &Schema| {
        let value = schema.r#const.as_ref()?.as_str()?.to_owned();
        Some(Choice { value, title: schema.title.clone() })
    };
    let choices: Vec<Choice> = schemas.iter().map(choice).collect::<Option<_>>()?;
    (!choices.is_empty()).then_some(choices)
}
