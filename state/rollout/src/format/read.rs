//! Reads a fact from a payload of a known kind.

use jiff::Timestamp;
use serde::Deserialize;

use super::event;
use super::fact::Fact;
use super::item::{MAX_ITEM_TEXT, TurnItem, TurnItemKind};
use super::kind::Kind;
use super::session_meta::RawSessionMeta;
use super::tool_call::ToolCall;
use super::turn_context::RawTurnContext;
use super::user_message::{self, UserMessage};
use crate::json::{self, Raw};
use crate::text::bounded;

/// Reads the payload of a line that was written `at`. The payload of a bare line is the line itself.
///
/// Fails if the payload of a kind that this crate uses is no JSON object.
pub(crate) fn fact(kind: Kind, payload: &str, at: Option<Timestamp>) -> serde_json::Result<Fact<'_>> {
    Ok(match kind {
        Kind::SessionMeta => Fact::SessionMeta(json::read::<RawSessionMeta<'_>>(payload)?.read().into()),
        Kind::TurnContext => Fact::TurnContext(json::read::<RawTurnContext<'_>>(payload)?.read()),
        Kind::Event(event) => event::read(event, payload, at)?,
        Kind::ResponseItem => ToolCall::read(payload)?.map_or(Fact::ModelItem, Fact::ToolCall),
        Kind::Compacted => {
            Fact::Compacted { message: json::owned(json::read::<Compacted<'_>>(payload)?.message) }
        }
        Kind::BareItem => bare(payload, at)?,
        Kind::Other => Fact::Other,
    })
}

/// Reads an item of the oldest files, where the agent's own blocks come in the user's name.
fn bare(line: &str, at: Option<Timestamp>) -> serde_json::Result<Fact<'_>> {
    let bare = json::read::<Bare<'_>>(line)?;
    let role = json::text(bare.role).filter(|_| json::text(bare.item_type).as_deref() == Some("message"));
    Ok(match role.as_deref() {
        Some("user") => {
            let message = UserMessage::of_content(bare.content);
            if !message.is_injected() {
                Fact::UserMessage { turn_id: None, message }
            } else {
                user_message::environment_cwd(&message.text).map_or(Fact::ModelItem, Fact::WorkingDirectory)
            }
        }
        Some("assistant") => {
            let text = bounded(&UserMessage::of_content(bare.content).text, MAX_ITEM_TEXT);
            let kind = TurnItemKind::AgentMessage { text, phase: None };
            Fact::TurnItem { turn_id: None, item: TurnItem { id: None, at, kind } }
        }
        _ => ToolCall::read(line)?.map_or(Fact::ModelItem, Fact::ToolCall),
    })
}

#[derive(Deserialize)]
struct Bare<'a> {
    #[serde(borrow, default, rename = "type")]
    item_type: Raw<'a>,
    #[serde(borrow, default)]
    role: Raw<'a>,
    #[serde(borrow, default)]
    content: Raw<'a>,
}

#[derive(Deserialize)]
struct Compacted<'a> {
    #[serde(borrow, default)]
    message: Raw<'a>,
}
