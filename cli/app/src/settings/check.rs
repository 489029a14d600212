//! Checks a file against the schema: settings that may be used, and problems of the rest.

use std::ops::Range;

use serde_json::{Map, Value};
use threadkeep_redact::redact;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::filter;
use super::nearest::nearest;
use super::place::Place;
use super::problem::Problem;
use super::schema::{Kind, Rule, leaves};
use crate::message::{Message, command};
use crate::text::{fit, one_line};

/// Columns of a wrong value that a message repeats.
const SHOWN: usize = 40;

/// Contents of a file.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) set: Vec<Set>,
    /// In the order of the file.
    pub(super) problems: Vec<Problem>,
}

/// A key with its value, and where it stands.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) place: Place,
}

/// Checks a text of TOML. Nothing of a text that is none is used.
pub(super) fn check(text: &str, schema: &Value) -> Checked {
    let mut check = Check { text, schema, found: Checked::default() };
    match DeTable::parse(text) {
        Ok(document) => check.document(document.get_ref()),
        Err(error) => {
            let place = error.span().map(|span| Place::of(text, span.start));
            let shown = error.span().map(|span| check.quoted(&span)).filter(|shown| shown != "``");
            let at = shown.map(|shown| format!(" at {shown}")).unwrap_or_default();
            let message = format!("this is not TOML{at}: {}", one_line(error.message()));
            check.error(place, message, "correct the line, or put a # before it".to_owned());
        }
    }
    check.found.problems.sort_by_key(|problem| problem.place);
    check.found
}

struct Check<'a> {
    text: &'a str,
    schema: &'a Value,
    found: Checked,
}

impl Check<'_> {
    fn document(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            let rule = Rule::of(self.schema).keys().find(|(known, _)| known == name.get_ref());
            match (rule, value.get_ref()) {
                (None, _) => self.unknown(None, name),
                (Some((section, rule)), DeValue::Table(table)) => self.section(section, rule, table),
                (Some((section, _)), _) => {
                    let message =
                        format!("`{section}` must be a section of keys, not {}", self.quoted(&value.span()));
                    let hint = format!("write `[{section}]` on a line of its own, and its keys below");
                    self.error(Some(self.place(&value.span())), message, hint);
                }
            }
        }
    }

    fn section(&mut self, section: &str, rule: Rule<'_>, table: &DeTable<'_>) {
        for (name, value) in table {
            match rule.keys().find(|(known, _)| known == name.get_ref()) {
                None => self.unknown(Some(section), name),
                Some((key, rule)) => {
                    match read(rule.kind(), value.get_ref(), || self.quoted(&value.span())) {
                        Ok(read) => self.found.set.push(Set {
                            section: section.to_owned(),
                            key: key.to_owned(),
                            value: read,
                            place: self.place(&name.span()),
                        }),
                        Err(said) => {
                            let message = format!("`{section}.{key}` {said}");
                            let default = &self.schema["properties"][section]["properties"][key]["default"];
                            let hint = format!("correct it, or remove the line for the default, {default}");
                            self.error(Some(self.place(&value.span())), message, hint);
                        }
                    }
                }
            }
        }
    }

    fn unknown(&mut self, section: Option<&str>, name: &Spanned<std::borrow::Cow<'_, str>>) {
        let key = name.get_ref();
        let sections = Rule::of(self.schema).keys().map(|(section, _)| section);
        let meant = nearest(section, key, sections, leaves(self.schema));
        let whole = section.map_or_else(|| key.to_string(), |section| format!("{section}.{key}"));
        let remedy = match meant {
            Some(meant) => Message::from(format!("did you mean `{meant}`?")),
            None => (command("config show"), " lists all keys").into(),
        };
        // Redacted before it is cut: half a secret is not recognised.
        let shown = one_line(&redact(&whole));
        let message = Message::from(format!("unknown key `{}`; ", fit(&shown, SHOWN))).append(remedy);
        self.found.problems.push(Problem::warning(Some(self.place(&name.span())), message));
    }

    fn error(&mut self, place: Option<Place>, message: String, hint: String) {
        self.found.problems.push(Problem::error(place, message, hint));
    }

    fn place(&self, span: &Range<usize>) -> Place {
        Place::of(self.text, span.start)
    }

    /// Quotes what the file says there.
    fn quoted(&self, span: &Range<usize>) -> String {
        let written = one_line(&redact(self.text.get(span.clone()).unwrap_or_default()));
        format!("`{}`", fit(&written, SHOWN))
    }
}

/// Reads a value, or says what is wrong with it.
fn read(kind: Kind, value: &DeValue<'_>, shown: impl Fn() -> String) -> Result<Value, String> {
    let must_be = |expected: &str| Err(format!("must be {expected}, not {}", shown()));
    match (kind, value) {
        (Kind::Boolean, DeValue::Boolean(value)) => Ok((*value).into()),
        (Kind::Boolean, _) => must_be("true or false"),
        (Kind::Integer { min, max }, value) => match value.as_integer().and_then(whole) {
            Some(value) if (min..=max).contains(&value) => Ok(value.into()),
            _ => must_be(&format!("a whole number from {min} to {max}")),
        },
        (Kind::Filter, DeValue::String(value)) => filter::check(value)
            .map(|()| value.as_ref().into())
            .map_err(|why| format!("is not a log filter: {why}")),
        (Kind::Filter, _) => must_be(&format!("a filter in quotes, such as {}", filter::EXAMPLE)),
        (Kind::Text, DeValue::String(value)) => Ok(value.as_ref().into()),
        (Kind::Text, _) => must_be("text in quotes"),
        (Kind::Texts, value) => {
            let texts = value.as_array().map(|texts| texts.iter().map(|text| text.get_ref().as_str()));
            let texts: Option<Vec<&str>> = texts.and_then(Iterator::collect);
            texts.map_or_else(
                || must_be("a list of texts, such as [\"one\", \"two\"]"),
                |texts| Ok(texts.into()),
            )
        }
        // Sections contain no sections.
        (Kind::Section, _) => Ok(Map::new().into()),
    }
}

fn whole(value: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(value.as_str(), value.radix()).ok()
}
