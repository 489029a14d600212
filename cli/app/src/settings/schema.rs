//! The JSON Schema of the settings, and the questions that this module asks it.

use serde_json::Value;

/// Schema as it is published. Generating it at run time would cost every build the generator.
const PUBLISHED: &str = include_str!("../../config.schema.json");

/// Returns the schema as it is published: one document without references, which reads from top to
/// bottom.
pub fn schema() -> Value {
    serde_json::from_str(PUBLISHED).expect("a test compares the file with a generated document")
}

/// Part of the schema for one key, or for a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule<'a> {
    schema: &'a Value,
}

/// Type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Section,
    Boolean,
    Integer { min: i64, max: i64 },
    Filter,
    Text,
    Texts,
}

impl<'a> Rule<'a> {
    pub(super) fn of(schema: &'a Value) -> Rule<'a> {
        Rule { schema }
    }

    /// Iterates over the keys of a section, in the order of the types.
    pub(super) fn keys(self) -> impl Iterator<Item = (&'a str, Rule<'a>)> {
        let properties = self.schema["properties"].as_object();
        properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), Rule { schema }))
    }

    pub(super) fn kind(self) -> Kind {
        let bound = |name: &str, otherwise| self.schema[name].as_i64().unwrap_or(otherwise);
        match self.schema["type"].as_str() {
            Some("object") => Kind::Section,
            Some("boolean") => Kind::Boolean,
            Some("integer") => {
                Kind::Integer { min: bound("minimum", i64::MIN), max: bound("maximum", i64::MAX) }
            }
            Some("array") => Kind::Texts,
            _ if self.schema["format"] == "log-filter" => Kind::Filter,
            _ => Kind::Text,
        }
    }
}

/// Iterates over every key that has a value, with its section: `("logs", "filter")`.
pub(super) fn leaves(schema: &Value) -> impl Iterator<Item = (&str, &str)> {
    let sections = Rule::of(schema).keys();
    sections.flat_map(|(section, rule)| rule.keys().map(move |(key, _)| (section, key)))
}

#[cfg(test)]
#[path = "../../tests/unit/settings_schema.rs"]
mod tests;
