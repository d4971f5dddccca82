//! Arguments of a command line: `--name`, `--name value`, `--name=value`.

use std::iter::Peekable;
use std::slice::Iter;

/// The arguments that are yet to be read.
pub(crate) struct Given<'a>(Peekable<Iter<'a, String>>);

/// One of them. It is over with [`Argument::end`].
pub(crate) struct Argument<'a> {
    /// With its hyphens, as it was typed.
    pub(crate) name: &'a str,
    /// What stood behind an equals sign, until it is taken.
    value: Option<&'a str>,
}

impl<'a> Given<'a> {
    pub(crate) fn new(arguments: &'a [String]) -> Self {
        Self(arguments.iter().peekable())
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Option<Argument<'a>> {
        let argument = self.0.next()?;
        Some(match argument.split_once('=') {
            Some((name, value)) => Argument { name, value: Some(value) },
            None => Argument { name: argument, value: None },
        })
    }

    /// The value of this one, which is the next word where none stood behind an equals sign.
    ///
    /// # Errors
    /// There is none, or it is empty.
    pub(crate) fn value(&mut self, argument: &mut Argument<'a>) -> Result<&'a str, String> {
        let value = argument.value.take().or_else(|| self.0.next().map(String::as_str));
        value.filter(|value| !value.is_empty()).ok_or_else(|| format!("{} needs a value", argument.name))
    }

    /// Whether this one stands by itself: without an equals sign, and before another argument or the end.
    pub(crate) fn is_alone(&mut self, argument: &Argument<'a>) -> bool {
        argument.value.is_none() && self.0.peek().is_none_or(|next| next.starts_with("--"))
    }
}

impl Argument<'_> {
    /// # Errors
    /// A value stands behind an equals sign that nobody has taken.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.value {
            Some(_) => Err(format!("{} takes no value", self.name)),
            None => Ok(()),
        }
    }
}
