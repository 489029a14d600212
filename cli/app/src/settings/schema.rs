//! The JSON Schema of the settings, and the questions that this module asks it.

use serde_json::Value;

/// Schema as it is published. Generating it at run time would cost every build the generator.
const PUBLISHED: &str = include_str!("../../config.schema.json");

/// Returns the schema as it is published: one document without references, which reads from top to bottom.
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
mod tests {
    use schemars::Schema;
    use schemars::generate::SchemaSettings;
    use schemars::transform::RecursiveTransform;

    use super::super::values::Settings;
    use super::*;

    #[test]
    fn the_published_schema_is_that_of_the_settings() {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
            settings.transforms.push(Box::new(RecursiveTransform(unwrap)));
        });
        let generated = settings.into_generator().into_root_schema_for::<Settings>().to_value();
        let generated = serde_json::to_string_pretty(&generated).expect("a schema is JSON") + "\n";
        assert!(generated == PUBLISHED, "cli/app/config.schema.json is stale; replace it with:\n{generated}");
    }

    /// Joins the lines of a description, which the comment was wrapped into.
    fn unwrap(schema: &mut Schema) {
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace('\n', " ");
        }
    }
}
