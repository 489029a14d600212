//! `event_msg`: lines about the progress of a turn, and what happens in it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fact::Fact;
use super::item::{MAX_ITEM_TEXT, TurnItem, TurnItemKind, TurnStatus};
use super::kind::Event;
use super::user_message::UserMessage;
use crate::json::{self, Raw};
use crate::text::{MAX_FIRST_USER_MESSAGE, bounded};

/// Payload of an `event_msg` that concerns turns.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawEvent<'a> {
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
    images: Raw<'a>,
    #[serde(borrow)]
    local_images: Raw<'a>,
    #[serde(borrow)]
    phase: Raw<'a>,
    #[serde(borrow)]
    text: Raw<'a>,
    #[serde(borrow)]
    user_facing_hint: Raw<'a>,
    #[serde(borrow)]
    review_output: Raw<'a>,
}

/// Item of `item_completed`.
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

/// Reads the payload of an event that was written `at`.
pub(super) fn read<'a>(
    event: Event,
    payload: &'a str,
    at: Option<Timestamp>,
) -> serde_json::Result<Fact<'a>> {
    if event == Event::TokenCount {
        return Ok(Fact::TokenCount { total: total_tokens(payload)? });
    }
    let raw = json::read::<RawEvent<'_>>(payload)?;
    let turn_id = json::owned(raw.turn_id);
    let time = |seconds| at.or_else(|| Timestamp::from_second(json::parse(seconds)?).ok());
    let ended = |status| Fact::TurnEnded {
        turn_id: json::owned(raw.turn_id),
        status,
        completed_at: time(raw.completed_at),
        duration_ms: json::parse(raw.duration_ms),
    };
    let kind = match event {
        Event::TurnStarted => {
            let root_turn_id = json::owned(raw.root_turn_id);
            return Ok(Fact::TurnStarted { turn_id, root_turn_id, started_at: time(raw.started_at) });
        }
        Event::TurnCompleted => return Ok(ended(TurnStatus::Completed)),
        Event::TurnAborted => return Ok(ended(TurnStatus::Interrupted)),
        Event::Error => {
            let message = json::text(raw.message).unwrap_or_default();
            return Ok(Fact::TurnFailed { message: bounded(&message, MAX_FIRST_USER_MESSAGE) });
        }
        Event::UserMessage => {
            let count = |list| json::parse::<Vec<IgnoredAny>>(list).map_or(0, |list| list.len());
            let message = UserMessage {
                id: json::owned(raw.item_id),
                text: json::text(raw.message).map(Cow::into_owned).unwrap_or_default(),
                images: count(raw.images) + count(raw.local_images),
            };
            return Ok(Fact::UserMessage { turn_id, message });
        }
        Event::ItemCompleted => return Ok(completed(raw.item, turn_id, at).unwrap_or(Fact::Other)),
        Event::AgentMessage => long_text(raw.message)
            .map(|text| TurnItemKind::AgentMessage { text, phase: json::owned(raw.phase) }),
        Event::AgentReasoning => {
            long_text(raw.text).map(|text| TurnItemKind::Reasoning { summary: vec![text] })
        }
        Event::ContextCompacted => Some(TurnItemKind::ContextCompaction),
        Event::EnteredReview => Some(TurnItemKind::EnteredReview { target: long_text(raw.user_facing_hint) }),
        Event::ExitedReview => Some(TurnItemKind::ExitedReview { review: review(raw.review_output) }),
        Event::TokenCount => None,
    };
    let Some(kind) = kind else { return Ok(Fact::Other) };
    Ok(Fact::TurnItem { turn_id, item: TurnItem { id: json::owned(raw.item_id), at, kind } })
}

/// Returns the tokens that the thread has used so far.
fn total_tokens(payload: &str) -> serde_json::Result<Option<i64>> {
    #[derive(Deserialize)]
    struct TokenCount<'a> {
        #[serde(borrow, default)]
        info: Raw<'a>,
    }
    #[derive(Deserialize)]
    struct Info<'a> {
        #[serde(borrow, default)]
        total_token_usage: Raw<'a>,
    }
    #[derive(Deserialize)]
    struct Usage<'a> {
        #[serde(borrow, default)]
        total_tokens: Raw<'a>,
    }
    let info = json::read::<TokenCount<'_>>(payload)?.info;
    let usage = json::parse::<Info<'_>>(info).and_then(|info| info.total_token_usage);
    let total = json::parse::<Usage<'_>>(usage).and_then(|usage| usage.total_tokens);
    Ok(json::parse::<i64>(total).map(|total| total.max(0)))
}

fn completed<'a>(raw: Raw<'_>, turn_id: Option<String>, at: Option<Timestamp>) -> Option<Fact<'a>> {
    let item = json::parse::<RawItem<'_>>(raw)?;
    let item_type = json::text(item.item_type)?;
    let id = json::owned(item.id);
    let kind = match &*item_type {
        "UserMessage" => {
            let message = UserMessage { id, ..UserMessage::of_content(item.content) };
            return Some(Fact::UserMessage { turn_id, message });
        }
        "AgentMessage" => {
            let text = bounded(&UserMessage::of_content(item.content).text, MAX_ITEM_TEXT);
            TurnItemKind::AgentMessage { text, phase: json::owned(item.phase) }
        }
        "Reasoning" => {
            let summary = json::texts(item.summary_text);
            TurnItemKind::Reasoning { summary: summary.map(|text| bounded(&text, MAX_ITEM_TEXT)).collect() }
        }
        "CommandExecution" => TurnItemKind::CommandExecution {
            command: json::texts(item.command).map(Cow::into_owned).collect(),
            cwd: json::text(item.cwd).map(|cwd| plain_path(&cwd)),
            status: json::owned(item.status),
            exit_code: json::parse(item.exit_code),
            output: long_text(item.aggregated_output),
        },
        "ContextCompaction" => TurnItemKind::ContextCompaction,
        other => TurnItemKind::Other { item_type: other.to_owned(), item: passed_through(raw?) },
    };
    Some(Fact::TurnItem { turn_id, item: TurnItem { id, at, kind } })
}

fn review(output: Raw<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Output<'a> {
        #[serde(borrow, default)]
        overall_explanation: Raw<'a>,
    }
    long_text(json::parse::<Output<'_>>(output)?.overall_explanation)
}

fn long_text(raw: Raw<'_>) -> Option<String> {
    json::text(raw).map(|text| bounded(&text, MAX_ITEM_TEXT))
}

/// Returns the item as it is written, unless it is far too long to be handed on.
fn passed_through(item: &RawValue) -> Box<RawValue> {
    if item.get().len() <= MAX_ITEM_TEXT * 4 { item.to_owned() } else { RawValue::NULL.to_owned() }
}

/// Returns the path in a `file:` URL, and any other text as it is.
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
