//! Reads a fact from a payload of a known kind.

use jiff::Timestamp;

use super::event;
use super::fact::Fact;
use super::item::{TurnItem, TurnItemKind};
use super::kind::Kind;
use super::session_meta::SessionMeta;
use super::tokens::{self, OtherUsage};
use super::tool_call::ToolCall;
use super::turn_context::TurnContext;
use super::user_message::{self, UserMessage};
use crate::json;
use crate::text::{MAX_ITEM_TEXT, bounded};

/// Reads the payload of a line that was written `at`. The payload of a bare line is the line
/// itself.
///
/// Fails if the payload of a kind that this crate uses is no JSON object.
pub(crate) fn fact(kind: Kind, payload: &str, at: Option<Timestamp>) -> json::Result<Fact<'_>> {
    Ok(match kind {
        Kind::SessionMeta => Fact::SessionMeta(SessionMeta::read(payload)?.into()),
        Kind::TurnContext => Fact::TurnContext(TurnContext::read(payload)?),
        Kind::Event(event) => event::read(event, payload, at)?,
        Kind::ResponseItem => response_item(payload)?,
        Kind::TokenUsage => tokens::record(payload)?,
        Kind::OtherUsage => {
            let OtherUsage { purpose, usage, .. } = OtherUsage::read(payload)?;
            Fact::OtherUsage { purpose, usage: usage.map(|usage| usage.total) }
        }
        Kind::AgentMessage => {
            let [content] = json::fields(payload, ["content"])?;
            let task = json::text(content).and_then(|content| Some(task(&content)?.to_owned()));
            task.map_or(Fact::Other, |task| Fact::TaskGiven { task })
        }
        Kind::Compacted => {
            let [message] = json::fields(payload, ["message"])?;
            Fact::Compacted { message: json::owned(message) }
        }
        Kind::BareItem => bare(payload, at)?,
        Kind::Other => Fact::Other,
    })
}

/// Reads an item of the conversation with the model.
fn response_item(payload: &str) -> json::Result<Fact<'_>> {
    if let Some(call) = ToolCall::read(payload)? {
        return Ok(Fact::ToolCall(call));
    }
    let [item_type, role, content] = json::fields(payload, ["type", "role", "content"])?;
    let (item_type, role) = (json::text(item_type), json::text(role));
    Ok(match (item_type.as_deref(), role.as_deref()) {
        (Some("message"), Some("user")) => {
            let message = UserMessage::of_content(content);
            if message.injected { Fact::ModelItem } else { Fact::ModelHears(message) }
        }
        // A message of another agent's, as newer versions write it.
        (Some("agent_message"), _) => {
            let message = UserMessage::of_content(content);
            task(&message.text).map_or(Fact::ModelItem, |task| Fact::TaskGiven { task: task.to_owned() })
        }
        _ => Fact::ModelItem,
    })
}

/// Returns the words of a new task in a message between agents; `None` if it has none.
fn task(content: &str) -> Option<&str> {
    let (head, payload) = content.split_once("Payload:")?;
    let is_task = head.lines().any(|line| line.trim() == "Message Type: NEW_TASK");
    Some(payload.trim()).filter(|words| is_task && !words.is_empty())
}

/// Reads an item of the oldest files, where the agent's own blocks come in the user's name.
fn bare(line: &str, at: Option<Timestamp>) -> json::Result<Fact<'_>> {
    let [item_type, role, content] = json::fields(line, ["type", "role", "content"])?;
    let role = json::text(role).filter(|_| json::text(item_type).as_deref() == Some("message"));
    Ok(match role.as_deref() {
        Some("user") => {
            let message = UserMessage::of_content(content);
            if !message.injected {
                Fact::UserMessage { turn_id: None, message }
            } else {
                user_message::environment_cwd(&message.text).map_or(Fact::ModelItem, Fact::WorkingDirectory)
            }
        }
        Some("assistant") => {
            let text = bounded(&UserMessage::of_content(content).text, MAX_ITEM_TEXT);
            let kind = TurnItemKind::AgentMessage { text, phase: None };
            Fact::TurnItem { turn_id: None, item: TurnItem { id: None, at, kind, written: None } }
        }
        _ => ToolCall::read(line)?.map_or(Fact::ModelItem, Fact::ToolCall),
    })
}
