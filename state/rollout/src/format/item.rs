//! Items of a turn.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::edit::FileEdit;

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

impl TurnStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Interrupted, Self::Failed, Self::InProgress];

    /// Returns the word for an index and for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::InProgress => "inProgress",
        }
    }
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
    /// The item as the agent wrote it, if the view asks for it, the agent wrote whole items, and it
    /// has at most 1 MiB.
    #[serde(skip)]
    pub written: Option<Box<Written>>,
}

impl TurnItem {
    /// Returns an item of another format than rollouts.
    pub fn new(id: Option<String>, at: Option<Timestamp>, kind: TurnItemKind) -> Self {
        Self { id, at, kind, written: None }
    }
}

/// Item of a turn as the agent wrote it: `event_msg` / `item_completed`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Written {
    /// The whole item, a JSON object.
    pub item: Box<RawValue>,
    /// Start in Unix milliseconds.
    pub started_at_ms: Option<i64>,
    /// End in Unix milliseconds.
    pub completed_at_ms: Option<i64>,
    /// Ordinal of the line, where lines have one.
    pub ordinal: Option<u64>,
}

/// Kind and content of an item. Texts are cut at
/// [`MAX_ITEM_TEXT`](crate::MAX_ITEM_TEXT) characters.
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
        /// Duration in milliseconds.
        duration_ms: Option<u64>,
        /// Output.
        output: Option<String>,
    },
    /// The agent changed files.
    FileChange {
        /// The files, in the order in which they were written.
        changes: Vec<FileEdit>,
        /// `completed`, `failed`, …
        status: Option<String>,
        /// Output of the tool: its error, if it failed.
        output: Option<String>,
    },
    /// The agent made a plan, or went on in it.
    Plan {
        /// Words about the change, or a plan that has only words.
        explanation: Option<String>,
        /// Steps.
        steps: Vec<PlanStep>,
    },
    /// The agent worked with other agents: started one, waited, closed one, …
    CollabAgentToolCall {
        /// `spawn_agent`, `wait`, `close_agent`, …
        tool: String,
        /// `completed`, `failed`, …
        status: Option<String>,
        /// Words to the other agents.
        prompt: Option<String>,
        /// The other agents.
        agents: Vec<CalledAgent>,
    },
    /// A sub-agent started or ended.
    SubAgentActivity {
        /// `started`, `completed`, …
        activity: String,
        /// Thread of the sub-agent.
        thread_id: Option<String>,
        /// Its path among the agents.
        agent_path: Option<String>,
    },
    /// The agent called a tool of an MCP server.
    McpToolCall {
        /// Name of the server.
        server: String,
        /// Name of the tool.
        tool: String,
        /// JSON.
        arguments: String,
        /// `completed`, `failed`, …
        status: Option<String>,
        /// Texts of the result, or of the error.
        output: Option<String>,
        /// Duration in milliseconds.
        duration_ms: Option<u64>,
    },
    /// The agent searched the web, or opened a page.
    WebSearch {
        /// Words, or the address.
        query: String,
    },
    /// The agent looked at an image.
    ImageView {
        /// Its path.
        path: String,
    },
    /// The agent made an image.
    ImageGeneration {
        /// `completed`, …
        status: Option<String>,
        /// Description of the image.
        prompt: Option<String>,
        /// Place where it was stored.
        path: Option<String>,
    },
    /// The agent called another tool, in versions that wrote only the call.
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

/// Step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanStep {
    /// Words.
    pub step: String,
    /// `pending`, `in_progress`, `completed`.
    pub status: Option<String>,
}

/// Another agent that an agent worked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CalledAgent {
    /// Its thread.
    pub thread_id: String,
    /// Its nickname.
    pub nickname: Option<String>,
    /// `pending_init`, `running`, `completed`, …
    pub state: Option<String>,
    /// Its last words.
    pub message: Option<String>,
}
