//! Tests of `settings/schema.rs`, next to which its private items are in scope.

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
