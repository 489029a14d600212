//! Facts of lines, typed where this crate uses them. Every way into metadata and turns leads
//! through here.

use jiff::Timestamp;

use super::agent_goal::AgentGoal;
use super::item::{TurnItem, TurnStatus};
use super::purpose::Purpose;
use super::session_meta::SessionMeta;
use super::tool_call::ToolCall;
use super::turn_context::TurnContext;
use super::user_message::UserMessage;

/// Fact about a thread, from one [`Line`](crate::Line). [`Line::payload`](crate::Line::payload) has
/// the fields that are left out here.
///
/// Facts are independent of a file's format, so that readers of other formats can give the same
/// ones.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fact<'a> {
    /// Identity and origin of the thread: `session_meta`, and the header of the oldest files.
    SessionMeta(Box<SessionMeta>),
    /// Settings of the turn: `turn_context`.
    TurnContext(TurnContext),
    /// The user or the agent chose other settings: `event_msg` / `thread_settings_applied`. This is
    /// no activity.
    SettingsApplied(TurnContext),
    /// Working directory of the thread, as the oldest files mention it in an environment context.
    WorkingDirectory(String),
    /// A turn begins: `event_msg` / `task_started`.
    TurnStarted {
        /// The turn's id.
        turn_id: Option<String>,
        /// Id of the turn that caused it, possibly its own.
        root_turn_id: Option<String>,
        /// Start of the turn: the line's time, or the event's own.
        started_at: Option<Timestamp>,
    },
    /// A turn ends: `event_msg` / `task_complete` and `turn_aborted`.
    TurnEnded {
        /// The turn's id.
        turn_id: Option<String>,
        /// [`TurnStatus::Completed`], [`TurnStatus::Failed`] or [`TurnStatus::Interrupted`].
        status: TurnStatus,
        /// The agent's error message, of a failed turn.
        error: Option<String>,
        /// End of the turn: the line's time, or the event's own.
        completed_at: Option<Timestamp>,
        /// Duration in milliseconds.
        duration_ms: Option<u64>,
    },
    /// The turn fails: `event_msg` / `error`.
    TurnFailed {
        /// The agent's error message.
        message: String,
    },
    /// The user takes back the last turns: `event_msg` / `thread_rolled_back`.
    RolledBack {
        /// Number of turns.
        turns: u64,
    },
    /// A `response_item` has words in the user's name that are the user's own. In nearly every
    /// version [`Fact::UserMessage`] has them too.
    ModelHears(UserMessage),
    /// Another agent gives a sub-agent its task: `inter_agent_communication`, and `response_item` /
    /// `agent_message`.
    TaskGiven {
        /// Words of the task.
        task: String,
    },
    /// The user speaks.
    UserMessage {
        /// The turn's id, where the line has it.
        turn_id: Option<String>,
        /// The message.
        message: UserMessage,
    },
    /// Anything else happens in a turn: `event_msg` / `item_completed` of newer versions;
    /// `agent_message`, `agent_reasoning`, … of older ones. No version writes two of these for
    /// the same item.
    TurnItem {
        /// The turn's id, where the line has it.
        turn_id: Option<String>,
        /// The item; never a user's message.
        item: TurnItem,
    },
    /// `event_msg` / `token_count`.
    TokenCount {
        /// Tokens that the counter has reached, where the line has them. Never negative.
        total: Option<i64>,
        /// Tokens of the last request, where the line has them. Never negative.
        last: Option<i64>,
    },
    /// Tokens of one request: `token_usage_record`. Only one of the two may be read.
    TokenUsage {
        /// Tokens of the request, where the line has them. Never negative.
        usage: Option<i64>,
        /// Tokens of the thread so far, where the line has them. Never negative.
        thread_total: Option<i64>,
    },
    /// Tokens of one request that is no part of the conversation: `other_usage_record` of a
    /// mirrored session. This is no activity, and the thread's tokens are without it.
    OtherUsage {
        /// The request's purpose.
        purpose: Purpose,
        /// Tokens of the request, where the line has them. Never negative.
        usage: Option<i64>,
    },
    /// The agent's goal was set, or cleared: `event_msg` / `thread_goal_updated` and
    /// `thread_goal_cleared`.
    GoalSet(Option<Box<AgentGoal>>),
    /// The thread was named: `event_msg` / `thread_name_updated`.
    Renamed {
        /// The name; `None` removes it.
        name: Option<String>,
        /// Time of the line.
        at: Option<Timestamp>,
    },
    /// The model calls a tool, or the tool answers: some `response_item`, and bare items of the
    /// oldest files.
    ToolCall(ToolCall<'a>),
    /// Any other `response_item`: the conversation as the model has it, with the agent's own blocks
    /// in the user's name.
    ModelItem,
    /// The conversation so far was summed up: `compacted`.
    Compacted {
        /// The summary, where the line has one.
        message: Option<String>,
    },
    /// Any other line.
    Other,
}
