//! A conversation as people read it: turns and what happened in them, whichever version of the
//! agent wrote it.

use jiff::Timestamp;
use serde::Serialize;
use threadkeep_rollout::TurnStatus;

/// Turn of a conversation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Turn {
    /// Number, from 1, among the turns that still count.
    pub number: u64,
    /// The agent's id of the turn.
    pub id: String,
    /// Status.
    pub status: TurnStatus,
    /// Error message of a failed turn.
    pub error: Option<String>,
    /// True for a turn of the history that the thread was forked from.
    pub inherited: bool,
    /// Start.
    pub started_at: Option<Timestamp>,
    /// End.
    pub ended_at: Option<Timestamp>,
    /// Duration in milliseconds.
    pub duration_ms: Option<u64>,
    /// Events of the turn, in their order.
    pub items: Vec<Item>,
    /// Number of items beyond the most that a turn has.
    pub omitted: u64,
}

/// Event of a turn.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Item {
    /// Time of the event.
    #[serde(flatten, serialize_with = "crate::render::json::item_times")]
    pub at: Option<Timestamp>,
    /// Kind and content.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Kind and content of an event.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entry {
    /// The user spoke.
    User {
        /// The user's own words.
        text: String,
        /// Text that an editor put before them.
        context: Option<String>,
        /// Number of images.
        images: usize,
    },
    /// The agent spoke.
    Agent {
        /// Words, in Markdown.
        text: String,
        /// `final_answer` and the like.
        phase: Option<String>,
    },
    /// Summaries of the agent's reasoning.
    Reasoning {
        /// Words, in Markdown.
        text: String,
    },
    /// The agent ran a command.
    Command {
        /// The command, as it would be typed.
        command: String,
        /// Working directory, if it is not the thread's.
        cwd: Option<String>,
        /// State.
        state: State,
        /// Exit code.
        exit_code: Option<i64>,
        /// Duration in milliseconds.
        duration_ms: Option<u64>,
        /// Output, without the sequences that terminals obey.
        output: String,
    },
    /// The agent changed files.
    Edits {
        /// State.
        state: State,
        /// Files.
        files: Vec<Edit>,
        /// Reason for a failure.
        error: Option<String>,
    },
    /// The agent made a plan, or went on in it.
    Plan {
        /// Words about it, in Markdown.
        explanation: Option<String>,
        /// Steps.
        steps: Vec<Step>,
    },
    /// The agent worked with sub-agents.
    SubAgents {
        /// `spawn_agent`, `wait`, `close_agent`, `started`, `completed`, …
        action: String,
        /// State.
        state: State,
        /// Words to them.
        prompt: Option<String>,
        /// The sub-agents.
        agents: Vec<SubAgent>,
    },
    /// The agent called another tool.
    Tool {
        /// Name of the tool: with its MCP server, `server.tool`.
        name: String,
        /// State.
        state: State,
        /// Duration in milliseconds.
        duration_ms: Option<u64>,
        /// Arguments, mostly JSON.
        arguments: String,
        /// Result.
        output: String,
    },
    /// The agent searched the web, or opened a page.
    Search {
        /// Words, or the address.
        query: String,
    },
    /// The agent looked at an image, or made one.
    Image {
        /// True if the agent made it.
        made: bool,
        /// Path.
        path: Option<String>,
        /// Description.
        prompt: Option<String>,
    },
    /// The agent summed up the conversation to make room.
    Compaction,
    /// A review began or ended.
    Review {
        /// True if it ended.
        ended: bool,
        /// Subject, or result.
        text: Option<String>,
    },
    /// Anything else.
    Other {
        /// Type of the item, as it was written.
        item_type: String,
    },
}

/// State of what the agent did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It succeeded.
    Succeeded,
    /// It failed, or was declined.
    Failed,
    /// The rollout does not say.
    Unknown,
}

/// Change of a file.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Edit {
    /// Path, below the working directory where it is there.
    pub path: String,
    /// Path after a move.
    pub moved_to: Option<String>,
    /// `add`, `delete`, `update`.
    pub kind: &'static str,
    /// Number of added lines.
    pub added: usize,
    /// Number of removed lines.
    pub removed: usize,
    /// Lines of a unified diff, without a file header.
    pub diff: String,
}

/// Step of a plan.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Words.
    pub text: String,
    /// `pending`, `in_progress`, `completed`.
    pub status: String,
}

/// A sub-agent.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SubAgent {
    /// Its thread.
    pub thread_id: Option<String>,
    /// Its nickname or path.
    pub name: Option<String>,
    /// `running`, `completed`, …
    pub state: Option<String>,
    /// Its last words, in Markdown.
    pub message: Option<String>,
}
