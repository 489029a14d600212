//! `event_msg`: the lines that say how a turn goes, and what happens in it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::item::Item;
use crate::line::type_of;
use crate::payload::{TokenCount, UserEvent, UserMessage};
use crate::raw::{self, Raw};
use crate::run::Mark;
use crate::text::{MAX_FIRST_USER_MESSAGE, bounded};
use crate::turn::{MAX_ITEM_TEXT, TurnItem, TurnItemKind};

/// The payload of an `event_msg` that concerns turns.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Raw<'a>,
    #[serde(borrow)]
    turn_id: Raw<'a>,
    #[serde(borrow)]
    root_turn_id: Raw<'a>,
    #[serde(borrow)]
    started_at: Raw<'a>,
    #[serde(borrow)]
    completed_at: Raw<'a>,
    #[serde(borrow)]
    duration_ms: Raw<'a>,
    #[serde(borrow)]
    item: Raw<'a>,
    #[serde(borrow)]
    item_id: Raw<'a>,
    #[serde(borrow)]
    message: Raw<'a>,
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
struct RawItem<'a> {
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

/// An item with the id it was given.
type Found = (Option<String>, TurnItemKind);

impl<'a> Event<'a> {
    /// Reads the payload of a line that was written `at`. `None` if it says nothing that we use.
    pub(crate) fn read(payload: &'a str, at: Option<Timestamp>) -> Option<Item<'a>> {
        // By far the most frequent.
        if type_of(payload)? == "token_count" {
            let total = raw::read::<TokenCount<'_>>(payload).ok()?.total();
            return Some(Item::TokenCount { total });
        }
        let event = raw::read::<Self>(payload).ok()?;
        let event_type = raw::text(event.event_type)?;
        let time = |raw| at.or_else(|| Timestamp::from_second(raw::parse(raw)?).ok());
        Some(match Mark::of(event_type.as_bytes()) {
            Some(Mark::Start) => Item::TurnStarted {
                turn_id: raw::owned(event.turn_id),
                root_turn_id: raw::owned(event.root_turn_id),
                started_at: time(event.started_at),
            },
            Some(Mark::End(status)) => Item::TurnEnded {
                turn_id: raw::owned(event.turn_id),
                status,
                completed_at: time(event.completed_at),
                duration_ms: raw::parse(event.duration_ms),
            },
            Some(Mark::Failure) => {
                let message = raw::text(event.message).unwrap_or_default();
                Item::TurnFailed { message: bounded(&message, MAX_FIRST_USER_MESSAGE) }
            }
            Some(Mark::Review) | None => {
                let (id, kind) = event.item(&event_type, payload)?;
                Item::TurnItem { turn_id: raw::owned(event.turn_id), item: TurnItem { id, at, kind } }
            }
        })
    }

    /// The turn it stands in, where it says so.
    pub(crate) fn turn_id(&self) -> Option<Cow<'a, str>> {
        raw::text(self.turn_id).filter(|id| !id.is_empty())
    }

    fn item(&self, event_type: &str, payload: &str) -> Option<Found> {
        let kind = match event_type {
            "item_completed" => return completed_item(self.item),
            "user_message" => user_message(raw::read::<UserEvent<'_>>(payload).ok()?.message()),
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
    let item = raw::parse::<RawItem<'_>>(raw)?;
    let item_type = raw::text(item.item_type)?;
    let kind = match &*item_type {
        "UserMessage" => user_message(UserMessage::of_content(item.content)),
        "AgentMessage" => {
            let text = bounded(&UserMessage::of_content(item.content).text, MAX_ITEM_TEXT);
            TurnItemKind::AgentMessage { text, phase: raw::owned(item.phase) }
        }
        "Reasoning" => {
            let summary = raw::texts(item.summary_text);
            TurnItemKind::Reasoning { summary: summary.map(|text| bounded(&text, MAX_ITEM_TEXT)).collect() }
        }
        "CommandExecution" => TurnItemKind::CommandExecution {
            command: raw::texts(item.command).map(Cow::into_owned).collect(),
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

pub(crate) fn user_message(message: UserMessage) -> TurnItemKind {
    TurnItemKind::UserMessage { text: bounded(&message.text, MAX_ITEM_TEXT), images: message.images }
}

fn long_text(raw: Raw<'_>) -> Option<String> {
    raw::text(raw).map(|text| bounded(&text, MAX_ITEM_TEXT))
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
