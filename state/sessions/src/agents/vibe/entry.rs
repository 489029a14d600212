//! Entries of the transcript.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::tolerant::or_default;

/// Entry. Its fields depend on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) turn_id: Option<String>,
    /// Milliseconds.
    #[serde(deserialize_with = "or_default")]
    pub(super) created_at: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) updated_at: Option<i64>,
    /// Of a message.
    #[serde(deserialize_with = "or_default")]
    pub(super) role: String,
    #[serde(deserialize_with = "or_default")]
    content: Vec<Block>,
    #[serde(deserialize_with = "or_default")]
    pub(super) outcome: Outcome,
    /// Of reasoning.
    #[serde(deserialize_with = "or_default")]
    pub(super) text: String,
    /// Of a checkpoint.
    #[serde(rename = "kind", deserialize_with = "or_default")]
    pub(super) checkpoint: String,
    /// Of an effect.
    #[serde(deserialize_with = "or_default")]
    pub(super) detail: Detail,
    #[serde(deserialize_with = "or_default")]
    pub(super) state: State,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    text: String,
}

/// End of an answer: `committed`, or `discarded`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) cause: Option<String>,
}

/// Call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Detail {
    #[serde(deserialize_with = "or_default")]
    pub(super) tool_name: String,
    pub(super) input: Option<Box<RawValue>>,
}

/// State of a call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct State {
    #[serde(deserialize_with = "or_default")]
    status: String,
    #[serde(deserialize_with = "or_default")]
    display: Display,
    #[serde(deserialize_with = "or_default")]
    output: Output,
    #[serde(deserialize_with = "or_default")]
    output_text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Display {
    success: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    #[serde(deserialize_with = "or_default")]
    content: Vec<Block>,
    #[serde(deserialize_with = "or_default")]
    structured_content: Process,
}

/// Result of a command.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Process {
    #[serde(deserialize_with = "or_default")]
    returncode: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    stdout: String,
    #[serde(deserialize_with = "or_default")]
    stderr: String,
}

impl Entry {
    pub(super) fn words(&self) -> String {
        texts(&self.content)
    }

    pub(super) fn images(&self) -> usize {
        self.content.iter().filter(|block| block.kind == "image").count()
    }
}

impl State {
    /// Returns true if the call has ended.
    pub(super) fn has_ended(&self) -> bool {
        !matches!(self.status.as_str(), "" | "pending" | "running" | "in_progress")
    }

    pub(super) fn succeeded(&self) -> Option<bool> {
        let exit = self.exit_code().map(|code| code == 0);
        match self.status.as_str() {
            "completed" => exit.or(self.display.success).or(Some(true)),
            _ => Some(false),
        }
    }

    pub(super) fn exit_code(&self) -> Option<i64> {
        self.output.structured_content.returncode
    }

    pub(super) fn output(&self) -> String {
        let process = &self.output.structured_content;
        let of_process = format!("{}{}", process.stdout, process.stderr);
        let all = [texts(&self.output.content), of_process, self.output_text.clone()];
        all.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

fn texts(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter(|block| block.kind == "text").map(|block| block.text.as_str());
    texts.collect::<Vec<_>>().join("\n")
}
