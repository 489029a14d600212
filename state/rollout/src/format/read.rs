//! Reads a fact from a payload of a known kind.

use jiff::Timestamp;

use super::event;
use super::fact::Fact;
use super::item::{MAX_ITEM_TEXT, TurnItem, TurnItemKind};
use super::kind::Kind;
use super::session_meta::SessionMeta;
use super::tool_call::ToolCall;
use super::turn_context::TurnContext;
use super::user_message::{self, UserMessage};
use crate::json;
use crate::text::bounded;

/// Reads the payload of a line that was written `at`. The payload of a bare line is the line
/// itself.
///
/// Fails if the payload of a kind that this crate uses is no JSON object.
pub(crate) fn fact(kind: Kind, payload: &str, at: Option<Timestamp>) -> json::Result<Fact<'_>> {
    Ok(match kind {
        Kind::SessionMeta => Fact::SessionMeta(SessionMeta::read(payload)?.into()),
        Kind::TurnContext => Fact::TurnContext(TurnContext::read(payload)?),
        Kind::Event(event) => event::read(event, payload, at)?,
        Kind::ResponseItem => ToolCall::read(payload)?.map_or(Fact::ModelItem, Fact::ToolCall),
        Kind::Compacted => {
            let [message] = json::fields(payload, ["message"])?;
            Fact::Compacted { message: json::owned(message) }
        }
        Kind::BareItem => bare(payload, at)?,
        Kind::Other => Fact::Other,
    })
}

/// Reads an item of the oldest files, where the agent's own blocks come in the user's name.
fn bare(line: &str, at: Option<Timestamp>) -> json::Result<Fact<'_>> {
    let [item_type, role, content] = json::fields(line, ["type", "role", "content"])?;
    let role = json::text(role).filter(|_| json::text(item_type).as_deref() == Some("message"));
    Ok(match role.as_deref() {
        Some("user") => {
            let message = UserMessage::of_content(content);
            if !message.is_injected() {
                Fact::UserMessage { turn_id: None, message }
            } else {
                user_message::environment_cwd(&message.text).map_or(Fact::ModelItem, Fact::WorkingDirectory)
            }
        }
        Some("assistant") => {
            let text = bounded(&UserMessage::of_content(content).text, MAX_ITEM_TEXT);
            let kind = TurnItemKind::AgentMessage { text, phase: None };
            Fact::TurnItem { turn_id: None, item: TurnItem { id: None, at, kind } }
        }
        _ => ToolCall::read(line)?.map_or(Fact::ModelItem, Fact::ToolCall),
    })
}
