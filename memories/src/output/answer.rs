//! The answer of a model: its contract, and reading it.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::memory::StageOneOutput;

/// Answer of a model to an extraction. The JSON Schema that models are sent is made from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields))]
struct Answer {
    /// Summary of the thread: what was asked, done and decided, and how it ended. Markdown. Empty
    /// if nothing is worth remembering.
    #[serde(alias = "summary")]
    rollout_summary: String,
    /// Facts, preferences and lessons that help in other threads. Markdown. May be empty.
    #[serde(alias = "rawMemory")]
    raw_memory: String,
    /// Short name of the subject: lower-case words joined by `_`; null if there is no good one.
    #[serde(default)]
    rollout_slug: Option<String>,
}

/// An answer that breaks the contract.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The answer is not JSON of the schema.
    #[error("the model's answer does not follow the schema: {0}")]
    Schema(String),
}

/// Returns the JSON Schema of an answer, strict as structured output wants it.
///
/// # Panics
///
/// Never: a test generates the file and reads it.
#[must_use]
pub fn answer_schema() -> Value {
    serde_json::from_str(include_str!("answer.schema.json")).expect("a test keeps the file equal to the type")
}

/// Reads an answer. Empty texts give `None`: the thread has nothing to remember.
///
/// The keys of earlier contracts, `summary` and `rawMemory`, are read as `rollout_summary` and
/// `raw_memory`. A code fence around the JSON is taken off.
///
/// # Errors
///
/// [`AnswerError::Schema`].
pub fn read_answer(answer: &str) -> Result<Option<StageOneOutput>, AnswerError> {
    let answer: Answer = serde_json::from_str(without_fence(answer.trim()))
        .map_err(|error| AnswerError::Schema(error.to_string()))?;
    let output = StageOneOutput {
        rollout_summary: answer.rollout_summary.trim().to_owned(),
        raw_memory: answer.raw_memory.trim().to_owned(),
        slug: answer.rollout_slug.as_deref().and_then(slug),
    };
    Ok((!output.rollout_summary.is_empty() || !output.raw_memory.is_empty()).then_some(output))
}

fn without_fence(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.and_then(|inner| inner.split_once('\n')).map_or(text, |(_language, json)| json)
}

/// Most characters of a slug, as the agent has it.
const MAX_SLUG: usize = 60;

/// Returns a text as a slug: lower case, other characters `_`, cut. `None` if nothing is left.
fn slug(text: &str) -> Option<String> {
    let cut = text.trim().to_lowercase().chars().take(MAX_SLUG).collect::<String>();
    let slug: String = cut.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let slug = slug.trim_matches('_');
    (!slug.is_empty()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_file_is_the_types() {
        let mut schema = serde_json::to_value(schemars::schema_for!(Answer)).expect("a schema is JSON");
        // Strict structured output requires every key, and refuses defaults.
        schema["required"] = serde_json::json!(["rollout_summary", "raw_memory", "rollout_slug"]);
        let slug = schema["properties"]["rollout_slug"].as_object_mut().expect("a property");
        slug.remove("default");
        let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
        assert_eq!(text, include_str!("answer.schema.json"), "write this text to answer.schema.json");
    }

    #[test]
    fn legacy_keys_are_aliases() {
        let new =
            read_answer(r#"{"rollout_summary":" a ","raw_memory":"b","rollout_slug":"Fix: the Build"}"#);
        let old = read_answer(
            "```json\n{\"summary\":\"a\",\"rawMemory\":\"b\",\"rollout_slug\":\"fix__the_build\"}\n```",
        );
        let expected = StageOneOutput {
            rollout_summary: "a".into(),
            raw_memory: "b".into(),
            slug: Some("fix__the_build".into()),
        };
        assert_eq!(new.expect("new keys"), Some(expected.clone()));
        assert_eq!(old.expect("old keys"), Some(expected));
    }

    #[test]
    fn an_empty_answer_is_no_output() {
        let empty = read_answer(r#"{"rollout_summary":"","raw_memory":" ","rollout_slug":null}"#);
        assert_eq!(empty.expect("an answer"), None);
    }

    #[test]
    fn anything_else_is_an_error() {
        for answer in ["", "sorry", "[]", "{}", r#"{"rollout_summary":1,"raw_memory":""}"#] {
            assert!(read_answer(answer).is_err(), "{answer}");
        }
    }
}
