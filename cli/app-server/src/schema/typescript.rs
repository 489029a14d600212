//! TypeScript types of a JSON Schema that serde types generated.

use std::fmt::Write as _;

use serde_json::Value;

/// Returns the types of a schema document.
pub(super) fn of(schema: &Value) -> String {
    let mut text =
        "// Types of the Threadkeep app-server. Generated: `threadkeep app-server schema --typescript`.\n"
            .to_owned();
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        let _ =
            write!(text, "\n{}export type {name} = {};\n", comment(definition, ""), type_of(definition, ""));
    }
    text.push_str("\n/** Parameters and result of each method. */\nexport type Methods = {\n");
    for (name, method) in schema["methods"].as_object().into_iter().flatten() {
        let (params, result) = (type_of(&method["params"], "  "), type_of(&method["result"], "  "));
        let _ = writeln!(text, "  {}: {{ params: {params}; result: {result} }};", quoted(name));
    }
    text.push_str("};\n");
    text
}

fn type_of(schema: &Value, indent: &str) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    if let Some(word) = schema.get("const") {
        return word.to_string();
    }
    if let Some(words) = schema["enum"].as_array() {
        return joined(words.iter().map(Value::to_string));
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(schemas) = schema[several].as_array() {
            let either = joined(schemas.iter().map(|schema| type_of(schema, indent)));
            // Properties next to the alternatives belong to all of them.
            return match schema.get("properties") {
                Some(_) => format!("({either}) & {}", object(schema, indent)),
                None => either,
            };
        }
    }
    match &schema["type"] {
        Value::Array(types) => {
            joined(types.iter().map(|kind| plain(schema, kind.as_str().unwrap_or_default(), indent)))
        }
        Value::String(kind) => plain(schema, kind, indent),
        _ => "unknown".to_owned(),
    }
}

fn plain(schema: &Value, kind: &str, indent: &str) -> String {
    match kind {
        "integer" | "number" => "number".to_owned(),
        "string" | "boolean" | "null" => kind.to_owned(),
        "array" => format!("Array<{}>", type_of(&schema["items"], indent)),
        "object" if schema.get("properties").is_some() => object(schema, indent),
        "object" => format!("Record<string, {}>", type_of(&schema["additionalProperties"], indent)),
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Value, indent: &str) -> String {
    let required = schema["required"].as_array();
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.is_some_and(|required| required.iter().any(|it| it == name));
        let mark = if is_required { "" } else { "?" };
        let (comment, kind) = (comment(property, &inner), type_of(property, &inner));
        let _ = writeln!(text, "{comment}{inner}{}{mark}: {kind};", quoted(name));
    }
    text + indent + "}"
}

fn comment(schema: &Value, indent: &str) -> String {
    let text = schema["description"].as_str().map(|text| text.replace('\n', " "));
    text.map_or_else(String::new, |text| format!("{indent}/** {text} */\n"))
}

fn joined(types: impl Iterator<Item = String>) -> String {
    let mut types: Vec<String> = types.collect();
    types.dedup();
    types.join(" | ")
}

/// Returns a key as it may stand in a type.
fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}
