//! Items of a turn.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// The longest text of an item, in characters.
pub const MAX_ITEM_TEXT: usize = 64 * 1024;

/// Status of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TurnStatus {
    /// The agent completed the turn.
    Completed,
    /// The user stopped the turn, or another turn began before its end.
    Interrupted,
    /// The turn has an error.
    Failed,
    /// The turn has no end: the agent is running, or was killed.
    InProgress,
}

/// Item of a turn.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TurnItem {
    /// The agent's id of the item, where it has one.
    pub id: Option<String>,
    /// Time of the line.
    pub at: Option<Timestamp>,
    /// Kind and content.
    #[serde(flatten)]
    pub kind: TurnItemKind,
}

/// Kind and content of an item. Texts are cut at [`MAX_ITEM_TEXT`] characters.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum TurnItemKind {
    /// The user spoke.
    UserMessage {
        /// Words.
        text: String,
        /// Number of images.
        images: usize,
    },
    /// The agent spoke.
    AgentMessage {
        /// Words.
        text: String,
        /// `final_answer` and the like.
        phase: Option<String>,
    },
    /// Summaries of the agent's reasoning.
    Reasoning {
        /// The summaries.
        summary: Vec<String>,
    },
    /// The agent ran a command.
    CommandExecution {
        /// The command and its arguments.
        command: Vec<String>,
        /// Working directory.
        cwd: Option<String>,
        /// `completed`, `failed`, …
        status: Option<String>,
        /// Exit code.
        exit_code: Option<i64>,
        /// Output.
        output: Option<String>,
    },
    /// The agent called a tool, in versions that wrote only the call.
    ToolCall {
        /// The tool's name.
        name: String,
        /// JSON or text.
        arguments: String,
        /// Result, once there is one.
        output: Option<String>,
    },
    /// The agent summed up the context to make room.
    ContextCompaction,
    /// A review began.
    EnteredReview {
        /// Subject of the review, for people.
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
        /// The whole item.
        item: Box<RawValue>,
    },
}
