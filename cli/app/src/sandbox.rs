//! A sandbox policy in a line, whatever version of the agent wrote it.

use serde_json::Value;

use crate::text::one_line;

/// Places of one kind of access that are named.
const NAMED: usize = 3;

/// Renders what a policy allows: `managed, restricted: read /; write /tmp/project; network
/// restricted`. A policy of an unknown shape is named by its type, and text that is not JSON is
/// shown as it is.
pub fn summary(policy: &str) -> String {
    let Ok(Value::Object(object)) = serde_json::from_str(policy) else { return one_line(policy) };
    let word = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(kind) = word("type").or_else(|| word("mode")) else { return one_line(policy) };
    let mut parts = vec![match object.get("file_system").and_then(file_system) {
        Some(file_system) => format!("{kind}, {file_system}"),
        None => kind,
    }];
    let roots = object.get("writable_roots").and_then(Value::as_array);
    let roots = roots.map(|roots| roots.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    parts.extend(roots.and_then(|roots: Vec<String>| places("write", &roots)));
    let network = object.get("network_access").and_then(Value::as_bool);
    let network = network.map(|allowed| if allowed { "enabled" } else { "restricted" }.to_owned());
    parts.extend(word("network").or(network).map(|network| format!("network {network}")));
    one_line(&parts.join("; "))
}

/// Renders `restricted: read /; write /tmp/project`.
fn file_system(value: &Value) -> Option<String> {
    let kind = value.get("type").or_else(|| value.get("kind")).and_then(Value::as_str).or(value.as_str())?;
    let mut accesses: Vec<(&str, Vec<String>)> = Vec::new();
    for entry in value.get("entries").and_then(Value::as_array).into_iter().flatten() {
        let access = entry.get("access").and_then(Value::as_str).unwrap_or("other");
        let Some(place) = entry.get("path").and_then(place) else { continue };
        match accesses.iter_mut().find(|(known, _)| *known == access) {
            Some((_, places)) => places.push(place),
            None => accesses.push((access, vec![place])),
        }
    }
    let accesses: Vec<String> = accesses.iter().filter_map(|(access, named)| places(access, named)).collect();
    Some(if accesses.is_empty() { kind.to_owned() } else { format!("{kind}: {}", accesses.join("; ")) })
}

fn places(access: &str, places: &[String]) -> Option<String> {
    let named = places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match places.len() {
        0 => None,
        many if many > NAMED => Some(format!("{access} {named} and {} more", many - NAMED)),
        _ => Some(format!("{access} {named}")),
    }
}

/// Returns a folder, or the usual name of a special place.
fn place(path: &Value) -> Option<String> {
    let special = path.get("value").and_then(|value| value.get("kind")).and_then(Value::as_str);
    let name = path.as_str().or_else(|| path.get("path").and_then(Value::as_str)).or(special)?;
    Some(match name {
        "root" => "/".to_owned(),
        "slash_tmp" => "/tmp".to_owned(),
        "tmpdir" => "$TMPDIR".to_owned(),
        other => other.to_owned(),
    })
}
