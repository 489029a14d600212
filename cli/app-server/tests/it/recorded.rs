//! Requests and answers of the agent's own server, recorded from its versions 0.169 and 0.171, are
//! valid by the published schema, and have the same fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use threadkeep_app_server::schema::JSON_SCHEMA;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Returns the places at which a value is not valid, each with the reason. Knows the keywords that
/// the published schema has.
fn mistakes(schema: &Value, root: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let definition = &root["$defs"][reference.rsplit('/').next().unwrap_or_default()];
        assert!(!definition.is_null(), "{reference} is not defined");
        return mistakes(definition, root, value, place);
    }
    let mut found = Vec::new();
    if let Some(expected) = schema.get("const")
        && expected != value
    {
        found.push(format!("{place}: {value} is not {expected}"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{place}: {value} is none of {words:?}"));
    }
    let is_of = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => true,
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => Vec::new(),
        kind => vec![kind.clone()],
    };
    if !kinds.is_empty() && !kinds.iter().any(is_of) {
        found.push(format!("{place}: {value} is no {kinds:?}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(name).is_none() {
            found.push(format!("{place}: `{name}` is missing"));
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            found.extend(mistakes(property, root, value, &format!("{place}.{name}")));
        }
    }
    if let Some(items) = value.as_array().filter(|_| schema.get("items").is_some()) {
        for (number, item) in items.iter().enumerate() {
            found.extend(mistakes(&schema["items"], root, item, &format!("{place}[{number}]")));
        }
    }
    for several in ["oneOf", "anyOf"] {
        let schemas = schema[several].as_array();
        let of_each: Vec<_> =
            schemas.into_iter().flatten().map(|schema| mistakes(schema, root, value, place)).collect();
        if !of_each.is_empty() && of_each.iter().all(|mistakes| !mistakes.is_empty()) {
            found.push(format!("{place}: {value} is none of {} forms: {:?}", of_each.len(), of_each));
        }
    }
    found
}

/// Returns the recordings, by version and name.
fn recordings() -> Result<BTreeMap<String, Value>> {
    let mut recordings = BTreeMap::new();
    for version in ["0.169", "0.171"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(version);
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            recordings.insert(format!("{version} {name}"), serde_json::from_slice(&fs::read(path)?)?);
        }
    }
    Ok(recordings)
}

#[test]
fn recorded_examples_are_valid() -> Result {
    let schema: Value = serde_json::from_str(JSON_SCHEMA)?;
    let (mut methods, mut answers) = (BTreeSet::new(), 0);
    for (name, recording) in recordings()? {
        let method = recording["request"]["method"].as_str().unwrap_or("initialize");
        let known = &schema["methods"][method];
        assert!(known.is_object(), "{name}: {method} is not in the schema");
        methods.insert(method.to_owned());
        if let Some(result) = recording["response"].get("result") {
            assert_eq!(mistakes(&known["result"], &schema, result, &name), [""; 0]);
            answers += 1;
            if let Some(params) = recording["request"].get("params") {
                assert_eq!(mistakes(&known["params"], &schema, params, &name), [""; 0]);
            }
        } else {
            assert_eq!(mistakes(&schema["error"], &schema, &recording["response"]["error"], &name), [""; 0]);
        }
        for notification in recording["notifications"].as_array().into_iter().flatten() {
            // The server of the agent also says which threads it has in memory.
            let foreign = ["thread/status/changed", "deprecationNotice"];
            if !foreign.iter().any(|method| notification["method"] == *method) {
                assert_eq!(mistakes(&schema["notification"], &schema, notification, &name), [""; 0]);
            }
        }
    }
    assert!(methods.len() >= 18 && answers >= 40, "{answers} answers of {methods:?}");
    Ok(())
}

/// A client finds every field that the agent's server sends, and no field of a thread, a turn or a
/// goal that it does not know.
#[test]
fn threads_turns_and_goals_have_the_recorded_fields() -> Result {
    let schema: Value = serde_json::from_str(JSON_SCHEMA)?;
    let fields = |name: &str| -> BTreeSet<String> {
        schema["$defs"][name]["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for recording in recordings()?.values() {
        let result = &recording["response"]["result"];
        let threads =
            result["data"].as_array().into_iter().flatten().chain([&result["thread"], &result["goal"]]);
        for value in threads {
            let kind = match value {
                value if value.get("sessionId").is_some() => "Thread",
                value if value.get("itemsView").is_some() => "Turn",
                value if value.get("objective").is_some() => "ThreadGoal",
                _ => continue,
            };
            let keys = value.as_object().into_iter().flatten().map(|(key, _)| key.clone());
            seen.entry(kind).or_default().extend(keys);
        }
    }
    assert_eq!(seen.len(), 3);
    for (kind, seen) in seen {
        assert_eq!(seen, fields(kind), "{kind}");
    }
    Ok(())
}
