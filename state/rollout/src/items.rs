//! What a line means for a turn: an item in it, or its begin or end.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::payload::{UserEvent, UserMessage};
use crate::raw::{self, Raw};
use crate::text::bounded;
use crate::turn::{MAX_ITEM_TEXT, TurnItemKind};

/// The payload of an `event_msg` that concerns turns.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) event_type: Raw<'a>,
    #[serde(borrow)]
    pub(crate) turn_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) root_turn_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) started_at: Raw<'a>,
    #[serde(borrow)]
    pub(crate) completed_at: Raw<'a>,
    #[serde(borrow)]
    pub(crate) duration_ms: Raw<'a>,
    #[serde(borrow)]
    pub(crate) item: Raw<'a>,
    #[serde(borrow)]
    item_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) message: Raw<'a>,
    #[serde(borrow)]
    phase: Raw<'a>,
    #[serde(borrow)]
    text: Raw<'a>,
    #[serde(borrow)]
    user_facing_hint: Raw<'a>,
    #[serde(borrow)]
    review_output: Raw<'a>,
}

/// An item of `item_completed`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow, rename = "type")]
    item_type: Raw<'a>,
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    content: Raw<'a>,
    #[serde(borrow)]
    phase: Raw<'a>,
    #[serde(borrow)]
    summary_text: Raw<'a>,
    #[serde(borrow)]
    command: Raw<'a>,
    #[serde(borrow)]
    cwd: Raw<'a>,
    #[serde(borrow)]
    status: Raw<'a>,
    #[serde(borrow)]
    exit_code: Raw<'a>,
    #[serde(borrow)]
    aggregated_output: Raw<'a>,
}

/// A `response_item`: calls and their answers are what only these lines have in older versions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResponseItem<'a> {
    #[serde(borrow, rename = "type")]
    item_type: Raw<'a>,
    #[serde(borrow)]
    call_id: Raw<'a>,
    #[serde(borrow)]
    name: Raw<'a>,
    #[serde(borrow)]
    arguments: Raw<'a>,
    #[serde(borrow)]
    input: Raw<'a>,
    #[serde(borrow)]
    output: Raw<'a>,
}

/// An item with the id it was given.
pub(crate) type Found = (Option<String>, TurnItemKind);

impl<'a> Event<'a> {
    /// The item of an event that carries one.
    pub(crate) fn item(&self, payload: &'a str) -> Option<Found> {
        let event_type = raw::text(self.event_type)?;
        let kind = match &*event_type {
            "item_completed" => return completed_item(self.item),
            "user_message" => {
                let message = serde_json::from_str::<UserEvent<'_>>(payload).ok()?.message();
                user_message(message)
            }
            "agent_message" => {
                TurnItemKind::AgentMessage { text: long_text(self.message)?, phase: raw::owned(self.phase) }
            }
            "agent_reasoning" => TurnItemKind::Reasoning { summary: vec![long_text(self.text)?] },
            "context_compacted" => TurnItemKind::ContextCompaction,
            "entered_review_mode" => TurnItemKind::EnteredReview { target: long_text(self.user_facing_hint) },
            "exited_review_mode" => TurnItemKind::ExitedReview { review: self.review() },
            _ => return None,
        };
        Some((raw::owned(self.item_id), kind))
    }

    fn review(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Output<'a> {
            #[serde(borrow, default)]
            overall_explanation: Raw<'a>,
        }
        long_text(raw::parse::<Output<'_>>(self.review_output)?.overall_explanation)
    }
}

fn completed_item(raw: Raw<'_>) -> Option<Found> {
    let item = raw::parse::<Item<'_>>(raw)?;
    let item_type = raw::text(item.item_type)?;
    let kind = match &*item_type {
        "UserMessage" => user_message(UserMessage::of_content(item.content)),
        "AgentMessage" => {
            let text = bounded(&UserMessage::of_content(item.content).text, MAX_ITEM_TEXT);
            TurnItemKind::AgentMessage { text, phase: raw::owned(item.phase) }
        }
        "Reasoning" => {
            let summary = raw::parse::<Vec<String>>(item.summary_text).unwrap_or_default();
            TurnItemKind::Reasoning {
                summary: summary.iter().map(|text| bounded(text, MAX_ITEM_TEXT)).collect(),
            }
        }
        "CommandExecution" => TurnItemKind::CommandExecution {
            command: raw::parse(item.command).unwrap_or_default(),
            cwd: raw::text(item.cwd).map(|cwd| plain_path(&cwd)),
            status: raw::owned(item.status),
            exit_code: raw::parse(item.exit_code),
            output: long_text(item.aggregated_output),
        },
        "ContextCompaction" => TurnItemKind::ContextCompaction,
        _ => TurnItemKind::Other { item_type: item_type.clone().into_owned(), item: passed_through(raw?) },
    };
    Some((raw::owned(item.id), kind))
}

/// The path in a `file:` URL; anything else as it is.
fn plain_path(path: &str) -> String {
    let Some(encoded) = path.strip_prefix("file://") else { return path.to_owned() };
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| encoded.to_owned())
}

/// The item as it was written, unless it is far too long to be handed on.
fn passed_through(item: &RawValue) -> Box<RawValue> {
    if item.get().len() <= MAX_ITEM_TEXT * 4 { item.to_owned() } else { RawValue::NULL.to_owned() }
}

fn user_message(message: UserMessage) -> TurnItemKind {
    TurnItemKind::UserMessage { text: bounded(&message.text, MAX_ITEM_TEXT), images: message.images }
}

fn long_text(raw: Raw<'_>) -> Option<String> {
    raw::text(raw).map(|text| bounded(&text, MAX_ITEM_TEXT))
}

/// What a `response_item` says about a tool's call.
pub(crate) enum Call {
    Made(Found),
    Answered { call: String, output: String },
}

impl ResponseItem<'_> {
    pub(crate) fn call(&self) -> Option<Call> {
        let call = raw::owned(self.call_id)?;
        match &*raw::text(self.item_type)? {
            "function_call" | "custom_tool_call" | "local_shell_call" => {
                let arguments = self.arguments.or(self.input);
                let kind = TurnItemKind::ToolCall {
                    name: raw::owned(self.name).unwrap_or_default(),
                    arguments: long_text(arguments).unwrap_or_default(),
                    output: None,
                };
                Some(Call::Made((Some(call), kind)))
            }
            "function_call_output" | "custom_tool_call_output" => {
                let output = raw::plain_or_compact(self.output).unwrap_or_default();
                Some(Call::Answered { call, output: bounded(&output, MAX_ITEM_TEXT) })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_url_is_a_path() {
        for (from, to) in [
            ("file:///tmp/%D0%B4%20x", "/tmp/д x"),
            ("/tmp/100%25", "/tmp/100%25"),
            ("file:///a%", "/a%"),
            ("file:///a%zz", "/a%zz"),
            ("file:///%ff", "/%ff"),
        ] {
            assert_eq!(plain_path(from), to);
        }
    }
}
