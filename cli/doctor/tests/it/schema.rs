//! The report follows its JSON Schema. The validator knows the keywords that the schema uses, and
//! refuses any other.

use serde_json::Value;

use crate::fixture::{Fixture, Result};

/// Returns the first place that breaks the schema.
fn problem(schema: &Value, root: &Value, value: &Value, at: &str) -> Option<String> {
    let keywords = schema.as_object()?;
    for (keyword, wanted) in keywords {
        let fits = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let target = root.pointer(wanted.as_str()?.strip_prefix('#')?)?;
                if let Some(found) = problem(target, root, value, at) {
                    return Some(found);
                }
                true
            }
            "const" => value == wanted,
            "enum" => wanted.as_array()?.contains(value),
            "minimum" => value.as_f64()? >= wanted.as_f64()?,
            "type" => match wanted {
                Value::Array(kinds) => kinds.iter().any(|kind| is_of(value, kind)),
                kind => is_of(value, kind),
            },
            "required" => wanted
                .as_array()?
                .iter()
                .all(|key| key.as_str().is_some_and(|key| !value[key].is_null() || value.get(key).is_some())),
            "properties" => {
                for (key, schema) in wanted.as_object()? {
                    let found =
                        value.get(key).and_then(|value| problem(schema, root, value, &format!("{at}/{key}")));
                    if found.is_some() {
                        return found;
                    }
                }
                true
            }
            "items" => {
                let items = value.as_array()?.iter().enumerate();
                let mut found =
                    items.filter_map(|(n, item)| problem(wanted, root, item, &format!("{at}/{n}")));
                if let Some(found) = found.next() {
                    return Some(found);
                }
                true
            }
            "additionalProperties" => {
                let known =
                    |key: &str| keywords.get("properties").is_some_and(|known| known.get(key).is_some());
                let mut others = value.as_object()?.iter().filter(|(key, _)| !known(key));
                match wanted {
                    Value::Bool(allowed) => *allowed || others.next().is_none(),
                    schema => {
                        let found = |(key, value): (&String, &Value)| {
                            problem(schema, root, value, &format!("{at}/{key}"))
                        };
                        if let Some(found) = others.find_map(found) {
                            return Some(found);
                        }
                        true
                    }
                }
            }
            other => return Some(format!("{at}: the validator does not know {other}")),
        };
        if !fits {
            return Some(format!("{at}: {value} breaks {keyword}: {wanted}"));
        }
    }
    None
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

#[test]
fn reports_follow_their_schema() -> Result {
    let schema: Value = serde_json::from_str(threadkeep_doctor::SCHEMA)?;
    let healthy = Fixture::new()?;
    let broken = Fixture::new()?;
    broken.write("config.toml", "model = \n")?;
    broken.write("threadkeep/state_5.sqlite", "not a database")?;
    for fixture in [healthy, broken] {
        let report = fixture.report()?.document();
        assert_eq!(problem(&schema, &schema, &report, ""), None);
        for key in schema["required"].as_array().ok_or("required")?.iter().filter_map(Value::as_str) {
            let mut without = report.clone();
            without.as_object_mut().ok_or("an object")?.remove(key);
            assert!(problem(&schema, &schema, &without, "").is_some(), "{key} is not required");
        }
        let mut more = report;
        more["checks"]["state.paths"]["secret"] = true.into();
        assert!(problem(&schema, &schema, &more, "").is_some(), "an unknown key is refused");
    }
    Ok(())
}
