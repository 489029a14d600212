//! Reading the answer of a server.

use serde_json::{Map, Value};

use super::failure::{Failure, shown};

/// Returns the model's text, which is JSON if there is any in it.
pub(crate) fn text_of(body: &[u8]) -> Result<String, Failure> {
    let none = |reason: &str| Failure::NoAnswer { reason: reason.to_owned() };
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err(none("the server's answer is not a JSON object"));
    };
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(failed(error));
    }
    let status = answer.get("status").and_then(Value::as_str).unwrap_or("completed");
    if status == "incomplete" {
        let reason = answer.get("incomplete_details").and_then(|details| details.get("reason")?.as_str());
        let reason = format!("the answer is incomplete: {}", shown(reason.unwrap_or("no reason is given")));
        return Err(Failure::Permanent { reason });
    }
    let text = parts(&answer, "message", "text");
    if let Some(refusal) = parts(&answer, "message", "refusal") {
        return Err(Failure::Permanent { reason: format!("the model refused: {}", shown(&refusal)) });
    }
    // Some servers take the whole answer for reasoning.
    let hidden = || parts(&answer, "reasoning", "text").filter(|text| json_in(text).is_some());
    match text.or_else(hidden) {
        Some(text) => Ok(json_in(&text).unwrap_or(&text).to_owned()),
        None => Err(none(&format!("the answer has no text, and its status is {}", shown(status)))),
    }
}

/// Joins a field of all parts of all items of a kind.
fn parts(answer: &Map<String, Value>, kind: &str, field: &str) -> Option<String> {
    let items = answer.get("output")?.as_array()?.iter().filter(|item| item["type"] == kind);
    let parts = items.filter_map(|item| item["content"].as_array()).flatten();
    let texts: Vec<&str> = parts.filter_map(|part| part[field].as_str()).collect();
    let text = texts.concat();
    (!text.trim().is_empty()).then_some(text)
}

/// Returns the failure of an answer that is an error in spite of its status.
fn failed(error: &Value) -> Failure {
    let message = error.get("message").unwrap_or(error).as_str().unwrap_or("no message is given");
    let reason = format!("the server failed: {}", shown(message));
    let code = &error["code"];
    let passes =
        matches!(code.as_str(), Some("server_error" | "rate_limit_exceeded" | "vector_store_timeout"))
            || code.as_u64().is_some_and(|code| code == 429 || code >= 500);
    if passes { Failure::Again { reason, retry_after: None } } else { Failure::Permanent { reason } }
}

/// Finds the JSON object in a text: models write thoughts before it, and code fences around it.
fn json_in(text: &str) -> Option<&str> {
    let is_object = |text: &&str| serde_json::from_str::<Map<String, Value>>(text).is_ok();
    let answer = text.rsplit_once("</think>").map_or(text, |(_, answer)| answer).trim();
    let inner = || answer.get(answer.find('{')?..=answer.rfind('}')?);
    Some(answer).filter(is_object).or_else(|| inner().filter(is_object))
}
