//! Kinds of lines, as their `type` and their payload's `type` say.

use std::borrow::Cow;

use crate::json;

/// Kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SessionMeta,
    TurnContext,
    ResponseItem,
    Compacted,
    /// `token_usage_record`.
    TokenUsage,
    /// `other_usage_record`, which only mirrored sessions of other agents have.
    OtherUsage,
    /// `inter_agent_communication`.
    AgentMessage,
    /// `event_msg` with this payload.
    Event(Event),
    /// An item without an envelope, in the oldest files.
    BareItem,
    /// Any other line, also of types that are not known yet.
    Other,
}

/// Kind of an `event_msg` that this crate uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    TokenCount,
    UserMessage,
    ItemCompleted,
    TurnStarted,
    TurnCompleted,
    TurnAborted,
    Error,
    EnteredReview,
    ExitedReview,
    AgentMessage,
    AgentReasoning,
    ContextCompacted,
    GoalUpdated,
    GoalCleared,
    NameUpdated,
    SettingsApplied,
    RolledBack,
}

impl Kind {
    /// Returns the kind of a line with an envelope. `payload_type` is asked for events alone;
    /// `None` from it is returned.
    #[inline]
    pub(crate) fn of<'a>(line_type: &[u8], payload_type: impl FnOnce() -> Option<&'a [u8]>) -> Option<Self> {
        Some(match line_type {
            b"event_msg" => Event::of(payload_type()?).map_or(Self::Other, Self::Event),
            b"response_item" => Self::ResponseItem,
            b"session_meta" => Self::SessionMeta,
            b"turn_context" => Self::TurnContext,
            b"compacted" => Self::Compacted,
            b"token_usage_record" => Self::TokenUsage,
            b"other_usage_record" => Self::OtherUsage,
            b"inter_agent_communication" => Self::AgentMessage,
            _ => Self::Other,
        })
    }
}

impl Event {
    /// Returns the kind of an event, whose older versions had other names.
    #[inline]
    pub(crate) fn of(payload_type: &[u8]) -> Option<Self> {
        Some(match payload_type {
            b"token_count" => Self::TokenCount,
            b"item_completed" => Self::ItemCompleted,
            b"user_message" => Self::UserMessage,
            b"agent_message" => Self::AgentMessage,
            b"agent_reasoning" => Self::AgentReasoning,
            b"task_started" | b"turn_started" => Self::TurnStarted,
            b"task_complete" | b"turn_complete" => Self::TurnCompleted,
            b"turn_aborted" => Self::TurnAborted,
            b"error" => Self::Error,
            b"entered_review_mode" => Self::EnteredReview,
            b"exited_review_mode" => Self::ExitedReview,
            b"context_compacted" => Self::ContextCompacted,
            b"thread_goal_updated" => Self::GoalUpdated,
            b"thread_goal_cleared" => Self::GoalCleared,
            b"thread_name_updated" => Self::NameUpdated,
            b"thread_settings_applied" => Self::SettingsApplied,
            b"thread_rolled_back" => Self::RolledBack,
            _ => return None,
        })
    }
}

/// Returns the `type` of a JSON object.
pub(crate) fn type_of(object: &str) -> Option<Cow<'_, str>> {
    // Most often it is the first key.
    if let Some((name, _)) = object.strip_prefix("{\"type\":\"").and_then(|rest| rest.split_once('"'))
        && !name.contains('\\')
    {
        return Some(Cow::Borrowed(name));
    }
    let [name] = json::fields(object, ["type"]).ok()?;
    json::text(name)
}
