//! What happens in a turn.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// The longest text of an item, in characters.
pub const MAX_ITEM_TEXT: usize = 64 * 1024;

/// How far a turn came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TurnStatus {
    /// The agent came to its end.
    Completed,
    /// It was stopped, or another turn began before it ended.
    Interrupted,
    /// It ended with an error.
    Failed,
    /// It has no end: it is running, or its agent was killed.
    InProgress,
}

/// Something that happened in a turn.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TurnItem {
    /// The agent's id of it, where it gave one.
    pub id: Option<String>,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What it is.
    #[serde(flatten)]
    pub kind: TurnItemKind,
}

/// What happened. Texts are cut at [`MAX_ITEM_TEXT`] characters.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum TurnItemKind {
    /// The user said something.
    UserMessage {
        /// The words.
        text: String,
        /// How many images came with them.
        images: usize,
    },
    /// The agent said something.
    AgentMessage {
        /// The words.
        text: String,
        /// `final_answer` and the like.
        phase: Option<String>,
    },
    /// The agent summed up its thoughts.
    Reasoning {
        /// The summaries.
        summary: Vec<String>,
    },
    /// The agent ran a command.
    CommandExecution {
        /// The command and its arguments.
        command: Vec<String>,
        /// Where it ran.
        cwd: Option<String>,
        /// `completed`, `failed`, …
        status: Option<String>,
        /// How it exited.
        exit_code: Option<i64>,
        /// What it printed.
        output: Option<String>,
    },
    /// The agent called a tool, in versions that wrote only the call.
    ToolCall {
        /// The tool.
        name: String,
        /// What it was given: JSON or text.
        arguments: String,
        /// What it gave back, once it did.
        output: Option<String>,
    },
    /// The context was summed up to make room.
    ContextCompaction,
    /// A review began.
    EnteredReview {
        /// What is reviewed, for people.
        target: Option<String>,
    },
    /// A review ended.
    ExitedReview {
        /// Its overall explanation.
        review: Option<String>,
    },
    /// Any other item, as it was written.
    Other {
        /// Its type, as it was written.
        item_type: String,
        /// All of it.
        item: Box<RawValue>,
    },
}
